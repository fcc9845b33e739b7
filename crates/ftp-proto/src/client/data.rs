//! The data connection of a transfer: how it is asked for, opened, secured, and how it fails.

use super::control::{Control, Fate};
use super::transfer::{Stage, Transfer, concerns_session, refusal};
use super::{Attempt, ClientEvent, DataPlan, OperationError, PassiveAddress, Rung};
use crate::address::{Announced, passive_target};
use crate::command::{Command, EpsvArgument};
use crate::data::link::{LinkInput, LinkState};
use crate::data::{
    AcceptFrom, AddressForm, Admission, DataEvent, DataMode, DataPhase, Failure, FailureId, Opening,
    PortRange, Side, SourceEndpoint, TlsFacts,
};
use crate::io::{Flow, IoAction, OnEnd, Timer, TransferPlan, TransmissionMode};
use crate::reply::Reply;
use alloc::boxed::Box;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

impl Transfer {
    /// Asks for a data connection.
    pub(super) fn select(&mut self, control: &mut Control) -> Fate {
        match &self.plan {
            DataPlan::Own(rung) => {
                let rung = rung.clone();
                self.select_own(control, &rung)
            }
            // After EPSV ALL no address of another host may be named (RFC 2428 §4).
            DataPlan::ThirdPartyListens(_) | DataPlan::ThirdPartyConnects(_)
                if control.in_force.epsv_all() =>
            {
                self.conclude(control, Err(OperationError::NewSessionNeeded))
            }
            DataPlan::ThirdPartyListens(_) => {
                let v4 = control.endpoints.peer.is_ipv4();
                self.ask_to_listen(control, if v4 { AddressForm::Classic } else { AddressForm::Extended });
                Fate::GoesOn
            }
            &DataPlan::ThirdPartyConnects(at) => {
                let form = if at.is_ipv4() { AddressForm::Classic } else { AddressForm::Extended };
                self.announce(control, form, at)
            }
        }
    }

    fn select_own(&mut self, control: &mut Control, rung: &Rung) -> Fate {
        let in_blocks = self.request.encoding.mode == TransmissionMode::Block;
        if in_blocks && control.link.state() == LinkState::Held {
            return self.command(control);
        }
        if control.in_force.epsv_all() && rung.mode != DataMode::EPSV {
            return self.rung_failed(
                control,
                DataPhase::Listen,
                Failure::Other,
                FailureId::ModeRefused,
                None,
            );
        }
        // Nothing moves between two operations, so that this cannot be refused.
        if let Ok(Some(id)) = control.link.select(rung.mode, false) {
            control.act(IoAction::DropData { id });
        }
        match rung.mode {
            DataMode::Passive(form) => self.ask_to_listen(control, form),
            DataMode::Active(_) | DataMode::DefaultPort => self.listen(control, rung),
        }
        Fate::GoesOn
    }

    fn reply_patience(&self, control: &Control) -> core::time::Duration {
        match &self.plan {
            DataPlan::Own(rung) => rung.reply_patience,
            DataPlan::ThirdPartyListens(_) | DataPlan::ThirdPartyConnects(_) => control.config.timeouts.reply,
        }
    }

    fn ask_to_listen(&mut self, control: &mut Control, form: AddressForm) {
        let command = match form {
            AddressForm::Classic => Command::Pasv,
            AddressForm::Extended => Command::Epsv(EpsvArgument::None),
        };
        control.send_within(&command, self.reply_patience(control));
        self.stage = Stage::Selecting;
    }

    fn listen(&mut self, control: &mut Control, rung: &Rung) {
        let local = control.endpoints.local;
        let (bind, ports) = match (&rung.listen, rung.mode) {
            (_, DataMode::DefaultPort) => {
                (local.ip(), PortRange::new(local.port(), local.port()).unwrap_or(PortRange::EPHEMERAL))
            }
            (Some(plan), _) => (plan.bind, plan.ports),
            (None, _) => (local.ip(), PortRange::EPHEMERAL),
        };
        control.act(IoAction::Listen {
            id: control.link.id(),
            bind,
            ports,
            expect: AcceptFrom::Only(control.endpoints.peer.ip()),
            tls: control.private,
        });
        control.set_timer(Timer::DataOpen, rung.patience);
        self.stage = Stage::Listening;
    }

