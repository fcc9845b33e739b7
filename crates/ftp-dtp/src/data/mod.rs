//! The data connections of one session, on either side: listening with admission, connecting, moving octets.
//!
//! [`DataConnections`] carries out the data actions of a machine and says by [`DataConnections::poll`] what came of
//! them. It belongs to its session alone; nothing in it is locked or shared but what [`DataResources`] has.

mod connect;
mod listening;
mod moving;
mod wire;

use crate::buffers::BufferPool;
use crate::errors::failure;
use crate::event_loop::EventLoop;
use crate::ports::PortPool;
use crate::proxy::TrustedProxies;
use crate::pump::LocalEnd;
use crate::sockets::LocalAddress;
use crate::tls::TlsStream;
use connect::{Connecting, Dialled, Route};
use core::net::{IpAddr, SocketAddr};
use core::task::{Poll, ready};
use core::time::Duration;
use ftp_proto::data::{
    AcceptFrom, Admission, DataEvent, DataId, DataPhase, Failure, PortRange, SourceEndpoint, StorageFailure,
    TransferFailure, TransferTotals,
};
use ftp_proto::io::TransferPlan;
use ftp_proto::time::Instant;
use listening::Listening;
use moving::Moving;
use std::collections::VecDeque;
use wire::Wire;

/// What all sessions of a process share for their data connections. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct DataResources {
    /// Chooses ports to listen on.
    pub ports: PortPool,
    /// Buffers of transfers.
    pub buffers: BufferPool,
    /// Load balancers that say who is behind them.
    pub proxies: TrustedProxies,
}

/// The data connections of one session. At most one is in use, but an earlier one may still be stopping.
#[derive(Debug)]
pub struct DataConnections<L: EventLoop> {
    resources: DataResources,
    /// The control socket's own address, as the system gives it.
    control: SocketAddr,
    /// The control connection's other end.
    peer: IpAddr,
    slots: Vec<Slot<L>>,
    /// Done with, but for the peer's end: under TLS it sends its close_notify after ours, and finding the connection closed
    /// it would take a reset, which may cost it octets that it has not read yet.
    lingering: Vec<(Wire<L>, Instant)>,
    /// What is known already.
    events: VecDeque<(DataId, DataEvent)>,
}

/// How long the end of a peer is waited for that has everything; nobody else waits with us.
const LINGER: Duration = Duration::from_secs(5);

/// How many such connections a session keeps.
const MOST_LINGERING: usize = 4;

#[derive(Debug)]
struct Slot<L: EventLoop> {
    id: DataId,
    state: State<L>,
}

#[derive(Debug)]
enum State<L: EventLoop> {
    Listening(Box<Listening<L>>),
    Connecting(Box<Connecting<L>>),
    /// Connected; nothing moves yet.
    Linked(Wire<L>),
    /// The handshake of TLS.
    Securing(Wire<L>),
    Moving(Box<Moving<L>>),
}

impl<L: EventLoop> DataConnections<L> {
    /// None yet. `control` is the control socket's own address as the system gives it, `peer` its other end.
    pub const fn new(resources: DataResources, control: SocketAddr, peer: IpAddr) -> Self {
        Self { resources, control, peer, slots: Vec::new(), lingering: Vec::new(), events: VecDeque::new() }
    }

    /// [`IoAction::Listen`](ftp_proto::io::IoAction::Listen).
    pub fn listen(
        &mut self,
        event_loop: &mut L,
        id: DataId,
        bind: IpAddr,
        ports: PortRange,
        expect: AcceptFrom,
    ) {
        // Behind a balancer, who connects is known only later.
        let (peer, alone) = match expect {
            AcceptFrom::Only(peer) => (peer, !self.resources.proxies.is_empty()),
            AcceptFrom::Any => (self.peer, true),
        };
        match self.open_listener(event_loop, bind, ports, (peer, alone)) {
            Ok((listening, local)) => {
                self.slots.push(Slot { id, state: State::Listening(Box::new(listening)) });
                self.events.push_back((id, DataEvent::Listening { local }));
            }
            Err(why) => self.events.push_back((id, DataEvent::Failed { during: DataPhase::Listen, why })),
        }
    }

