//! The pump under the event loop.

use super::DataResources;
use super::wire::Wire;
use crate::blocking::Blocking;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use ftp_dtp::errors::failure;
use ftp_dtp::pump::{LocalEnd, Pump, PumpStep, StorageDone};
use ftp_proto::data::{TransferFailure, TransferTotals};
use ftp_proto::io::{OnEnd, TransferPlan};
use tokio::io::Interest;

/// How many octets go through memory before other sessions get their turn.
const BUDGET: usize = 256 * 1024;

/// A transfer that is under way.
#[derive(Debug)]
pub(super) struct Moving {
    pump: Pump,
    wire: Wire,
    job: Option<Blocking<StorageDone>>,
    resources: DataResources,
    on_end: OnEnd,
}

/// How a transfer ended.
pub(super) type Ended = (TransferTotals, Result<(), TransferFailure>);

impl Moving {
    pub(super) fn new(plan: &TransferPlan, local: LocalEnd, wire: Wire, resources: &DataResources) -> Self {
        Self {
            pump: Pump::new(plan, local, &resources.buffers),
            wire,
            job: None,
            resources: resources.clone(),
            on_end: plan.on_end,
        }
    }

    pub(super) const fn octets(&self) -> u64 {
        self.pump.octets()
    }

    pub(super) fn abort(&mut self) {
        self.pump.abort();
    }

    /// The connection, when it is to be kept for the next transfer (block mode).
    pub(super) fn kept(&self) -> Option<Wire> {
        (self.on_end == OnEnd::Keep).then(|| Wire::new(self.wire.socket.clone()))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        loop {
            if let Some(job) = &mut self.job {
                match ready!(Pin::new(job).poll(cx)) {
                    Ok(done) => self.pump.storage_done(done),
                    Err(_panicked) => self.pump.storage_lost(),
                }
                self.job = None;
            }
            let interest = match self.pump.step(&mut self.wire.socket, BUDGET) {
                PumpStep::Ended { totals, result } => return Poll::Ready((totals, result)),
                PumpStep::Storage(job) => {
                    self.job = Some(self.resources.blocking.run(move || job.run()));
                    continue;
                }
                PumpStep::Again | PumpStep::InStorage => {
                    // Others have their turn; a job that is out without a handle cannot be, and must not stop us.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                PumpStep::WantRead => Interest::READABLE,
                PumpStep::WantWrite => Interest::WRITABLE,
            };
            if let Err(error) = ready!(self.wire.poll_ready(cx, interest)) {
                let result = Err(TransferFailure::Connection(failure(&error)));
                return Poll::Ready((self.totals_so_far(), result));
            }
        }
    }

    /// The event loop itself failed: the pump is stopped where it stands.
    fn totals_so_far(&mut self) -> TransferTotals {
        self.pump.abort();
        match self.pump.step(&mut self.wire.socket, BUDGET) {
            PumpStep::Ended { totals, .. } => totals,
            _ => TransferTotals { wire: self.pump.octets(), ..TransferTotals::NONE },
        }
    }
}
