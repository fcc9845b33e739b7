//! What the probes of a client tell together.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use ftp_proto::address::is_private;
use ftp_proto::data::{DataMode, FailureId, Opening, Side};

/// One probe: a tiny transfer in one mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The mode.
    pub mode: DataMode,
    /// Under TLS, control and data.
    pub tls: bool,
    /// What came of it.
    pub outcome: Result<(), FailureId>,
    /// What was announced: by the server in a passive mode, by the client in an active one.
    pub announced: Option<SocketAddr>,
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
    ClientHelper "client-helper"
        "A router on the client's side reads FTP and rewrites the address that is announced. Under TLS it cannot, so active mode fails there."
        "Use passive mode; or --ccc, after which the router can read again; or --external-address with forwarded ports.";
    ActiveDropped "active-dropped"
        "The server cannot open active data connections: its packets vanish. A firewall on the client's side lets nobody in, or one on the server's side lets it out from port 20 only, and it comes from another."
        "Use passive mode, which works; or let in the ports of --active-ports here, and let the server connect from the port that its firewall allows (ftp-server --active-source-port).";
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

    /// What works, and would not for other clients.
    fn oddity(&self, probe: &Probe, passive: bool) -> Option<Cause> {
        let private = |address: SocketAddr| is_private(address.ip());
        let odd = passive && probe.announced.is_some_and(private) && !is_private(self.server);
        odd.then_some(Cause::PrivateAnnounced)
    }

    fn passive(&self, probe: &Probe, id: FailureId) -> Cause {
        let clear_works = self.works_in_the_clear(probe);
        match id {
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
                    Cause::ActiveDropped
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

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(mode: DataMode, tls: bool, outcome: Result<(), FailureId>) -> Probe {
        Probe { mode, tls, outcome, announced: None }
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
}
