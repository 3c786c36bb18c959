//! The module `accounts` as a process of its own, for when it has moved out of the shop's.

fn main() -> std::process::ExitCode {
    host::run_alone("accounts", |host| async move {
        let shop = host.settings();
        let settings = accounts::AccountsSettings {
            pepper: shop.derived_key("passwords"),
            former_pepper: shop.former_key("passwords"),
            shop_name: shop.shop_name.clone(),
        };
        host.place(accounts::schema(), |db| accounts::start(db, host.clock(), settings)).await?;
        Ok(())
    })
}
