//! How it lies, from a seed.

/// A lie about one call. What is done before the lie stays done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done, and no answer comes.
    HangBefore,
    /// It is done, and no answer comes.
    HangAfter,
    /// Nothing is done, and the connection is cut.
    ResetBefore,
    /// It is done, and the connection is cut.
    ResetAfter,
    /// Nothing is done, and the answer is 500.
    ErrorBefore,
    /// It is done, and the answer is 500.
    ErrorAfter,
    /// Nothing is done, and the answer is 429.
    TooMany,
    /// It is done, and the answer is no JSON.
    WrongJson,
    /// Nothing is done, and the answer is 401: the key of the shop is not known.
    KeyUnknown,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::HangBefore,
        Self::HangAfter,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::TooMany,
        Self::WrongJson,
        Self::KeyUnknown,
    ];
}

/// How often, and how. Parts are of a thousand.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Calls that are lied about.
    pub calls: u64,
    /// Only of calls that change something.
    pub changes_only: bool,
    /// The lies to choose from.
    pub kinds: Vec<Fault>,
    /// Notices that never arrive.
    pub lost: u64,
    /// Notices that arrive ten times.
    pub tenfold: u64,
    /// Notices that arrive much later.
    pub late: u64,
    /// Notices arrive in no order.
    pub shuffled: bool,
    /// Where chance begins.
    pub seed: u64,
    waiting: Vec<(u32, String)>,
}

impl Faults {
    /// Every lie there is about `calls` of a thousand calls; notices are lost, tenfold, late and out of order.
    pub fn every(calls: u64, seed: u64) -> Self {
        Self {
            calls,
            changes_only: false,
            kinds: Fault::ALL.to_vec(),
            lost: 150,
            tenfold: 150,
            late: 150,
            shuffled: true,
            seed,
            waiting: Vec::new(),
        }
    }

    /// Always this lie, and honest notices.
    pub fn always(fault: Fault) -> Self {
        Self { calls: 1_000, kinds: vec![fault], ..Self::default() }
    }

    /// The same lies, only about calls that change something.
    pub fn about_changes(self) -> Self {
        Self { changes_only: true, ..self }
    }

    pub(crate) fn of_call(&mut self, method: &str) -> Option<Fault> {
        if self.kinds.is_empty() || (self.changes_only && method == "GET") || self.below(1_000) >= self.calls {
            return None;
        }
        let place = self.below(self.kinds.len() as u64);
        self.kinds.get(usize::try_from(place).unwrap_or(0)).copied()
    }

    pub(crate) fn of_notices(&mut self, new: Vec<String>) -> Vec<String> {
        let mut now = Vec::new();
        for (turns, body) in std::mem::take(&mut self.waiting) {
            match turns {
                0 => now.push(body),
                turns => self.waiting.push((turns - 1, body)),
            }
        }
        for body in new {
            match self.below(1_000) {
                chance if chance < self.lost => {}
                chance if chance < self.lost + self.tenfold => now.extend(std::iter::repeat_n(body, 10)),
                chance if chance < self.lost + self.tenfold + self.late => self.waiting.push((20, body)),
                _ => now.push(body),
            }
        }
        if self.shuffled {
            for place in (1..now.len()).rev() {
                let other = usize::try_from(self.below(place as u64 + 1)).unwrap_or(0);
                now.swap(place, other);
            }
        }
        now
    }

    /// SplitMix64: the same seed gives the same lies.
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
