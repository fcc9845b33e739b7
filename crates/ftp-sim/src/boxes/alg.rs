//! The FTP application level gateway of a NAT: `ftp_proto::alg`, good or with the faults that routers have.

use super::nat::Table;
use crate::packet::{Packet, Payload};
use bytes::{Bytes, BytesMut};
use core::net::{IpAddr, SocketAddr};
use ftp_proto::alg::{AlgConfig, Announcement, Inspector, Mapping};
use ftp_proto::data::{AddressForm, Side};
use std::collections::BTreeMap;

/// The port by which an ALG knows a control connection.
const FTP: u16 = 21;

/// What an ALG can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlgKind {
    /// PORT, EPRT, 227 and 229.
    Good,
    /// PORT and 227 for IPv4; everything else goes through unseen.
    Ipv4Only,
    /// Knows EPRT, but a 229 goes through unseen: no pinhole.
    EpsvBlind,
    /// Takes out of the stream what it cannot parse: EPRT and 229.
    Swallows,
}

impl AlgKind {
    /// What it does to an announcement that it would have to translate or let in (`None`), before it looks further.
    fn fault(self, announcement: Announcement) -> Option<Mapping> {
        let extended = announcement.form == AddressForm::Extended;
        match self {
            Self::Ipv4Only if extended || announcement.address.is_ipv6() => Some(Mapping::Ignore),
            Self::EpsvBlind if extended && announcement.from == Side::Server => Some(Mapping::Ignore),
            Self::Swallows if extended => Some(Mapping::Refuse),
            Self::Good | Self::Ipv4Only | Self::EpsvBlind | Self::Swallows => None,
        }
    }
}

/// The control connections that an ALG follows.
#[derive(Debug)]
pub(super) struct Alg {
    kind: AlgKind,
    /// By the end inside and the end outside.
    sessions: BTreeMap<(SocketAddr, SocketAddr), Session>,
}

#[derive(Debug)]
struct Session {
    inspector: Inspector,
    inside_is: Side,
}

/// Where a packet of a control connection stands: the inside address of the end inside, and the end outside.
pub(super) struct Place {
    pub(super) inside: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) from_inside: bool,
}

impl Alg {
    pub(super) const fn new(kind: AlgKind) -> Self {
        Self { kind, sessions: BTreeMap::new() }
    }

    /// Looks at a packet, and changes what it carries. Octets that are to be sent before the packet are returned.
    pub(super) fn look(
        &mut self,
        packet: &mut Packet,
        place: &Place,
        table: &mut Table<'_>,
    ) -> Option<Bytes> {
        let key = (place.inside, place.remote);
        if packet.is_syn() {
            self.begin(key);
        }
        let session = self.sessions.get_mut(&key)?;
        let from = if place.from_inside { session.inside_is } else { other(session.inside_is) };
        match &mut packet.what {
            Payload::Data { octets, .. } => {
                let mut out = BytesMut::new();
                let mut map = |announcement| map(self.kind, session.inside_is, announcement, place, table);
                session.inspector.forward(from, octets, &mut map, &mut out);
                *octets = out.freeze();
                None
            }
            Payload::Fin => Some(session.inspector.finish(from)).filter(|rest| !rest.is_empty()),
            Payload::Reset => {
                self.sessions.remove(&key);
                None
            }
            Payload::Syn | Payload::SynAck | Payload::Credit(_) => None,
        }
    }

    fn begin(&mut self, key: (SocketAddr, SocketAddr)) {
        let (inside, remote) = key;
        let inside_is = match (inside.port(), remote.port()) {
            (_, FTP) => Side::User,
            (FTP, _) => Side::Server,
            _ => return,
        };
        let (user, server) =
            if inside_is == Side::User { (inside.ip(), remote.ip()) } else { (remote.ip(), inside.ip()) };
        let inspector = Inspector::new(AlgConfig::new(user, server));
        self.sessions.insert(key, Session { inspector, inside_is });
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::User => Side::Server,
        Side::Server => Side::User,
    }
}

fn map(
    kind: AlgKind,
    inside_is: Side,
    announcement: Announcement,
    place: &Place,
    table: &mut Table<'_>,
) -> Mapping {
    if let Some(fault) = kind.fault(announcement) {
        return fault;
    }
    // A listener outside is reached as it is.
    if announcement.from != inside_is {
        return Mapping::Ignore;
    }
    table.expect(announcement.address, ip(place.remote)).map_or(Mapping::Refuse, Mapping::Replace)
}

const fn ip(address: SocketAddr) -> IpAddr {
    address.ip()
}
