//! A control connection: its socket, TLS when there is any, and how it is closed without losing the last reply.

use super::ControlPipe;
use crate::event_loop::{Direction, EventLoop};
use crate::tls::{Ending, Handshake, TlsStream};
use core::task::Poll;
use core::time::Duration;
use ftp_proto::io::{ControlEvent, ControlMachine};
use ftp_proto::time::Instant;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

/// How many octets are read away after the last reply: a peer that sends more than this does not listen.
const WASTE: usize = 64 * 1024;

/// How long a peer may take to end TLS after we have.
const ENDING: Duration = Duration::from_secs(2);

/// One control connection.
#[derive(Debug)]
pub struct ControlSocket<L: EventLoop> {
    stream: L::Watched<TcpStream>,
    pipe: ControlPipe,
    tls: Tls,
    state: State,
}

#[derive(Debug)]
enum Tls {
    Clear,
    Handshaking(Box<TlsStream>),
    On(Box<TlsStream>),
    Ending(Box<Ending>),
    /// The handshake failed, and nothing more is read; why, for people.
    Failed(Option<String>),
}

#[derive(Debug)]
enum State {
    Open,
    /// The last reply is written and our direction closed. What the peer still sends is read away until it closes:
    /// closing a socket with unread octets is a reset, and the reset would take the last reply away from the peer.
    Lingering {
        until: Instant,
        waste_left: usize,
    },
    Closed,
}

impl<L: EventLoop> ControlSocket<L> {
    /// Takes over a connected, non-blocking socket.
    ///
    /// # Errors
    /// The system's.
    pub fn new(event_loop: &mut L, stream: TcpStream) -> io::Result<Self> {
        Ok(Self {
            stream: event_loop.watch(stream)?,
            pipe: ControlPipe::new(),
            tls: Tls::Clear,
            state: State::Open,
        })
    }

    /// Whether the socket can be dropped.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// [`IoAction::StartControlTls`](ftp_proto::io::IoAction::StartControlTls); `None` when there is no TLS to be had. The
    /// machine hears what came of it in [`fill`](Self::fill).
    pub fn start_tls(&mut self, tls: Option<TlsStream>) {
        self.pipe.cross_border();
        self.tls = tls.map_or_else(|| Tls::Failed(None), |tls| Tls::Handshaking(Box::new(tls)));
    }

    /// [`IoAction::StopControlTls`](ftp_proto::io::IoAction::StopControlTls). The machine hears of the end in
    /// [`fill`](Self::fill).
    pub fn stop_tls(&mut self, now: Instant) {
        self.pipe.cross_border();
        self.tls = match core::mem::replace(&mut self.tls, Tls::Clear) {
            Tls::On(stream) => Tls::Ending(Box::new(Ending::new(*stream, now + ENDING))),
            other => other,
        };
    }

    /// Why TLS failed, for people.
    #[must_use]
    pub fn tls_failure(&self) -> Option<&str> {
        match &self.tls {
            Tls::Failed(why) => why.as_deref(),
            Tls::Clear | Tls::Handshaking(_) | Tls::On(_) | Tls::Ending(_) => None,
        }
    }

    /// Writes what the machine has to write. True when the machine has moved on.
    pub fn flush(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        let now = event_loop.now();
        let mut socket = Through { event_loop, stream: &self.stream, moved: false };
        match &mut self.tls {
            Tls::Clear => self.pipe.flush(machine, now, |octets| socket.write(octets)),
            Tls::On(tls) => self.pipe.flush(machine, now, |octets| tls.write_through(&mut socket, octets)),
            Tls::Handshaking(_) | Tls::Ending(_) | Tls::Failed(_) => return false,
        };
        socket.moved
    }

    /// Reads what the machine takes. True when the machine has moved on, or may at the next call.
    pub fn fill(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        if !matches!(self.state, State::Open) {
            return false;
        }
        if !matches!(self.tls, Tls::Clear | Tls::On(_)) {
            return self.change(event_loop, machine);
        }
        if !machine.wants_input() {
            return false;
        }
        let (now, held) = (event_loop.now(), self.pipe.held());
        let mut socket = Through { event_loop, stream: &self.stream, moved: false };
        let mut moved = false;
        match &mut self.tls {
            Tls::On(tls) => self.pipe.fill(machine, now, |room| {
                let read = or_end(tls.read(&mut socket, room));
                // What was opened earlier is read without the socket.
                moved |= read.is_ok();
                read
            }),
            _ => self.pipe.fill(machine, now, |room| socket.read(room)),
        };
        moved || socket.moved || self.pipe.held() != held
    }