    /// The reply to PASV or EPSV.
    pub(super) fn selected(&mut self, control: &mut Control, reply: Reply) -> Fate {
        if !reply.code.is_completion() {
            return self.mode_refused(control, reply);
        }
        let Ok(announced) = Announced::from_reply(&reply) else { return self.unusable(control, reply) };
        let peer = control.endpoints.peer.ip();
        self.announced = Some(SocketAddr::new(announced.ip.unwrap_or(peer), announced.port));
        let trust = match &self.plan {
            DataPlan::Own(rung) => rung.address,
            DataPlan::ThirdPartyListens(trust) => *trust,
            DataPlan::ThirdPartyConnects(_) => PassiveAddress::ControlPeer,
        };
        match passive_target(trust, peer, announced) {
            Ok(target) => self.target_known(control, target),
            Err(_) => self.unusable(control, reply),
        }
    }

    fn target_known(&mut self, control: &mut Control, target: SocketAddr) -> Fate {
        self.target = Some(target);
        let DataPlan::Own(rung) = &self.plan else {
            control.tell(ClientEvent::PeerListens { op: self.op, at: target });
            return self.command(control);
        };
        let (patience, command_first) = (rung.patience, rung.command_first);
        let fits = control.link.apply(LinkInput::Prepared, false).is_ok()
            && control.link.apply(LinkInput::Connect, false).is_ok();
        debug_assert!(fits, "the data connection was selected");
        let source = SourceEndpoint { ip: source_ip(control, target), port: None, fall_back: true };
        control.act(IoAction::Connect { id: control.link.id(), source, target });
        control.set_timer(Timer::DataOpen, patience);
        if command_first {
            return self.command(control);
        }
        self.stage = Stage::Connecting;
        Fate::GoesOn
    }

    /// The server listens where it cannot be reached: it has to be told to stop before anything else is tried
    /// (RFC 2428 §3).
    fn unusable(&mut self, control: &mut Control, reply: Reply) -> Fate {
        let error = match self.attempt(control, DataPhase::Listen, Failure::Other) {
            Some(mut attempt) => {
                attempt.named = FailureId::AnnouncedUnusable;
                attempt.reply = Some(reply);
                OperationError::Data(attempt)
            }
            None => OperationError::Protocol("no usable address in the reply to PASV or EPSV"),
        };
        self.abandon(control, Some(Err(error)))
    }

    fn mode_refused(&mut self, control: &mut Control, reply: Reply) -> Fate {
        let error = refusal(reply.clone());
        match error {
            OperationError::Refused { code, .. } if self.is_own() && !concerns_session(code) => {
                let named = FailureId::in_text(reply.text()).unwrap_or_else(|| self.why_refused(control));
                self.rung_failed(control, DataPhase::Listen, Failure::Refused, named, Some(reply))
            }
            error => self.conclude(control, Err(error)),
        }
    }

    /// A public server cannot connect to a private address, and few say so.
    fn why_refused(&self, control: &Control) -> FailureId {
        let private = |address: SocketAddr| crate::address::is_private(address.ip());
        let active =
            matches!(&self.plan, DataPlan::Own(rung) if rung.mode.opening(Side::User) == Opening::Listen);
        match self.announced {
            Some(announced) if active && private(announced) && !private(control.endpoints.peer) => {
                FailureId::PortPrivate
            }
            _ => FailureId::ModeRefused,
        }
    }

    /// PORT or EPRT.
    fn announce(&mut self, control: &mut Control, form: AddressForm, at: SocketAddr) -> Fate {
        self.announced = Some(at);
        let command = match (form, at) {
            (AddressForm::Classic, SocketAddr::V4(at)) => Command::Port(at),
            (AddressForm::Extended, at) => Command::Eprt(at),
            (AddressForm::Classic, SocketAddr::V6(_)) => {
                let named = FailureId::AnnouncedUnusable;
                return self.rung_failed(control, DataPhase::Listen, Failure::Other, named, None);
            }
        };
        control.send_within(&command, self.reply_patience(control));
        self.stage = Stage::Announcing;
        Fate::GoesOn
    }

    pub(super) fn announcement_answered(&mut self, control: &mut Control, reply: Reply) -> Fate {
        if reply.code.is_completion() { self.command(control) } else { self.mode_refused(control, reply) }
    }

    /// The transfer command is sent: in active mode the server's patience, and ours, begins now.
    pub(super) fn await_peer(&self, control: &mut Control) {
        let DataPlan::Own(rung) = &self.plan else { return };
        if rung.mode.opening(Side::User) == Opening::Listen && control.link.state() == LinkState::Armed {
            control.set_timer(Timer::DataOpen, rung.patience);
        }
    }

