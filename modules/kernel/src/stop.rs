//! The wish to stop, told to everything that runs in a loop.

use tokio::sync::watch;

/// Tells every [`Stop`] made with it to stop, at the latest when it is dropped.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Held by a loop that ends when the [`Stopper`] says so.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Both ends.
    #[allow(clippy::new_ret_no_self)]
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Returns when it is time to stop.
    pub async fn wait(&self) {
        // An error says that the stopper is gone, which means the same.
        let _ = self.0.clone().wait_for(|stopping| *stopping).await;
    }

    /// Whether it is time to stop.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}

impl Stopper {
    /// Says that it is time to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_stops_when_told_and_when_nobody_is_left_to_tell_it() {
        let (stopper, stop) = Stop::new();
        assert!(!stop.is_stopping());
        stopper.stop();
        stop.wait().await;
        assert!(stop.is_stopping());

        let (stopper, stop) = Stop::new();
        drop(stopper);
        stop.wait().await;
        assert!(stop.is_stopping());
    }
}
