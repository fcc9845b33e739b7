//! One end of a connection, as its host has it.

use crate::net::HostId;
use core::net::SocketAddr;
use ftp_proto::time::Instant;
use std::collections::VecDeque;
use std::io;

/// Names a connection's end. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub(crate) u64);

/// Names a listening socket. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(pub(crate) u64);

/// How far a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The other end has not answered.
    Connecting,
    /// It is there.
    Connected,
    /// It could not be made, or was broken.
    Failed(io::ErrorKind),
}

#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) host: HostId,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) status: Status,
    pub(crate) inbox: VecDeque<u8>,
    /// How many of the octets in `inbox` come before an urgent one that has not been read, that one counted.
    pub(crate) urgent: Option<usize>,
    /// The other end has ended its stream.
    pub(crate) peer_finished: bool,
    /// We have ended ours.
    pub(crate) finished: bool,
    /// The application has let go of it.
    pub(crate) closed: bool,
    /// We were the first to end: TIME_WAIT will be ours.
    pub(crate) finished_first: bool,
    /// Octets that the other end has not read yet.
    pub(crate) unread: usize,
    /// What was sent last arrives then; nothing arrives before it.
    pub(crate) last_arrival: Instant,
}

impl Socket {
    pub(crate) fn new(host: HostId, local: SocketAddr, remote: SocketAddr, status: Status) -> Self {
        Self {
            host,
            local,
            remote,
            status,
            inbox: VecDeque::new(),
            urgent: None,
            peer_finished: false,
            finished: false,
            closed: false,
            finished_first: false,
            unread: 0,
            last_arrival: Instant::ORIGIN,
        }
    }

    /// Both directions have ended, or it is broken, and nobody holds it.
    pub(crate) fn is_over(&self) -> bool {
        let broken = matches!(self.status, Status::Failed(_));
        self.closed && (broken || (self.finished && self.peer_finished))
    }

    pub(crate) fn usable(&self) -> io::Result<()> {
        match self.status {
            Status::Connecting => Err(io::ErrorKind::WouldBlock.into()),
            Status::Connected => Ok(()),
            Status::Failed(kind) => Err(kind.into()),
        }
    }

    pub(crate) fn take(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.inbox.is_empty() {
            self.usable()?;
            return if self.peer_finished { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let taken = into.len().min(self.inbox.len());
        for (slot, octet) in into.iter_mut().zip(self.inbox.drain(..taken)) {
            *slot = octet;
        }
        self.urgent = self.urgent.and_then(|mark| mark.checked_sub(taken)).filter(|&mark| mark > 0);
        Ok(taken)
    }
}

#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) local: SocketAddr,
    pub(crate) backlog: usize,
    pub(crate) waiting: VecDeque<SocketId>,
}
