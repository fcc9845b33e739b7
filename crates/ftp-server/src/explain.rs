//! `ftp-server explain`, `firewall` and `errors`: what the settings mean, without serving.

use crate::args::{Errors, Explain, Firewall};
use crate::config::{Settings, TlsMode};
use crate::external::{Labelled, Table};
use crate::{Failure, say};
use core::fmt::Write as _;
use core::net::{IpAddr, SocketAddr};
use ftp_doctor::firewall::{Fate, Needs, Place, fates, rules};
use ftp_proto::data::{
    Announce, DataFacts, DataPolicyRow, FailureId, ForeignTarget, PeerCheck, PortRange, RequireResumption,
    SourcePort,
};
use std::process::Command;

/// The row that is used for such a client, and what it would see.
pub(crate) fn explain(what: Explain) -> Result<(), Failure> {
    let settings = settings(*what.serve)?;
    let table = Table::find(&settings.data)?;
    let listener =
        what.to.or_else(|| settings.listen.first().copied().filter(|at| !at.ip().is_unspecified()));
    let port = settings.listen.first().map_or(21, SocketAddr::port);
    let listener = listener.unwrap_or_else(|| SocketAddr::new(unspecified_like(what.from), port));
    let user = what.as_user.as_ref().map(|user| user.as_bytes());
    let facts = DataFacts { client: what.from, listener, tls: what.under_tls, user };
    let policy = table.policy();
    let rows = table.labelled();
    let Some(chosen) = rows.get(policy.position(facts)) else {
        return Err(Failure::Running("the table has no row".to_owned()));
    };
    say(&shown(chosen, facts, settings.tls.mode));
    Ok(())
}

const fn unspecified_like(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(core::net::Ipv6Addr::UNSPECIFIED),
    }
}

fn shown(chosen: &Labelled, facts: DataFacts<'_>, tls: TlsMode) -> String {
    let row = &chosen.row;
    let mut text = String::new();
    // Writing to a string does not fail.
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<20}{value}");
    };
    line("client", format!("{}, {} TLS", facts.client, if facts.tls { "under" } else { "without" }));
    line("row", chosen.why.clone());
    line("EPSV", passive(row, format!("229, a port of {}", announced_ports(row))));
    line("PASV", passive(row, pasv(row, facts)));
    line("listens on", format!("ports {}-{}", row.ports.first, row.ports.last));
    line("data may come from", peers(row.peer_check));
    line("PORT and EPRT", active(row));
    if tls != TlsMode::Off {
        line("TLS on data", resumption(row.resumption).to_owned());
    }
    text
}

fn passive(row: &DataPolicyRow, answer: String) -> String {
    if row.passive { answer } else { "502: passive mode is not served".to_owned() }
}

fn announced_ports(row: &DataPolicyRow) -> String {
    let shifted = |port: u16| i32::from(port) + row.announced_port_offset;
    format!("{} to {}", shifted(row.ports.first), shifted(row.ports.last))
}

fn pasv(row: &DataPolicyRow, facts: DataFacts<'_>) -> String {
    let address = match row.announce {
        Announce::Address(ip) => ip,
        Announce::Dialled if facts.listener.ip().is_unspecified() => {
            return format!("227, the address that the client dialled, a port of {}", announced_ports(row));
        }
        Announce::Dialled => facts.listener.ip(),
    };
    match address {
        IpAddr::V4(ip) => format!("227 with {ip} and a port of {}", announced_ports(row)),
        IpAddr::V6(_) => "425: PASV cannot name an IPv6 address; the client uses EPSV".to_owned(),
    }
}

fn peers(check: PeerCheck) -> String {
    match check {
        PeerCheck::SameAddress => "the client's address".to_owned(),
        PeerCheck::SameNetwork { v4_prefix, v6_prefix } => {
            format!("the client's network (/{v4_prefix}, /{v6_prefix} over IPv6)")
        }
        PeerCheck::Off => "anywhere".to_owned(),
    }
}

fn active(row: &DataPolicyRow) -> String {
    if !row.active {
        return "504: active mode is not served".to_owned();
    }
    let to = match row.foreign_target {
        ForeignTarget::Refuse => "to the client's own address",
        ForeignTarget::SubstitutePrivate => {
            "to the client's own address, also when a private one is announced"
        }
        ForeignTarget::Allow => "to any address",
    };
    let from = match row.active_source {
        SourcePort::Any => "any port".to_owned(),
        SourcePort::PreferBelowDialled => {
            "the port below the one that was dialled, where possible".to_owned()
        }
        SourcePort::Prefer(port) => format!("port {port}, where possible"),
        SourcePort::Require(port) => format!("port {port}, or not at all"),
    };
    format!("{to}, from {from}")
}

