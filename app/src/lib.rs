//! Freestone: a complete online shop in one binary.
//!
//! [`assemble`] joins the modules, [`routes`] lists every URL, [`cli`] every command. Handlers are grouped by audience:
//! [`storefront`], [`admin`], [`api`]; [`web`] is what they share.

pub mod admin;
pub mod api;
pub mod assemble;
pub mod cli;
pub mod demo;
pub mod emails;
pub mod imports;
pub mod jobs;
pub mod papers;
pub mod routes;
mod schema;
mod store;
pub mod storefront;
pub mod web;

#[cfg(test)]
mod views_tests;
