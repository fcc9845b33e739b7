//! Data ports: PORT and EPRT only record an address; PASV and EPSV open a listener (RFC 959 §3.2, RFC 2428).
//!
//! Where we may connect, and who may connect to us, is the operator's [`DataPolicy`]: by default only the control
//! connection's peer, on ports from 1024 (RFC 2577 §3 and §4).

use super::Notice;
use super::connection::ServerConnection;
use super::failures::network_text;
use super::gate::Service;
use crate::address::{TargetRefusal, check_target, extended, host_port, same_network};
use crate::command::EpsvArgument;
use crate::data::link::{DataLink, LinkInput, LinkState};
use crate::data::{
    AcceptFrom, AddressForm, Admission, Announce, DataFacts, DataId, DataMode, DataPhase, DataPolicy,
    DataPolicyRow, Failure, FailureId, PeerCheck, RequireResumption, Saw, Side, SourceEndpoint, SourcePort,
};
use crate::io::{IoAction, Timer};
use crate::reply::{Reply, ReplyCode};
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use bytes::BytesMut;
use core::net::{IpAddr, SocketAddr, SocketAddrV4};

/// The data connection of a session, and the rules for it.
#[derive(Debug)]
pub(super) struct DataSide {
    pub(super) link: DataLink,
    policy: Arc<DataPolicy>,
    /// The user's own, which goes before.
    granted: Option<Arc<DataPolicy>>,
    /// Where we shall connect to, or what we have announced.
    pub(super) address: Option<SocketAddr>,
    /// When it was announced, or begun.
    pub(super) since: Option<Instant>,
    /// Somebody else connected to the listener at hand.
    stranger: bool,
    /// For SITE SAW; sessions without a transfer have none.
    seen: Option<Box<Seen>>,
    /// EPSV ALL: no PORT, PASV or EPRT any more (RFC 2428 §4).
    epsv_all: bool,
}

/// What was seen of data connections.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What the last PORT or EPRT said.
    received: Option<SocketAddr>,
    /// What the last reply to PASV or EPSV announced.
    announced: Option<SocketAddr>,
    /// Where the last active data connection was made from.
    pub(super) source: Option<SocketAddr>,
}

impl DataSide {
    pub(super) fn new(policy: Arc<DataPolicy>) -> Self {
        Self {
            link: DataLink::new(),
            policy,
            granted: None,
            address: None,
            since: None,
            stranger: false,
            seen: None,
            epsv_all: false,
        }
    }

    pub(super) fn seen(&mut self) -> &mut Seen {
        self.seen.get_or_insert_default()
    }

    pub(super) fn set_policy(&mut self, policy: Arc<DataPolicy>) {
        self.policy = policy;
    }

    /// The policy of the user who is logged in; `None` for users without one, and for nobody.
    pub(super) fn grant(&mut self, policy: Option<Arc<DataPolicy>>) {
        self.granted = policy;
    }

    /// As after the greeting, but for what was learned since. The link has been dropped; its names go on.
    pub(super) fn reset(&mut self) {
        self.address = None;
        self.epsv_all = false;
        self.seen = None;
    }
}

impl ServerConnection {
    /// The row of the operator's table for this session as it is now.
    pub(super) fn data_row(&self) -> &DataPolicyRow {
        self.data.granted.as_ref().unwrap_or(&self.data.policy).choose(DataFacts {
            client: self.endpoints.peer.ip(),
            listener: self.endpoints.dialled(),
            tls: self.security.is_protected(),
            user: self.access.user(),
        })
    }

    /// Under PROT P with `RequireResumption::Auto`, the peer's address is all that tells who it is until the first data
    /// connection has resumed the control connection's session.
    fn peer_check(&self, row: &DataPolicyRow) -> PeerCheck {
        let untold = row.resumption == RequireResumption::Auto && !self.security.data_resumed;
        if self.security.protects_data() && untold { PeerCheck::SameAddress } else { row.peer_check }
    }

    fn refused_by_epsv_all(&mut self) -> bool {
        if self.data.epsv_all {
            self.finish_with(ReplyCode::ARGUMENT_SYNTAX_ERROR, "EPSV ALL is in force: only EPSV is served.");
        }
        self.data.epsv_all
    }

    pub(super) fn port(&mut self, target: SocketAddrV4) {
        self.select_active(DataMode::PORT, target.into());
    }

    pub(super) fn eprt(&mut self, target: SocketAddr) {
        let same_family = target.is_ipv4() == self.endpoints.local.is_ipv4();
        if same_family {
            self.select_active(DataMode::EPRT, target);
        } else {
            self.finish(&family_not_supported(self.endpoints.local));
        }
    }

