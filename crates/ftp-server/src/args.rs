//! The command line.

use crate::config::{
    ActiveAddresses, ActiveSource, ClientCertificate, EncodingList, LogFormat, Modes, Network, PassivePorts,
    PeerCheckText, ResumptionMode, Seconds, TlsMode,
};
use crate::driver::Driver;
use clap::{Args, Parser, Subcommand};
use core::net::{IpAddr, SocketAddr};
use ftp_doctor::firewall::Target;
use ftp_external::Source;
use std::path::PathBuf;

/// An FTP server that starts with no configuration.
///
/// Exit codes: 0 stopped by a signal, after running transfers had finished or their time was up;
/// 1 failed while running; 2 wrong arguments or configuration; 3 an address cannot be listened on.
#[derive(Debug, Parser)]
#[command(name = "ftp-server", version, propagate_version = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a directory.
    ///
    /// Without --user anyone may log in as "anonymous" and read. A user given with --user may also write.
    Serve(Box<Serve>),
    /// Read a password and print the line for a configuration file, with the password hashed.
    ///
    /// On a terminal the password is asked for twice and not shown; otherwise the first line of standard input
    /// is taken.
    Passwd,
    /// Look for what in the settings, or on this machine, will stop data connections. Exit code 2 when there is something.
    Check(Box<Serve>),
    /// Look at the running server from all sides: what `check` looks for, this machine's firewall, the way back through the
    /// router, and, with --from, a client outside. Exit code 2 when something is wrong.
    Doctor(Doctor),
    /// Print which row of the data connection table a client would get, and what it would see.
    ///
    /// The settings are those of `serve`, by the same options or the same --config.
    Explain(Explain),
    /// Print the firewall rules that the settings need.
    Firewall(Firewall),
    /// Print what a failure's id means, its cause and its cure; without an id, all of them.
    Errors(Errors),
}

/// What `explain` can be told.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The client's address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) from: IpAddr,
    /// What the client dials.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) to: Option<SocketAddr>,
    /// The control connection is under TLS.
    #[arg(long)]
    pub(crate) under_tls: bool,
    /// Who is logged in.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) as_user: Option<String>,
    #[command(flatten)]
    pub(crate) serve: Box<Serve>,
}

/// What `doctor` can be told.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// A machine outside, which can be reached by ssh and has ftp-client: it tries every data port mode from there.
    #[arg(long, value_name = "HOST", conflicts_with = "agent")]
    pub(crate) from: Option<String>,
    /// The same by another command than ssh: what runs programs outside, in words without quotes, as in `ssh -p 2222 host`.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) agent: Option<String>,
    /// What the client outside connects to [default: the external address and the first port that is listened on].
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) serve: Box<Serve>,
}

/// What `firewall` can be told.
#[derive(Debug, Args)]
pub(crate) struct Firewall {
    /// nftables, iptables, ufw, firewalld, pf, compose, kubernetes, haproxy, nginx, or list for plain words.
    #[arg(long = "for", value_name = "WHAT", required_unless_present = "check")]
    pub(crate) target: Option<Target>,
    /// Print no rules, but what the running ruleset of nftables does with the connections that are needed; iptables keeps its
    /// rules there, too. Needs root. Exit code 2 when one does not get through.
    #[arg(long, conflicts_with = "target")]
    pub(crate) check: bool,
    /// The rules are for a router or firewall before the server, which has this address behind it [default: for the server's
    /// own machine].
    #[arg(long, value_name = "ADDR")]
    pub(crate) router: Option<IpAddr>,
    /// That router translates addresses: it has to forward the ports.
    #[arg(long, requires = "router")]
    pub(crate) forward: bool,
    #[command(flatten)]
    pub(crate) serve: Box<Serve>,
}

/// What `errors` can be told.
#[derive(Debug, Args)]
pub(crate) struct Errors {
    /// The id, as in FTP-DATA-CONNECT-REFUSED or just CONNECT-REFUSED.
    pub(crate) id: Option<String>,
}

