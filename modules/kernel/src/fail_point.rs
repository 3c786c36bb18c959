//! Places at which a test lets this process end, or an operation fail: the moments that no test reaches by waiting.
//!
//! The environment says where, in `FAIL_POINT`: `before_send/inventory.reserve > before_commit/inventory = abort` ends the
//! process when inventory is about to commit for the first time after it was first asked to reserve. `#3` after a place
//! means the third time, `*` any module. With `= fail` instead the operation fails once, as such an operation may.
//!
//! It is there in builds with debug assertions only. In all others nothing of it is left.

/// A moment of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "store"), allow(dead_code, reason = "without a store nothing is read or written"))]
pub(crate) enum Place {
    /// Before data is read.
    Read,
    /// Before a unit of work begins.
    Begin,
    /// Its work is done, and not committed.
    BeforeCommit,
    /// It is committed, and nobody knows.
    AfterCommit,
    /// Before a module is called.
    BeforeSend,
    /// The module has answered, and nobody has seen it.
    AfterAnswer,
}

/// Whether the operation shall fail at this place. Does not return when the process shall end.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) fn is_reached(_: Place, _: &str, _: &str) -> bool {
    false
}

#[cfg(debug_assertions)]
pub(crate) use planned::is_reached;

#[cfg(debug_assertions)]
mod planned {
    use std::collections::VecDeque;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use super::Place;

    impl Place {
        fn name(self) -> &'static str {
            match self {
                Self::Read => "read",
                Self::Begin => "begin",
                Self::BeforeCommit => "before_commit",
                Self::AfterCommit => "after_commit",
                Self::BeforeSend => "before_send",
                Self::AfterAnswer => "after_answer",
            }
        }

        /// `operation` stands for every use of a database.
        fn is(self, name: &str) -> bool {
            self.name() == name || (name == "operation" && matches!(self, Self::Read | Self::Begin))
        }
    }

    struct Plan {
        steps: VecDeque<Step>,
        ends: bool,
    }

    struct Step {
        place: String,
        of: String,
        left: u32,
    }

    /// As [`super::is_reached`] elsewhere.
    pub(crate) fn is_reached(place: Place, module: &str, method: &str) -> bool {
        static PLAN: OnceLock<Option<Mutex<Plan>>> = OnceLock::new();
        let plan = PLAN.get_or_init(|| Some(Mutex::new(plan_of(&std::env::var("FAIL_POINT").ok()?)?)));
        let Some(plan) = plan else { return false };
        let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
        if !plan.is_last(place, module, method) {
            return false;
        }
        eprintln!("fail point: {} of {module}.{method}", place.name());
        if plan.ends {
            std::process::abort();
        }
        true
    }

    fn plan_of(text: &str) -> Option<Plan> {
        let (steps, action) = text.split_once('=')?;
        let step = |text: &str| {
            let (place, of) = text.trim().split_once('/')?;
            let (of, nth) = of.split_once('#').unwrap_or((of, "1"));
            Some(Step { place: place.to_owned(), of: of.to_owned(), left: nth.parse().ok()? })
        };
        Some(Plan { steps: steps.split('>').map(step).collect::<Option<_>>()?, ends: action.trim() == "abort" })
    }

    impl Plan {
        /// Whether this is where the plan leads.
        fn is_last(&mut self, place: Place, module: &str, method: &str) -> bool {
            let Some(step) = self.steps.front_mut() else { return false };
            let is_here = step.of == "*"
                || step.of.split_once('.').map_or(step.of == module, |(of, name)| of == module && name == method);
            if !place.is(&step.place) || !is_here {
                return false;
            }
            step.left -= 1;
            if step.left == 0 {
                self.steps.pop_front();
            }
            self.steps.is_empty()
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_plan_leads_step_by_step_to_its_place() {
            let mut plan = plan_of("before_send/inventory.reserve > before_commit/inventory#2 = fail").expect("a plan");
            assert!(!plan.is_last(Place::BeforeCommit, "inventory", ""), "reserve was not called yet");
            assert!(!plan.is_last(Place::BeforeSend, "inventory", "allocate"), "another method");
            assert!(!plan.is_last(Place::BeforeSend, "inventory", "reserve"));
            assert!(!plan.is_last(Place::BeforeCommit, "inventory", ""), "the first of two");
            assert!(!plan.is_last(Place::BeforeCommit, "billing", ""), "another module");
            assert!(plan.is_last(Place::BeforeCommit, "inventory", ""));
            assert!(!plan.is_last(Place::BeforeCommit, "inventory", ""), "once");
        }

        #[test]
        fn any_module_and_any_operation_can_be_meant() {
            let mut plan = plan_of("operation/*#2 = abort").expect("a plan");
            assert!(!plan.is_last(Place::Read, "cart", "") && plan.ends);
            assert!(!plan.is_last(Place::BeforeCommit, "cart", ""));
            assert!(plan.is_last(Place::Begin, "orders", ""));
            assert!(plan_of("nonsense").is_none());
        }
    }
}
