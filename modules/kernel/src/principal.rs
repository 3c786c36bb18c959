//! On whose behalf a call is made. Every query that returns customer data filters by it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// The one for whom work is done. It travels with every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Principal {
    /// Nobody in particular: public pages.
    Anonymous,
    /// Someone who shows a secret: of a cart, or of an order link. Ownership of a guest's things is by secret only.
    Guest(Secret),
    /// A member of staff, with what they may do.
    Staff(Staff),
    /// A module on its own account: jobs, sagas, consumers, the command line.
    Module(Cow<'static, str>),
}

/// A signed-in member of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// `usr_…`
    pub id: String,
    /// Shown in timelines and ledgers.
    pub name: String,
    /// What the roles of this person allow.
    pub permissions: Vec<String>,
}

impl Principal {
    /// How ledgers and timelines name the one who acted.
    pub fn actor(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Guest(_) => "guest".to_owned(),
            Self::Staff(staff) => format!("staff:{}", staff.name),
            Self::Module(name) => format!("module:{name}"),
        }
    }

    /// Whether they may do what this permission allows: the shop itself always, staff when it is among theirs.
    pub fn may(&self, permission: &str) -> bool {
        match self {
            Self::Module(_) => true,
            Self::Staff(staff) => staff.permissions.iter().any(|held| held == permission),
            Self::Anonymous | Self::Guest(_) => false,
        }
    }

    /// Whether this is staff, or a module that acts for the shop itself.
    pub fn acts_for_the_shop(&self) -> bool {
        matches!(self, Self::Staff(_) | Self::Module(_))
    }
}