/// What `serve` can be told. Each option has its key in the configuration file; an option given here wins.
#[derive(Debug, Default, Args)]
pub(crate) struct Serve {
    /// The directory that is served; the current one when none is given.
    #[arg(value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// Where to listen: PORT, ADDRESS or ADDRESS:PORT; may be repeated [default: port 2121 on all addresses].
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    pub(crate) listen: Vec<Vec<SocketAddr>>,

    /// A user who may read and write; may be repeated. Others can see the command line: prefer --config.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = parse_user)]
    pub(crate) users: Vec<(String, String)>,

    /// Let anyone in as "anonymous", beside the users that are given.
    #[arg(long)]
    pub(crate) anonymous: bool,

    /// Let "anonymous" write.
    #[arg(long)]
    pub(crate) writable: bool,

    /// The ports of passive data connections [default: 61000-65535].
    #[arg(long, value_name = "LO-HI")]
    pub(crate) passive_ports: Option<PassivePorts>,

    /// Let clients with different addresses use the same passive port at the same time, so that few ports, or one, serve many:
    /// where each costs something, as in Kubernetes. Not behind a balancer, which hides the addresses.
    #[arg(long)]
    pub(crate) share_passive_ports: bool,

    /// The address that passive replies announce, when the server is behind a NAT: an address; a host name; `interface:NAME`;
    /// `env:NAME`; or `http://...`, which answers it in plain text. Names, interfaces and URLs are looked up again and again.
    /// Clients on a private network get the address that they dialled [default: `dialled`, for everybody].
    #[arg(long, value_name = "FROM")]
    pub(crate) external_address: Option<Source>,

    /// Added to the port that is listened on for the one that is announced, where a NAT maps ports [default: 0].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) port_offset: Option<i32>,

    /// Which data port modes are served: `passive`, `active`, or both with a comma [default: passive,active].
    #[arg(long, value_name = "MODES")]
    pub(crate) modes: Option<Modes>,

    /// Who may connect to a passive port: the client's `address` only; `network:24` or `network:24/64` for all of its
    /// network; `off` for anybody [default: address].
    #[arg(long, value_name = "WHO")]
    pub(crate) peer_check: Option<PeerCheckText>,

    /// PORT and EPRT with another address than the client's: `refuse`; `substitute` the client's for a private one; or
    /// `allow`, for transfers from server to server (FXP) [default: refuse].
    #[arg(long, value_name = "HOW")]
    pub(crate) active_addresses: Option<ActiveAddresses>,

    /// The local port of active data connections: a port, or `prefer:PORT` to use another when it cannot be had, or
    /// `any` [default: the port that the client dialled minus one, if it can be had].
    #[arg(long, value_name = "N")]
    pub(crate) active_source_port: Option<ActiveSource>,

    /// What is offered besides streams of octets: a list of `records` (STRU R), `block` (MODE B) and `deflate` (MODE Z,
    /// which costs processor time), or `none` [default: records,block,deflate].
    #[arg(long, value_name = "LIST")]
    pub(crate) encodings: Option<EncodingList>,

    /// A configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How many sessions at the most; 0 is no limit [default: 1000].
    #[arg(long, value_name = "N")]
    pub(crate) max_sessions: Option<u32>,

    /// How many sessions of one client address at the most; 0 is no limit [default: 50].
    #[arg(long, value_name = "N")]
    pub(crate) max_sessions_per_ip: Option<u32>,

    /// After how long without a command a session is closed: seconds, or with s, m or h [default: 5m].
    #[arg(long, value_name = "TIME")]
    pub(crate) idle_timeout: Option<Seconds>,

    /// How log lines look [default: text].
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,

    /// Append the log to this file instead of writing it to standard error.
    #[arg(long, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,

    /// Whom to run as when root has started the server: USER, USER:GROUP, or numbers. Sessions never run as root [default:
    /// who owns the directory that is served; nobody when that is root].
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,

    /// TLS: `offer` it, `require` it for logins and data connections, or `off` [default: offer].
    #[arg(long, value_name = "WHEN")]
    pub(crate) tls: Option<TlsMode>,

    /// TLS on data connections: `offer`, `require` or `off` [default: as --tls].
    #[arg(long, value_name = "WHEN")]
    pub(crate) tls_data: Option<TlsMode>,

