//! Ctrl-C: the first ends what is under way in step with the server, the second ends the program.

use crate::driver::AbortHandle;
use crate::exit::Exit;
use crate::failure::Failure;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Who is told of Ctrl-C. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    watched: AtomicBool,
    hit: AtomicBool,
    notify: Notify,
    clients: Mutex<Vec<AbortHandle>>,
}

impl Interrupt {
    /// Listens for Ctrl-C from now on.
    pub(crate) fn watch(&self) {
        if self.0.watched.swap(true, Ordering::SeqCst) {
            return;
        }
        let interrupt = self.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                interrupt.hit();
            }
        });
    }

    fn hit(&self) {
        if self.0.hit.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted.number().into());
        }
        self.0.notify.notify_waiters();
        for client in self.0.clients.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            client.abort();
        }
    }

    /// Ends this client's operations, too.
    pub(crate) fn register(&self, client: AbortHandle) {
        self.0.clients.lock().unwrap_or_else(PoisonError::into_inner).push(client);
    }

    /// Whether it has come.
    pub(crate) fn is_hit(&self) -> bool {
        self.0.hit.load(Ordering::SeqCst)
    }

    /// A new command begins: what came before does not concern it.
    pub(crate) fn clear(&self) {
        self.0.hit.store(false, Ordering::SeqCst);
        for client in self.0.clients.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            client.clear();
        }
    }

    /// Runs `work`, unless Ctrl-C comes first. For what has no abort of its own.
    pub(crate) async fn guard<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let notified = self.0.notify.notified();
        if self.is_hit() {
            return Err(Failure::interrupted());
        }
        tokio::select! {
            done = work => Ok(done),
            () = notified => Err(Failure::interrupted()),
        }
    }
}
