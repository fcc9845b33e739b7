//! A world in the simulator: the server machine, the real backend on memory storage, the real pump, and a simulated
//! network. Single-threaded, with virtual time; the same seed always plays the same.

mod client;
mod driver;
mod pair;
mod server;
mod stream;

pub use client::{ClientActor, Ending, Shared, octets};
pub use pair::{Pair, Remote};
pub use server::ServerActor;

use super::{Configure, Family, Host, Listener, Need, PATIENCE, Wire, World};
use crate::case::Worlds;
use crate::scene;
use crate::talk::loopback;
use core::cell::RefCell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use ftp_backend::memory::{MemoryStorage, Operation};
use ftp_proto::data::StorageFailure;
use ftp_proto::server::ServerConfig;
use ftp_sim::{Conditions, HostId, INTERNET, ListenerId, Sim, SocketId, Status};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

/// The server's control port.
const CONTROL_PORT: u16 = 2121;

/// Worlds in the simulator.
#[derive(Debug, Clone, Copy)]
pub struct Simulator {
    /// Where all chance comes from.
    pub seed: u64,
}

impl Worlds for Simulator {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn can(&self, what: Need) -> bool {
        match what {
            Need::VirtualTime
            | Need::Faults
            | Need::Stranger
            | Need::V6
            | Need::Config
            | Need::Root
            | Need::Reader => true,
        }
    }

    fn make(&self, configure: Option<Configure>) -> io::Result<Box<dyn World>> {
        let mut config = ServerConfig::default();
        if let Some(configure) = configure {
            configure(&mut config);
        }
        let storage = MemoryStorage::new();
        let near = Conditions { latency: Duration::from_millis(1), ..Conditions::default() };
        let mut sim = Sim::with_conditions(self.seed, near);
        // As on loopback, server and client share a machine.
        let machine = sim.host("machine", INTERNET, &[Family::V4, Family::V6].map(loopback));
        let stranger = sim.host("stranger", INTERNET, &[address(Host::Stranger, Family::V4)]);
        let listen = [Family::V4, Family::V6].map(|family| SocketAddr::new(loopback(family), CONTROL_PORT));
        let server = ServerActor::new(Arc::new(config), scene::backend(storage.clone()), &listen);
        sim.start(machine, server.with_tls(scene::tls()));
        sim.settle();
        let sim = Rc::new(RefCell::new(sim));
        Ok(Box::new(SimWorld { sim, machine, stranger, storage }))
    }
}

struct SimWorld {
    sim: Rc<RefCell<Sim>>,
    machine: HostId,
    stranger: HostId,
    storage: MemoryStorage,
}

const fn address(host: Host, family: Family) -> IpAddr {
    match (host, family) {
        (Host::Client, family) => loopback(family),
        (Host::Stranger, _) => IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
    }
}

impl SimWorld {
    const fn host(&self, host: Host) -> HostId {
        match host {
            Host::Client => self.machine,
            Host::Stranger => self.stranger,
        }
    }
}

impl World for SimWorld {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn can(&self, _what: Need) -> bool {
        true
    }

    fn server(&self, family: Family) -> SocketAddr {
        SocketAddr::new(loopback(family), CONTROL_PORT)
    }

    fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>> {
        let family = if to.is_ipv4() { Family::V4 } else { Family::V6 };
        let host = self.host(from);
        let socket = self.sim.borrow_mut().on(host).connect(SocketAddr::new(address(from, family), 0), to)?;
        wait(&self.sim, |sim| match sim.on(host).status(socket) {
            Status::Connecting => None,
            Status::Connected => Some(Ok(())),
            Status::Failed(kind) => Some(Err(kind.into())),
        })?;
        SimWire::boxed(&self.sim, host, socket)
    }

    fn listen(&mut self, on: Host, family: Family) -> io::Result<Box<dyn Listener>> {
        let host = self.host(on);
        let mut sim = self.sim.borrow_mut();
        let listener = sim.on(host).listen(SocketAddr::new(address(on, family), 0), 8)?;
        let local = sim.on(host).listener_address(listener).ok_or(io::ErrorKind::NotConnected)?;
        Ok(Box::new(SimListener { sim: Rc::clone(&self.sim), host, listener, local }))
    }

    fn elapse(&mut self, time: Duration) {
        self.sim.borrow_mut().run_for(time);
    }

    fn break_storage(&mut self, operation: Operation, why: StorageFailure) {
        self.storage.fail_next(operation, why);
    }
}

/// Runs the world until `ready` says something, at most [`PATIENCE`].
fn wait<T>(sim: &RefCell<Sim>, ready: impl FnMut(&mut Sim) -> Option<io::Result<T>>) -> io::Result<T> {
    let done = sim.borrow_mut().run_until(PATIENCE, ready);
    done.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

struct SimWire {
    sim: Rc<RefCell<Sim>>,
    host: HostId,
    socket: SocketId,
    local: SocketAddr,
    peer: SocketAddr,
}

impl SimWire {
    fn boxed(sim: &Rc<RefCell<Sim>>, host: HostId, socket: SocketId) -> io::Result<Box<dyn Wire>> {
        let ends = sim.borrow_mut().on(host).endpoints(socket);
        let (local, peer) = ends.ok_or(io::ErrorKind::NotConnected)?;
        Ok(Box::new(Self { sim: Rc::clone(sim), host, socket, local, peer }))
    }

    fn wait<T>(&self, mut call: impl FnMut(&mut ftp_sim::Host<'_>) -> io::Result<T>) -> io::Result<T> {
        wait(&self.sim, |sim| match call(&mut sim.on(self.host)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            done => Some(done),
        })
    }

    /// What follows from what we did happens before the case goes on.
    fn quiet(&self) {
        if let Ok(mut sim) = self.sim.try_borrow_mut() {
            sim.run_until_quiet(PATIENCE);
        }
    }
}

impl Wire for SimWire {
    fn without_tls(self: Box<Self>) -> Box<dyn Wire> {
        self
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let written = self.wait(|host| host.write(self.socket, rest))?;
            rest = &rest[written..];
        }
        self.quiet();
        Ok(())
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait(|host| host.read(self.socket, into))
    }

    fn finish(&mut self) {
        self.sim.borrow_mut().on(self.host).finish(self.socket);
        self.quiet();
    }

    fn local(&self) -> SocketAddr {
        self.local
    }

    fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl Drop for SimWire {
    fn drop(&mut self) {
        if let Ok(mut sim) = self.sim.try_borrow_mut() {
            sim.on(self.host).close(self.socket);
        }
        self.quiet();
    }
}

struct SimListener {
    sim: Rc<RefCell<Sim>>,
    host: HostId,
    listener: ListenerId,
    local: SocketAddr,
}

impl Listener for SimListener {
    fn local(&self) -> SocketAddr {
        self.local
    }

    fn accept(&mut self) -> io::Result<Box<dyn Wire>> {
        let socket = wait(&self.sim, |sim| sim.on(self.host).accept(self.listener).map(Ok))?;
        SimWire::boxed(&self.sim, self.host, socket)
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        if let Ok(mut sim) = self.sim.try_borrow_mut() {
            sim.on(self.host).stop_listening(self.listener);
        }
    }
}
