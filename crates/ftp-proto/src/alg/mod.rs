//! What a NAT or a firewall needs to follow FTP (RFC 2663 §2.9, RFC 3022 §4.4).
//!
//! An [`Inspector`] watches both directions of one control connection. It finds the addresses in PORT, EPRT, 227 and
//! 229, asks the box that owns the mapping table what each becomes ([`Mapper`]), and says for every line whether it
//! goes on as it is, with edits, or not at all, and which pinholes are to be opened. After a 234 it sees only TLS and
//! lets everything through.
//!
//! It forwards whole lines, never parts of one, so that a command which TCP has cut in two is found all the same. The
//! length of a line may change; sequence numbers are the box's to mend.
//!
//! What it does not trust: an address that is not its sender's own is passed on and opens nothing (a bounce, RFC 2577
//! §3), and neither does a 227 or 229 that nobody asked for, or one that is only text inside of another reply.
//!
//! ```
//! use bytes::BytesMut;
//! use ftp_proto::alg::{AlgConfig, Announcement, Inspector, Mapping};
//! use ftp_proto::data::Side;
//!
//! // A NAT with 203.0.113.1 outside, and a client with 192.168.0.2 inside.
//! let mut inspector = Inspector::new(AlgConfig::new("192.168.0.2".parse()?, "198.51.100.7".parse()?));
//! let outside = "203.0.113.1:50000".parse()?;
//! let mut map = |_: Announcement| Mapping::Replace(outside);
//!
//! let mut forwarded = BytesMut::new();
//! for segment in [&b"PORT 192,168,"[..], b"0,2,4,1\r\n"] {
//!     inspector.forward(Side::User, segment, &mut map, &mut forwarded);
//! }
//! assert_eq!(forwarded, &b"PORT 203,0,113,1,195,80\r\n"[..]);
//! let pinhole = inspector.poll_pinhole().unwrap();
//! assert_eq!(pinhole.from, "198.51.100.7".parse::<std::net::IpAddr>()?);
//! assert_eq!(pinhole.to, "192.168.0.2:1025".parse()?);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod announcement;
mod direction;
mod replies;

#[cfg(test)]
mod tests;

pub use announcement::{Announcement, Mapper, Mapping};

use crate::address::normalise;
use crate::data::Side;
use crate::wire::LineLimits;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use announcement::Found;
use bytes::{Bytes, BytesMut};
use core::net::{IpAddr, SocketAddr};
use core::ops::Range;
use direction::{Direction, RawLine};
use replies::{Meaning, Replies};

/// The first octet of a TLS handshake: no verb begins so.
const TLS_HANDSHAKE: u8 = 0x16;

/// Pinholes that wait to be taken; a box that never takes any is not made to grow.
const MAX_PINHOLES: usize = 64;

/// What an [`Inspector`] has to know of its connection. The addresses are those that the two ends have themselves, as
/// they write them: of a client behind this NAT, the inside one.
#[derive(Debug, Clone, Copy)]
pub struct AlgConfig {
    /// How long a line may be. What is longer is passed on and not looked at.
    pub limits: LineLimits,
    /// The client's address.
    pub user: IpAddr,
    /// The server's address.
    pub server: IpAddr,
}

impl AlgConfig {
    /// The limits of a server after login.
    #[must_use]
    pub const fn new(user: IpAddr, server: IpAddr) -> Self {
        Self { limits: LineLimits::AFTER_LOGIN, user, server }
    }
}

/// What is to be done with a piece of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It goes on as it is.
    Pass,
    /// It goes on with these edits, which are in order and do not overlap.
    Rewrite(Vec<Edit>),
    /// It does not go on.
    Refuse,
    /// It goes on, and nothing that follows in either direction can be read.
    Opaque,
}

/// Octets that take the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which octets of the piece.
    pub span: Range<usize>,
    /// What takes their place.
    pub with: Bytes,
}

/// A whole line with its end, or octets in which no lines can be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// As they came.
    pub octets: Bytes,
    /// What is to be done with them.
    pub verdict: Verdict,
}

impl Piece {
    const fn opaque(octets: Bytes) -> Self {
        Self { octets, verdict: Verdict::Opaque }
    }

    /// Appends what goes on.
    pub fn write(&self, out: &mut BytesMut) {
        let edits = match &self.verdict {
            Verdict::Refuse => return,
            Verdict::Pass | Verdict::Opaque => &[][..],
            Verdict::Rewrite(edits) => edits,
        };
        let mut from = 0;
        for Edit { span, with } in edits {
            out.extend_from_slice(self.octets.get(from..span.start).unwrap_or_default());
            out.extend_from_slice(with);
            from = span.end;
        }
        out.extend_from_slice(self.octets.get(from..).unwrap_or_default());
    }
}

/// An expected data connection that the box has to let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pinhole {
    /// Who will connect; from any port.
    pub from: IpAddr,
    /// Where the listener is, as its own host knows it: before translation.
    pub to: SocketAddr,
}

