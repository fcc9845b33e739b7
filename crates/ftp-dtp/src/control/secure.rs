//! TLS between the socket and the machine: how it begins, and how it ends (RFC 4217 §4, §5).

use super::{ControlPipe, Filled};
use crate::tls::{Ending, Handshake, TlsStream};
use core::mem;
use core::time::Duration;
use ftp_proto::io::{ControlEvent, ControlMachine};
use ftp_proto::time::Instant;
use std::io::{self, Read, Write};

/// How long a peer may take to end TLS after we have.
const ENDING: Duration = Duration::from_secs(2);

/// Where TLS stands.
#[derive(Debug, Default)]
pub(super) enum Tls {
    #[default]
    Clear,
    Handshaking(Box<TlsStream>),
    On(Box<TlsStream>),
    Ending(Box<Ending>),
    /// There is none to be had, which the machine has not been told yet.
    Missing,
    /// The handshake failed, and nothing more is read; why, for people.
    Failed(Option<String>),
}

impl Tls {
    pub(super) fn read(&mut self, socket: &mut (impl Read + Write), room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::On(tls) => or_end(tls.read(socket, room)),
            _ => socket.read(room),
        }
    }

    /// Nothing is written while TLS begins or ends: the machine has nothing to say then.
    pub(super) fn write(&mut self, socket: &mut impl Write, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear => socket.write(octets),
            Self::On(tls) => tls.write_through(socket, octets),
            Self::Handshaking(_) | Self::Ending(_) | Self::Missing | Self::Failed(_) => {
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }
}

/// Many peers close a control connection without close_notify. No octet of it can be missing unseen: a command or a reply
/// has its line end.
fn or_end(read: io::Result<usize>) -> io::Result<usize> {
    match read {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        other => other,
    }
}

impl ControlPipe {
    /// [`IoAction::StartControlTls`](ftp_proto::io::IoAction::StartControlTls); `None` when there is no TLS to be had. The
    /// machine hears what came of it in [`fill`](Self::fill).
    pub fn start_tls(&mut self, tls: Option<TlsStream>) {
        self.cross_border();
        self.tls = tls.map_or(Tls::Missing, |tls| Tls::Handshaking(Box::new(tls)));
    }

    /// [`IoAction::StopControlTls`](ftp_proto::io::IoAction::StopControlTls). The machine hears of the end in
    /// [`fill`](Self::fill).
    pub fn stop_tls(&mut self, now: Instant) {
        self.cross_border();
        self.tls = match mem::take(&mut self.tls) {
            Tls::On(stream) => Tls::Ending(Box::new(Ending::new(*stream, now + ENDING))),
            other => other,
        };
    }

    /// Before the connection is closed: the end of TLS, as far as the socket takes it now. All replies are written, so there
    /// is room; if not, the peer does not read anyway.
    pub fn close_tls(&mut self, socket: &mut impl Write) {
        if let Tls::On(tls) = &mut self.tls {
            let _ = tls.close(socket);
        }
    }

    /// Why TLS failed, for people. Under TLS 1.3 a client hears only after its handshake that its certificate is not taken.
    #[must_use]
    pub fn tls_failure(&self) -> Option<String> {
        match &self.tls {
            Tls::Failed(why) => why.clone(),
            Tls::On(tls) => tls.failure(),
            Tls::Clear | Tls::Handshaking(_) | Tls::Ending(_) | Tls::Missing => None,
        }
    }

    /// When [`fill`](Self::fill) has something to do even if nothing comes.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match &self.tls {
            Tls::Ending(ending) => Some(ending.until()),
            Tls::Clear | Tls::Handshaking(_) | Tls::On(_) | Tls::Missing | Tls::Failed(_) => None,
        }
    }

    /// Clear octets must not be read as protected ones, nor the other way round. The machine has taken everything up to the
    /// border, so nothing is held; if it ever were, it would be thrown away.
    fn cross_border(&mut self) {
        debug_assert!(self.held.is_empty(), "the machine left octets before the border");
        self.held = Vec::new();
    }

    /// Goes on with the beginning or the end of TLS; `None` when neither is under way.
    pub(super) fn change_tls<M: ControlMachine + ?Sized>(
        &mut self,
        machine: &mut M,
        now: Instant,
        socket: &mut (impl Read + Write),
    ) -> Option<Filled> {
        let (next, event) = match mem::take(&mut self.tls) {
            Tls::Handshaking(mut tls) => match tls.handshake(socket) {
                Ok(Handshake::Done(facts)) => (Tls::On(tls), ControlEvent::Secured(facts)),
                Ok(Handshake::WantRead | Handshake::WantWrite) => {
                    self.tls = Tls::Handshaking(tls);
                    return Some(Filled::Drained);
                }
                Err(_) => (Tls::Failed(tls.failure()), ControlEvent::SecureFailed),
            },
            Tls::Ending(mut ending) => match ending.poll(socket, now) {
                Ok(clear) => {
                    // What came behind the border, in the clear: the machine gets it next.
                    self.held = clear;
                    (Tls::Clear, ControlEvent::Cleared)
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.tls = Tls::Ending(ending);
                    return Some(Filled::Drained);
                }
                Err(_) => (Tls::Failed(None), ControlEvent::Reset),
            },
            Tls::Missing => (Tls::Failed(None), ControlEvent::SecureFailed),
            Tls::Failed(why) => {
                self.tls = Tls::Failed(why);
                return Some(Filled::Ended);
            }
            other @ (Tls::Clear | Tls::On(_)) => {
                self.tls = other;
                return None;
            }
        };
        self.tls = next;
        self.tell(machine, event, now);
        Some(Filled::Again)
    }
}
