//! The situations of `data-port modes`, as data: networks, settings, and what has to come of each mode.

use super::network::{CLIENT_OUTSIDE, SERVER_OUTSIDE, Side};
use super::rulesets::{
    BALANCER, CLOSED, DATA_DROPPED, DATA_REJECTED, DATA_RESET, FORGETFUL, HELPER, IPTABLES_CLOSED,
    MASQUERADE, MASQUERADE_AND_DMZ, MASQUERADE_AND_FORWARD, MASQUERADE_AND_MAP, NO_229, NO_IPV6,
    SERVER_FIREWALL, SERVER_FIREWALL_WITH_HELPER, SERVER_FORWARDS, SERVER_FORWARDS_CONTROL,
    SERVER_FORWARDS_HAIRPIN, STATEFUL,
};

/// What has to come of a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Works,
    /// Fails with this id, at once.
    Fails(&'static str),
    /// Fails with this id, after the time that only a time-out can tell.
    TimesOut(&'static str),
}

use Expected::{Fails, TimesOut, Works};

/// A network, a server and a client in it.
pub(super) struct Situation {
    pub(super) name: &'static str,
    /// For people, in a sentence.
    pub(super) what: &'static str,
    pub(super) client_side: Side,
    pub(super) server_side: Side,
    /// Rulesets of nftables, or commands for the shell, by namespace.
    pub(super) rules: &'static [(&'static str, &'static str)],
    /// The rules that `ftp-server firewall --for` prints for the server's router, and further options of it.
    pub(super) generated: Option<(&'static str, &'static [&'static str])>,
    /// Where the server runs.
    pub(super) servers: &'static [&'static str],
    /// How large the file is, in octets.
    pub(super) size: usize,
    pub(super) passive_ports: &'static str,
    /// Further options of `ftp-server serve`.
    pub(super) server: &'static [&'static str],
    /// Where the client runs.
    pub(super) from: &'static str,
    /// What the client is told to connect to; empty: the server's own address, or the outside of its router.
    pub(super) to: &'static str,
    /// Further options of `ftp-client`.
    pub(super) client: &'static [&'static str],
    /// For each of [`MODES`](super::play::MODES); `None`: not tried.
    pub(super) expected: [Option<Expected>; 5],
    /// The causes that `ftp-client doctor` finds, which looks at it with TLS and without; `None`: it is not asked.
    pub(super) doctor: Option<&'static [&'static str]>,
}

impl Situation {
    /// A client and a server with public addresses, and nothing in between that would mind.
    const FLAT: Self = Self {
        name: "",
        what: "",
        client_side: Side::CLIENT_PUBLIC,
        server_side: Side::SERVER_PUBLIC,
        rules: &[],
        generated: None,
        servers: &["server"],
        size: 30,
        passive_ports: "50000-50009",
        server: &[],
        from: "client",
        to: "",
        client: &["--tls", "off"],
        expected: [Some(Works); 5],
        doctor: Some(&[]),
    };

    /// The client has a private address behind a NAT.
    const CLIENT_NAT: Self = Self { client_side: Side::CLIENT_PRIVATE, ..Self::FLAT };

    /// The server has a private address behind a NAT.
    const SERVER_NAT: Self = Self { server_side: Side::SERVER_PRIVATE, ..Self::FLAT };

    pub(super) fn server_address(&self) -> String {
        match self.to {
            "" if self.server_side.address() == Side::SERVER_PRIVATE.address() => SERVER_OUTSIDE.to_owned(),
            "" => self.server_side.address(),
            to => to.to_owned(),
        }
    }
}

const EXTERNAL: &[&str] =
    &["--tls", "off", "--external-address", CLIENT_OUTSIDE, "--active-ports", "40000-40009"];
const TLS: &[&str] = &["--tls", "explicit", "--insecure"];

/// The address that was announced is private, and the server says so.
const PRIVATE: Option<Expected> = Some(Fails("FTP-DATA-PORT-PRIVATE"));
/// The packets of whoever connects vanish. In active mode the server tells.
const FOREIGN: Option<Expected> = Some(Fails("FTP-DATA-PORT-FOREIGN"));
const NO_ANSWER: Option<Expected> = Some(TimesOut("FTP-DATA-CONNECT-TIMED-OUT"));
const REFUSED: Option<Expected> = Some(Fails("FTP-DATA-CONNECT-REFUSED"));
const RESET: Option<Expected> = Some(Fails("FTP-DATA-CONNECT-RESET"));
const WORKS: Option<Expected> = Some(Works);

