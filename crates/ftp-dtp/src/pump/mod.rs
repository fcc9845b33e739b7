//! The pump: moves the octets of one transfer between storage and the data connection.
//!
//! It is a stepper. [`Pump::step`] does what can be done now and says what it waits for; it never blocks and never
//! waits itself, so that it runs under any event loop. Everything that can block, that is, storage, is in
//! [`StorageJob`]s, which the driver runs on threads of their own and whose outcome it gives back. The one exception is
//! reading what the system says is in memory already: that is done at once.
//!
//! ```text
//!            step ──> Again       call again, after others had their turn
//!             │       WantRead    call again when the socket is readable
//!             │       WantWrite   call again when it is writable
//!             │       Storage     run the job elsewhere, give what it returns to storage_done, call again
//!             │       InStorage   the job is still out: nothing to do
//!             │       Checkpoint  report it, call again
//!             └─────> Ended       report it, drop the socket
//! ```
//!
//! With edge-triggered readiness, an event that comes while a job is out must not be forgotten: when `step` then says
//! `WantWrite`, call it again at once.
//!
//! | plan | storage | path |
//! |---|---|---|
//! | to the peer, unchanged, in the clear | file above 32 KiB | sendfile, in a storage job, until the socket is full |
//! | to the peer, otherwise | file | read (at once when in memory, else in a job), transform, write |
//! | to the peer | chunks | a job for each chunk, transform, write |
//! | from the peer | file or chunks | read into a buffer, transform, store in a job |

mod coder;
mod deflate;
mod job;
mod receive;
mod send;

#[cfg(test)]
mod tests;

pub use job::{StorageDone, StorageJob};

use crate::buffers::BufferPool;
use crate::storage::{Sink, Source};
use crate::stream::DataStream;
use bytes::Bytes;
use coder::Coder;
use ftp_proto::data::{StorageFailure, TransferFailure, TransferTotals};
use ftp_proto::io::{Flow, TransferPlan};
use receive::Receiving;
use send::Sending;

/// Our end of a transfer.
#[derive(Debug)]
pub enum LocalEnd {
    /// What is sent.
    Source(Source),
    /// What takes the peer's octets.
    Sink(Sink),
}

/// How an unchanged file goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilePath {
    /// By sendfile where the system can, else by copying.
    #[default]
    Sendfile,
    /// Read into a buffer and written from there.
    Copy,
}

/// What [`Pump::step`] came to.
#[derive(Debug)]
#[must_use]
pub enum PumpStep {
    /// The budget is used up.
    Again,
    /// Nothing to read: call again when the socket is readable.
    WantRead,
    /// No room to write: call again when the socket is writable.
    WantWrite,
    /// Run this where it may block, and give what it returns to [`Pump::storage_done`].
    Storage(StorageJob),
    /// A storage job is out, and nothing can be done before it is back.
    InStorage,
    /// The peer has sent a restart marker (MODE B), and storage has everything that came before it: report it.
    Checkpoint {
        /// The peer's marker.
        marker: Bytes,
        /// Octets given to storage so far.
        stored: u64,
    },
    /// The transfer is over; said again to each further call. The totals are true in either case.
    Ended {
        /// What was moved.
        totals: TransferTotals,
        /// Whether that was all.
        result: Result<(), TransferFailure>,
    },
}

/// Moves the octets of one transfer. See the [module](self) for how it is driven.
#[derive(Debug)]
pub struct Pump {
    direction: Direction,
    aborted: bool,
}

#[derive(Debug)]
enum Direction {
    Send(Sending),
    Receive(Receiving),
    /// A plan that cannot be carried out.
    Refused(TransferFailure),
}

impl Pump {
    /// A pump for `plan` whose local end is `local`. Nothing is moved before the first step.
    ///
    /// A plan whose flow is not that of `local` ends with [`StorageFailure::Unsupported`] and moves nothing.
    #[must_use]
    pub fn new(plan: &TransferPlan, local: LocalEnd, buffers: &BufferPool) -> Self {
        Self::with_path(plan, local, buffers, FilePath::default())
    }

    /// [`new`](Self::new) with a say in how files go out.
    #[must_use]
    pub fn with_path(plan: &TransferPlan, local: LocalEnd, buffers: &BufferPool, path: FilePath) -> Self {
        let coder = Coder::new(plan.encoding, plan.flow);
        let direction = match (plan.flow, local) {
            (Flow::ToPeer, LocalEnd::Source(source)) => {
                Direction::Send(Sending::new(plan, source, coder, buffers, path))
            }
            (Flow::FromPeer, LocalEnd::Sink(sink)) => {
                Direction::Receive(Receiving::new(plan, sink, coder, buffers))
            }
            (Flow::ToPeer | Flow::FromPeer, _) => {
                Direction::Refused(TransferFailure::Storage(StorageFailure::Unsupported))
            }
        };
        Self { direction, aborted: false }
    }

    /// Does what can be done now, up to about `budget` octets through memory, so that one fast transfer leaves others
    /// their turn. Some hundred KiB are a good budget.
    pub fn step(&mut self, stream: &mut impl DataStream, budget: usize) -> PumpStep {
        match &mut self.direction {
            Direction::Send(sending) => sending.step(stream, budget),
            Direction::Receive(receiving) => receiving.step(stream, budget),
            Direction::Refused(why) => PumpStep::Ended { totals: TransferTotals::NONE, result: Err(*why) },
        }
    }

    /// Takes back what a [`StorageJob`] returned. [`step`](Self::step) is to be called next.
    pub fn storage_done(&mut self, done: StorageDone) {
        match &mut self.direction {
            Direction::Send(sending) => sending.storage_done(done),
            Direction::Receive(receiving) => receiving.storage_done(done),
            Direction::Refused(_) => {}
        }
        if self.aborted {
            self.end(TransferFailure::Aborted);
        }
    }

    /// The thread that ran a [`StorageJob`] panicked, and nothing comes back: the transfer fails.
    pub fn storage_lost(&mut self) {
        self.end(if self.aborted {
            TransferFailure::Aborted
        } else {
            TransferFailure::Storage(StorageFailure::Local)
        });
    }

    /// Stops the transfer, unless it has ended: the next step says so. While a storage job is out, that is when it is
    /// back: what it moved is in the totals, and after `Ended` nothing touches storage any more.
    pub fn abort(&mut self) {
        self.aborted = true;
        if !self.is_in_storage() {
            self.end(TransferFailure::Aborted);
        }
    }

    /// Octets on the wire so far.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        match &self.direction {
            Direction::Send(sending) => sending.totals().wire,
            Direction::Receive(receiving) => receiving.totals().wire,
            Direction::Refused(_) => 0,
        }
    }

    const fn is_in_storage(&self) -> bool {
        match &self.direction {
            Direction::Send(sending) => sending.is_in_storage(),
            Direction::Receive(receiving) => receiving.is_in_storage(),
            Direction::Refused(_) => false,
        }
    }

    fn end(&mut self, why: TransferFailure) {
        match &mut self.direction {
            Direction::Send(sending) => sending.fail(why),
            Direction::Receive(receiving) => receiving.fail(why),
            Direction::Refused(_) => {}
        }
    }
}

/// Takes `moved` off a limit, if there is one.
const fn reduce(left: &mut Option<u64>, moved: u64) {
    if let Some(left) = left {
        *left = left.saturating_sub(moved);
    }
}

/// How many octets to ask for: as many as there is room for and as are left.
fn at_most(room: usize, left: Option<u64>) -> usize {
    left.map_or(room, |left| usize::try_from(left).map_or(room, |left| left.min(room)))
}
