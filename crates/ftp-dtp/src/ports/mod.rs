//! The port pool: which port a data listener gets.

mod listener;
mod recent;
mod shared;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use listener::reset;
pub use listener::{Admitted, DataListener};

use crate::errors::failure;
use crate::sockets::{DATA_BACKLOG, LocalAddress, listen};
use core::net::IpAddr;
use ftp_proto::address::normalise;
use ftp_proto::data::{Failure, PortRange};
use recent::Recent;
use shared::SharedPorts;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use walk::Walk;

/// How many candidates are looked at for one that this peer has not just used. It bounds the cost when it has used
/// nearly all: then any port is as good.
const PREFERENCE_LOOKS: usize = 32;

/// Chooses ports for data listeners; one for all sessions of a process, and cheap to clone.
///
/// * The order is random over the whole range, with the system's randomness, anew for each listener: the port of the
///   next transfer cannot be guessed from the last (RFC 2577 §8).
/// * A port that the same peer used in the last two minutes is avoided while others are free: its last connection
///   may be in TIME_WAIT.
/// * The range is searched to its end and never left. Used up, it is [`Failure::PortsExhausted`].
/// * The port is free again when the [`DataListener`] is dropped.
///
/// A random port is free nearly always, so that a listener costs the four system calls that open it. Ports that this
/// process listens on are passed over without any.
#[derive(Debug, Clone, Default)]
pub struct PortPool {
    ports: Arc<Mutex<Ports>>,
    /// When sessions share ports.
    shared: Option<Arc<SharedPorts>>,
}

#[derive(Debug, Default)]
struct Ports {
    /// What this process listens on, by local address. Addresses without a listener have no entry.
    taken: HashMap<IpAddr, PortSet>,
    recent: Recent,
}

impl PortPool {
    /// A pool in which nothing is in use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A pool in which sessions share ports, as far as their clients have different addresses: few ports serve many.
    ///
    /// # Errors
    /// When there is no descriptor for it.
    pub fn sharing() -> io::Result<Self> {
        Ok(Self { shared: Some(SharedPorts::new()?), ..Self::default() })
    }

    /// Opens a listener for `peer`'s data connection on a port of `range`. `alone`: connections of other hosts are wanted, too, so
    /// that the port cannot be shared.
    ///
    /// # Errors
    /// [`Failure::PortsExhausted`] when each port of the range is in use, or, where ports are shared, by the same `peer`, [`Failure::PermissionDenied`] when none may
    /// be used, others when no port would help.
    pub fn listen(
        &self,
        bind: LocalAddress,
        range: PortRange,
        peer: IpAddr,
        alone: bool,
    ) -> Result<DataListener, Failure> {
        if range.is_ephemeral() {
            let listener = listen(bind, 0, DATA_BACKLOG).map_err(|error| failure(&error))?;
            return DataListener::new(listener, bind.with_port(0), None);
        }
        let peer = normalise(peer);
        let walk = Walk::random(range).map_err(|error| failure(&error))?;
        if let Some(shared) = self.shared.as_ref().filter(|_| !alone) {
            return shared_port(shared, bind, walk, peer);
        }
        let fresh = walk.clone().take(PREFERENCE_LOOKS).filter(|&port| !self.just_used(peer, port));
        let mut forbidden = false;
        for port in fresh.chain(walk) {
            let Some(lease) = self.lease(bind.ip(), port, peer) else { continue };
            match listen(bind, port, DATA_BACKLOG) {
                Ok(listener) => return DataListener::new(listener, bind.with_port(port), Some(lease)),
                Err(error) => match failure(&error) {
                    Failure::AddressInUse => {}
                    Failure::PermissionDenied => forbidden = true,
                    why => return Err(why),
                },
            }
            lease.unused();
        }
        Err(if forbidden { Failure::PermissionDenied } else { Failure::PortsExhausted })
    }

    fn lock(&self) -> MutexGuard<'_, Ports> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn just_used(&self, peer: IpAddr, port: u16) -> bool {
        self.lock().recent.contains(peer, port, Instant::now())
    }

    /// Marks the port as taken, so that no other thread tries it; `None` when it is already.
    fn lease(&self, local: IpAddr, port: u16, peer: IpAddr) -> Option<Lease> {
        let free = self.lock().taken.entry(local).or_default().insert(port);
        free.then(|| Lease { pool: self.clone(), local, port, peer, used: true })
    }
}

/// A place on any port of the range. A client that asks again at once may get the same port: it told by its address.
fn shared_port(
    shared: &Arc<SharedPorts>,
    bind: LocalAddress,
    walk: Walk,
    peer: IpAddr,
) -> Result<DataListener, Failure> {
    for port in walk {
        if let Some(seat) = shared.sit_down(bind, port, peer)? {
            return Ok(DataListener::among(seat));
        }
    }
    Err(Failure::PortsExhausted)
}

/// A port of the pool, given back when dropped.
#[derive(Debug)]
struct Lease {
    pool: PortPool,
    local: IpAddr,
    port: u16,
    peer: IpAddr,
    used: bool,
}

impl Lease {
    /// Gives the port back without a trace: there was no listener on it.
    fn unused(mut self) {
        self.used = false;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut ports = self.pool.lock();
        if self.used {
            ports.recent.note(self.peer, self.port, Instant::now());
        }
        if let Some(set) = ports.taken.get_mut(&self.local) {
            set.remove(self.port);
            if set.is_empty() {
                ports.taken.remove(&self.local);
            }
        }
    }
}

/// A set of ports: 8 KiB.
#[derive(Debug)]
struct PortSet {
    bits: Box<[u64; 1024]>,
    count: usize,
}

impl Default for PortSet {
    fn default() -> Self {
        Self { bits: Box::new([0; 1024]), count: 0 }
    }
}

impl PortSet {
    const fn place(port: u16) -> (usize, u64) {
        ((port >> 6) as usize, 1 << (port & 63))
    }

    /// Whether it was not there.
    fn insert(&mut self, port: u16) -> bool {
        let (word, bit) = Self::place(port);
        let new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        self.count += usize::from(new);
        new
    }

    fn remove(&mut self, port: u16) {
        let (word, bit) = Self::place(port);
        self.count -= usize::from(self.bits[word] & bit != 0);
        self.bits[word] &= !bit;
    }

    const fn is_empty(&self) -> bool {
        self.count == 0
    }
}
