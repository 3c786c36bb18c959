//! Cursor pages: part of a list, and how to ask for the next part.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most items that one page may have.
pub const MAX_LIMIT: u32 = 100;

/// Part of a list that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageRequest {
    /// How many at most; more than [`MAX_LIMIT`] are cut to it.
    #[serde(default = "default_limit")]
    pub limit: u32,
    /// [`Page::next_cursor`] of the page before; none for the first.
    #[serde(default)]
    pub cursor: Option<String>,
}

fn default_limit() -> u32 {
    25
}

impl PageRequest {
    /// The first page.
    pub fn first(limit: u32) -> Self {
        Self { limit, cursor: None }
    }

    /// [`PageRequest::limit`] within the bounds.
    pub fn capped_limit(&self) -> i64 {
        i64::from(self.limit.clamp(1, MAX_LIMIT))
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::first(default_limit())
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Asks for the items after these; none when these are the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page from up to `limit + 1` items, where the one too many only shows that there are more. `cursor` names
    /// the place after an item.
    pub fn from_one_too_many(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}
