//! What the probes of a client tell together.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use ftp_proto::address::is_private;
use ftp_proto::data::{AddressForm, DataMode, FailureId, Opening, Saw, Side};

/// One probe: a tiny transfer in one mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The mode.
    pub mode: DataMode,
    /// Under TLS, control and data.
    pub tls: bool,
    /// What came of it.
    pub outcome: Result<(), FailureId>,
    /// What was announced: by the server in a passive mode, as it arrived; by the client in an active one, as it was sent.
    pub announced: Option<SocketAddr>,
    /// What the server saw, if it is one of ours.
    pub saw: Option<Saw>,
}

macro_rules! causes {
    ($($variant:ident $name:literal $text:literal $cure:literal;)*) => {
        /// A cause that explains one or several failures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Cause {
            $(#[doc = $text] $variant,)*
        }

        impl Cause {
            /// A stable id.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What is the matter.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What to do.
            #[must_use]
            pub const fn cure(self) -> &'static str {
                match self { $(Self::$variant => $cure,)* }
            }
        }
    };
}

causes! {
    ClientNat "client-nat"
        "This machine is behind a NAT: the private address that it announces in active mode means nothing to the server."
        "Use passive mode, which works without you doing anything; for active mode forward ports to this machine and say --external-address ADDRESS --active-ports LO-HI.";
    ClientHidden "client-hidden"
        "The server sees another address in place of this machine's: a balancer, or a NAT before the server, hides its clients. It takes active mode for an attack on somebody else."
        "Use passive mode, which works. The server's operator can have the balancer tell who is behind it (ftp-server --proxy-protocol-from).";
    ClientHelper "client-helper"
        "A router on the client's side reads FTP and rewrites the address that is announced. Under TLS it cannot, so active mode fails there."
        "Use passive mode; or --ccc, after which the router can read again; or --external-address with forwarded ports.";
    ActiveDropped "active-dropped"
        "The server cannot open active data connections: its packets vanish. A firewall on the client's side lets nobody in, or one on the server's side lets it out from port 20 only, and it comes from another."
        "Use passive mode, which works; or let in the ports of --active-ports here, and let the server connect from the port that its firewall allows (ftp-server --active-source-port).";
    ClientFirewall "client-firewall"
        "The server connects from the port that firewalls expect active data connections from, and its packets vanish: a firewall on the client's side lets nobody in."
        "Use passive mode, which works; or let in the ports of --active-ports here (`ftp-client firewall` prints the rules).";
    ServerSource "server-source-port"
        "The server makes active data connections from another port than the one below its control port, and they vanish: firewalls often let them out, and in, from that port only."
        "Use passive mode, which works; the server's operator must let it connect from that port (ftp-server --active-source-port; it needs CAP_NET_BIND_SERVICE).";
    ClientForward "client-forward-missing"
        "The server reaches the address that was announced in active mode, and nobody listens there: the router does not forward the ports."
        "Forward the ports of --active-ports to this machine, or use passive mode.";
    PassiveDropped "passive-dropped"
        "Packets to the server's passive ports vanish: a firewall drops them, or nobody forwards the ports."
        "The server's operator must open and forward the passive range (`ftp-server firewall` prints the rules).";
    PassiveRefused "passive-refused"
        "The server's passive ports answer that nobody listens there: they are forwarded to another machine, or a firewall rejects them."
        "The server's operator must forward the passive range to this very server; behind a balancer each server needs a range of its own.";
    ServerHelperBlind "server-helper-blind"
        "The firewall before the server opens data ports as it reads them, and under TLS it cannot read: no data connection gets through."
        "The server's operator must open the passive range for good instead of relying on the FTP helper; or allow CCC (--ccc here).";
    PrivateAnnounced "private-announced"
        "The server announces a private address over a public connection. Clients that believe it cannot connect; ours uses the server's own."
        "The server's operator must set the external address (ftp-server --external-address).";
    OtherServer "other-server"
        "Several servers answer under this address, and a data connection does not reach the one that announced its port."
        "The operator of the balancer must give each server a passive range of its own, forwarded to it alone (ftp-server --passive-ports), or send all connections of a client to one server.";
    ReplyRewritten "reply-rewritten"
        "A router on the way reads FTP and changes the address or port that the server announces. Under TLS it cannot."
        "Nothing, while it works; else have the router's FTP inspection switched off, and set the server's external address (ftp-server --external-address).";
    EpsvSwallowed "epsv-swallowed"
        "EPSV is not answered: a firewall reads FTP and swallows what it does not know."
        "Use --mode pasv, or TLS; or have the firewall's FTP inspection switched off or updated.";
    NotResumed "tls-not-resumed"
        "Data connections do not resume the control connection's TLS session, which the server wants."
        "Something between the two takes TLS apart, or the server's sessions do not last; try --tls-max 1.2.";
    ServerActive "server-active-blocked"
        "The server cannot connect out to clients: its firewall lets out less than it tries, often port 20 only."
        "Use passive mode; the server's operator must let it connect from the port that its firewall allows (--active-source-port).";
    Nothing "no-data-connection"
        "No mode gives a data connection."
        "Ask the server's operator to open the passive range; -v shows each conversation.";
    Other "other"
        "Some modes fail; each failure's own explanation says why."
        "`ftp-server errors` explains each id.";
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// What explains the failures, as far as the client can see, in the order of the probes. Nothing, when all probes succeed
/// and nothing is odd. `server` is the address of the control connection's peer.
#[must_use]
pub fn verdict(probes: &[Probe], server: IpAddr) -> Vec<Cause> {
    let seen = Seen { probes, server };
    let mut causes = Vec::new();
    for cause in probes.iter().filter_map(|probe| seen.cause(probe)) {
        if !causes.contains(&cause) {
            causes.push(cause);
        }
    }
    causes
}

struct Seen<'a> {
    probes: &'a [Probe],
    server: IpAddr,
}

