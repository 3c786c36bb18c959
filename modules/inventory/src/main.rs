//! The module `inventory` as a process of its own, for when it has moved out of the shop's.

fn main() -> std::process::ExitCode {
    host::run_alone("inventory", |host| async move {
        host.reach::<dyn orders_api::Orders>();
        host.place(inventory::schema(), |db| inventory::start(db, host.clock())).await?;
        Ok(())
    })
}
