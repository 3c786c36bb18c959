//! Reads the command.

fn main() -> std::process::ExitCode {
    freestone::cli::main()
}
