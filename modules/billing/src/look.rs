//! Looking by ourselves what became of attempts to pay, since shoppers do not always come back and notices do not always
//! arrive.

use std::sync::Arc;
use std::time::Duration;

use billing_api::SessionStatus;
use kernel::CallCtx;
use kernel::stop::Stop;
use tokio::task::JoinSet;

use crate::capture_payment::finish_capture;
use crate::settle::settle_session;
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

const PERIOD: Duration = Duration::from_secs(2);
/// Sessions that are looked at at the same time.
const AT_ONCE: usize = 16;
const BATCH: i64 = 200;
/// Before the first look, and twice as long each time.
pub(crate) const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

/// Looks until told to stop. Any number of processes may do so: what is known twice is recorded once.
pub(crate) async fn look(module: Arc<Module>, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = look_at_due(&module, &stop).await {
            tracing::warn!(%error, "attempts to pay are looked at later");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn look_at_due(module: &Arc<Module>, stop: &Stop) -> Outcome<()> {
    let now = module.clock.now();
    let due = module.db.read(move |conn| Outcome::Ok(sessions::sessions_to_look_at(conn, BATCH, now)?)).await?;
    let mut looks = JoinSet::new();
    for (session, count) in due {
        if stop.is_stopping() {
            break;
        }
        if looks.len() >= AT_ONCE {
            looks.join_next().await;
        }
        looks.spawn(look_at(Arc::clone(module), session, count));
    }
    while looks.join_next().await.is_some() {}
    Ok(())
}

async fn look_at(module: Arc<Module>, session: Session, count: i64) {
    let ctx = CallCtx::of_module("billing");
    let (id, now) = (session.id, module.clock.now());
    let looked = match session.status {
        // What staff wanted to take, and nobody knows whether it was.
        SessionStatus::Authorized => finish_capture(&module, &ctx, &session).await,
        _ => settle_session(&module, &ctx, session).await.map(drop),
    };
    if let Err(error) = looked {
        tracing::debug!(session_id = %id, %error, "nothing is known of an attempt to pay");
    }
    let pause = FIRST * 2_u32.saturating_pow(u32::try_from(count.clamp(0, 8)).unwrap_or(0));
    let next = now.plus(pause.min(LONGEST));
    let postponed = module.db.write(move |conn| Outcome::Ok(sessions::session_looked_at(conn, id, next)?));
    if let Err(error) = postponed.await {
        tracing::warn!(session_id = %id, %error, "the next look could not be planned");
    }
}
