//! A control connection: its socket, TLS when there is any, and how it is closed without losing the last reply.

use super::ControlPipe;
use crate::event_loop::{Direction, EventLoop};
use crate::proxy::{self, Introduction};
use crate::tls::TlsStream;
use core::task::Poll;
use ftp_proto::io::ControlMachine;
use ftp_proto::time::Instant;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

/// How many octets are read away after the last reply: a peer that sends more than this does not listen.
const WASTE: usize = 64 * 1024;

/// One control connection.
#[derive(Debug)]
pub struct ControlSocket<L: EventLoop> {
    stream: L::Watched<TcpStream>,
    pipe: ControlPipe,
    state: State,
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
        Ok(Self { stream: event_loop.watch(stream)?, pipe: ControlPipe::new(), state: State::Open })
    }

    /// Waits for the header of a load balancer, before everything else; see [`proxy::introduce`].
    pub fn poll_introduction(&self, event_loop: &mut L) -> Poll<io::Result<Introduction>> {
        event_loop.poll_io(&self.stream, Direction::Read, proxy::introduce)
    }

    /// Whether the socket can be dropped.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// See [`ControlPipe::start_tls`].
    pub fn start_tls(&mut self, tls: Option<TlsStream>) {
        self.pipe.start_tls(tls);
    }

    /// See [`ControlPipe::stop_tls`].
    pub fn stop_tls(&mut self, now: Instant) {
        self.pipe.stop_tls(now);
    }

    /// Why TLS failed, for people.
    #[must_use]
    pub fn tls_failure(&self) -> Option<String> {
        self.pipe.tls_failure()
    }

    /// Writes what the machine has to write. True when the machine has moved on.
    pub fn flush(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        let (told, now) = (self.pipe.told(), event_loop.now());
        self.pipe.flush(machine, now, &mut Through { event_loop, stream: &self.stream });
        self.pipe.told() != told
    }

    /// Reads what the machine takes. True when the machine has moved on, or may at the next call.
    pub fn fill(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        if !matches!(self.state, State::Open) {
            return false;
        }
        let (told, now) = (self.pipe.told(), event_loop.now());
        self.pipe.fill(machine, now, &mut Through { event_loop, stream: &self.stream });
        self.pipe.told() != told
    }

    /// Everything is written: closes our direction, and the connection once the peer has closed its own, or at `until`.
    pub fn close(&mut self, event_loop: &mut L, until: Instant) {
        self.pipe.close_tls(&mut Through { event_loop, stream: &self.stream });
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
            State::Open => self.pipe.deadline(),
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
}

impl<L: EventLoop> Read for Through<'_, L> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        or_would_block(self.event_loop.poll_io(self.stream, Direction::Read, |mut stream| stream.read(room)))
    }
}

impl<L: EventLoop> Write for Through<'_, L> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        or_would_block(
            self.event_loop.poll_io(self.stream, Direction::Write, |mut stream| stream.write(octets)),
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn or_would_block<T>(done: Poll<io::Result<T>>) -> io::Result<T> {
    match done {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
