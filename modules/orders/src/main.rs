//! The module `orders` as a process of its own, for when it has moved out of the shop's.

fn main() -> std::process::ExitCode {
    host::run_alone("orders", |host| async move {
        let settings = orders::OrdersSettings { currency: host.settings().shop_currency };
        let (inventory, billing) = (host.reach(), host.reach());
        host.place(orders::schema(), |db| orders::start(db, host.clock(), inventory, billing, settings)).await?;
        Ok(())
    })
}
