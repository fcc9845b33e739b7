//! The failure catalogue in full. Ids and one-line texts are the core's, because replies carry them.

use core::fmt;
use ftp_proto::data::FailureId;

/// What is behind a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// How it comes about.
    pub cause: &'static str,
    /// What to do.
    pub cure: &'static str,
    /// Who can do it.
    pub who: Who,
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// Whoever runs the server.
    Operator,
    /// Whoever uses the client.
    User,
    /// Whoever runs a router or firewall between them.
    Network,
    /// Either end can.
    Either,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Operator => "the server's operator",
            Self::User => "the client's user",
            Self::Network => "whoever runs the router or firewall",
            Self::Either => "either end",
        })
    }
}

/// Cause and cure of each. `--` options without a program are those of `ftp-client`.
const TABLE: &[(FailureId, Who, &str, &str)] = &[
    (
        FailureId::PortsExhausted,
        Who::Operator,
        "All ports of the server's passive range are in use: it is smaller than the number of transfers at a time.",
        "Make the range larger (ftp-server --passive-ports), and open it in the firewall. `ftp-server check` tells how large \
             it should be.",
    ),
    (
        FailureId::ListenFailed,
        Who::Operator,
        "The system does not let the process listen there: another program has the ports, or it lacks the permission.",
        "Choose another range (ftp-server --passive-ports, ftp-client --active-ports). `ftp-server check` shows which \
             ports can be bound.",
    ),
    (
        FailureId::NoDescriptors,
        Who::Operator,
        "The process has as many files and connections open as the system lets it.",
        "Raise the limit (ulimit -n, or LimitNOFILE= of systemd), or allow fewer sessions (ftp-server --max-sessions).",
    ),
    (
        FailureId::NobodyConnected,
        Who::Network,
        "A port was announced, and no connection came to it. Its packets are dropped on the way: a firewall before the \
             listening side, or a NAT that does not forward the port.",
        "In passive mode: open and forward the server's passive range. In active mode: use passive mode, or forward the \
             client's ports (--active-ports) and announce the outside address (--external-address).",
    ),
    (
        FailureId::WrongPeer,
        Who::Network,
        "Connections came, but from other hosts than the one at the other end of the control connection: a NAT with \
             several outside addresses, a proxy or balancer in between, or somebody who tries ports.",
        "Let both connections leave by the same address. Where a balancer is in between, let both \
         connections come through it.",
    ),
    (
        FailureId::ConnectRefused,
        Who::Network,
        "The announced port answered that nobody listens there. In passive mode a router has sent the connection \
             elsewhere: to itself, or to another server behind a balancer. In active mode the client's router does not forward it.",
        "Forward the passive range to the very server that announced it; behind a balancer give each server a range of its \
             own. In active mode forward the client's ports (--active-ports).",
    ),
    (
        FailureId::ConnectTimedOut,
        Who::Network,
        "Nothing came back from the announced port: a firewall drops the packets, or the address leads nowhere.",
        "Open the passive range in the server's firewall and forward it: `ftp-server firewall` prints the rules. In active \
             mode nobody gets in to the client: use passive mode, or open its ports.",
    ),
    (
        FailureId::ConnectUnreachable,
        Who::Either,
        "There is no way to the announced address: a private address was announced over the internet, or one of a \
             family that this side does not have.",
        "Let the server announce its outside address (ftp-server --external-address). Our client connects to the server's \
             own address unless it is told otherwise (--pasv-address peer).",
    ),
    (
        FailureId::ConnectReset,
        Who::Network,
        "The connection was made and then reset. A firewall reads FTP and did not expect it, or the server takes data \
             connections only from the address of the control connection.",
        "Try another mode. If the router reads FTP (an ALG or helper), switch that off, or use TLS, which hides the \
             conversation from it.",
    ),
    (
        FailureId::ConnectForbidden,
        Who::Operator,
        "This machine's own firewall or security module forbids the connection.",
        "Allow the program to connect, and the server to use its source port (CAP_NET_BIND_SERVICE for port 20).",
    ),
    (
        FailureId::SourcePort,
        Who::Operator,
        "Active data connections are to come from one port (usually 20), and it is in use or not permitted.",
        "Give the server CAP_NET_BIND_SERVICE, or let it prefer the port only (ftp-server --active-source-port prefer:20).",
    ),
    (
        FailureId::PortForeign,
        Who::User,
        "The client announced an address that is not the one its control connection comes from. Servers refuse that, since \
             it is how they were abused to reach others.",
        "Use passive mode; or announce the address by which the server sees you (--external-address).",
    ),
    (
        FailureId::PortPrivate,
        Who::User,
        "The client announced a private address, which means nothing on the internet: it is behind a NAT. Routers that \
             read FTP rewrite it, but under TLS they cannot.",
        "Use passive mode; or announce the outside address and forward ports to this machine: --external-address ADDRESS \
             --active-ports LO-HI. Under TLS, --ccc lets the router read again.",
    ),
    (
        FailureId::PortLow,
        Who::User,
        "The client announced a port below 1024, where services run that a server must not be sent to.",
        "Listen on ports from 1024 (--active-ports).",
    ),
    (
        FailureId::AnnouncedUnusable,
        Who::Operator,
        "The announced address or port is none that can be used: zero, or of another family than the connection.",
        "Use EPSV, whose reply has no address. If the server announces 0.0.0.0, its operator must set the external address.",
    ),
    (
        FailureId::ModeRefused,
        Who::Either,
        "The other side does not serve this data port mode, by its configuration or since it does not know it.",
        "Use another mode (--mode auto tries them all).",
    ),
    (
        FailureId::ModeUnanswered,
        Who::Network,
        "The request for a data port was sent, and no reply came: a firewall reads FTP and swallows what it does not \
             know, often EPSV and its reply 229.",
        "Use PASV (--mode pasv), or TLS, which hides the conversation; or switch the FTP helper of the router off.",
    ),
    (
        FailureId::PeerGaveUp,
        Who::Either,
        "The other side says that it could not open the data connection, and not why.",
        "In active mode: use passive mode, since a NAT or a firewall before this machine stops the server. In passive mode: \
             the server's log has the reason.",
    ),
    (
        FailureId::TlsFailed,
        Who::Either,
        "The two sides did not agree on TLS for the data connection.",
        "-v shows the reason. Data connections must have the server's certificate of the control connection; try --tls-max 1.2 \
             with old servers.",
    ),
    (
        FailureId::TlsTimedOut,
        Who::Network,
        "The data connection was made, and the TLS handshake on it did not come to an end: a middlebox holds it, or the \
             other side does not expect TLS there.",
        "Check that both sides mean PROT P. A router that reads FTP can hold what it does not understand: switch its helper off.",
    ),
    (
        FailureId::TlsNotResumed,
        Who::User,
        "The server wants proof that data and control connection have the same client: the data connection must resume \
             the control connection's TLS session, and it did not.",
        "Use a client that resumes sessions (ours does), or let the server not insist: ftp-server --tls-resumption auto.",
    ),
    (
        FailureId::TlsOtherCertificate,
        Who::User,
        "The data connection showed another certificate than the control connection: it has another end.",
        "Show the same client certificate on both (--cert). If it is the server's, something between the two answers in its place.",
    ),
    (
        FailureId::Other,
        Who::Either,
        "An error of the network that fits no other name.",
        "-v shows the conversation, and the log of the server what it met.",
    ),
];

/// Why a failure of this name comes about, and what cures it.
#[must_use]
pub fn explain(id: FailureId) -> Explanation {
    let row = TABLE.iter().find(|(of, ..)| *of == id);
    row.map_or(UNNAMED, |&(_, who, cause, cure)| Explanation { cause, cure, who })
}

/// For ids that are newer than this table; there are none.
const UNNAMED: Explanation = Explanation {
    cause: "An error of the network that fits no name.",
    cure: "-v shows the conversation, and the log of the server what it met.",
    who: Who::Either,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_explained_in_sentences_and_no_two_alike() {
        let mut causes = Vec::new();
        assert_eq!(TABLE.len(), FailureId::ALL.len());
        for &id in FailureId::ALL {
            assert!(TABLE.iter().any(|(of, ..)| *of == id), "{id}");
            let Explanation { cause, cure, .. } = explain(id);
            assert!(cause.ends_with('.') && cure.ends_with('.'), "{id}");
            assert!(!causes.contains(&cause), "{id}: {cause}");
            causes.push(cause);
        }
    }
}
