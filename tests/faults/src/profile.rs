//! What the shop runs on, and in how many processes.

use std::str::FromStr;

/// The modules, and `app` for the pages.
pub const MODULES: [&str; 7] = ["catalog", "inventory", "billing", "orders", "cart", "accounts", "app"];

/// What the shop runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// One process and files.
    Sqlite,
    /// One process and PostgreSQL.
    Postgres,
    /// Orders, inventory and billing in processes of their own, and PostgreSQL.
    Split,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Split];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Split => "split",
        }
    }

    /// Each process with the modules that it runs; the first one has the pages.
    pub fn processes(self) -> Vec<(&'static str, Vec<&'static str>)> {
        match self {
            Self::Sqlite | Self::Postgres => vec![("shop", MODULES.to_vec())],
            Self::Split => vec![
                ("shop", vec!["app", "cart", "catalog", "accounts"]),
                ("orders", vec!["orders"]),
                ("inventory", vec!["inventory"]),
                ("billing", vec!["billing"]),
            ],
        }
    }

    /// How many people buy at the same time.
    pub fn shoppers(self) -> usize {
        if self == Self::Sqlite { 16 } else { 32 }
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| format!("--profile: use sqlite, postgres, split or all, not {text:?}"))
    }
}