const fn resumption(policy: RequireResumption) -> &'static str {
    match policy {
        RequireResumption::Off => "need not resume the control connection's session",
        RequireResumption::Log => "is logged when it does not resume the control connection's session",
        RequireResumption::Auto => "must resume the control connection's session once it has",
        RequireResumption::Require => "must resume the control connection's session",
    }
}

/// The rules that the settings need.
pub(crate) fn firewall(what: Firewall) -> Result<(), Failure> {
    let settings = settings(*what.serve)?;
    let place = match what.router {
        Some(machine) => Place::Router { machine, forwards: what.forward },
        None => Place::Host,
    };
    let needs = needs(&settings);
    if let Some(target) = what.target {
        say(&rules(target, &needs, place));
        return Ok(());
    }
    let fates = loaded(&needs, place)?;
    say(&fates.iter().map(|&(range, fate)| format!("{}\n", fate_line(range, fate))).collect::<String>());
    match fates.iter().filter(|(_, fate)| *fate == Fate::Dropped).count() {
        0 => Ok(()),
        _ => Err(Failure::Settings(
            "the firewall of this machine drops what the server needs: load what --for nftables prints"
                .to_owned(),
        )),
    }
}

/// What the ruleset of this machine does.
pub(crate) fn loaded(needs: &Needs, place: Place) -> Result<Vec<(PortRange, Fate)>, Failure> {
    let failed = |why: String| Failure::Running(format!("cannot read the rules of nftables: {why}"));
    let listed = Command::new("nft")
        .args(["-j", "list", "ruleset"])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !listed.status.success() {
        return Err(failed(String::from_utf8_lossy(&listed.stderr).trim().to_owned()));
    }
    fates(&String::from_utf8_lossy(&listed.stdout), needs, place).map_err(|error| failed(error.to_string()))
}

pub(crate) fn fate_line(range: PortRange, fate: Fate) -> String {
    let ports = match (range.first, range.last) {
        (first, last) if first == last => format!("port {first}"),
        (first, last) => format!("ports {first}-{last}"),
    };
    match fate {
        Fate::Accepted => format!("{ports}: new connections get through"),
        Fate::Dropped => format!("{ports}: new connections are dropped"),
        Fate::Unknown => format!("{ports}: it depends on rules that are not looked into here"),
    }
}

pub(crate) fn needs(settings: &Settings) -> Needs {
    let listens = settings.listen.iter().chain(&settings.tls.listen);
    let mut control: Vec<u16> = listens.map(SocketAddr::port).collect();
    control.sort_unstable();
    control.dedup();
    let row = settings.everybody();
    let below = || control.first().and_then(|port| port.checked_sub(1)).filter(|&port| port != 0);
    let active_source = match row.active_source {
        SourcePort::Any => None,
        SourcePort::PreferBelowDialled => below(),
        SourcePort::Prefer(port) | SourcePort::Require(port) => Some(port),
    };
    Needs {
        passive: row.passive.then_some(row.ports),
        active_source: active_source.filter(|_| row.active),
        tls_required: settings.tls.mode == TlsMode::Require,
        proxy_protocol: !settings.proxies.is_empty(),
        control,
        ..Needs::default()
    }
}

/// What an id of the failure catalogue means; without one, all of them.
pub(crate) fn errors(what: &Errors) -> Result<(), Failure> {
    let wanted = |id: &&FailureId| what.id.as_deref().is_none_or(|text| is_called(**id, text));
    let text: Vec<_> = FailureId::ALL.iter().filter(wanted).map(|&id| entry(id)).collect();
    if text.is_empty() {
        let id = what.id.as_deref().unwrap_or_default();
        return Err(Failure::Settings(format!(
            "there is no failure called {id:?}; without an id all are listed"
        )));
    }
    say(&text.join("\n"));
    Ok(())
}

/// With or without the prefix that all have, in any case.
fn is_called(id: FailureId, text: &str) -> bool {
    let short = id.as_str().trim_start_matches("FTP-DATA-");
    [id.as_str(), short].iter().any(|name| name.eq_ignore_ascii_case(text))
}

fn entry(id: FailureId) -> String {
    let ftp_doctor::Explanation { cause, cure, who } = ftp_doctor::explain(id);
    format!("{id}: {}\n  Cause: {cause}\n  Cure:  {cure}\n  Who:   {who}\n", id.text())
}

fn settings(serve: crate::args::Serve) -> Result<Settings, Failure> {
    Settings::new(serve).map_err(|error| Failure::Settings(error.to_string()))
}