    /// The certificate, in PEM, followed by those that lead to an authority; may be repeated, for several names. Clients that
    /// ask for another name are refused [default: one that the server makes and signs itself at its first start, and
    /// keeps].
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Vec<PathBuf>,

    /// The key of the certificate in the same place, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Vec<PathBuf>,

    /// Ask clients for a certificate from one of the authorities in this PEM file. Users have theirs listed in the
    /// configuration, and log in by it without a password.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_client_ca: Option<PathBuf>,

    /// Whether clients must have one: `optional` or `require` [default: optional].
    #[arg(long, value_name = "WHEN")]
    pub(crate) tls_client_cert: Option<ClientCertificate>,

    /// Where to listen for clients that begin with TLS (implicit TLS, port 990): as --listen; may be repeated.
    #[arg(long, value_name = "ADDR", value_parser = parse_listen)]
    pub(crate) listen_tls: Vec<Vec<SocketAddr>>,

    /// A load balancer (an address, or a network such as 10.0.0.0/8) that begins each connection, control and data, with a
    /// header of the PROXY protocol, version 1 or 2; may be repeated. Nobody else's header is believed.
    #[arg(long, value_name = "NETWORK")]
    pub(crate) proxy_protocol_from: Vec<Network>,

    /// Data connections resume the control connection's TLS session: `off` does not look, `log` only tells, `auto` requires it
    /// once a session has done so, `require` requires it always [default: auto].
    #[arg(long, value_name = "WHEN")]
    pub(crate) tls_resumption: Option<ResumptionMode>,

    /// Let clients go back to the clear on the control connection (CCC), for routers that must read it.
    #[arg(long)]
    pub(crate) allow_ccc: bool,

    /// Take uploads under TLS as whole that end without TLS's own end, for clients that send none.
    #[arg(long)]
    pub(crate) tls_accept_unclean_end: bool,

    /// Let users with a password log in without TLS from other machines.
    #[arg(long)]
    pub(crate) allow_clear_login: bool,

    /// Where to answer scrapers of metrics, over HTTP and without a password: `http://ADDR/metrics`, OpenMetrics text. Choose
    /// an address that only they reach [default: nowhere].
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Write what happens in every session to this new file, so that a fault can be played again and looked into. No
    /// password is in it; names of users and files, and addresses, are. It ends at 256 MiB.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Which event loop serves [default: tokio].
    #[arg(long, value_name = "DRIVER")]
    pub(crate) driver: Option<Driver>,

    /// How long running transfers may go on after SIGTERM: seconds, or with s, m or h [default: 30s].
    #[arg(long, value_name = "TIME")]
    pub(crate) drain: Option<Seconds>,
}

fn parse_listen(text: &str) -> Result<Vec<SocketAddr>, String> {
    crate::config::parse_listen(text)
}

fn parse_user(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() && !password.is_empty() => {
            Ok((name.to_owned(), password.to_owned()))
        }
        _ => Err("expected NAME:PASSWORD, both not empty".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn serve(arguments: &[&str]) -> Serve {
        let line = ["ftp-server", "serve"].iter().chain(arguments);
        match Cli::try_parse_from(line).expect("arguments that are right").command {
            Command::Serve(serve) => *serve,
            _ => unreachable!("serve was asked for"),
        }
    }

    #[test]
    fn the_definition_of_the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_that_may_be_repeated_collect() {
        let serve =
            serve(&["--listen", "127.0.0.1:21", "--listen", "[::1]:21", "--user", "a:b:c", "--user", "d:e"]);
        assert_eq!(serve.listen.concat().len(), 2);
        assert_eq!(serve.users[0], ("a".to_owned(), "b:c".to_owned()), "a password may have a colon");
        assert_eq!(serve.users.len(), 2);
    }

    #[test]
    fn a_user_without_a_name_or_a_password_is_refused() {
        for user in ["alice", ":secret", "alice:", ""] {
            assert!(Cli::try_parse_from(["ftp-server", "serve", "--user", user]).is_err(), "{user:?}");
        }
    }

    #[test]
    fn nothing_is_required() {
        let serve = serve(&[]);
        assert!(serve.root.is_none() && serve.listen.is_empty() && serve.users.is_empty());
    }
}
