//! A world in memory: the server machine, the real backend on memory storage, the real pump, and pipes instead of
//! sockets. Single-threaded, with virtual time; the same case always plays the same.

mod client;
mod driver;
mod net;
mod pair;
mod pipe;
mod session;

pub use client::{Ending, Shared, octets};
pub use pair::Pair;

use super::{Configure, Family, Host, Listener, Need, PATIENCE, Wire, World};
use crate::case::Worlds;
use crate::scene;
use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use ftp_backend::memory::{MemoryStorage, Operation};
use ftp_proto::data::StorageFailure;
use ftp_proto::server::ServerConfig;
use net::Net;
use pipe::{Connection, Poll};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// Worlds in memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory;

impl Worlds for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn can(&self, what: Need) -> bool {
        match what {
            Need::VirtualTime | Need::Faults | Need::Stranger | Need::V6 | Need::Config => true,
        }
    }

    fn make(&self, configure: Option<Configure>) -> io::Result<Box<dyn World>> {
        let mut config = ServerConfig::default();
        if let Some(configure) = configure {
            configure(&mut config);
        }
        let storage = MemoryStorage::new();
        let backend = scene::backend(storage.clone());
        let net = Rc::new(RefCell::new(Net::new(Arc::new(config), backend)));
        Ok(Box::new(MemoryWorld { net, storage }))
    }
}

struct MemoryWorld {
    net: Rc<RefCell<Net>>,
    storage: MemoryStorage,
}

const fn address(host: Host, family: Family) -> IpAddr {
    match (host, family) {
        (Host::Client, family) => crate::talk::loopback(family),
        (Host::Stranger, _) => IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
    }
}

impl World for MemoryWorld {
    fn name(&self) -> &'static str {
        Memory.name()
    }

    fn can(&self, what: Need) -> bool {
        Memory.can(what)
    }

    fn server(&self, family: Family) -> SocketAddr {
        SocketAddr::new(crate::talk::loopback(family), net::CONTROL_PORT)
    }

    fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>> {
        let family = if to.is_ipv4() { Family::V4 } else { Family::V6 };
        let connection = self.net.borrow_mut().connect(address(from, family), to)?;
        Ok(Box::new(MemoryWire { net: Rc::clone(&self.net), connection }))
    }

    fn listen(&mut self, on: Host, family: Family) -> io::Result<Box<dyn Listener>> {
        let at = self.net.borrow_mut().listen(address(on, family));
        Ok(Box::new(MemoryListener { net: Rc::clone(&self.net), at }))
    }

    fn elapse(&mut self, time: Duration) {
        let mut net = self.net.borrow_mut();
        let until = net.now() + time;
        net.run();
        while net.advance(until) {
            net.run();
        }
    }

    fn break_storage(&mut self, operation: Operation, why: StorageFailure) {
        self.storage.fail_next(operation, why);
    }
}

/// Runs the world until `ready` says something, at most [`PATIENCE`].
fn wait<T>(net: &RefCell<Net>, mut ready: impl FnMut(&mut Net) -> Option<T>) -> io::Result<T> {
    let mut net = net.borrow_mut();
    let until = net.now() + PATIENCE;
    loop {
        net.run();
        if let Some(value) = ready(&mut net) {
            return Ok(value);
        }
        if !net.advance(until) {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

struct MemoryWire {
    net: Rc<RefCell<Net>>,
    connection: Connection,
}

impl Wire for MemoryWire {
    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let connection = &self.connection;
            let written = wait(&self.net, |_| connection.write(rest).ready())??;
            rest = &rest[written..];
        }
        // What follows from it happens before the case goes on.
        self.net.borrow_mut().run();
        Ok(())
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let connection = &self.connection;
        wait(&self.net, |_| connection.read(into).ready())?
    }

    fn finish(&mut self) {
        self.connection.finish();
        self.net.borrow_mut().run();
    }

    fn local(&self) -> SocketAddr {
        self.connection.local
    }

    fn peer(&self) -> SocketAddr {
        self.connection.peer
    }
}

impl Drop for MemoryWire {
    fn drop(&mut self) {
        self.connection.close();
        if let Ok(mut net) = self.net.try_borrow_mut() {
            net.run();
        }
    }
}

struct MemoryListener {
    net: Rc<RefCell<Net>>,
    at: SocketAddr,
}

impl Listener for MemoryListener {
    fn local(&self) -> SocketAddr {
        self.at
    }

    fn accept(&mut self) -> io::Result<Box<dyn Wire>> {
        let connection = wait(&self.net, |net| net.accept(self.at))?;
        Ok(Box::new(MemoryWire { net: Rc::clone(&self.net), connection }))
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        if let Ok(mut net) = self.net.try_borrow_mut() {
            net.unlisten(self.at);
        }
    }
}

impl<T> Poll<T> {
    fn ready(self) -> Option<io::Result<T>> {
        match self {
            Self::Ready(value) => Some(Ok(value)),
            Self::Failed(error) => Some(Err(error)),
            Self::Pending => None,
        }
    }
}
