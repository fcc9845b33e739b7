//! `cargo xtask lab`: our programs through real NATs, firewalls and the kernel's own FTP helper.
//!
//! A situation is a network (routers with rules of nftables), a server, a client, and what has to come of each data port
//! mode: it works, or it fails with this id of the catalogue. [`situations`] is the table.
//!
//! All of it happens in namespaces of the task's own: it starts itself again in new network, mount and process
//! namespaces, and when that process ends, however it ends, the kernel takes away every network and every program in
//! them. Nothing of this machine's network is touched, and no packet leaves it.

mod network;
mod pages;
mod play;
mod rulesets;
mod situations;
mod tools;

use std::process::Command;
use std::time::Instant;

use clap::Args;

use crate::workspace;
use play::{Cell, Judged};
use situations::SITUATIONS;

/// What the task can be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only situations whose name has this in it; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// Print the situations, and play none.
    #[arg(long)]
    list: bool,

    /// As JSON, for programs.
    #[arg(long)]
    json: bool,

    /// Show what the programs said in every cell, not only in those that are wrong.
    #[arg(long)]
    verbose: bool,
}

/// Set in the process that is inside the namespaces.
const INSIDE: &str = "FTP_LAB_INSIDE";

/// What tells that something is there, and the Debian packages that have it.
const NEEDED: [(&str, &str); 9] = [
    ("command -v nft", "nftables"),
    ("command -v iptables", "iptables"),
    ("command -v ip", "iproute2"),
    ("command -v unshare", "util-linux"),
    ("command -v haproxy", "haproxy"),
    ("test -e /usr/lib/nginx/modules/ngx_stream_module.so", "nginx libnginx-mod-stream"),
    ("command -v ufw", "ufw"),
    ("command -v firewall-offline-cmd", "firewalld"),
    ("python3 -c 'import yaml'", "python3-yaml"),
];

pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.list {
        let lines = SITUATIONS.iter().map(|situation| format!("{:<26} {}", situation.name, situation.what));
        print(&lines.collect::<Vec<_>>().join("\n"));
        return Ok(());
    }
    if std::env::var_os(INSIDE).is_some() {
        return inside(options);
    }
    if !rustix::process::geteuid().is_root() {
        return Err("the lab makes network namespaces, which needs root".to_owned());
    }
    install()?;
    build()?;
    // The first process of the namespace must be the one whose end ends the rest.
    let namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let status = Command::new("unshare")
        .args(namespaces)
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status()
        .map_err(|error| format!("cannot start unshare: {error}"))?;
    if status.success() { Ok(()) } else { Err("the lab did not come out as it has to".to_owned()) }
}

fn install() -> Result<(), String> {
    let is_missing = |test: &str| {
        let found = Command::new("sh").args(["-c", test]).output();
        !found.is_ok_and(|found| found.status.success())
    };
    let missing: Vec<_> =
        NEEDED.iter().filter(|(test, _)| is_missing(test)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", missing.join(", "));
    let script = format!("apt-get update -qq && apt-get install -y -qq {} >/dev/null", missing.join(" "));
    network::sh(&script)
}

fn build() -> Result<(), String> {
    let status =
        workspace::cargo().args(["build", "--quiet", "-p", "ftp-server", "-p", "ftp-client"]).status();
    if status.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err("our own programs cannot be built".to_owned())
    }
}

fn inside(options: &Options) -> Result<(), String> {
    let started = Instant::now();
    // Named namespaces are mounts; these are seen by nobody else and go with us.
    network::sh("mkdir -p /run/netns && mount -t tmpfs lab /run/netns && ip link set lo up")?;
    // Names that only we know.
    let hosts = "127.0.0.1 localhost\n2001:db8:5::2 dual.example\n198.51.100.130 dual.example\n";
    network::sh(&format!("printf '{hosts}' > /run/netns/.hosts; mount --bind /run/netns/.hosts /etc/hosts"))?;
    let directory = tempfile::tempdir().map_err(|error| format!("no temporary directory: {error}"))?;
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| name.contains(only));
    let mut cells = Vec::new();
    for situation in SITUATIONS.iter().filter(|situation| wanted(situation.name)) {
        cells.extend(play::play(situation, directory.path())?);
    }
    let mut checks = if wanted("tools") { tools::check_all(directory.path())? } else { Vec::new() };
    if wanted("pages") {
        checks.extend(pages::check_all(directory.path()));
    }
    if cells.is_empty() && checks.is_empty() {
        return Err(format!("no situation is called {}; see --list", options.only.join(" or ")));
    }
    print(&if options.json { json(&cells) } else { text(&cells) });
    let wrong: Vec<_> = cells.iter().filter(|cell| cell.judged != Judged::AsExpected).collect();
    for cell in cells.iter().filter(|cell| options.verbose || cell.judged != Judged::AsExpected) {
        eprintln!("\n=== {}, {}: {}\n{}", cell.situation, cell.mode, cell.judged.text(), cell.said);
    }
    let broken: Vec<_> =
        checks.iter().filter_map(|check| Some((check.name, check.failure.as_ref()?))).collect();
    for (name, failure) in &broken {
        eprintln!("\n=== tools, {name}: {failure}");
    }
    let (all, bad) = (cells.len() + checks.len(), wrong.len() + broken.len());
    eprintln!("{all} cells, {} passed, {bad} failed, {:.0} s", all - bad, started.elapsed().as_secs_f64());
    if bad == 0 { Ok(()) } else { Err(format!("{bad} cells are not as expected")) }
}

/// The one thing that goes to standard output.
#[expect(clippy::print_stdout, reason = "the matrix is what this task is for")]
fn print(text: &str) {
    println!("{text}");
}

/// A line for each situation, a column for each mode: what came of it, and in how many seconds.
fn text(cells: &[Cell]) -> String {
    let mut lines = vec![format!(
        "{:<28}{}",
        "situation",
        play::MODES.map(|mode| format!("{mode:<26}")).concat() + play::DOCTOR
    )];
    for row in cells.chunk_by(|a, b| a.situation == b.situation) {
        let mut line = format!("{:<28}", row[0].situation);
        for mode in play::MODES.into_iter().chain([play::DOCTOR]) {
            let cell = row.iter().find(|cell| cell.mode == mode).map_or_else(|| "-".to_owned(), Cell::short);
            line.push_str(&format!("{cell:<26}"));
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn json(cells: &[Cell]) -> String {
    let cells: Vec<_> = cells
        .iter()
        .map(|cell| {
            serde_json::json!({
                "situation": cell.situation, "mode": cell.mode, "outcome": cell.outcome,
                "seconds": cell.seconds, "as_expected": cell.judged == Judged::AsExpected,
            })
        })
        .collect();
    serde_json::json!(cells).to_string()
}
