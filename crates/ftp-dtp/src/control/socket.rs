//! The control connection of a server: its socket, and how it is closed without losing the last reply.

use super::ControlPipe;
use crate::event_loop::{Direction, EventLoop};
use core::task::Poll;
use ftp_proto::io::ControlMachine;
use ftp_proto::time::Instant;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

/// How many octets are read away after the last reply: a peer that sends more than this does not listen.
const WASTE: usize = 64 * 1024;

/// One control connection, in the clear.
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

    /// Whether the socket can be dropped.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Writes what the machine has to write. True when the machine has moved on.
    pub fn flush(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        let (stream, now) = (&self.stream, event_loop.now());
        let mut moved = false;
        self.pipe.flush(machine, now, |octets| {
            let written = event_loop.poll_io(stream, Direction::Write, |mut stream| stream.write(octets));
            moved |= written.is_ready();
            or_would_block(written)
        });
        moved
    }

    /// Reads what the machine takes. True when the machine has moved on, or may at the next call.
    pub fn fill(&mut self, event_loop: &mut L, machine: &mut impl ControlMachine) -> bool {
        if !matches!(self.state, State::Open) || !machine.wants_input() {
            return false;
        }
        let (stream, now, held) = (&self.stream, event_loop.now(), self.pipe.held());
        let mut moved = false;
        self.pipe.fill(machine, now, |room| {
            let read = event_loop.poll_io(stream, Direction::Read, |mut stream| stream.read(room));
            moved |= read.is_ready();
            or_would_block(read)
        });
        moved || self.pipe.held() != held
    }

    /// Everything is written: closes our direction, and the connection once the peer has closed its own, or at `until`.
    pub fn close(&mut self, until: Instant) {
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

    /// When a connection that is closing is closed in any case.
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Lingering { until, .. } => Some(until),
            State::Open | State::Closed => None,
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

fn or_would_block<T>(done: Poll<io::Result<T>>) -> io::Result<T> {
    match done {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
