//! Ctrl-C: the first ends what is under way in step with the server, the second ends the program.

use crate::driver::AbortHandle;
use crate::exit::Exit;
use crate::failure::Failure;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// Who is told of Ctrl-C. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    watched: AtomicBool,
    hit: AtomicBool,
    /// Wakes those who pause.
    awake: Condvar,
    clients: Mutex<Vec<AbortHandle>>,
}

impl Interrupt {
    /// Listens for Ctrl-C from now on. Where that cannot be, Ctrl-C ends the program, as for any other.
    pub(crate) fn watch(&self) {
        if self.0.watched.swap(true, Ordering::SeqCst) {
            return;
        }
        let Ok(mut signals) = Signals::new([SIGINT]) else { return };
        let (interrupt, handle) = (self.clone(), signals.handle());
        let listen = move || signals.forever().for_each(|_| interrupt.hit());
        if Builder::new().name("ctrl-c".to_owned()).spawn(listen).is_err() {
            handle.close();
        }
    }

    /// Never listens: whoever runs the program has no terminal.
    #[cfg(feature = "testing")]
    pub(crate) fn deaf() -> Self {
        let interrupt = Self::default();
        interrupt.0.watched.store(true, Ordering::SeqCst);
        interrupt
    }

    fn hit(&self) {
        if self.0.hit.swap(true, Ordering::SeqCst) {
            std::process::exit(Exit::Interrupted.number().into());
        }
        let clients = self.clients();
        clients.iter().for_each(AbortHandle::abort);
        self.0.awake.notify_all();
    }

    fn clients(&self) -> MutexGuard<'_, Vec<AbortHandle>> {
        self.0.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What ends the operations of a new client, connecting too.
    pub(crate) fn register(&self) -> AbortHandle {
        let abort = AbortHandle::default();
        let mut clients = self.clients();
        clients.push(abort.clone());
        if self.is_hit() {
            abort.abort();
        }
        abort
    }

    /// Whether it has come.
    pub(crate) fn is_hit(&self) -> bool {
        self.0.hit.load(Ordering::SeqCst)
    }

    /// A new command begins: what came before does not concern it.
    pub(crate) fn clear(&self) {
        self.0.hit.store(false, Ordering::SeqCst);
        self.clients().iter().for_each(AbortHandle::clear);
    }

    /// Lets `time` pass, unless Ctrl-C comes first.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Failure> {
        let waiting = self.0.awake.wait_timeout_while(self.clients(), time, |_| !self.is_hit());
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
        if self.is_hit() { Err(Failure::interrupted()) } else { Ok(()) }
    }
}
