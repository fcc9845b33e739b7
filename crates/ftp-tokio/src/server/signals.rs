//! What all sessions of a server are told.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use ftp_proto::data::DataPolicy;
use ftp_proto::server::ShutDown;
use std::sync::Arc;
use tokio::sync::watch;

/// What holds for all sessions now.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Sessions are to end.
    pub(super) stop: Option<ShutDown>,
    /// Addresses, ports and modes of data connections.
    pub(super) data_policy: Arc<DataPolicy>,
}

type Changed = Pin<Box<dyn Future<Output = (watch::Receiver<Signals>, bool)> + Send>>;

/// One session's ear.
pub(super) struct Subscription {
    /// `None` when nothing will be said any more.
    changed: Option<Changed>,
}

impl Subscription {
    /// Hears what changes from now on.
    pub(super) fn new(receiver: watch::Receiver<Signals>) -> Self {
        Self { changed: Some(Box::pin(changed(receiver))) }
    }

    /// What holds now, if that has changed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Option<Signals> {
        let future = self.changed.as_mut()?;
        let Poll::Ready((mut receiver, alive)) = future.as_mut().poll(cx) else { return None };
        let signals = receiver.borrow_and_update().clone();
        self.changed = alive.then(|| -> Changed { Box::pin(changed(receiver)) });
        Some(signals)
    }
}

async fn changed(mut receiver: watch::Receiver<Signals>) -> (watch::Receiver<Signals>, bool) {
    let alive = receiver.changed().await.is_ok();
    (receiver, alive)
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("alive", &self.changed.is_some()).finish()
    }
}
