//! A driver on a simulated host, for either side: what ftp-tokio does with sockets, done with the simulator's. Shorter
//! than any real one, since nothing waits.

use super::stream::{SimControl, SimStream, listen};
use core::net::SocketAddr;
use ftp_dtp::buffers::BufferPool;
use ftp_dtp::control::ControlPipe;
use ftp_dtp::errors::failure;
use ftp_dtp::pump::{LocalEnd, Pump, PumpStep};
use ftp_dtp::stream::{DataStream, Protected};
use ftp_dtp::tls::{Handshake, TlsStream};
use ftp_proto::data::{
    Admission, DataEvent, DataId, DataPhase, Failure, SourceEndpoint, StreamEnd, TransferFailure, TransferId,
    TransferTotals,
};
use ftp_proto::io::{ControlMachine, Flow, IoAction, OnEnd, Step};
use ftp_proto::time::Instant;
use ftp_sim::{Host, ListenerId, SocketId, Status};
use std::collections::BTreeMap;
use std::io;

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

    /// TLS for the control connection, where there is any.
    fn control_tls(&mut self) -> Option<TlsStream> {
        None
    }

    /// TLS for a data connection, where there is any.
    fn data_tls(&mut self, _flow: Flow, _must_resume: bool) -> Option<TlsStream> {
        None
    }
}

pub(super) struct Driver<M, A> {
    pub(super) machine: M,
    pub(super) application: A,
    control: SocketId,
    data: BTreeMap<DataId, Data>,
    buffers: BufferPool,
    pipe: ControlPipe,
}

enum Data {
    Listening(ListenerId),
    Connecting(SocketId),
    Linked(Link),
    Securing(Link),
    Moving(Link, Box<Pump>, OnEnd),
}

/// A data connection that is there.
struct Link {
    socket: SocketId,
    tls: Option<Box<TlsStream>>,
}

impl Link {
    /// Does something with it as the data transfer process does.
    fn stream<T>(
        &mut self,
        host: &mut Host<'_>,
        act: impl FnOnce(&mut Protected<'_, SimStream<'_, '_>>) -> T,
    ) -> T {
        let mut stream = SimStream { host, socket: self.socket };
        act(&mut Protected { socket: &mut stream, tls: self.tls.as_deref_mut() })
    }
}

impl<M: ControlMachine, A: Application<M>> Driver<M, A> {
    pub(super) fn new(machine: M, application: A, control: SocketId) -> Self {
        Self {
            machine,
            application,
            control,
            data: BTreeMap::new(),
            buffers: BufferPool::default(),
            pipe: ControlPipe::default(),
        }
    }

    pub(super) const fn machine(&self) -> &M {
        &self.machine
    }

    pub(super) fn is_finished(&self) -> bool {
        self.machine.is_finished()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let machine = self.machine.deadline().map(|deadline| deadline.at);
        [machine, self.pipe.deadline()].into_iter().flatten().min()
    }

    /// Does one round of everything; whether anything moved.
    pub(super) fn step(&mut self, host: &mut Host<'_>) -> bool {
        let now = host.now();
        let mut moved = self.time_passed(now);
        moved |= self.read(host);
        moved |= self.write(host);
        while let Some(step) = self.machine.poll() {
            moved = true;
            match step {
                Step::Io(action) => self.act(action, host),
                Step::App(output) => self.application.tell(&mut self.machine, output, now),
            }
        }
        let ids: Vec<DataId> = self.data.keys().copied().collect();
        ids.into_iter().fold(moved, |moved, id| self.go_on(id, host) | moved)
    }

    /// Lets go of every socket.
    pub(super) fn abandon(&mut self, host: &mut Host<'_>) {
        let ids: Vec<DataId> = self.data.keys().copied().collect();
        for id in ids {
            self.drop_data(id, host);
        }
        host.close(self.control);
    }

    fn time_passed(&mut self, now: Instant) -> bool {
        let due = self.machine.deadline().is_some_and(|deadline| deadline.at <= now);
        if due {
            self.machine.handle_timeout(now);
        }
        due
    }

