//! The carts through their trait, on every database, with neighbours that say what each test wants.

mod add_line;
mod audit;
mod change_line;
mod codes;
mod complete;
mod contact;
mod expire;
mod pricing_cases;
mod shop;
mod show;
