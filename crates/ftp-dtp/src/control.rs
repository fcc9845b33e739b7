//! The control connection's octets, between its non-blocking socket and the machine, under TLS or not.

mod connect;
mod secure;
mod socket;

pub use connect::ControlConnect;
pub use socket::ControlSocket;

use core::mem;
use ftp_proto::io::{ControlEvent, ControlMachine};
use ftp_proto::time::Instant;
use secure::Tls;
use std::io::{self, Read, Write};

/// How many octets are read at once. Command lines are short; what does not fit is read next.
const READ_AT_ONCE: usize = 8 * 1024;

/// How often is read or written in one go, so that a peer that floods leaves others their turn.
const ROUNDS: usize = 8;

/// Moves control octets, for both drivers.
///
/// It holds what was read and the machine has not taken yet, at most 8 KiB: while the machine does not take it, nothing
/// more is read, and TCP makes the peer wait. When nothing is held no memory is, so that an idle session is small.
/// In the clear, the machine's octets are the socket's; TLS stands in between when the machine has
/// [begun](Self::start_tls) it, until it [ends](Self::stop_tls).
///
/// A driver's turn is: [`fill`](Self::fill) when the socket is readable, carry out all that the machine's
/// [`poll`](ControlMachine::poll) says, [`flush`](Self::flush), and `fill` again if it said [`Filled::Held`] and the
/// machine [wants input](ControlMachine::wants_input) now.
#[derive(Debug, Default)]
pub struct ControlPipe {
    /// Read, but not taken by the machine.
    held: Vec<u8>,
    /// Nothing comes any more: the peer's end of stream, or an error, was told to the machine.
    ended: bool,
    /// Nothing can be written any more either: an error was told to the machine.
    broken: bool,
    tls: Tls,
    /// How often the machine was told something.
    told: usize,
}

/// What [`ControlPipe::fill`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// All that had come is taken: call again when the socket is readable.
    Drained,
    /// The machine takes no more for now: do not read before it wants input.
    Held,
    /// There may be more: call again, after others had their turn.
    Again,
    /// The peer's end of stream, or an error: the machine has been told, and nothing comes any more.
    Ended,
}

/// What [`ControlPipe::flush`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Everything is written.
    All,
    /// No room: call again when the socket is writable.
    Blocked,
    /// An error: the machine has been told, and nothing can be written any more.
    Ended,
}

impl ControlPipe {
    /// A pipe for a new connection.
    #[must_use]
    pub const fn new() -> Self {
        Self { held: Vec::new(), ended: false, broken: false, tls: Tls::Clear, told: 0 }
    }

    /// How many octets were read and not yet taken by the machine.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held.len()
    }

    /// How often the machine was told something: what has changed since then is news.
    #[must_use]
    pub const fn told(&self) -> usize {
        self.told
    }

    /// Gives the machine what is held, then reads from the non-blocking socket and gives it that. Goes on with the beginning
    /// and the end of TLS, too.
    pub fn fill<M: ControlMachine + ?Sized>(
        &mut self,
        machine: &mut M,
        now: Instant,
        socket: &mut (impl Read + Write),
    ) -> Filled {
        match self.change_tls(machine, now, socket) {
            Some(filled) => filled,
            None if !self.give_held(machine, now) => Filled::Held,
            None if self.ended => Filled::Ended,
            None => self.read(machine, now, socket),
        }
    }

    fn read<M: ControlMachine + ?Sized>(
        &mut self,
        machine: &mut M,
        now: Instant,
        socket: &mut (impl Read + Write),
    ) -> Filled {
        let mut room = [0; READ_AT_ONCE];
        for _ in 0..ROUNDS {
            if !machine.wants_input() {
                return Filled::Held;
            }
            match self.tls.read(socket, &mut room) {
                Ok(0) => {
                    self.ended = true;
                    self.tell(machine, ControlEvent::PeerClosed, now);
                    return Filled::Ended;
                }
                Ok(octets) => {
                    let octets = room.get(..octets).unwrap_or_default();
                    let taken = machine.receive(octets, now);
                    self.told += 1;
                    self.held.extend_from_slice(octets.get(taken..).unwrap_or_default());
                    if !self.held.is_empty() {
                        return Filled::Held;
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Filled::Drained,
                    io::ErrorKind::Interrupted => {}
                    _ => {
                        self.break_off(machine, now);
                        return Filled::Ended;
                    }
                },
            }
        }
        Filled::Again
    }

    /// Writes what the machine has to write.
    pub fn flush<M: ControlMachine + ?Sized>(
        &mut self,
        machine: &mut M,
        now: Instant,
        socket: &mut impl Write,
    ) -> Flushed {
        loop {
            let octets = machine.pending_output();
            if octets.is_empty() {
                return Flushed::All;
            }
            match self.tls.write(socket, octets) {
                Ok(written) if written > 0 => {
                    machine.output_written(written, now);
                    self.told += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    self.break_off(machine, now);
                    return Flushed::Ended;
                }
            }
        }
    }

    /// Whether all was taken.
    fn give_held<M: ControlMachine + ?Sized>(&mut self, machine: &mut M, now: Instant) -> bool {
        while !self.held.is_empty() && machine.wants_input() {
            let taken = machine.receive(&self.held, now).min(self.held.len());
            self.told += 1;
            if taken == self.held.len() {
                self.held = Vec::new();
            } else if taken == 0 {
                break;
            } else {
                self.held.drain(..taken);
            }
        }
        self.held.is_empty()
    }

    /// An error. It is news also after the peer's end of stream, which leaves the way back open.
    fn break_off<M: ControlMachine + ?Sized>(&mut self, machine: &mut M, now: Instant) {
        self.ended = true;
        if !mem::replace(&mut self.broken, true) {
            self.tell(machine, ControlEvent::Reset, now);
        }
    }

    fn tell<M: ControlMachine + ?Sized>(&mut self, machine: &mut M, event: ControlEvent, now: Instant) {
        machine.handle_control(event, now);
        self.told += 1;
    }
}

#[cfg(test)]
mod tests;
