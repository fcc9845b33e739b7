//! What our programs print for other programs, given to those; and the server's own doctor.
//!
//! Rules of nftables and iptables, HAProxy and nginx are in use in the [situations](super::situations); here are the rest.

use std::path::Path;
use std::process::Command;

use super::network::{self, Side, command_in, sh_in};
use super::play;
use super::situations::{SITUATIONS, Situation};
use crate::workspace;

/// One thing that has to be so.
pub(super) struct Check {
    pub(super) name: &'static str,
    /// What is wrong.
    pub(super) failure: Option<String>,
}

/// The settings that rules are printed for.
const SETTINGS: [&str; 6] = ["--listen", "21", "--passive-ports", "50000-50009", "--max-sessions", "10"];

/// What reads a text for each firewall: a script that gets it in the file `$1`.
const PARSERS: [(&str, &str); 4] = [
    ("ufw", "sed 's/^ufw /ufw --dry-run /' $1 | sh -e >/dev/null"),
    (
        "firewalld",
        "mount -t tmpfs none /etc/firewalld; grep -v 'reload' $1 | sed 's/^firewall-cmd --permanent/firewall-offline-cmd/' | sh -e >/dev/null",
    ),
    (
        "compose",
        "python3 -c 'import sys, yaml; ports = yaml.safe_load(open(sys.argv[1]))[\"services\"][\"ftp-server\"][\"ports\"]; \
         assert \"50000-50009:50000-50009/tcp\" in ports' $1",
    ),
    (
        "kubernetes",
        "python3 -c 'import sys, yaml; spec = yaml.safe_load(open(sys.argv[1]))[\"spec\"]; \
         assert [p[\"port\"] for p in spec[\"ports\"]] == [21, *range(50000, 50010)]' $1",
    ),
];

pub(super) fn check_all(directory: &Path) -> Result<Vec<Check>, String> {
    let mut checks: Vec<_> = PARSERS
        .iter()
        .flat_map(|&(target, parser)| {
            let places: &[&[&str]] =
                if parser.contains("python3") { &[&[]] } else { &[&[], &["--router", "10.0.0.2"]] };
            places.iter().map(move |place| (target, parser, *place))
        })
        .map(|(target, parser, place)| Check {
            name: target,
            failure: parse(directory, target, parser, place).err(),
        })
        .collect();
    network::build(Side::CLIENT_PUBLIC, Side::SERVER_PRIVATE, &[])?;
    checks.push(Check { name: "firewall --check", failure: firewall_check().err() });
    checks.push(Check { name: "doctor, all well", failure: doctor(directory, "3 server NAT", "").err() });
    checks.push(Check {
        name: "doctor, not forwarded",
        failure: doctor(directory, "3 server NAT, not forwarded", "passive-dropped").err(),
    });
    Ok(checks)
}

fn printed(target: &str, place: &[&str]) -> Result<String, String> {
    let done = Command::new(workspace::binary("ftp-server"))
        .args(["firewall", "--for", target])
        .args(SETTINGS)
        .args(place)
        .output()
        .map_err(|error| format!("cannot start the server: {error}"))?;
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn parse(directory: &Path, target: &str, parser: &str, place: &[&str]) -> Result<(), String> {
    let (text, file) = (printed(target, place)?, directory.join(target));
    std::fs::write(&file, &text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    // What it mounts is seen by nobody else.
    let done = Command::new("unshare")
        .args(["--mount", "sh", "-ec", parser, "sh"])
        .arg(&file)
        .output()
        .map_err(|error| format!("cannot start a shell: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{}\nin:\n{text}", String::from_utf8_lossy(&done.stderr)))
}

/// A closed machine is told from one that the printed rules have opened.
fn firewall_check() -> Result<(), String> {
    const CLOSED: &str = "add table inet filter\n\
                          add chain inet filter input { type filter hook input priority filter; policy drop; }\n";
    network::nft("server", CLOSED)?;
    let closed = run_check()?;
    network::nft("server", &printed("nftables", &[])?)?;
    let opened = run_check()?;
    match (&closed, &opened) {
        ((Some(2), _), (Some(0), said)) if said.contains("get through") => Ok(()),
        _ => Err(format!("closed: {closed:?}\nopened: {opened:?}")),
    }
}

fn run_check() -> Result<(Option<i32>, String), String> {
    output(
        command_in("server", &workspace::binary("ftp-server")).args(["firewall", "--check"]).args(SETTINGS),
    )
}

fn output(command: &mut Command) -> Result<(Option<i32>, String), String> {
    let done = command.output().map_err(|error| format!("cannot start: {error}"))?;
    let said = [done.stdout, done.stderr].concat();
    Ok((done.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// `ftp-server doctor` with a client outside finds this cause; the empty one: none.
fn doctor(directory: &Path, situation: &str, cause: &str) -> Result<(), String> {
    let situation: &'static Situation = SITUATIONS
        .iter()
        .find(|known| known.name == situation)
        .ok_or_else(|| format!("no situation is called {situation}"))?;
    let base = directory.join(format!("doctor {situation}", situation = situation.name).replace(' ', "-"));
    let _servers = play::prepare(situation, &base)?;
    // The range is one that the system leaves alone.
    sh_in("server", "sysctl -qw net.ipv4.ip_local_port_range='32768 49999'")?;
    let programs = workspace::binary("ftp-server");
    let folder = programs.parent().unwrap_or_else(|| Path::new(".")).display().to_string();
    let agent = format!("ip netns exec client env PATH={folder}:/usr/bin:/bin HOME={}", base.display());
    let (code, said) = output(
        command_in("server", &programs)
            .arg("doctor")
            .args(SETTINGS)
            .args(situation.server)
            .args(["--agent", &agent]),
    )?;
    let found = if cause.is_empty() {
        code == Some(0) && said.contains("Nothing stands in the way")
    } else {
        code == Some(2) && said.contains(&format!("[{cause}]"))
    };
    if found { Ok(()) } else { Err(format!("exit {code:?}\n{said}")) }
}
