//! The rules of the tree, and the whole shop: real processes, asked by their URLs as shoppers and staff do.

mod aftersale;
mod architecture;
mod attempts;
mod buying;
mod cards;
mod cli;
mod confirm;
mod delivery;
mod discounts;
mod documents;
mod door;
mod einvoices;
mod gift_cards;
mod hostile;
mod html;
mod http;
mod https;
mod mail;
mod order_links;
mod placements;
mod price_lists;
mod shop;
mod shopper;
mod staff;
mod stock;
mod taxes;