    /// Goes on with the beginning or the end of TLS. True when the machine was told something.
    fn change(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        let now = event_loop.now();
        let mut socket = Through { event_loop, stream: &self.stream, moved: false };
        let (next, event) = match core::mem::replace(&mut self.tls, Tls::Failed(None)) {
            Tls::Handshaking(mut tls) => match tls.handshake(&mut socket) {
                Ok(Handshake::Done(facts)) => (Tls::On(tls), Some(ControlEvent::Secured(facts))),
                Ok(Handshake::WantRead | Handshake::WantWrite) => (Tls::Handshaking(tls), None),
                Err(_) => (Tls::Failed(tls.failure()), Some(ControlEvent::SecureFailed)),
            },
            Tls::Ending(mut ending) => match ending.poll(&mut socket, now) {
                Ok(clear) => {
                    self.pipe.hold(clear);
                    (Tls::Clear, Some(ControlEvent::Cleared))
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (Tls::Ending(ending), None),
                Err(_) => (Tls::Failed(None), Some(ControlEvent::Reset)),
            },
            // Said once: the machine ends the connection.
            Tls::Failed(None) => {
                (Tls::Failed(Some("there is no TLS here".to_owned())), Some(ControlEvent::SecureFailed))
            }
            other => (other, None),
        };
        self.tls = next;
        match event {
            Some(event) => machine.handle_control(event, now),
            None => return false,
        }
        true
    }

    /// Everything is written: closes our direction, and the connection once the peer has closed its own, or at `until`.
    pub fn close(&mut self, event_loop: &mut L, until: Instant) {
        if let Tls::On(tls) = &mut self.tls {
            // All octets are written, and so there is room; if not, the peer does not read anyway.
            let _ = tls.close(&mut Through { event_loop, stream: &self.stream, moved: false });
        }
        self.state = match L::socket(&self.stream).shutdown(Shutdown::Write) {
            Ok(()) => State::Lingering { until, waste_left: WASTE },
            Err(_) => State::Closed,
        };
    }

    /// A connection that is closing is closed at `until` at the latest.
    pub fn close_earlier(&mut self, until: Instant) {
        if let State::Lingering { until: at, .. } = &mut self.state {
            *at = until.min(*at);
        }
    }

    /// When there is something to do in any case: a connection that is closing is closed, TLS that is ending has ended.
    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Lingering { until, .. } => Some(until),
            State::Open => match &self.tls {
                Tls::Ending(ending) => Some(ending.until()),
                Tls::Clear | Tls::Handshaking(_) | Tls::On(_) | Tls::Failed(_) => None,
            },
            State::Closed => None,
        }
    }

    /// Looks for the end of the connection after [`close`](Self::close). True when it has just ended.
    pub fn poll_closed(&mut self, event_loop: &mut L) -> bool {
        let State::Lingering { until, waste_left } = &mut self.state else { return false };
        // What has come by now is read away also when the time is up: see `State::Lingering`.
        let over = poll_waste(event_loop, &self.stream, waste_left).is_ready() || event_loop.now() >= *until;
        if over {
            self.state = State::Closed;
        }
        over
    }
}

/// Reads away what comes; ready at the end of the stream, at an error, or when it is too much.
fn poll_waste<L: EventLoop>(
    event_loop: &mut L,
    stream: &L::Watched<TcpStream>,
    left: &mut usize,
) -> Poll<()> {
    let mut waste = [0; 4096];
    while *left > 0 {
        match event_loop.poll_io(stream, Direction::Read, |mut stream| stream.read(&mut waste)) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(octets)) if octets > 0 => *left = left.saturating_sub(octets),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Poll::Ready(Ok(_) | Err(_)) => break,
        }
    }
    Poll::Ready(())
}

/// The socket under the event loop's eyes, for reading and writing as if there were none.
struct Through<'a, L: EventLoop> {
    event_loop: &'a mut L,
    stream: &'a L::Watched<TcpStream>,
    /// Something came of a call.
    moved: bool,
}

impl<L: EventLoop> Read for Through<'_, L> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let read = self.event_loop.poll_io(self.stream, Direction::Read, |mut stream| stream.read(room));
        self.moved |= read.is_ready();
        or_would_block(read)
    }
}

impl<L: EventLoop> Write for Through<'_, L> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written =
            self.event_loop.poll_io(self.stream, Direction::Write, |mut stream| stream.write(octets));
        self.moved |= written.is_ready();
        or_would_block(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

fn or_would_block<T>(done: Poll<io::Result<T>>) -> io::Result<T> {
    match done {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