impl Seen<'_> {
    fn cause(&self, probe: &Probe) -> Option<Cause> {
        let passive = probe.mode.opening(Side::User) == Opening::Connect;
        match probe.outcome {
            Ok(()) => self.oddity(probe, passive),
            Err(id) if passive => Some(self.passive(probe, id)),
            Err(id) => Some(self.active(probe, id)),
        }
    }

    /// What works, and would not for other clients, or under TLS.
    fn oddity(&self, probe: &Probe, passive: bool) -> Option<Cause> {
        let private = |address: SocketAddr| is_private(address.ip());
        match is_rewritten(probe) {
            true if passive => Some(Cause::ReplyRewritten),
            true => Some(Cause::ClientHelper),
            false => (passive && probe.announced.is_some_and(private) && !is_private(self.server))
                .then_some(Cause::PrivateAnnounced),
        }
    }

    /// Not all of the servers that were seen are the same.
    fn servers_differ(&self) -> bool {
        let mut seen = self.probes.iter().filter_map(|probe| probe.saw.as_ref()?.instance);
        seen.next().is_some_and(|first| seen.any(|other| other != first))
    }

    fn passive(&self, probe: &Probe, id: FailureId) -> Cause {
        let clear_works = self.works_in_the_clear(probe);
        match id {
            _ if self.servers_differ() && is_of_the_network(id) => Cause::OtherServer,
            _ if is_rewritten(probe) => Cause::ReplyRewritten,
            FailureId::ConnectTimedOut | FailureId::ConnectReset | FailureId::NobodyConnected
                if clear_works =>
            {
                Cause::ServerHelperBlind
            }
            FailureId::ConnectTimedOut if self.nothing_works() => Cause::Nothing,
            FailureId::ConnectTimedOut => Cause::PassiveDropped,
            FailureId::ConnectRefused | FailureId::ConnectReset | FailureId::ConnectUnreachable => {
                Cause::PassiveRefused
            }
            FailureId::ModeUnanswered => Cause::EpsvSwallowed,
            FailureId::TlsNotResumed => Cause::NotResumed,
            _ => Cause::Other,
        }
    }

    fn active(&self, probe: &Probe, id: FailureId) -> Cause {
        let clear_works = self.works_in_the_clear(probe);
        let passive_works =
            self.any(|other| other.mode.opening(Side::User) == Opening::Connect && other.outcome.is_ok());
        match id {
            FailureId::PortPrivate | FailureId::PortForeign if clear_works => Cause::ClientHelper,
            FailureId::PortPrivate | FailureId::PortForeign if hides_client(probe) => Cause::ClientHidden,
            FailureId::PortPrivate | FailureId::PortForeign => Cause::ClientNat,
            FailureId::ConnectRefused => Cause::ClientForward,
            FailureId::SourcePort | FailureId::ConnectForbidden => Cause::ServerActive,
            FailureId::ConnectTimedOut | FailureId::NobodyConnected | FailureId::PeerGaveUp
                if clear_works =>
            {
                Cause::ServerHelperBlind
            }
            FailureId::ConnectTimedOut | FailureId::NobodyConnected | FailureId::PeerGaveUp => {
                if passive_works {
                    vanished(probe)
                } else {
                    Cause::Nothing
                }
            }
            FailureId::TlsNotResumed => Cause::NotResumed,
            _ => Cause::Other,
        }
    }

    /// What fails under TLS works without.
    fn works_in_the_clear(&self, probe: &Probe) -> bool {
        probe.tls && self.any(|other| !other.tls && other.mode == probe.mode && other.outcome.is_ok())
    }

    fn any(&self, is_so: impl Fn(&Probe) -> bool) -> bool {
        self.probes.iter().any(is_so)
    }

    fn nothing_works(&self) -> bool {
        !self.any(|probe| probe.outcome.is_ok())
    }
}