    fn select_active(&mut self, mode: DataMode, announced: SocketAddr) {
        if self.refused_by_epsv_all() {
            return;
        }
        self.data.seen().received = Some(announced);
        let row = self.data_row();
        if !row.active {
            let text = "Active mode is switched off here: use EPSV or PASV.";
            return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, text);
        }
        match check_target(row, self.endpoints.peer.ip(), announced) {
            Ok(target) => {
                self.replace_link(mode, true);
                self.data.address = Some(target);
                self.finish_with(ReplyCode::COMMAND_OKAY, format!("{mode} accepted."));
            }
            Err(refusal) => {
                self.notice(Notice::BounceRefused { target: announced });
                self.finish(&target_refused(refusal));
            }
        }
    }

    /// Without PORT, PASV, EPRT and EPSV: the control peer's own port, if the operator allows it (RFC 959 §3.2).
    pub(super) fn select_default_port(&mut self) -> bool {
        let allowed = self.config.default_data_port && self.data_row().active && !self.data.epsv_all;
        if allowed {
            self.replace_link(DataMode::DefaultPort, true);
            self.data.address = Some(self.endpoints.peer);
        }
        allowed
    }

    pub(super) fn pasv(&mut self) {
        if !self.endpoints.dialled().is_ipv4() {
            return self.finish_with(
                ReplyCode::CANNOT_OPEN_DATA_CONNECTION,
                "PASV cannot name an IPv6 address: use EPSV.",
            );
        }
        if !self.refused_by_epsv_all() {
            self.select_passive(DataMode::PASV);
        }
    }

    pub(super) fn epsv(&mut self, argument: EpsvArgument) {
        let is_v4 = self.endpoints.dialled().is_ipv4();
        match argument {
            EpsvArgument::All => {
                self.data.epsv_all = true;
                self.finish_with(ReplyCode::COMMAND_OKAY, "Only EPSV is served from now on.");
            }
            EpsvArgument::V4 if !is_v4 => self.finish(&family_not_supported(self.endpoints.dialled())),
            EpsvArgument::V6 if is_v4 => self.finish(&family_not_supported(self.endpoints.dialled())),
            EpsvArgument::None | EpsvArgument::V4 | EpsvArgument::V6 => self.select_passive(DataMode::EPSV),
        }
    }

    fn select_passive(&mut self, mode: DataMode) {
        let row = self.data_row();
        if !row.passive {
            let text = "Passive mode is switched off here: use EPRT or PORT.";
            return self.finish_with(ReplyCode::NOT_IMPLEMENTED, text);
        }
        let expect = match self.peer_check(row) {
            PeerCheck::SameAddress => AcceptFrom::Only(self.endpoints.peer.ip()),
            PeerCheck::SameNetwork { .. } | PeerCheck::Off => AcceptFrom::Any,
        };
        let ports = row.ports;
        let id = self.replace_link(mode, false);
        self.act(IoAction::Listen {
            id,
            bind: self.endpoints.local.ip(),
            ports,
            expect,
            tls: self.security.protects_data(),
        });
        self.gate.service = Service::Listening;
    }

    fn replace_link(&mut self, mode: DataMode, address_known: bool) -> DataId {
        // Nothing moves: commands are served one at a time.
        if let Ok(Some(replaced)) = self.data.link.select(mode, address_known) {
            self.act(IoAction::DropData { id: replaced });
        }
        self.timers.clear(Timer::DataOpen);
        self.data.address = None;
        self.data.stranger = false;
        self.data.link.id()
    }

    /// Gives the data connection up.
    pub(super) fn drop_link(&mut self) {
        if let Some(id) = self.data.link.drop_link() {
            self.act(IoAction::DropData { id });
        }
        self.timers.clear(Timer::DataOpen);
        self.timers.clear(Timer::DataTls);
    }

    /// The listener is open: announce it. It does not stay open for ever.
    pub(super) fn listening(&mut self, local: SocketAddr) {
        if self.data.link.apply(LinkInput::Prepared, false).is_err() {
            return;
        }
        self.set_timer(Timer::DataOpen, self.config.timeouts.listener);
        self.data.since = Some(self.now);
        let mode = self.data.link.mode();
        let reply = match self.announcement(mode, local) {
            Ok((announced, reply)) => {
                self.data.address = Some(announced);
                self.data.seen().announced = Some(announced);
                reply
            }
            Err(text) => {
                self.drop_link();
                Reply::new(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, text)
            }
        };
        if matches!(self.gate.service, Service::Listening) {
            self.finish(&reply);
        }
    }

    fn announcement(&self, mode: DataMode, local: SocketAddr) -> Result<(SocketAddr, Reply), String> {
        let row = self.data_row();
        let ip = match row.announce {
            Announce::Address(ip) => ip,
            Announce::Dialled => self.endpoints.dialled().ip(),
        };
        let port = i32::from(local.port())
            .checked_add(row.announced_port_offset)
            .and_then(|port| u16::try_from(port).ok())
            .filter(|&port| port != 0)
            .ok_or_else(|| {
                String::from("The announced port would not be a port; the server's operator must act.")
            })?;
        match (mode, ip) {
            (DataMode::Passive(AddressForm::Extended), _) => {
                let mut text = BytesMut::new();
                extended::write_229(port, &mut text);
                let reply = Reply::new(ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE, text);
                Ok((SocketAddr::new(ip, port), reply))
            }
            (_, IpAddr::V4(ip)) => {
                let announced = SocketAddrV4::new(ip, port);
                let mut text = BytesMut::new();
                host_port::write_227(announced, &mut text);
                Ok((announced.into(), Reply::new(ReplyCode::ENTERING_PASSIVE_MODE, text)))
            }
            (_, IpAddr::V6(_)) => Err(String::from("PASV cannot name an IPv6 address: use EPSV.")),
        }
    }

    /// Whether `peer` may have the data connection. A stranger never uses up the listener.
    pub(super) fn admit_data(&mut self, id: DataId, peer: SocketAddr) -> Admission {
        let client = self.endpoints.peer.ip();
        let right_peer = match self.peer_check(self.data_row()) {
            PeerCheck::SameAddress => crate::address::normalise(peer.ip()) == client,
            PeerCheck::SameNetwork { v4_prefix, v6_prefix } => {
                same_network(peer.ip(), client, if client.is_ipv4() { v4_prefix } else { v6_prefix })
            }
            PeerCheck::Off => true,
        };
        let wanted = self.data.link.is_current(id)
            && matches!(self.data.link.state(), LinkState::Armed | LinkState::Opening);
        if wanted && !right_peer {
            self.data.stranger = true;
            self.notice(Notice::StrangerRefused { peer });
        }
        if wanted && right_peer { Admission::Take } else { Admission::Drop }
    }

    /// What SITE SAW tells.
    pub(super) fn saw(&self) -> Saw {
        let seen = self.data.seen.as_deref();
        Saw {
            peer: self.endpoints.peer,
            dialled: self.endpoints.dialled(),
            received: seen.and_then(|seen| seen.received),
            announced: seen.and_then(|seen| seen.announced),
            source: seen.and_then(|seen| seen.source),
            instance: self.config.instance,
        }
    }

    /// What an active connection is bound to: the control connection's own address, and the operator's port.
    pub(super) fn active_source(&self) -> SourceEndpoint {
        let below = |port: u16| port.checked_sub(1).filter(|&port| port != 0);
        let (port, fall_back) = match self.data_row().active_source {
            SourcePort::Any => (None, false),
            SourcePort::PreferBelowDialled => (below(self.endpoints.dialled().port()), true),
            SourcePort::Prefer(port) => (Some(port), true),
            SourcePort::Require(port) => (Some(port), false),
        };
        SourceEndpoint { ip: self.endpoints.local.ip(), port, fall_back }
    }

    /// Notices the failure, and says what the peer is to be told.
    pub(super) fn name_failure(&mut self, during: DataPhase, why: Failure) -> Reply {
        let mode = self.data.link.mode();
        let why = if why == Failure::TimedOut && self.data.stranger { Failure::WrongPeer } else { why };
        let named = FailureId::of(Side::Server, mode, during, why);
        let announced = self.data.address;
        self.notice(Notice::DataFailed { id: self.data.link.id(), mode, during, why, named, announced });
        let place = match (during, announced) {
            (DataPhase::Listen, _) | (_, None) => String::new(),
            (DataPhase::Connect | DataPhase::Secure, Some(address)) => format!(" ({address})"),
        };
        let detail = if named == FailureId::Other { network_text(why) } else { named.text() };
        let text = format!("Cannot open data connection: {detail}{place} [{named}].");
        Reply::new(ReplyCode::CANNOT_OPEN_DATA_CONNECTION, text)
    }
}