    /// Something happened to the data connection.
    pub(super) fn data_event(&mut self, control: &mut Control, event: DataEvent) -> Fate {
        match event {
            DataEvent::Listening { local } => self.listening(control, local),
            DataEvent::Connecting { .. } => Fate::GoesOn,
            DataEvent::Connected { local, peer, tls } => self.connected(control, local, peer, tls),
            DataEvent::Secured(facts) => {
                if control.link.apply(LinkInput::Secured, true).is_err() {
                    return Fate::GoesOn;
                }
                control.tell(ClientEvent::DataSecured { op: self.op, facts });
                self.start(control)
            }
            DataEvent::Failed { during, why } => {
                // The driver holds nothing after it has reported a failure.
                match control.link.apply(LinkInput::Failed, false) {
                    Ok(_) => self.data_failed(control, during, why),
                    Err(_) => Fate::GoesOn,
                }
            }
            DataEvent::Progress { octets } => {
                if octets > self.octets && control.timers.is_set(Timer::TransferStall) {
                    self.octets = octets;
                    control.set_timer(Timer::TransferStall, control.config.timeouts.transfer_stall);
                }
                Fate::GoesOn
            }
            DataEvent::Checkpoint { marker, stored } => {
                control.tell(ClientEvent::Checkpoint { op: self.op, marker, stored });
                Fate::GoesOn
            }
            DataEvent::Ended { totals, result } => {
                let kept = self.on_end() == OnEnd::Keep && result.is_ok();
                let settled = if kept { LinkInput::Kept } else { LinkInput::Settled };
                let ended = control.link.apply(LinkInput::Ended, false).is_ok()
                    && control.link.apply(settled, false).is_ok();
                if ended { self.data_ended(control, totals, result) } else { Fate::GoesOn }
            }
        }
    }

    fn listening(&mut self, control: &mut Control, local: SocketAddr) -> Fate {
        let DataPlan::Own(rung) = &self.plan else { return Fate::GoesOn };
        if control.link.apply(LinkInput::Prepared, false).is_err() {
            return Fate::GoesOn;
        }
        control.timers.clear(Timer::DataOpen);
        let form = match rung.mode {
            DataMode::Active(form) => form,
            DataMode::DefaultPort | DataMode::Passive(_) => return self.command(control),
        };
        match announced_address(control, rung, local) {
            Some(at) => self.announce(control, form, at),
            None => {
                let named = FailureId::AnnouncedUnusable;
                self.rung_failed(control, DataPhase::Listen, Failure::Other, named, None)
            }
        }
    }

    fn connected(
        &mut self,
        control: &mut Control,
        local: SocketAddr,
        peer: SocketAddr,
        tls: Option<TlsFacts>,
    ) -> Fate {
        let protected = control.private && tls.is_none();
        let Ok(state) = control.link.apply(LinkInput::Connected, protected) else { return Fate::GoesOn };
        let mode = control.link.mode();
        control.timers.clear(Timer::DataOpen);
        control.tell(ClientEvent::DataOpened { op: self.op, mode, local, peer });
        if let Some(facts) = tls {
            self.link_secured = true;
            control.tell(ClientEvent::DataSecured { op: self.op, facts });
        }
        if mode == DataMode::EPSV {
            control.in_force.epsv_worked();
        }
        match state {
            LinkState::Securing => self.secure_link(control),
            LinkState::Moving => self.start(control),
            LinkState::Linked if matches!(self.stage, Stage::Connecting) => self.command(control),
            LinkState::Linked
            | LinkState::Unset
            | LinkState::Arming
            | LinkState::Armed
            | LinkState::Connecting
            | LinkState::Opening
            | LinkState::Settling
            | LinkState::Held => Fate::GoesOn,
        }
    }

    /// The server has begun: use the data connection, or wait for it.
    pub(super) fn go(&mut self, control: &mut Control) -> Fate {
        if !self.is_own() {
            return Fate::GoesOn;
        }
        let protected = control.private && !self.link_secured;
        match control.link.apply(LinkInput::Go, protected) {
            Ok(LinkState::Moving) => self.start(control),
            Ok(LinkState::Securing) => self.secure_link(control),
            // Not there yet.
            Ok(_) | Err(_) => Fate::GoesOn,
        }
    }

    const fn flow(&self) -> Flow {
        if self.request.verb.is_upload() { Flow::ToPeer } else { Flow::FromPeer }
    }

    fn secure_link(&self, control: &mut Control) -> Fate {
        let (id, role, flow) = (control.link.id(), Side::User.tls_role(), self.flow());
        control.act(IoAction::StartDataTls { id, role, flow, must_resume: false });
        control.set_timer(Timer::DataTls, control.config.timeouts.data_tls);
        Fate::GoesOn
    }

