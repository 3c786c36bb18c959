//! A unit of work: what happens in one transaction.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::AnyConnection;
use super::error::{Failure, widen};
use crate::call::{CallError, NotExecuted};
use crate::contract::unit_of_work;

/// Runs `work`. While it runs no other module may be called, and a panic in it is an error like any other.
pub(super) fn run<T, E>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, CallError<E>>,
) -> Result<T, CallError<E>> {
    let _open = unit_of_work::enter();
    caught(|| work(conn)).unwrap_or_else(|panic| Err(CallError::Internal(panic)))
}

/// The result of `work`, or what it said when it panicked. The caller undoes what it did to the database.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| format!("panic: {}", message_of(&*panic)))
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)")
}

/// Runs `work` on a thread where it may block; it is finished even when nobody waits for it any more.
pub(super) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, CallError<E>> + Send + 'static,
) -> Result<T, CallError<E>>
where
    T: Send + 'static,
    E: Send + 'static,
{
    // The only error left is that the process ends and the work was not begun.
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(CallError::not_executed(NotExecuted::Draining)))
}

/// A unit on its way through a writer that commits several at once: run first, answered only after the commit.
pub(super) trait Waiting: Send {
    /// Does the work. Whether its effects are to be kept.
    fn run(&mut self, conn: &mut AnyConnection) -> bool;

    /// Tells the caller how it went; a failed commit takes the place of a success.
    fn answer(self: Box<Self>, committed: Result<(), Failure>);
}

/// Where the answer of a unit arrives.
type Answer<T, E> = oneshot::Receiver<Result<T, CallError<E>>>;

/// The [`Waiting`] unit that does `work`.
pub(super) fn waiting<T, E, F>(work: F) -> (Box<dyn Waiting>, Answer<T, E>)
where
    F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Unit { work: Some(work), result: None, reply }), answer)
}

struct Unit<T, E, F> {
    work: Option<F>,
    result: Option<Result<T, CallError<E>>>,
    reply: oneshot::Sender<Result<T, CallError<E>>>,
}

impl<T, E, F> Waiting for Unit<T, E, F>
where
    F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, conn: &mut AnyConnection) -> bool {
        self.result = self.work.take().map(|work| run(conn, work));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), Failure>) {
        let answer = match (self.result, committed) {
            (Some(Err(refusal)), _) => Err(refusal),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (_, Err(failure)) => Err(widen(failure)),
            (None, Ok(())) => Err(CallError::Internal("the unit of work was not run".to_owned())),
        };
        // Nobody waits any more when the caller gave up; the work is done all the same.
        let _ = self.reply.send(answer);
    }
}
