//! What `#[contract]` promises, proved on a stall where Ada buys chalk: the same answers, refusals and failures in every
//! placement.

#![allow(dead_code, reason = "each contract here gets a mock, and one of them is enough to prove mocks")]

mod deadlines;
mod description;
mod faults;
mod mock;
mod overhead;
mod panics;
mod placements;
mod routing;
mod skew;
mod stall;
mod transaction;
mod wire;
