//! Ports that several sessions listen on at once, told apart by who connects.
//!
//! Where each open port costs something (an entry of a Kubernetes Service, a rule of a cloud), a few ports serve many clients:
//! on each, one session waits for each client address. One thread takes the connections of all shared ports and gives each to
//! the session that waits for its peer, through a queue and a descriptor that the session's event loop watches as it would
//! a listener.

use crate::accept::{EXHAUSTED_PAUSE, accept};
use crate::errors::failure;
use crate::ports::reset;
use crate::sockets::{DATA_BACKLOG, LocalAddress, listen};
use core::net::{IpAddr, SocketAddr};
use ftp_proto::address::normalise;
use ftp_proto::data::Failure;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::{Errno, read, write};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// How many connections of one client may wait for its session to look; more are reset.
const MOST_QUEUED: usize = DATA_BACKLOG as usize;

/// All shared ports of a process.
#[derive(Debug)]
pub(super) struct SharedPorts {
    ports: Mutex<Ports>,
    /// The thread is to look at the ports anew.
    changed: OwnedFd,
}

#[derive(Debug, Default)]
struct Ports {
    open: HashMap<Place, Arc<Port>>,
    /// There is a thread.
    running: bool,
}

/// A local address and port.
type Place = (IpAddr, u16);

#[derive(Debug)]
struct Port {
    listener: TcpListener,
    /// Who is waited for, by address.
    seats: Mutex<HashMap<IpAddr, Arc<Queue>>>,
}

/// The connections of one client for one session.
#[derive(Debug)]
struct Queue {
    arrived: Mutex<VecDeque<(TcpStream, SocketAddr)>>,
    /// Readable when there are any.
    event: OwnedFd,
}

/// A session's place on a shared port, given up when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    shared: Arc<SharedPorts>,
    place: Place,
    peer: IpAddr,
    queue: Arc<Queue>,
    local: SocketAddr,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn event() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)
}

impl SharedPorts {
    /// None yet.
    pub(super) fn new() -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { ports: Mutex::default(), changed: event()? }))
    }

    /// The thread, which ends when the last handle is dropped. Not before it is needed: a process gives up its privileges while
    /// it has one thread.
    fn start(self: &Arc<Self>, ports: &mut Ports) -> io::Result<()> {
        if !ports.running {
            let (weak, changed) = (Arc::downgrade(self), self.changed.try_clone()?);
            std::thread::Builder::new()
                .name("ftp-ports".to_owned())
                .spawn(move || dispatch(&weak, &changed))?;
            ports.running = true;
        }
        Ok(())
    }

    /// A place for `peer` on this port; `None` when the port cannot be had, or `peer` is waited for there already.
    pub(super) fn sit_down(
        self: &Arc<Self>,
        bind: LocalAddress,
        port: u16,
        peer: IpAddr,
    ) -> Result<Option<Seat>, Failure> {
        let (place, peer) = ((bind.ip(), port), normalise(peer));
        let mut ports = lock(&self.ports);
        self.start(&mut ports).map_err(|error| failure(&error))?;
        let shared = match ports.open.get(&place) {
            Some(shared) => Arc::clone(shared),
            None => {
                let listener = match listen(bind, port, DATA_BACKLOG) {
                    Ok(listener) => listener,
                    Err(error) => {
                        return match failure(&error) {
                            Failure::AddressInUse => Ok(None),
                            why => Err(why),
                        };
                    }
                };
                let shared = Arc::new(Port { listener, seats: Mutex::default() });
                ports.open.insert(place, Arc::clone(&shared));
                self.wake();
                shared
            }
        };
        let local = shared.listener.local_addr().map_err(|error| failure(&error))?;
        let mut seats = lock(&shared.seats);
        if seats.contains_key(&peer) {
            return Ok(None);
        }
        let event = event().map_err(|error| failure(&error))?;
        let queue = Arc::new(Queue { arrived: Mutex::default(), event });
        seats.insert(peer, Arc::clone(&queue));
        Ok(Some(Seat { shared: Arc::clone(self), place, peer, queue, local }))
    }

    /// The ports on which somebody is waited for. The others are closed.
    fn in_use(&self) -> Vec<Arc<Port>> {
        let mut ports = lock(&self.ports);
        ports.open.retain(|_, port| !lock(&port.seats).is_empty());
        ports.open.values().cloned().collect()
    }

    fn wake(&self) {
        // It cannot be full, and a wake-up that is there already is as good.
        let _ = write(&self.changed, &1_u64.to_ne_bytes());
    }
}

impl Drop for SharedPorts {
    fn drop(&mut self) {
        self.wake();
    }
}

impl Seat {
    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// The next connection of the client; `None` when there is none now.
    pub(super) fn next(&self) -> Option<(TcpStream, SocketAddr)> {
        let mut arrived = lock(&self.queue.arrived);
        if arrived.is_empty() {
            // Under the lock, so that no news is taken away with the old.
            let _ = read(&self.queue.event, &mut [0; 8]);
        }
        arrived.pop_front()
    }
}

impl AsFd for Seat {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.event.as_fd()
    }
}

impl Drop for Seat {
    /// A port on which nobody is waited for is closed: by the thread, which is the only one that holds it.
    fn drop(&mut self) {
        let ports = lock(&self.shared.ports);
        if let Some(port) = ports.open.get(&self.place) {
            let mut seats = lock(&port.seats);
            seats.remove(&self.peer);
            if seats.is_empty() {
                self.shared.wake();
            }
        }
        drop(ports);
        for (stream, _) in lock(&self.queue.arrived).drain(..) {
            reset(&stream);
        }
    }
}

/// Waits for connections to any shared port until nobody shares ports any more.
fn dispatch(shared: &Weak<SharedPorts>, changed: &OwnedFd) {
    loop {
        let Some(ports) = shared.upgrade().map(|shared| shared.in_use()) else { return };
        let mut watched: Vec<_> = core::iter::once(PollFd::new(changed, PollFlags::IN))
            .chain(ports.iter().map(|port| PollFd::new(&port.listener, PollFlags::IN)))
            .collect();
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => std::thread::sleep(EXHAUSTED_PAUSE),
        }
        let _ = read(changed, &mut [0; 8]);
        if !ports.iter().all(|port| port.take_all()) {
            // No descriptor is left: the listener stays readable, and looking again at once would find the same.
            std::thread::sleep(EXHAUSTED_PAUSE);
        }
    }
}

impl Port {
    /// Gives each connection that waits to its session. False when they cannot be taken now.
    fn take_all(&self) -> bool {
        loop {
            match accept(&self.listener) {
                Ok(Some((stream, peer))) => self.give(stream, peer),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    fn give(&self, stream: TcpStream, peer: SocketAddr) {
        let queue = lock(&self.seats).get(&normalise(peer.ip())).cloned();
        let Some(queue) = queue else { return reset(&stream) };
        let mut arrived = lock(&queue.arrived);
        if arrived.len() >= MOST_QUEUED {
            return reset(&stream);
        }
        arrived.push_back((stream, peer));
        let _ = write(&queue.event, &1_u64.to_ne_bytes());
    }
}
