//! The module `catalog` as a process of its own, for when it has moved out of the shop's.

fn main() -> std::process::ExitCode {
    host::run_alone("catalog", |host| async move {
        let currency = host.settings().shop_currency;
        host.place(catalog::schema(), |db| catalog::start(db, host.clock(), currency)).await?;
        Ok(())
    })
}
