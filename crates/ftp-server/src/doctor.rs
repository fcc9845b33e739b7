//! `ftp-server doctor`: the running server, looked at from all sides.

use crate::args::Doctor;
use crate::check::{Ports, conclude, findings};
use crate::config::{Settings, TlsMode};
use crate::explain::{fate_line, loaded, needs};
use crate::external::Table;
use crate::{Failure, say};
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use ftp_doctor::firewall::{Fate, Place};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::Command;

/// A server greets within this time.
const GREETING: Duration = Duration::from_secs(5);

/// Each part says what it saw, and adds what is wrong.
pub(crate) fn doctor(what: Doctor) -> Result<(), Failure> {
    let settings = Settings::new(*what.serve).map_err(|error| Failure::Settings(error.to_string()))?;
    let table = Table::find(&settings.data)?;
    let port = settings.listen.first().map_or(21, SocketAddr::port);
    let here = SocketAddr::new(own(&settings), port);
    let runs = greeting(here).is_some();
    let ports = if runs { Ports::InUse } else { Ports::Free };
    let mut found = findings(&settings, &table, ports);
    report("server", if runs { format!("answers at {here}") } else { format!("does not answer at {here}") });
    if !runs {
        found
            .push(format!("No FTP server answers at {here}: start it with these settings, then look again."));
    }
    found.extend(firewall(&settings));
    if let Some(external) = table.external() {
        let at = SocketAddr::new(external, port);
        // A router that does not send back what comes from inside is no fault.
        report(
            "way back",
            match greeting(at) {
                Some(_) => format!("the router leads from here to {at} and back"),
                None => format!("{at} cannot be reached from here; that says nothing about clients outside"),
            },
        );
    }
    if let Some(agent) = agent(what.from.as_deref(), what.agent.as_deref()) {
        let url = what.url.unwrap_or_else(|| {
            let external = table.external().unwrap_or_else(|| here.ip());
            format!("ftp://{}/", SocketAddr::new(external, port))
        });
        found.extend(outside(&agent, &url, settings.tls.mode)?);
    }
    conclude(&found)
}

fn report(what: &str, seen: String) {
    say(&format!("{what:<12}{seen}\n"));
}

/// Where the server is reached on this machine.
fn own(settings: &Settings) -> IpAddr {
    let listens = settings.listen.first().map(SocketAddr::ip);
    listens.filter(|ip| !ip.is_unspecified()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The first line of what answers there, if that is an FTP server.
fn greeting(at: SocketAddr) -> Option<String> {
    let stream = TcpStream::connect_timeout(&at, GREETING).ok()?;
    stream.set_read_timeout(Some(GREETING)).ok()?;
    let mut line = String::new();
    BufReader::new(std::io::Read::take(stream, 512)).read_line(&mut line).ok()?;
    line.starts_with("220").then_some(line)
}

/// What this machine's own rules drop.
fn firewall(settings: &Settings) -> Vec<String> {
    let fates = match loaded(&needs(settings), Place::Host) {
        Ok(fates) => fates,
        Err(why) => {
            report("firewall", format!("not looked into: {why}"));
            return Vec::new();
        }
    };
    for &(range, fate) in &fates {
        report("firewall", fate_line(range, fate));
    }
    let dropped = fates.iter().filter(|(_, fate)| *fate == Fate::Dropped);
    dropped
        .map(|&(range, fate)| {
            format!(
                "The firewall of this machine: {}. Load what `ftp-server firewall --for nftables` prints.",
                fate_line(range, fate)
            )
        })
        .collect()
}

/// What runs programs outside.
fn agent(from: Option<&str>, agent: Option<&str>) -> Option<Vec<String>> {
    let words = |command: &str| command.split_whitespace().map(str::to_owned).collect();
    from.map(|host| vec!["ssh".to_owned(), host.to_owned()]).or_else(|| agent.map(words))
}

/// What a client outside sees.
fn outside(agent: &[String], url: &str, tls: TlsMode) -> Result<Vec<String>, Failure> {
    let failed = |why: String| Failure::Running(format!("no word from outside ({}): {why}", agent.join(" ")));
    let (program, arguments) =
        agent.split_first().ok_or_else(|| failed("no command was given".to_owned()))?;
    let tls: &[&str] = if tls == TlsMode::Off { &["--tls", "off"] } else { &[] };
    let done = Command::new(program)
        .args(arguments)
        .args(["ftp-client", "--json", "--insecure"])
        .args(tls)
        .args(["doctor", url])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let answer: serde_json::Value = serde_json::from_slice(&done.stdout)
        .map_err(|_| failed(String::from_utf8_lossy(&done.stderr).trim().to_owned()))?;
    let cells = answer["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    for cell in cells {
        let text = |key: &str| cell[key].as_str().unwrap_or_default().to_owned();
        let under = if cell["tls"] == true { " under TLS" } else { "" };
        let outcome =
            if cell["works"] == true { "works".to_owned() } else { text("failure") + &text("message") };
        report("outside", format!("{} over {}{under}: {outcome}", text("mode"), text("family")));
    }
    let findings = answer["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = findings.iter().map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("From outside: {} {} [{}]", text("text"), text("cure"), text("cause"))
    });
    let works = cells.iter().any(|cell| cell["works"] == true);
    let nothing = (!works).then(|| format!("From outside no data connection works at {url}."));
    Ok(told.chain(nothing).collect())
}
