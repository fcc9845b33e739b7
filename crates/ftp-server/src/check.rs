//! `ftp-server check`: what in the settings, or on this machine, will stop data connections.

use crate::config::{Settings, TlsMode};
use crate::external::Table;
use crate::{Failure, say};
use core::net::SocketAddr;
use ftp_proto::address::is_private;
use ftp_proto::data::{DataPolicyRow, PortRange};
use std::io::ErrorKind;
use std::net::TcpListener;

/// Ports that are tried: of a large range, as many from its start.
const TRIED: usize = 1000;

/// Prints what was found; fails when there is something.
pub(crate) fn check(settings: &Settings) -> Result<(), Failure> {
    conclude(&findings(settings, &Table::find(&settings.data)?, Ports::Free))
}

/// Prints findings; fails when there are any.
pub(crate) fn conclude(found: &[String]) -> Result<(), Failure> {
    if found.is_empty() {
        say("Nothing stands in the way.\n");
        return Ok(());
    }
    say(&found.iter().map(|line| format!("- {line}\n")).collect::<String>());
    Err(Failure::Settings(format!("{} of the settings will not do what they should", found.len())))
}

/// Whether the passive ports are to be free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ports {
    Free,
    /// The server runs, and may be using them.
    InUse,
}

/// What in the settings, or on this machine, will stop data connections.
pub(crate) fn findings(settings: &Settings, table: &Table, ports: Ports) -> Vec<String> {
    let mut found = Vec::new();
    let mut ranges: Vec<PortRange> = Vec::new();
    for row in &table.labelled() {
        if row.row.passive && !ranges.contains(&row.row.ports) {
            ranges.push(row.row.ports);
            found.extend(range(settings, &row.row));
            found.extend((ports == Ports::Free).then(|| taken(row.row.ports)).flatten());
        }
    }
    found.extend(table.external().filter(|&ip| is_private(ip)).map(|ip| {
        format!(
            "The external address {ip} is private: clients on the internet cannot reach it. Name the outside address of \
             your router, unless all clients are on private networks."
        )
    }));
    found.extend(helper(settings));
    found
}

fn range(settings: &Settings, row: &DataPolicyRow) -> Vec<String> {
    let ports = row.ports;
    if ports.is_ephemeral() {
        return Vec::new();
    }
    let (name, count) =
        (format!("{}-{}", ports.first, ports.last), usize::from(ports.last - ports.first) + 1);
    let mut found = Vec::new();
    // Each session has one transfer at a time, and a port rests after it.
    if settings.sessions.total > count && !settings.share_passive_ports {
        let limit = settings.sessions.total;
        found.push(format!(
            "The passive range {name} has {count} ports for {limit} sessions: when all are in use, transfers fail with 425 \
             [FTP-DATA-PORTS-EXHAUSTED]. Make it larger (--passive-ports), or allow fewer sessions (--max-sessions)."
        ));
    }
    let listens = settings.listen.iter().chain(&settings.tls.listen).map(SocketAddr::port);
    found.extend(listens.filter(|port| (ports.first..=ports.last).contains(port)).map(|port| {
        format!("The passive range {name} has port {port} in it, where control connections are listened for. Choose another range.")
    }));
    if let Some((low, high)) = ephemeral().filter(|&(low, high)| ports.first <= high && ports.last >= low) {
        found.push(format!(
            "The passive range {name} overlaps {low}-{high}, from which the system takes ports for connections of its own: some \
             will be in use. Choose ports outside of it (net.ipv4.ip_local_port_range)."
        ));
    }
    found
}

/// Ports that somebody else has.
fn taken(ports: PortRange) -> Option<String> {
    if ports.is_ephemeral() {
        return None;
    }
    let tried: Vec<_> =
        (ports.first..=ports.last).take(TRIED).filter_map(|port| Some((port, in_the_way(port)?))).collect();
    let (port, why) = tried.first()?;
    let count = usize::from(ports.last - ports.first) + 1;
    Some(format!(
        "{} of the first {} ports of {}-{} cannot be listened on, such as {port}: {why}. End what uses them, or choose another \
         range.",
        tried.len(),
        count.min(TRIED),
        ports.first,
        ports.last
    ))
}

fn in_the_way(port: u16) -> Option<std::io::Error> {
    TcpListener::bind(("0.0.0.0", port)).err().filter(|error| error.kind() != ErrorKind::AddrNotAvailable)
}

/// Where the system takes the ports of outgoing connections from.
fn ephemeral() -> Option<(u16, u16)> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The kernel's FTP helper reads control connections, and under TLS it cannot.
fn helper(settings: &Settings) -> Option<String> {
    let modules = std::fs::read_to_string("/proc/modules").ok()?;
    let loaded = modules.lines().any(|line| line.starts_with("nf_conntrack_ftp "));
    (loaded && settings.tls.mode == TlsMode::Require).then(|| {
        "The kernel's FTP helper (nf_conntrack_ftp) is loaded on this machine, and control connections are under TLS, where it is \
         blind: open the passive range for good (`ftp-server firewall`), and do not rely on it."
            .to_owned()
    })
}
