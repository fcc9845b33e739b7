//! What runs on a host.

use crate::net::Host;
use ftp_proto::time::Instant;

/// A program on a host. It never waits: it does what can be done now and is called again whenever something happened.
pub trait Actor {
    /// Does what can be done now; whether anything was.
    fn step(&mut self, host: &mut Host<'_>) -> bool;

    /// When it wants to be called although nothing happens.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

impl<A: Actor + ?Sized> Actor for std::rc::Rc<core::cell::RefCell<A>> {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        self.borrow_mut().step(host)
    }

    fn deadline(&self) -> Option<Instant> {
        self.borrow().deadline()
    }
}