/// What vanished, by where the server connected from.
fn vanished(probe: &Probe) -> Cause {
    let Some((saw, source)) = probe.saw.as_ref().and_then(|saw| Some((saw, saw.source?))) else {
        return Cause::ActiveDropped;
    };
    if source.port() + 1 == saw.dialled.port() { Cause::ClientFirewall } else { Cause::ServerSource }
}

/// Whether what arrived at one end is not what the other sent. EPSV sends no address.
fn is_rewritten(probe: &Probe) -> bool {
    let Some((saw, here)) = probe.saw.as_ref().zip(probe.announced) else { return false };
    match probe.mode {
        DataMode::Passive(AddressForm::Extended) => {
            saw.announced.is_some_and(|sent| sent.port() != here.port())
        }
        DataMode::Passive(AddressForm::Classic) => saw.announced.is_some_and(|sent| sent != here),
        _ => saw.received.is_some_and(|received| received != here),
    }
}

/// Whether the server takes the client for somebody else on its own side. Without its word: whether it calls an address of
/// the client's foreign that no NAT would have to hide.
fn hides_client(probe: &Probe) -> bool {
    let announced = probe.announced.map(|address| address.ip());
    match &probe.saw {
        Some(saw) => is_private(saw.peer.ip()) && announced != Some(saw.peer.ip()),
        None => announced.is_some_and(|ip| !is_private(ip)),
    }
}

