//! What a module hands to its host when it starts.

use std::sync::Arc;

use crate::contract::BoxFuture;
use crate::inbox::Subscription;
use crate::stop::Stop;

/// A module that is ready to work.
pub struct Started<T: ?Sized> {
    /// Its trait, carried out in this process.
    pub service: Arc<T>,
    /// Which events of its neighbours it listens to.
    pub subscriptions: Vec<Subscription>,
    /// What it does on its own: sweeps, recovery.
    pub workers: Vec<Worker>,
}

impl<T: ?Sized> Started<T> {
    /// A module that only answers calls.
    pub fn new(service: Arc<T>) -> Self {
        Self { service, subscriptions: Vec::new(), workers: Vec::new() }
    }

    /// And listens.
    #[must_use]
    pub fn listening(mut self, subscription: Subscription) -> Self {
        self.subscriptions.push(subscription);
        self
    }

    /// And works on its own until told to stop.
    #[must_use]
    pub fn working<F>(mut self, name: &'static str, run: impl FnOnce(Stop) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.workers.push(Worker { name, run: Box::new(move |stop| Box::pin(run(stop))) });
        self
    }
}

/// Something that a module does on its own.
pub struct Worker {
    /// For logs.
    pub name: &'static str,
    /// Runs until the handle says stop.
    pub run: Box<dyn FnOnce(Stop) -> BoxFuture<()> + Send>,
}