fn family_not_supported(ours: SocketAddr) -> Reply {
    let mut text = BytesMut::new();
    extended::write_522(extended::Protocols { v4: ours.is_ipv4(), v6: ours.is_ipv6() }, &mut text);
    Reply::new(ReplyCode::NETWORK_PROTOCOL_NOT_SUPPORTED, text)
}

/// A refused address, with what would help (data-port modes: the router did not rewrite it, or cannot under TLS).
fn target_refused(refusal: TargetRefusal) -> Reply {
    let advice = match refusal {
        TargetRefusal::Private { .. } | TargetRefusal::Foreign { .. } => {
            ": use passive mode, or announce your external address"
        }
        _ => "",
    };
    let id = refusal_id(refusal);
    Reply::new(ReplyCode::PARAMETER_NOT_IMPLEMENTED, format!("{refusal}{advice} [{id}]."))
}

const fn refusal_id(refusal: TargetRefusal) -> FailureId {
    match refusal {
        TargetRefusal::Foreign { .. } => FailureId::PortForeign,
        TargetRefusal::Private { .. } => FailureId::PortPrivate,
        TargetRefusal::LowPort { .. } => FailureId::PortLow,
        TargetRefusal::Unspecified { .. } => FailureId::AnnouncedUnusable,
    }
}