/// What a line is to an inspector.
enum Sight {
    Address(Found),
    TlsFollows,
}

/// Follows one control connection.
#[derive(Debug)]
pub struct Inspector {
    config: AlgConfig,
    user: Direction,
    server: Direction,
    replies: Replies,
    opaque: bool,
    pinholes: VecDeque<Pinhole>,
}

impl Inspector {
    /// An inspector for a connection that begins.
    #[must_use]
    pub fn new(config: AlgConfig) -> Self {
        let config = AlgConfig { user: normalise(config.user), server: normalise(config.server), ..config };
        Self {
            config,
            user: Direction::new(config.limits),
            server: Direction::new(config.limits),
            replies: Replies::default(),
            opaque: false,
            pinholes: VecDeque::new(),
        }
    }

    /// Whether everything is let through unseen.
    #[must_use]
    pub const fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// Takes a prefix of octets that `from` has sent and returns its length; the rest is to be offered again after
    /// [`next_piece`](Self::next_piece) has said `None`.
    #[must_use = "the octets that were not taken must be offered again"]
    pub fn push(&mut self, from: Side, octets: &[u8]) -> usize {
        let first = self.direction(from).is_untouched().then(|| octets.first().copied()).flatten();
        self.opaque |= first == Some(TLS_HANDSHAKE);
        self.direction(from).push(octets)
    }

    /// The next piece that `from` has sent; `None` when no whole line is there.
    pub fn next_piece(&mut self, from: Side, map: &mut dyn Mapper) -> Option<Piece> {
        if self.opaque {
            let rest = self.direction(from).take_all();
            return (!rest.is_empty()).then_some(Piece::opaque(rest));
        }
        let line = self.direction(from).next()?;
        let found = line.content().and_then(|content| self.look(from, content));
        let verdict = match found {
            None => Verdict::Pass,
            Some(Sight::TlsFollows) => {
                self.opaque = true;
                Verdict::Opaque
            }
            Some(Sight::Address(found)) => self.announced(from, &found, &line, map),
        };
        Some(Piece { octets: line.octets(), verdict })
    }

    /// All of the above for one segment: appends to `out` what is to be sent on now.
    ///
    /// Once it [is opaque](Self::is_opaque), `forward` an empty segment the other way, too: a part of a line may have
    /// been kept there.
    pub fn forward(&mut self, from: Side, segment: &[u8], map: &mut dyn Mapper, out: &mut BytesMut) {
        let mut rest = segment;
        loop {
            let taken = self.push(from, rest);
            rest = rest.get(taken..).unwrap_or_default();
            while let Some(piece) = self.next_piece(from, map) {
                piece.write(out);
            }
            if rest.is_empty() {
                return;
            }
        }
    }

    /// `from` has ended its stream: the octets of a line that has no end, to be sent on.
    pub fn finish(&mut self, from: Side) -> Bytes {
        self.direction(from).take_all()
    }

    /// The next pinhole to open; ask after every piece.
    pub fn poll_pinhole(&mut self) -> Option<Pinhole> {
        self.pinholes.pop_front()
    }

    const fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::User => &mut self.user,
            Side::Server => &mut self.server,
        }
    }

    fn look(&mut self, from: Side, content: &[u8]) -> Option<Sight> {
        if from == Side::User {
            self.replies.command(content);
            return announcement::in_command(content).map(Sight::Address);
        }
        match self.replies.line(content) {
            Meaning::Other => None,
            Meaning::TlsFollows => Some(Sight::TlsFollows),
            Meaning::Passive(code) => {
                announcement::in_reply(code, content, self.config.server).map(Sight::Address)
            }
        }
    }

    fn announced(&mut self, from: Side, found: &Found, line: &RawLine, map: &mut dyn Mapper) -> Verdict {
        let (own, peer) = match from {
            Side::User => (self.config.user, self.config.server),
            Side::Server => (self.config.server, self.config.user),
        };
        let address = found.address;
        if normalise(address.ip()) != own || address.port() == 0 {
            return Verdict::Pass;
        }
        match map.map(Announcement { address, from, form: found.form }) {
            Mapping::Ignore => Verdict::Pass,
            Mapping::Refuse => Verdict::Refuse,
            Mapping::Keep => {
                self.open(Pinhole { from: peer, to: address });
                Verdict::Pass
            }
            Mapping::Replace(with) => {
                self.open(Pinhole { from: peer, to: address });
                found.replaced(line, with).map_or(Verdict::Refuse, |edit| Verdict::Rewrite([edit].into()))
            }
        }
    }

    fn open(&mut self, pinhole: Pinhole) {
        if self.pinholes.len() == MAX_PINHOLES {
            self.pinholes.pop_front();
        }
        self.pinholes.push_back(pinhole);
    }
}
