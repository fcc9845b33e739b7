//! The control connection: its socket, its octets, and how it is closed without losing the last reply.

use core::net::SocketAddr;
use core::pin::Pin;
use core::task::{Context, Poll};
use ftp_dtp::control::{ControlPipe, Filled, Flushed};
use ftp_proto::io::{ControlEndpoints, ControlMachine};
use ftp_proto::time::Instant;
use std::io;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How many octets are read away after the last reply: a peer that sends more than this does not listen.
const WASTE: usize = 64 * 1024;

/// One control connection, in the clear.
#[derive(Debug)]
pub(crate) struct Control {
    stream: TcpStream,
    pipe: ControlPipe,
    state: State,
}

#[derive(Debug)]
enum State {
    Open,
    /// The last reply is written and our direction closed. What the peer still sends is read away until it closes:
    /// closing a socket with unread octets is a reset, and the reset would take the last reply away from the peer.
    Lingering {
        until: Pin<Box<Sleep>>,
        waste_left: usize,
    },
    Closed,
}

impl Control {
    /// Takes over a connected, non-blocking socket.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn new(stream: std::net::TcpStream) -> io::Result<Self> {
        Ok(Self { stream: TcpStream::from_std(stream)?, pipe: ControlPipe::new(), state: State::Open })
    }

    /// Both ends, normalised, and our own address as the system gives it.
    ///
    /// # Errors
    /// `ENOTCONN` when the peer has gone already.
    pub(crate) fn addresses(&self) -> io::Result<(ControlEndpoints, SocketAddr)> {
        let (local, peer) = (self.stream.local_addr()?, self.stream.peer_addr()?);
        Ok((ControlEndpoints { local, peer, dialled: None }.normalised(), local))
    }

    /// Whether the socket can be dropped.
    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Writes what the machine has to write. True when the machine has moved on.
    pub(crate) fn flush(
        &mut self,
        cx: &mut Context<'_>,
        machine: &mut impl ControlMachine,
        now: Instant,
    ) -> bool {
        if machine.pending_output().is_empty() {
            return false;
        }
        let mut written = 0;
        let stream = &self.stream;
        loop {
            let flushed = self
                .pipe
                .flush(machine, now, |octets| stream.try_write(octets).inspect(|octets| written += octets));
            let moved = match flushed {
                Flushed::All | Flushed::Ended => true,
                Flushed::Blocked => match stream.poll_write_ready(cx) {
                    // An error shows at the next write.
                    Poll::Ready(_) => continue,
                    Poll::Pending => written > 0,
                },
            };
            return moved;
        }
    }

    /// Reads what the machine takes. True when the machine has moved on, or may at the next call.
    pub(crate) fn fill(
        &mut self,
        cx: &mut Context<'_>,
        machine: &mut impl ControlMachine,
        now: Instant,
    ) -> bool {
        if !matches!(self.state, State::Open) || !machine.wants_input() {
            return false;
        }
        // An error shows at the next read.
        if self.pipe.held() == 0 && self.stream.poll_read_ready(cx).is_pending() {
            return false;
        }
        let stream = &self.stream;
        match self.pipe.fill(machine, now, |room| stream.try_read(room)) {
            Filled::Drained | Filled::Held | Filled::Again | Filled::Ended => true,
        }
    }

    /// Everything is written: closes our direction, and the connection once the peer has closed its own or `linger`
    /// is over.
    pub(crate) fn close(&mut self, linger: Sleep) {
        let closed = socket2::SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write);
        self.state = match closed {
            Ok(()) => State::Lingering { until: Box::pin(linger), waste_left: WASTE },
            Err(_) => State::Closed,
        };
    }

    /// Waits for the end of the connection after [`close`](Self::close). True when it has just ended.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>) -> bool {
        let State::Lingering { until, waste_left } = &mut self.state else { return false };
        let over = until.as_mut().poll(cx).is_ready() || poll_waste(&self.stream, cx, waste_left).is_ready();
        if over {
            self.state = State::Closed;
        }
        over
    }
}

/// Reads away what comes; ready at the end of the stream, at an error, or when it is too much.
fn poll_waste(stream: &TcpStream, cx: &mut Context<'_>, left: &mut usize) -> Poll<()> {
    let mut waste = [0; 4096];
    while *left > 0 && stream.poll_read_ready(cx).is_ready() {
        match stream.try_read(&mut waste) {
            Ok(0) => return Poll::Ready(()),
            Ok(octets) => *left = left.saturating_sub(octets),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_) => return Poll::Ready(()),
        }
    }
    if *left == 0 { Poll::Ready(()) } else { Poll::Pending }
}
