//! The module `accounts` as a process of its own.

use accounts::AccountsSettings;

fn main() -> std::process::ExitCode {
    host::run_alone("accounts", async |host| {
        let settings = host.settings();
        let ours =
            AccountsSettings { pepper: settings.derived_key("passwords"), shop_name: settings.shop_name.clone() };
        host.place(accounts::schema(), |db| accounts::start(db, host.clock(), ours)).await.map(drop)
    })
}