    fn open_listener(
        &self,
        event_loop: &mut L,
        bind: IpAddr,
        ports: PortRange,
        (peer, alone): (IpAddr, bool),
    ) -> Result<(Listening<L>, SocketAddr), Failure> {
        let bind = LocalAddress::beside(bind, self.control);
        let listener = self.resources.ports.listen(bind, ports, peer, alone)?;
        let local = listener.local();
        let listener = event_loop.watch(listener).map_err(|error| failure(&error))?;
        Ok((Listening::new(listener, self.resources.proxies.clone()), local))
    }

    /// [`IoAction::Connect`](ftp_proto::io::IoAction::Connect).
    pub fn connect(&mut self, id: DataId, source: SourceEndpoint, target: SocketAddr) {
        let connecting = Connecting::new(Route { source, target, control: self.control });
        self.slots.push(Slot { id, state: State::Connecting(Box::new(connecting)) });
    }

    /// [`IoAction::StartDataTls`](ftp_proto::io::IoAction::StartDataTls), by `tls`, which is of the control connection's
    /// session; `None` when there is no such.
    pub fn start_tls(&mut self, id: DataId, tls: Option<TlsStream>) {
        match (self.take(id), tls) {
            (Some(State::Linked(mut wire)), Some(tls)) => {
                wire.put_under(tls);
                self.slots.push(Slot { id, state: State::Securing(wire) });
            }
            _ => {
                let event = DataEvent::Failed { during: DataPhase::Secure, why: Failure::Tls };
                self.events.push_back((id, event));
            }
        }
    }

    /// [`IoAction::StartTransfer`](ftp_proto::io::IoAction::StartTransfer). `local` is what the application opened;
    /// without it, or without the connection, the transfer ends at once.
    pub fn start(&mut self, id: DataId, plan: &TransferPlan, local: Option<LocalEnd>) {
        let wire = self.take(id).and_then(|state| match state {
            State::Linked(wire) => Some(wire),
            State::Listening(_) | State::Connecting(_) | State::Securing(_) | State::Moving(_) => None,
        });
        let why = match (wire, local) {
            (Some(wire), Some(local)) => {
                let moving = Moving::new(plan, local, wire, &self.resources);
                self.slots.push(Slot { id, state: State::Moving(Box::new(moving)) });
                return;
            }
            (_, None) => TransferFailure::Storage(StorageFailure::Local),
            (None, Some(_)) => TransferFailure::Connection(Failure::Other),
        };
        let event = DataEvent::Ended { totals: TransferTotals::NONE, result: Err(why) };
        self.events.push_back((id, event));
    }

    /// [`IoAction::DropData`](ftp_proto::io::IoAction::DropData): a transfer is stopped, and says that it has ended;
    /// anything else is closed at once.
    pub fn drop_data(&mut self, id: DataId) {
        match self.slots.iter_mut().find(|slot| slot.id == id) {
            Some(Slot { state: State::Moving(moving), .. }) => moving.abort(),
            _ => drop(self.take(id)),
        }
    }

