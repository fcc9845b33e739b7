//! A driver in memory, for either side: what ftp-tokio does with sockets, done with pipes. Shorter than any real one,
//! since nothing waits.

use super::net::Ports;
use super::pipe::{Connection, PipeStream};
use core::net::SocketAddr;
use ftp_dtp::buffers::BufferPool;
use ftp_dtp::control::{ControlPipe, Filled};
use ftp_dtp::pump::{LocalEnd, Pump, PumpStep};
use ftp_dtp::stream::DataStream as _;
use ftp_proto::data::{
    Admission, DataEvent, DataId, DataPhase, Failure, StreamEnd, TransferFailure, TransferId, TransferTotals,
};
use ftp_proto::io::{ControlEvent, ControlMachine, IoAction, Step};
use ftp_proto::time::Instant;
use std::collections::BTreeMap;

/// Octets that a pump moves before others have their turn.
const BUDGET: usize = 64 * 1024;

/// What a driver asks its application.
pub(super) trait Application<M: ControlMachine> {
    /// The machine says something; a question is answered at once.
    fn tell(&mut self, machine: &mut M, output: M::Output, now: Instant);

    /// What a transfer's octets are moved from or to.
    fn take(&mut self, transfer: TransferId) -> Option<LocalEnd>;

    /// A transfer will not take place.
    fn cancel(&mut self, transfer: TransferId);
}

pub(super) struct Driver<M, A> {
    pub(super) machine: M,
    pub(super) application: A,
    control: Connection,
    data: BTreeMap<DataId, Data>,
    buffers: BufferPool,
    pipe: ControlPipe,
    /// The end of the control connection was told.
    ended: bool,
}

enum Data {
    Listening(SocketAddr),
    Linked(Connection),
    Moving(Connection, Box<Pump>),
}

