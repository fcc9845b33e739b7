//! The pump under the event loop.

use super::wire::Wire;
use super::{DataResources, Next, State};
use crate::errors::failure;
use crate::event_loop::{Direction, EventLoop};
use crate::pump::{LocalEnd, Pump, PumpStep, StorageDone};
use core::task::{Poll, ready};
use ftp_proto::data::{DataEvent, TransferFailure, TransferTotals};
use ftp_proto::io::{Flow, OnEnd, TransferPlan};

/// How many octets go through memory before other sessions get their turn.
const BUDGET: usize = 256 * 1024;

/// A transfer that is under way.
#[derive(Debug)]
pub(super) struct Moving<L: EventLoop> {
    pump: Pump,
    wire: Wire<L>,
    job: Option<L::Job<StorageDone>>,
    flow: Flow,
    on_end: OnEnd,
}

impl<L: EventLoop> Moving<L> {
    pub(super) fn new(
        plan: &TransferPlan,
        local: LocalEnd,
        wire: Wire<L>,
        resources: &DataResources,
    ) -> Self {
        Self {
            pump: Pump::new(plan, local, &resources.buffers),
            wire,
            job: None,
            flow: plan.flow,
            on_end: plan.on_end,
        }
    }

    pub(super) const fn octets(&self) -> u64 {
        self.pump.octets()
    }

    pub(super) fn abort(&mut self) {
        self.pump.abort();
    }

    /// What becomes of the connection after a transfer that went well.
    pub(super) fn left(&mut self) -> Next<L> {
        match self.on_end {
            OnEnd::Keep => Next::Is(State::Linked(self.wire.hand_over())),
            OnEnd::Close if self.flow == Flow::ToPeer && self.wire.is_under_tls() => {
                Next::Lingers(self.wire.hand_over())
            }
            OnEnd::Close => Next::Closed,
        }
    }

    /// That it has ended, or that the peer has sent a restart marker.
    pub(super) fn poll(&mut self, event_loop: &mut L) -> Poll<DataEvent> {
        loop {
            if let Some(job) = &mut self.job {
                match ready!(event_loop.poll_job(job)) {
                    Ok(done) => self.pump.storage_done(done),
                    Err(_lost) => self.pump.storage_lost(),
                }
                self.job = None;
            }
            let direction = match self.pump.step(&mut self.wire.stream(), BUDGET) {
                PumpStep::Ended { totals, result } => {
                    return Poll::Ready(DataEvent::Ended { totals, result });
                }
                PumpStep::Checkpoint { marker, stored } => {
                    return Poll::Ready(DataEvent::Checkpoint { marker, stored });
                }
                PumpStep::Storage(job) => {
                    self.job = Some(event_loop.run(move || job.run()));
                    continue;
                }
                PumpStep::Again | PumpStep::InStorage => {
                    // Others have their turn; a job that is out without a handle cannot be, and must not stop us.
                    event_loop.again();
                    return Poll::Pending;
                }
                PumpStep::WantRead => Direction::Read,
                PumpStep::WantWrite => Direction::Write,
            };
            if let Err(error) = ready!(self.wire.poll_ready(event_loop, direction)) {
                let result = Err(TransferFailure::Connection(failure(&error)));
                return Poll::Ready(DataEvent::Ended { totals: self.totals_so_far(), result });
            }
        }
    }

    /// The event loop itself failed: the pump is stopped where it stands.
    fn totals_so_far(&mut self) -> TransferTotals {
        self.pump.abort();
        match self.pump.step(&mut self.wire.stream(), BUDGET) {
            PumpStep::Ended { totals, .. } => totals,
            _ => TransferTotals { wire: self.pump.octets(), ..TransferTotals::NONE },
        }
    }
}
