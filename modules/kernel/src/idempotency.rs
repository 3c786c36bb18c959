//! Doing a thing once, however often it is asked for: the key of a call and its result, kept with its effect.

use std::time::Duration;

use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{CallError, NotExecuted};
use crate::clock::{Clock, Timestamp};
use crate::db::schema::idempotency;
use crate::db::{AnyConnection, Db, Failure, Keep as _};
use crate::secret::sha256_hex;

/// Nobody repeats a call after this long; payment providers give up after some days.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A call that is to have its effect once.
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

    /// The result of `work`, or that of the first time.
    ///
    /// The key is claimed before the work: of two calls at the same time the second waits here for the first.
    pub(crate) fn once<T, E>(
        &self,
        conn: &mut AnyConnection,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, CallError<E>>,
    ) -> Result<T, CallError<E>>
    where
        T: Serialize + DeserializeOwned,
    {
        if !self.claim(conn)? {
            return self.earlier(conn);
        }
        let value = work(conn)?;
        let result = serde_json::to_string(&value).map_err(|error| CallError::Internal(error.to_string()))?;
        diesel::update(idempotency::table.find((self.method, &self.key)))
            .set(idempotency::result.eq(result))
            .kept()
            .execute(conn)?;
        Ok(value)
    }

    fn claim(&self, conn: &mut AnyConnection) -> QueryResult<bool> {
        let row = (
            idempotency::method.eq(self.method),
            idempotency::key.eq(&self.key),
            idempotency::request_hash.eq(&self.request_hash),
            idempotency::result.eq(""),
            idempotency::created_at.eq(Clock::system().now().0),
        );
        let insert = diesel::insert_into(idempotency::table).values(row).on_conflict_do_nothing();
        let inserted = match conn {
            AnyConnection::Postgres(conn) => insert.execute(conn)?,
            AnyConnection::Sqlite(conn) => insert.execute(conn)?,
        };
        Ok(inserted == 1)
    }

    fn earlier<T: DeserializeOwned, E>(&self, conn: &mut AnyConnection) -> Result<T, CallError<E>> {
        let (request_hash, result): (String, String) = idempotency::table
            .find((self.method, &self.key))
            .select((idempotency::request_hash, idempotency::result))
            .first(conn)?;
        if request_hash != self.request_hash {
            return Err(CallError::not_executed(NotExecuted::KeyReused));
        }
        serde_json::from_str(&result).map_err(|error| CallError::Internal(format!("stored result: {error}")))
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