/// Whether the connection itself could not be made.
const fn is_of_the_network(id: FailureId) -> bool {
    matches!(
        id,
        FailureId::ConnectRefused
            | FailureId::ConnectReset
            | FailureId::ConnectUnreachable
            | FailureId::ConnectTimedOut
            | FailureId::NobodyConnected
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(mode: DataMode, tls: bool, outcome: Result<(), FailureId>) -> Probe {
        Probe { mode, tls, outcome, announced: None, saw: None }
    }

    fn causes(probes: &[Probe]) -> Vec<Cause> {
        verdict(probes, "198.51.100.2".parse().unwrap())
    }

    const ALL: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];

    #[test]
    fn where_everything_works_there_is_nothing_to_say() {
        let probes: Vec<_> =
            ALL.iter().flat_map(|&mode| [false, true].map(|tls| probe(mode, tls, Ok(())))).collect();
        assert!(causes(&probes).is_empty());
    }

    #[test]
    fn a_helper_is_known_by_active_mode_that_works_in_the_clear_and_not_under_tls() {
        let private = Err(FailureId::PortPrivate);
        assert_eq!(
            causes(&[probe(DataMode::PORT, false, Ok(())), probe(DataMode::PORT, true, private)]),
            [Cause::ClientHelper]
        );
        assert_eq!(
            causes(&[probe(DataMode::PORT, false, private), probe(DataMode::PORT, true, private)]),
            [Cause::ClientNat]
        );
    }

    #[test]
    fn passive_ports_that_vanish_under_tls_only_are_opened_by_a_helper() {
        let dropped = Err(FailureId::ConnectTimedOut);
        assert_eq!(
            causes(&[probe(DataMode::EPSV, false, Ok(())), probe(DataMode::EPSV, true, dropped)]),
            [Cause::ServerHelperBlind]
        );
        assert_eq!(
            causes(&[probe(DataMode::EPSV, false, dropped), probe(DataMode::PORT, false, Ok(()))]),
            [Cause::PassiveDropped]
        );
    }

    #[test]
    fn a_private_address_in_227_is_told_though_it_works_here() {
        let announced = Some("10.0.0.2:50000".parse().unwrap());
        let odd = Probe { announced, ..probe(DataMode::PASV, false, Ok(())) };
        assert_eq!(causes(&[odd]), [Cause::PrivateAnnounced]);
    }

    fn saw(change: impl FnOnce(&mut Saw)) -> Option<Saw> {
        let mut saw = Saw {
            peer: "203.0.113.9:40000".parse().unwrap(),
            dialled: "198.51.100.2:21".parse().unwrap(),
            received: None,
            announced: None,
            source: None,
            instance: Some(1),
        };
        change(&mut saw);
        Some(saw)
    }

    #[test]
    fn a_server_of_ours_tells_whose_firewall_it_is() {
        let works = probe(DataMode::EPSV, false, Ok(()));
        let vanished = probe(DataMode::PORT, false, Err(FailureId::NobodyConnected));
        let from = |port: u16| Probe {
            saw: saw(|saw| saw.source = Some(SocketAddr::new(saw.dialled.ip(), port))),
            ..vanished.clone()
        };
        assert_eq!(causes(&[works.clone(), vanished.clone()]), [Cause::ActiveDropped]);
        assert_eq!(causes(&[works.clone(), from(20)]), [Cause::ClientFirewall]);
        assert_eq!(causes(&[works, from(40_000)]), [Cause::ServerSource]);
    }

    #[test]
    fn what_did_not_arrive_as_it_was_sent_was_rewritten_on_the_way() {
        let announced: Option<SocketAddr> = Some("192.168.0.2:30000".parse().unwrap());
        let received: Option<SocketAddr> = Some("203.0.113.9:30000".parse().unwrap());
        let active = |received| Probe {
            announced,
            saw: saw(|saw| saw.received = received),
            ..probe(DataMode::PORT, false, Ok(()))
        };
        assert_eq!(causes(&[active(received)]), [Cause::ClientHelper]);
        assert!(causes(&[active(announced)]).is_empty());
        let passive = |mode, sent| Probe {
            announced: received,
            saw: saw(|saw| saw.announced = sent),
            ..probe(mode, false, Ok(()))
        };
        assert_eq!(causes(&[passive(DataMode::PASV, announced)]), [Cause::ReplyRewritten]);
        assert!(causes(&[passive(DataMode::EPSV, announced)]).is_empty(), "it has no address");
    }

    #[test]
    fn a_client_that_the_server_takes_for_a_neighbour_is_hidden() {
        let hidden = Probe {
            announced: Some("203.0.113.9:30000".parse().unwrap()),
            saw: saw(|saw| saw.peer = "10.0.0.1:40000".parse().unwrap()),
            ..probe(DataMode::PORT, false, Err(FailureId::PortForeign))
        };
        assert_eq!(causes(core::slice::from_ref(&hidden)), [Cause::ClientHidden]);
        assert_eq!(causes(&[Probe { saw: None, ..hidden }]), [Cause::ClientHidden], "nobody's NAT hides it");
    }

    #[test]
    fn servers_behind_one_address_are_told_apart() {
        let refused = Err(FailureId::ConnectRefused);
        let seen = |instance| Probe {
            saw: saw(|saw| saw.instance = Some(instance)),
            ..probe(DataMode::EPSV, false, refused)
        };
        assert_eq!(causes(&[seen(1), seen(2)]), [Cause::OtherServer]);
        assert_eq!(causes(&[seen(1), seen(1)]), [Cause::PassiveRefused]);
    }
}