    fn start(&mut self, control: &mut Control) -> Fate {
        control.timers.clear(Timer::DataOpen);
        control.timers.clear(Timer::DataTls);
        let Some(transfer) = self.id else { return Fate::GoesOn };
        self.started = true;
        let span = self.request.span;
        let plan = TransferPlan {
            flow: self.flow(),
            encoding: self.request.encoding,
            limit: span.end.map(|end| end.saturating_sub(span.start)),
            on_end: self.on_end(),
        };
        control.act(IoAction::StartTransfer { id: control.link.id(), transfer, plan });
        control.set_timer(Timer::TransferStall, control.config.timeouts.transfer_stall);
        Fate::GoesOn
    }

    /// In block mode the data connection is kept; when only a part of the file is wanted, we stop amid it.
    const fn on_end(&self) -> OnEnd {
        match (self.request.encoding.mode, self.request.span.end) {
            (TransmissionMode::Block, None) => OnEnd::Keep,
            _ => OnEnd::Close,
        }
    }

    /// Whether the host that connected to our listener is the server (RFC 2577 §4).
    pub(super) fn admit(&mut self, control: &Control, peer: SocketAddr) -> Admission {
        let wanted = matches!(control.link.state(), LinkState::Armed | LinkState::Opening);
        if !wanted {
            Admission::Drop
        } else if crate::address::normalise(peer.ip()) == control.endpoints.peer.ip() {
            Admission::Take
        } else {
            self.stranger = true;
            Admission::Drop
        }
    }

    /// The data connection could not be had, or not in time.
    pub(super) fn data_failed(&mut self, control: &mut Control, during: DataPhase, why: Failure) -> Fate {
        let Some(attempt) = self.attempt(control, during, why) else { return Fate::GoesOn };
        control.drop_data();
        let verdict = Err(OperationError::Data(attempt));
        match self.stage {
            Stage::Listening | Stage::Connecting => self.conclude(control, verdict),
            Stage::Preparing(_) | Stage::Selecting | Stage::Announcing | Stage::Restarting => {
                self.when_answered(control, verdict)
            }
            Stage::Commanded | Stage::Running if self.final_reply.is_some() => {
                self.conclude(control, verdict)
            }
            Stage::Commanded | Stage::Running => self.abandon(control, Some(verdict)),
            Stage::Draining(_) | Stage::Stopping => Fate::GoesOn,
        }
    }

    fn rung_failed(
        &mut self,
        control: &mut Control,
        during: DataPhase,
        why: Failure,
        named: FailureId,
        reply: Option<Reply>,
    ) -> Fate {
        let error = match self.attempt(control, during, why) {
            Some(attempt) => OperationError::Data(Box::new(Attempt { named, reply, ..*attempt })),
            None => OperationError::Protocol("no data connection of our own"),
        };
        self.conclude(control, Err(error))
    }

    /// The failure as the ladder wants it; `None` when the data connection is not ours.
    pub(super) fn attempt(&self, control: &Control, during: DataPhase, why: Failure) -> Option<Box<Attempt>> {
        let DataPlan::Own(rung) = &self.plan else { return None };
        Some(Box::new(Attempt {
            rung: rung.clone(),
            during,
            why,
            named: FailureId::of(Side::User, rung.mode, during, why),
            reply: None,
            announced: self.announced,
            target: self.target,
            // After EPSV ALL no other mode is left on this connection.
            control_usable: !control.in_force.epsv_all(),
        }))
    }
}

/// What PORT or EPRT names; `None` when the offset leads out of the ports.
fn announced_address(control: &Control, rung: &Rung, local: SocketAddr) -> Option<SocketAddr> {
    let own = if local.ip().is_unspecified() { control.endpoints.local.ip() } else { local.ip() };
    let plan = rung.listen.as_ref();
    let ip = plan.and_then(|plan| plan.announce).unwrap_or(own);
    let offset = plan.map_or(0, |plan| plan.announced_port_offset);
    let port = i32::from(local.port()).checked_add(offset).and_then(|port| u16::try_from(port).ok())?;
    (port != 0).then(|| SocketAddr::new(crate::address::normalise(ip), port))
}

/// The control connection's own address, so that firewalls recognise the pair; any when the families differ.
fn source_ip(control: &Control, target: SocketAddr) -> IpAddr {
    let local = control.endpoints.local.ip();
    match target {
        _ if local.is_ipv4() == target.is_ipv4() => local,
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}
