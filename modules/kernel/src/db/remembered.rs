//! Rows that hardly ever change and are asked for all the time.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What another process changed is seen after this time.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// What was read lately. Whoever changes it in this process says so by [`forget`](Self::forget).
pub struct Remembered<T>(Mutex<Memory<T>>);

struct Memory<T> {
    value: Option<(Instant, T)>,
    /// How often it was forgotten: what is read meanwhile may be of before.
    forgotten: u64,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(Memory { value: None, forgotten: 0 }))
    }
}

impl<T: Clone> Remembered<T> {
    /// What was read in the last seconds, else what `read` gives.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn get<E>(&self, read: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let forgotten = {
            let memory = self.memory();
            if let Some((since, value)) = &memory.value
                && since.elapsed() < GOOD_FOR
            {
                return Ok(value.clone());
            }
            memory.forgotten
        };
        let value = read.await?;
        let mut memory = self.memory();
        if memory.forgotten == forgotten {
            memory.value = Some((Instant::now(), value.clone()));
        }
        Ok(value)
    }

    /// It was changed.
    pub fn forget(&self) {
        let mut memory = self.memory();
        memory.value = None;
        memory.forgotten += 1;
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
