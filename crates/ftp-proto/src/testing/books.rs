//! What a driver holds for a machine under test.

use crate::data::{
    DataEvent, DataId, DataPhase, Failure, Resumption, StreamEnd, TlsFacts, TransferFailure, TransferTotals,
};
use crate::io::{IoAction, OnEnd};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What the driver holds for a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Opening,
    Listener,
    Connecting,
    Open,
    Securing,
    Moving,
}

/// Which data connection, what it is from now on (`None`: it is gone), and what happened.
pub(super) type News = (DataId, Option<Held>, DataEvent);

/// The data connections that the driver holds.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    held: BTreeMap<DataId, Held>,
    dropped: BTreeSet<DataId>,
    /// Kept for the next transfer when the one that moves has ended well.
    kept: BTreeSet<DataId>,
    /// The last one that is gone.
    gone: Option<DataId>,
}

impl Holdings {
    pub(super) fn newest(&self) -> Option<(DataId, Held)> {
        self.held.iter().next_back().map(|(&id, &held)| (id, held))
    }

    pub(super) fn oldest(&self) -> Option<DataId> {
        self.held.keys().next().copied()
    }

    pub(super) fn moving(&self) -> Vec<DataId> {
        self.held.iter().filter(|(_, held)| **held == Held::Moving).map(|(id, _)| *id).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Something has happened to it; `None`: it is gone.
    pub(super) fn becomes(&mut self, id: DataId, next: Option<Held>) {
        match next {
            Some(held) => self.held.insert(id, held),
            None => {
                self.gone = Some(id);
                self.held.remove(&id)
            }
        };
    }

    /// The last one that is gone.
    pub(super) const fn gone(&self) -> Option<DataId> {
        self.gone
    }

    /// Whether octets can begin to move.
    pub(super) fn starts(&mut self, id: DataId, on_end: OnEnd) -> bool {
        match on_end {
            OnEnd::Keep => self.kept.insert(id),
            OnEnd::Close => self.kept.remove(&id),
        };
        self.held.insert(id, Held::Moving) == Some(Held::Open)
    }

    /// What is left when the transfer has ended well.
    pub(super) fn left(&self, id: DataId) -> Option<Held> {
        let kept = self.kept.contains(&id) && !self.dropped.contains(&id);
        kept.then_some(Held::Open)
    }

    /// The next thing that happens to the newest if all goes well, and what it is then. `ours` is our end, `peer` the other.
    pub(super) fn good_news(&self, ours: SocketAddr, peer: SocketAddr) -> Option<News> {
        let (id, held) = self.newest()?;
        let (next, event) = match held {
            Held::Opening => (Some(Held::Listener), DataEvent::Listening { local: ours }),
            Held::Listener | Held::Connecting => {
                (Some(Held::Open), DataEvent::Connected { local: ours, peer, tls: None })
            }
            Held::Securing => (Some(Held::Open), DataEvent::Secured(tls())),
            Held::Moving => (self.left(id), ended(Ok(()))),
            Held::Open => return None,
        };
        Some((id, next, event))
    }

    /// The same if it does not.
    pub(super) fn bad_news(&self, with: u8) -> Option<News> {
        let (id, held) = self.newest()?;
        let why = if with & 1 == 0 { Failure::Refused } else { Failure::Tls };
        let during = match held {
            Held::Opening => DataPhase::Listen,
            Held::Listener | Held::Connecting => DataPhase::Connect,
            Held::Securing => DataPhase::Secure,
            Held::Moving if with & 2 == 0 => {
                return Some((id, Some(held), DataEvent::Progress { octets: with.into() }));
            }
            Held::Moving => return Some((id, None, ended(Err(TransferFailure::Connection(why))))),
            // Nothing is done with it that could fail.
            Held::Open => return None,
        };
        Some((id, None, DataEvent::Failed { during, why }))
    }

    /// An action on a data connection, but for the start of a transfer. Returns whether it fits to what is held.
    pub(super) fn carry_out(&mut self, action: &IoAction) -> bool {
        match *action {
            IoAction::Listen { id, .. } => self.held.insert(id, Held::Opening).is_none(),
            IoAction::Connect { id, .. } => self.held.insert(id, Held::Connecting).is_none(),
            IoAction::StartDataTls { id, .. } => self.held.insert(id, Held::Securing) == Some(Held::Open),
            // A transfer that is stopped says so itself.
            IoAction::DropData { id } if self.held.get(&id) == Some(&Held::Moving) => self.dropped.insert(id),
            IoAction::DropData { id } => {
                self.becomes(id, None);
                true
            }
            _ => false,
        }
    }
}

pub(super) const fn tls() -> TlsFacts {
    TlsFacts {
        resumption: Resumption::None,
        tls13: true,
        server_name: None,
        alpn: None,
        peer_certificate: None,
    }
}

pub(super) const fn ended(result: Result<(), TransferFailure>) -> DataEvent {
    DataEvent::Ended { totals: TransferTotals { wire: 9, stored: 9, end: StreamEnd::Fin }, result }
}

/// What may be under way when a data connection is dropped.
pub(super) const fn late(which: u8) -> DataEvent {
    let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);
    match which % 8 {
        0 => DataEvent::Listening { local },
        1 => DataEvent::Connected { local, peer: local, tls: None },
        2 => DataEvent::Secured(tls()),
        3 => DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused },
        4 => DataEvent::Failed { during: DataPhase::Secure, why: Failure::Tls },
        5 => DataEvent::Progress { octets: 1 },
        6 => ended(Ok(())),
        _ => ended(Err(TransferFailure::Aborted)),
    }
}