    fn read(&mut self, host: &mut Host<'_>) -> bool {
        let (told, now) = (self.pipe.told(), host.now());
        self.pipe.fill(&mut self.machine, now, &mut SimControl { host, socket: self.control });
        self.pipe.told() != told
    }

    fn write(&mut self, host: &mut Host<'_>) -> bool {
        let (told, now) = (self.pipe.told(), host.now());
        self.pipe.flush(&mut self.machine, now, &mut SimControl { host, socket: self.control });
        self.pipe.told() != told
    }

    fn act(&mut self, action: IoAction, host: &mut Host<'_>) {
        let now = host.now();
        match action {
            IoAction::Listen { id, bind, ports, .. } => match listen(host, bind, ports) {
                Ok((listener, local)) => {
                    self.data.insert(id, Data::Listening(listener));
                    self.machine.handle_data(id, DataEvent::Listening { local }, now);
                }
                Err(why) => self.failed(id, DataPhase::Listen, why, now),
            },
            IoAction::Connect { id, source, target } => match connect(host, source, target) {
                Ok(socket) => drop(self.data.insert(id, Data::Connecting(socket))),
                Err(error) => self.failed(id, DataPhase::Connect, failure(&error), now),
            },
            IoAction::StartTransfer { id, transfer, plan } => {
                let Some(Data::Linked(link)) = self.data.remove(&id) else { return self.stopped(id, now) };
                let Some(end) = self.application.take(transfer) else { return self.stopped(id, now) };
                let pump = Box::new(Pump::new(&plan, end, &self.buffers));
                self.data.insert(id, Data::Moving(link, pump, plan.on_end));
            }
            IoAction::CancelTransfer { transfer } => self.application.cancel(transfer),
            IoAction::DropData { id } => self.drop_data(id, host),
            IoAction::CloseControl => {
                self.pipe.close_tls(&mut SimControl { host, socket: self.control });
                host.close(self.control);
            }
            IoAction::StartControlTls(_) => self.pipe.start_tls(self.application.control_tls()),
            IoAction::StopControlTls => self.pipe.stop_tls(now),
            IoAction::StartDataTls { id, role: _, flow, must_resume } => {
                let tls = self.application.data_tls(flow, must_resume);
                match (self.data.remove(&id), tls) {
                    (Some(Data::Linked(Link { socket, .. })), Some(tls)) => {
                        self.data.insert(id, Data::Securing(Link { socket, tls: Some(Box::new(tls)) }));
                    }
                    _ => self.failed(id, DataPhase::Secure, Failure::Tls, now),
                }
            }
        }
    }

    fn drop_data(&mut self, id: DataId, host: &mut Host<'_>) {
        match self.data.remove(&id) {
            Some(Data::Listening(listener)) => host.stop_listening(listener),
            Some(Data::Connecting(socket)) => host.close(socket),
            Some(Data::Linked(link) | Data::Securing(link)) => host.close(link.socket),
            Some(Data::Moving(link, ..)) => {
                host.close(link.socket);
                self.stopped(id, host.now());
            }
            None => {}
        }
    }

    fn stopped(&mut self, id: DataId, now: Instant) {
        let totals = TransferTotals { wire: 0, stored: 0, end: StreamEnd::Open };
        self.machine.handle_data(id, DataEvent::Ended { totals, result: Err(TransferFailure::Aborted) }, now);
    }

    fn failed(&mut self, id: DataId, during: DataPhase, why: Failure, now: Instant) {
        self.machine.handle_data(id, DataEvent::Failed { during, why }, now);
    }

    fn linked(&mut self, id: DataId, socket: SocketId, host: &Host<'_>) {
        let Some((local, peer)) = host.endpoints(socket) else { return };
        self.data.insert(id, Data::Linked(Link { socket, tls: None }));
        self.machine.handle_data(id, DataEvent::Connected { local, peer, tls: None }, host.now());
    }

