//! Doing a thing once, however often it is asked for: the key of a call and its result, kept with its effect.

use std::time::Duration;

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{CallError, NotExecuted};
use crate::clock::{Clock, Timestamp};
use crate::db::schema::idempotency;
use crate::db::{AnyConnection, Db, Failure};
use crate::secret::sha256_hex;

/// Nobody repeats a call after this long; payment providers give up after some days.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A call that is to have its effect once.
#[derive(Clone)]
pub(crate) struct Call {
    key: String,
    method: &'static str,
    request_hash: String,
}

impl Call {
    /// The call of `method` with `request` under `key`.
    pub(crate) fn new<E>(
        key: String,
        method: &'static str,
        request: &(impl Serialize + ?Sized),
    ) -> Result<Self, CallError<E>> {
        let request = serde_json::to_vec(request).map_err(CallError::bad_request)?;
        Ok(Self { key, method, request_hash: sha256_hex(&request) })
    }

    /// Does `work` and keeps its result with what it did. When the call was made before, its key is there, and the unit
    /// fails as a conflict and leaves nothing; of two at the same time the second waits here for the first.
    pub(crate) fn first<T: Serialize, E>(
        &self,
        conn: &mut AnyConnection,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>> {
        let value = work(conn)?;
        let result = serde_json::to_string(&value).map_err(|error| CallError::Internal(error.to_string()))?;
        let row = (
            idempotency::method.eq(self.method),
            idempotency::key.eq(&self.key),
            idempotency::request_hash.eq(&self.request_hash),
            idempotency::result.eq(result),
            idempotency::created_at.eq(Clock::system().now().0),
        );
        diesel::insert_into(idempotency::table).values(row).execute(conn)?;
        Ok(value)
    }

    /// The result of the first time; `None` when this is it.
    pub(crate) fn earlier<T: DeserializeOwned, E>(&self, conn: &mut AnyConnection) -> Result<Option<T>, CallError<E>> {
        let kept: Option<(String, String)> = idempotency::table
            .find((self.method, &self.key))
            .select((idempotency::request_hash, idempotency::result))
            .first(conn)
            .optional()?;
        let Some((request_hash, result)) = kept else { return Ok(None) };
        if request_hash != self.request_hash {
            return Err(CallError::not_executed(NotExecuted::KeyReused));
        }
        let value = serde_json::from_str(&result);
        value.map(Some).map_err(|error| CallError::Internal(format!("stored result: {error}")))
    }
}

/// A read that costs next to nothing.
pub(crate) fn probe_read(conn: &mut AnyConnection) -> Result<(), Failure> {
    idempotency::table.select(idempotency::created_at).limit(1).load::<i64>(conn)?;
    Ok(())
}

/// A write that is refused where writing is, but changes nothing.
pub(crate) fn probe_write(conn: &mut AnyConnection) -> Result<(), Failure> {
    diesel::delete(idempotency::table.find(("", ""))).execute(conn)?;
    Ok(())
}

/// Forgets old calls.
pub(crate) async fn tidy(db: &Db, now: Timestamp) -> Result<(), Failure> {
    let before = now.minus(KEPT).0;
    db.write(move |conn| {
        diesel::delete(idempotency::table.filter(idempotency::created_at.lt(before))).execute(conn)?;
        Ok(())
    })
    .await
}