impl<M: ControlMachine, A: Application<M>> Driver<M, A> {
    pub(super) fn new(machine: M, application: A, control: Connection) -> Self {
        Self {
            machine,
            application,
            control,
            data: BTreeMap::new(),
            buffers: BufferPool::default(),
            pipe: ControlPipe::default(),
            ended: false,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.machine.deadline().map(|deadline| deadline.at)
    }

    pub(super) fn time_passed(&mut self, now: Instant) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.machine.handle_timeout(now);
        }
    }

    /// Does one round of everything; whether anything moved.
    pub(super) fn step(&mut self, ports: &mut Ports, now: Instant) -> bool {
        let mut moved = self.read(now);
        moved |= self.write(now);
        while let Some(step) = self.machine.poll() {
            moved = true;
            match step {
                Step::Io(action) => self.act(action, ports, now),
                Step::App(output) => self.application.tell(&mut self.machine, output, now),
            }
        }
        moved | self.admit(ports, now) | self.pump(now)
    }

    fn read(&mut self, now: Instant) -> bool {
        let mut octets = 0;
        let held = self.pipe.held();
        let filled = self.pipe.fill(&mut self.machine, now, |into| {
            let read = PipeStream(&self.control).read(into);
            octets += read.as_ref().copied().unwrap_or(0);
            read
        });
        let ended = matches!(filled, Filled::Ended) && !core::mem::replace(&mut self.ended, true);
        octets > 0 || self.pipe.held() != held || ended
    }

    fn write(&mut self, now: Instant) -> bool {
        let before = self.machine.pending_output().len();
        let _ = self.pipe.flush(&mut self.machine, now, |octets| PipeStream(&self.control).write(octets));
        self.machine.pending_output().len() != before
    }

    fn act(&mut self, action: IoAction, ports: &mut Ports, now: Instant) {
        match action {
            IoAction::Listen { id, bind, .. } => {
                let local = ports.listen(bind);
                self.data.insert(id, Data::Listening(local));
                self.machine.handle_data(id, DataEvent::Listening { local }, now);
            }
            IoAction::Connect { id, source, target } => match ports.connect(source.ip, target) {
                Ok(connection) => self.linked(id, connection, now),
                Err(_) => {
                    let event = DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused };
                    self.machine.handle_data(id, event, now);
                }
            },
            IoAction::StartTransfer { id, transfer, plan } => {
                let Some(Data::Linked(connection)) = self.data.remove(&id) else {
                    return self.stopped(id, now);
                };
                let Some(end) = self.application.take(transfer) else { return self.stopped(id, now) };
                let pump = Box::new(Pump::new(&plan, end, &self.buffers));
                self.data.insert(id, Data::Moving(connection, pump));
            }
            IoAction::CancelTransfer { transfer } => self.application.cancel(transfer),
            IoAction::DropData { id } => match self.data.remove(&id) {
                Some(Data::Listening(at)) => ports.unlisten(at),
                Some(Data::Linked(connection)) => connection.close(),
                Some(Data::Moving(connection, _)) => {
                    connection.close();
                    self.stopped(id, now);
                }
                None => {}
            },
            IoAction::CloseControl => {
                self.ended = true;
                self.control.close_gently();
            }
            // TLS comes with a later issue; nothing here offers it.
            IoAction::StartControlTls(_) => self.machine.handle_control(ControlEvent::SecureFailed, now),
            IoAction::StopControlTls => self.machine.handle_control(ControlEvent::Cleared, now),
            IoAction::StartDataTls { id, .. } => {
                let event = DataEvent::Failed { during: DataPhase::Secure, why: Failure::Tls };
                self.machine.handle_data(id, event, now);
            }
        }
    }

    fn stopped(&mut self, id: DataId, now: Instant) {
        let totals = TransferTotals { wire: 0, stored: 0, end: StreamEnd::Open };
        self.machine.handle_data(id, DataEvent::Ended { totals, result: Err(TransferFailure::Aborted) }, now);
    }

    fn linked(&mut self, id: DataId, connection: Connection, now: Instant) {
        let (local, peer) = (connection.local, connection.peer);
        self.data.insert(id, Data::Linked(connection));
        self.machine.handle_data(id, DataEvent::Connected { local, peer, tls: None }, now);
    }

    fn admit(&mut self, ports: &mut Ports, now: Instant) -> bool {
        let listening = |(id, data): (&DataId, &Data)| match data {
            Data::Listening(at) => Some((*id, *at)),
            Data::Linked(_) | Data::Moving(..) => None,
        };
        let Some((id, at)) = self.data.iter().find_map(listening) else { return false };
        let Some(connection) = ports.accept(at) else { return false };
        match self.machine.admit(id, connection.peer, now) {
            Admission::Take => {
                ports.unlisten(at);
                self.linked(id, connection, now);
            }
            Admission::Drop => connection.close(),
        }
        true
    }

    fn pump(&mut self, now: Instant) -> bool {
        let moving = |(id, data): (&DataId, &mut Data)| match data {
            Data::Moving(connection, pump) => {
                let before = pump.octets();
                let ended = run(pump, connection);
                let octets = pump.octets();
                (ended.is_some() || octets != before).then_some((*id, octets, ended))
            }
            Data::Listening(_) | Data::Linked(_) => None,
        };
        let Some((id, octets, ended)) = self.data.iter_mut().find_map(moving) else { return false };
        let event = match ended {
            Some((totals, result)) => {
                if let Some(Data::Moving(connection, _)) = self.data.remove(&id) {
                    connection.close_gently();
                }
                DataEvent::Ended { totals, result }
            }
            None => DataEvent::Progress { octets },
        };
        self.machine.handle_data(id, event, now);
        true
    }
}

type Ended = (TransferTotals, Result<(), TransferFailure>);

/// Steps the pump, storage included, until it waits for the peer or has moved its budget.
fn run(pump: &mut Pump, connection: &Connection) -> Option<Ended> {
    loop {
        match pump.step(&mut PipeStream(connection), BUDGET) {
            PumpStep::Storage(job) => pump.storage_done(job.run()),
            PumpStep::Again | PumpStep::WantRead | PumpStep::WantWrite | PumpStep::InStorage => return None,
            PumpStep::Ended { totals, result } => return Some((totals, result)),
        }
    }
}
