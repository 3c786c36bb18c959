//! `#[contract]`: makes a plain trait the public face of a module. `kernel::contract` says what comes of it.

mod expand;
mod parse;

use proc_macro::TokenStream;

/// Declares a contract.
///
/// ```ignore
/// #[contract(module = "inventory", version = 1, events(StockChanged))]
/// pub trait Inventory {
///     /// What is available now.
///     #[read]
///     async fn stock_levels(&self, ctx: &CallCtx, request: StockLevels) -> Result<Vec<StockLevel>, CallError<InventoryError>>;
///
///     /// Holds stock for an order, once.
///     #[write(idempotent_by = order_id)]
///     async fn reserve(&self, ctx: &CallCtx, request: Reserve) -> Result<Reservation, CallError<InventoryError>>;
/// }
/// ```
///
/// Every method is `read`, or `write` with the field of its request that makes a repeat harmless. It takes the context
/// and one owned request, and returns `Result<_, CallError<_>>`: what cannot travel does not compile.
#[proc_macro_attribute]
pub fn contract(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let contract = syn::parse(arguments).and_then(|arguments| parse::Contract::new(arguments, syn::parse(item)?));
    contract.map_or_else(syn::Error::into_compile_error, |contract| expand::expand(&contract)).into()
}