    /// What one data connection can do now.
    fn go_on(&mut self, id: DataId, host: &mut Host<'_>) -> bool {
        match self.data.get_mut(&id) {
            Some(Data::Listening(listener)) => {
                let listener = *listener;
                self.admit(id, listener, host)
            }
            Some(Data::Connecting(socket)) => {
                let socket = *socket;
                self.connecting(id, socket, host)
            }
            Some(Data::Securing(_)) => self.secure(id, host),
            Some(Data::Moving(..)) => self.pump(id, host),
            Some(Data::Linked(_)) | None => false,
        }
    }

    fn admit(&mut self, id: DataId, listener: ListenerId, host: &mut Host<'_>) -> bool {
        let Some(socket) = host.accept(listener) else { return false };
        let Some((_, peer)) = host.endpoints(socket) else { return true };
        match self.machine.admit(id, peer, host.now()) {
            Admission::Take => {
                host.stop_listening(listener);
                self.linked(id, socket, host);
            }
            Admission::Drop => host.reset(socket),
        }
        true
    }

    fn connecting(&mut self, id: DataId, socket: SocketId, host: &mut Host<'_>) -> bool {
        match host.status(socket) {
            Status::Connecting => return false,
            Status::Connected => self.linked(id, socket, host),
            Status::Failed(kind) => {
                self.data.remove(&id);
                host.close(socket);
                self.failed(id, DataPhase::Connect, failure(&kind.into()), host.now());
            }
        }
        true
    }

    fn secure(&mut self, id: DataId, host: &mut Host<'_>) -> bool {
        let Some(Data::Securing(mut link)) = self.data.remove(&id) else { return false };
        match link.stream(host, |stream| stream.handshake()) {
            Ok(Handshake::WantRead | Handshake::WantWrite) => {
                self.data.insert(id, Data::Securing(link));
                return false;
            }
            Ok(Handshake::Done(facts)) => {
                self.data.insert(id, Data::Linked(link));
                self.machine.handle_data(id, DataEvent::Secured(facts), host.now());
            }
            Err(why) => {
                host.close(link.socket);
                self.failed(id, DataPhase::Secure, why, host.now());
            }
        }
        true
    }

    fn pump(&mut self, id: DataId, host: &mut Host<'_>) -> bool {
        let Some(Data::Moving(mut link, mut pump, on_end)) = self.data.remove(&id) else { return false };
        let before = pump.octets();
        let event = link.stream(host, |stream| run(&mut pump, stream));
        let octets = pump.octets();
        let progress = (octets != before).then_some(DataEvent::Progress { octets });
        match &event {
            Some(DataEvent::Ended { result: Ok(()), .. }) if on_end == OnEnd::Keep => {
                self.data.insert(id, Data::Linked(link));
            }
            Some(DataEvent::Ended { .. }) => host.close(link.socket),
            _ => drop(self.data.insert(id, Data::Moving(link, pump, on_end))),
        }
        let Some(event) = event.or(progress) else { return false };
        self.machine.handle_data(id, event, host.now());
        true
    }
}

fn connect(host: &mut Host<'_>, source: SourceEndpoint, target: SocketAddr) -> io::Result<SocketId> {
    let wanted = host.connect(SocketAddr::new(source.ip, source.port.unwrap_or(0)), target);
    match wanted {
        Err(_) if source.fall_back => host.connect(SocketAddr::new(source.ip, 0), target),
        done => done,
    }
}

/// Steps the pump, storage included, until it waits for the peer or has moved its budget.
fn run(pump: &mut Pump, stream: &mut impl DataStream) -> Option<DataEvent> {
    loop {
        match pump.step(stream, BUDGET) {
            PumpStep::Storage(job) => pump.storage_done(job.run()),
            PumpStep::Again | PumpStep::WantRead | PumpStep::WantWrite | PumpStep::InStorage => return None,
            PumpStep::Checkpoint { marker, stored } => return Some(DataEvent::Checkpoint { marker, stored }),
            PumpStep::Ended { totals, result } => return Some(DataEvent::Ended { totals, result }),
        }
    }
}
