//! `user create` and `user list`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use accounts_api::{AccountsError, CreateUser, ListUsers, Password, Role};
use clap::Subcommand;
use host::settings::Settings;
use kernel::{CallCtx, CallError, Email, IdempotencyKey};

use super::{Console, Failure, with_modules};

#[derive(Subcommand)]
pub(crate) enum User {
    /// Create a member of staff. The password is read from a file, or from standard input
    Create {
        /// What they sign in with
        #[arg(long)]
        email: String,
        /// Shown in timelines
        #[arg(long)]
        name: String,
        /// owner, manager or packer
        #[arg(long, default_value = "owner")]
        role: String,
        /// File that holds the password
        #[arg(long, value_name = "PATH")]
        password_file: Option<PathBuf>,
    },
    /// List the members of staff
    List,
}

pub(crate) async fn run(user: User, settings: Settings, console: &Console) -> Result<u8, Failure> {
    // Made when the module is asked: typing a password may take longer than a call.
    let ctx = || CallCtx::of_module("app");
    match user {
        User::Create { email, name, role, password_file } => {
            let email: Email = email.parse().map_err(|error| Failure::new(2, format!("--email: {error}")))?;
            let role: Role = role.parse().map_err(|error: AccountsError| Failure::new(2, format!("--{error}")))?;
            let password = Password::new(read_password(password_file, console)?);
            let request = CreateUser { key: IdempotencyKey::new(), email, name, password, role };
            let created = with_modules(settings, |modules| async move {
                modules.accounts.create_user(&ctx(), request).await.map_err(|error| match error {
                    CallError::Domain(AccountsError::Invalid { field, problem }) => {
                        Failure::new(2, format!("--{field}: {problem}"))
                    }
                    other => other.into(),
                })
            })
            .await?;
            let json = serde_json::json!({ "id": created.id, "email": created.email, "role": created.role });
            console.print(&json, format_args!("{} may sign in now, as {}", created.email, created.role.as_str()));
        }
        User::List => {
            let users = with_modules(settings, |modules| async move {
                Ok(modules.accounts.list_users(&ctx(), ListUsers {}).await?)
            })
            .await?;
            let lines: Vec<String> =
                users.iter().map(|user| format!("{}  {}  {}", user.email, user.role.as_str(), user.name)).collect();
            console.print(&serde_json::json!({ "items": users }), lines.join("\n"));
        }
    }
    Ok(0)
}

/// Never from an argument, which others on the machine can see.
fn read_password(file: Option<PathBuf>, console: &Console) -> Result<String, Failure> {
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(&path).map_err(|error| Failure::new(2, format!("{}: {error}", path.display())))?;
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let terminal = std::io::stdin().is_terminal();
    if terminal && console.no_input {
        return Err(Failure::new(2, "--password-file: name a file, or send the password to standard input"));
    }
    if terminal {
        eprint!("Password (at least 12 characters; it is shown as you type): ");
        let _ = std::io::stderr().flush();
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::new(1, error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