/// The table. The numbers are those of the twelve situations in `data-port-modes.md`.
pub(super) const SITUATIONS: &[Situation] = &[
    Situation { name: "1 flat", what: "both have public addresses", ..Situation::FLAT },
    Situation {
        name: "1 flat, TLS",
        what: "both have public addresses, control and data connections are under TLS",
        client: TLS,
        ..Situation::FLAT
    },
    Situation {
        name: "1 flat, IPv6",
        what: "IPv6 all the way",
        to: "[2001:db8:5::2]",
        expected: [WORKS, WORKS, None, WORKS, None],
        ..Situation::FLAT
    },
    Situation {
        name: "2 client NAT",
        what: "the client is behind a NAT: passive modes work, active ones cannot",
        rules: &[("client-router", MASQUERADE)],
        expected: [WORKS, WORKS, WORKS, PRIVATE, PRIVATE],
        doctor: Some(&["client-nat"]),
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "3 server NAT, no address",
        what: "the server is behind a NAT and does not know its outside address; our client does not need it",
        rules: &[("server-router", SERVER_FORWARDS)],
        doctor: Some(&["private-announced"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "3 server NAT",
        what: "the server announces the outside address of its NAT",
        rules: &[("server-router", SERVER_FORWARDS)],
        server: &["--external-address", SERVER_OUTSIDE],
        client: &["--tls", "off", "--pasv-address", "trust"],
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "3 server NAT, not forwarded",
        what: "only the control port is forwarded: active modes are left",
        rules: &[("server-router", SERVER_FORWARDS_CONTROL)],
        server: &["--external-address", SERVER_OUTSIDE],
        expected: [WORKS, NO_ANSWER, NO_ANSWER, WORKS, WORKS],
        doctor: Some(&["passive-dropped"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "3 on the server's LAN",
        what: "a client on the server's side of the NAT gets the inside address",
        rules: &[("server-router", SERVER_FORWARDS)],
        server: &["--external-address", SERVER_OUTSIDE],
        from: "server-2",
        to: "10.0.0.2",
        client: &["--tls", "off", "--pasv-address", "trust"],
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "3 hairpin",
        what: "a client on the server's side dials the outside address, through the router and back",
        rules: &[("server-router", SERVER_FORWARDS_HAIRPIN)],
        server: &["--external-address", SERVER_OUTSIDE],
        from: "server-2",
        expected: [WORKS, WORKS, WORKS, None, None],
        doctor: Some(&["private-announced", "client-hidden"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "5 forwarded ports",
        what: "the client announces its NAT's outside address, and the ports are forwarded",
        rules: &[("client-router", MASQUERADE_AND_FORWARD)],
        client: EXTERNAL,
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "5 learned",
        what: "likewise, and the client asks the server which address it sees",
        rules: &[("client-router", MASQUERADE_AND_FORWARD)],
        client: &["--tls", "off", "--external-address", "auto", "--active-ports", "40000-40009"],
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "6 other ports",
        what: "the router forwards other ports than those that the client listens on",
        rules: &[("client-router", MASQUERADE_AND_MAP)],
        client: &[
            "--tls",
            "off",
            "--external-address",
            CLIENT_OUTSIDE,
            "--active-ports",
            "40000-40009",
            "--active-port-offset",
            "1000",
        ],
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "6 forward missing",
        what: "the client announces its NAT's outside address, and nothing is forwarded",
        rules: &[("client-router", MASQUERADE)],
        client: EXTERNAL,
        expected: [WORKS, WORKS, WORKS, REFUSED, REFUSED],
        doctor: Some(&["client-forward-missing"]),
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "7 client in a DMZ",
        what: "all that comes from outside reaches the client",
        rules: &[("client-router", MASQUERADE_AND_DMZ)],
        client: &["--tls", "off", "--external-address", CLIENT_OUTSIDE],
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "8 FTP helper",
        what: "the client's router reads FTP, rewrites the addresses and opens the way back",
        rules: &[("client-router", HELPER)],
        doctor: Some(&["client-helper"]),
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "9 FTP helper, TLS",
        what: "the same router is blind under TLS: the server is told a private address",
        rules: &[("client-router", HELPER)],
        client: TLS,
        expected: [WORKS, WORKS, WORKS, PRIVATE, PRIVATE],
        doctor: Some(&["client-helper"]),
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "9 FTP helper, TLS, CCC",
        what: "after CCC the router can read again",
        rules: &[("client-router", HELPER)],
        server: &["--allow-ccc"],
        client: &["--tls", "explicit", "--insecure", "--ccc"],
        doctor: Some(&["client-helper"]),
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "10 client firewall",
        what: "nobody gets in to the client",
        rules: &[("client-router", STATEFUL)],
        expected: [WORKS, WORKS, WORKS, NO_ANSWER, NO_ANSWER],
        doctor: Some(&["client-firewall"]),
        ..Situation::FLAT
    },
    Situation {
        name: "11 server firewall",
        what: "in to 21 and the passive range, out from port 20 only",
        rules: &[("server-router", SERVER_FIREWALL)],
        ..Situation::FLAT
    },
    Situation {
        name: "11 not from port 20",
        what: "the same firewall, and a server that does not connect from port 20",
        rules: &[("server-router", SERVER_FIREWALL)],
        server: &["--active-source-port", "any"],
        expected: [WORKS, WORKS, WORKS, NO_ANSWER, NO_ANSWER],
        doctor: Some(&["server-source-port"]),
        ..Situation::FLAT
    },
    Situation {
        name: "11 wrong range",
        what: "the same firewall, and a server that listens on other ports",
        rules: &[("server-router", SERVER_FIREWALL)],
        passive_ports: "51000-51009",
        expected: [WORKS, NO_ANSWER, NO_ANSWER, WORKS, WORKS],
        doctor: Some(&["passive-dropped"]),
        ..Situation::FLAT
    },
    Situation {
        name: "11 helper before server",
        what: "the server's firewall opens data ports as it reads them",
        rules: &[("server-router", SERVER_FIREWALL_WITH_HELPER)],
        doctor: Some(&["server-helper-blind"]),
        ..Situation::FLAT
    },
    Situation {
        name: "11 helper, TLS",
        what: "the server's firewall is blind under TLS: no data connection at all",
        rules: &[("server-router", SERVER_FIREWALL_WITH_HELPER)],
        client: TLS,
        expected: [Some(TimesOut("FTP-DATA-NOBODY-CONNECTED")), NO_ANSWER, NO_ANSWER, NO_ANSWER, NO_ANSWER],
        doctor: Some(&["server-helper-blind"]),
        ..Situation::FLAT
    },
    Situation {
        name: "11 closed",
        what: "a closed firewall, opened by what `ftp-server firewall --for nftables` prints",
        rules: &[("server-router", CLOSED)],
        generated: Some(("nftables", &["--router", "198.51.100.130"])),
        ..Situation::FLAT
    },
    Situation {
        name: "11 closed, iptables",
        what: "likewise, by what --for iptables prints, and only passive mode",
        rules: &[("server-router", IPTABLES_CLOSED)],
        generated: Some(("iptables", &["--router", "198.51.100.130"])),
        server: &["--active-source-port", "any"],
        expected: [WORKS, WORKS, WORKS, NO_ANSWER, NO_ANSWER],
        doctor: Some(&["server-source-port"]),
        ..Situation::FLAT
    },
    Situation {
        name: "3 closed, forwarded",
        what: "a closed router with a NAT, opened and made to forward by what the server prints",
        rules: &[("server-router", CLOSED), ("server-router", MASQUERADE)],
        generated: Some(("nftables", &["--router", "10.0.0.2", "--forward"])),
        server: &["--external-address", SERVER_OUTSIDE],
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "both behind NAT",
        what: "passive modes are left",
        client_side: Side::CLIENT_PRIVATE,
        rules: &[("client-router", MASQUERADE), ("server-router", SERVER_FORWARDS)],
        server: &["--external-address", SERVER_OUTSIDE],
        expected: [WORKS, WORKS, WORKS, PRIVATE, PRIVATE],
        doctor: Some(&["client-nat"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "data dropped",
        what: "packets to the passive ports vanish on the way",
        rules: &[("internet", DATA_DROPPED)],
        expected: [WORKS, NO_ANSWER, NO_ANSWER, WORKS, WORKS],
        doctor: Some(&["passive-dropped"]),
        ..Situation::FLAT
    },
    Situation {
        name: "data rejected",
        what: "connections to the passive ports are refused on the way",
        rules: &[("internet", DATA_REJECTED)],
        expected: [WORKS, REFUSED, REFUSED, WORKS, WORKS],
        doctor: Some(&["passive-refused"]),
        ..Situation::FLAT
    },
    Situation {
        name: "229 swallowed",
        what: "a firewall reads FTP and does not know EPSV",
        rules: &[("internet", NO_229)],
        expected: [WORKS, Some(TimesOut("FTP-DATA-MODE-UNANSWERED")), WORKS, WORKS, WORKS],
        doctor: Some(&["epsv-swallowed"]),
        ..Situation::FLAT
    },
    Situation {
        name: "balancer",
        what: "two servers behind one address, and data connections that go to one of them",
        rules: &[("server-router", BALANCER)],
        servers: &["server", "server-2"],
        server: &["--external-address", SERVER_OUTSIDE],
        expected: [WORKS, None, None, WORKS, WORKS],
        doctor: Some(&["other-server"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "HAProxy",
        what: "HAProxy before the server tells it by the PROXY protocol whose connection it passes on",
        rules: &[("server-router", MASQUERADE)],
        generated: Some(("haproxy", &["--router", "10.0.0.2"])),
        server: &["--proxy-protocol-from", "10.0.0.1"],
        client: &["--tls", "off", "--pasv-address", "trust"],
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "HAProxy, TLS",
        what: "likewise under TLS, which the balancer passes on as it is",
        rules: &[("server-router", MASQUERADE)],
        generated: Some(("haproxy", &["--router", "10.0.0.2"])),
        server: &["--proxy-protocol-from", "10.0.0.1"],
        client: TLS,
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "nginx",
        what: "nginx as the balancer, likewise",
        rules: &[("server-router", MASQUERADE)],
        generated: Some(("nginx", &["--router", "10.0.0.2"])),
        server: &["--proxy-protocol-from", "10.0.0.1"],
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "HAProxy, silent",
        what: "a balancer that does not tell: the server takes it for the client",
        rules: &[("server-router", MASQUERADE)],
        generated: Some(("haproxy", &["--router", "10.0.0.2"])),
        expected: [WORKS, WORKS, WORKS, FOREIGN, FOREIGN],
        doctor: Some(&["private-announced", "client-hidden"]),
        ..Situation::SERVER_NAT
    },
    Situation {
        name: "NAT forgets",
        what: "the client's NAT forgets what is silent for 2 s, and a transfer takes longer; NOOPs keep the control connection",
        rules: &[
            ("client-router", MASQUERADE),
            ("client-router", FORGETFUL),
            ("server-router", "tc qdisc add dev wan root tbf rate 4mbit burst 32k latency 100ms"),
        ],
        size: 1_200_000,
        client: &["--tls", "off", "--keep-alive", "0.5"],
        expected: [WORKS, WORKS, WORKS, None, None],
        doctor: None,
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "NAT forgets, late",
        what: "likewise, and NOOPs that come too late: the file is there, and the client says why there is no confirmation",
        rules: &[
            ("client-router", MASQUERADE),
            ("client-router", FORGETFUL),
            ("server-router", "tc qdisc add dev wan root tbf rate 4mbit burst 32k latency 100ms"),
        ],
        size: 2_400_000,
        expected: [WORKS, None, None, None, None],
        doctor: None,
        ..Situation::CLIENT_NAT
    },
    Situation {
        name: "data reset",
        what: "data connections are made, and reset at their first octet",
        rules: &[("internet", DATA_RESET)],
        expected: [WORKS, RESET, RESET, WORKS, WORKS],
        doctor: Some(&["passive-refused"]),
        ..Situation::FLAT
    },
    Situation {
        name: "dual stack",
        what: "the server's name has addresses of both families",
        to: "dual.example",
        // PASV and PORT name addresses of IPv4 only.
        expected: [
            WORKS,
            WORKS,
            Some(Fails("FTP-DATA-MODE-REFUSED")),
            WORKS,
            Some(Fails("FTP-DATA-ANNOUNCED-UNUSABLE")),
        ],
        ..Situation::FLAT
    },
    Situation {
        name: "dual stack, IPv6 broken",
        what: "likewise, and packets of IPv6 vanish: the client takes IPv4 after a moment",
        rules: &[("internet", NO_IPV6)],
        to: "dual.example",
        doctor: None,
        ..Situation::FLAT
    },
];