    /// Octets that running transfers have moved so far.
    pub fn progress(&self) -> impl Iterator<Item = (DataId, u64)> + '_ {
        self.slots.iter().filter_map(|slot| match &slot.state {
            State::Moving(moving) => Some((slot.id, moving.octets())),
            State::Listening(_) | State::Connecting(_) | State::Linked(_) | State::Securing(_) => None,
        })
    }

    /// The next thing that happens. `admit` is the machine's: it is asked about each peer that connects.
    pub fn poll(
        &mut self,
        event_loop: &mut L,
        mut admit: impl FnMut(DataId, SocketAddr) -> Admission,
    ) -> Poll<(DataId, DataEvent)> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(event);
        }
        // An idle session holds no memory for events.
        self.events = VecDeque::new();
        self.linger(event_loop);
        for index in 0..self.slots.len() {
            let Some(slot) = self.slots.get_mut(index) else { break };
            let id = slot.id;
            if let Poll::Ready((event, next)) = slot.state.poll(event_loop, |peer| admit(id, peer)) {
                match next {
                    Next::Unchanged => {}
                    Next::Is(state) => slot.state = state,
                    Next::Closed => drop(self.take(id)),
                    Next::Lingers(wire) => {
                        drop(self.take(id));
                        self.let_linger(wire, event_loop.now());
                        self.linger(event_loop);
                    }
                }
                return Poll::Ready((id, event));
            }
        }
        Poll::Pending
    }

    /// When [`poll`](Self::poll) has something to do even if no socket is ready.
    pub fn deadline(&self) -> Option<Instant> {
        let of_slot = |slot: &Slot<L>| match &slot.state {
            State::Connecting(connecting) => connecting.deadline(),
            State::Listening(_) | State::Linked(_) | State::Securing(_) | State::Moving(_) => None,
        };
        let lingering = self.lingering.iter().map(|(_, until)| *until);
        self.slots.iter().filter_map(of_slot).chain(lingering).min()
    }

    /// Reads away what comes on connections that are done with.
    fn linger(&mut self, event_loop: &mut L) {
        if !self.lingering.is_empty() {
            let now = event_loop.now();
            self.lingering.retain_mut(|(wire, until)| now < *until && wire.poll_end(event_loop).is_pending());
            if self.lingering.is_empty() {
                // An idle session holds no memory for them.
                self.lingering = Vec::new();
            }
        }
    }

    fn let_linger(&mut self, wire: Wire<L>, now: Instant) {
        if self.lingering.len() >= MOST_LINGERING {
            drop(self.lingering.remove(0));
        }
        self.lingering.push((wire, now + LINGER));
    }

    fn take(&mut self, id: DataId) -> Option<State<L>> {
        let index = self.slots.iter().position(|slot| slot.id == id)?;
        let slot = self.slots.swap_remove(index);
        if self.slots.is_empty() {
            // An idle session holds no memory for data connections.
            self.slots = Vec::new();
        }
        Some(slot.state)
    }
}

/// What happened, and what becomes of the data connection.
type Happened<L> = (DataEvent, Next<L>);

enum Next<L: EventLoop> {
    Unchanged,
    Is(State<L>),
    Lingers(Wire<L>),
    Closed,
}

impl<L: EventLoop> State<L> {
    fn poll(&mut self, event_loop: &mut L, admit: impl FnMut(SocketAddr) -> Admission) -> Poll<Happened<L>> {
        match self {
            Self::Listening(listening) => Poll::Ready(match ready!(listening.poll(event_loop, admit)) {
                Ok((wire, local, peer)) => connected(wire, local, peer),
                Err(why) => connect_failed(why),
            }),
            Self::Connecting(connecting) => Poll::Ready(match ready!(connecting.poll(event_loop)) {
                Ok(Dialled::From(local)) => (DataEvent::Connecting { local }, Next::Unchanged),
                Ok(Dialled::Through((wire, local, peer))) => connected(wire, local, peer),
                Err(why) => connect_failed(why),
            }),
            Self::Linked(_) => Poll::Pending,
            Self::Securing(wire) => Poll::Ready(match ready!(wire.poll_handshake(event_loop)) {
                Ok(facts) => (DataEvent::Secured(facts), Next::Is(Self::Linked(wire.hand_over()))),
                Err(why) => (DataEvent::Failed { during: DataPhase::Secure, why }, Next::Closed),
            }),
            Self::Moving(moving) => {
                let event = ready!(moving.poll(event_loop));
                let next = match event {
                    DataEvent::Ended { result: Ok(()), .. } => moving.left(),
                    DataEvent::Ended { .. } => Next::Closed,
                    _ => Next::Unchanged,
                };
                Poll::Ready((event, next))
            }
        }
    }
}

fn connected<L: EventLoop>(wire: Wire<L>, local: SocketAddr, peer: SocketAddr) -> Happened<L> {
    (DataEvent::Connected { local, peer, tls: None }, Next::Is(State::Linked(wire)))
}

fn connect_failed<L: EventLoop>(why: Failure) -> Happened<L> {
    (DataEvent::Failed { during: DataPhase::Connect, why }, Next::Closed)
}
