#![allow(unexpected_cfgs, unused_imports)]

use kernel::{CallCtx, CallError, DomainError, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Buy {
    pub key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("refused")]
pub struct Refused;

impl DomainError for Refused {}

#[contract(module = "stall", version = 1)]
pub trait Stall {
    #[read]
    async fn look(&self, ctx: &CallCtx, request: Buy) -> u32;
}

fn main() {}
