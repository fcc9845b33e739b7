//! `cargo xtask bench`: our server on both drivers and other people's, at the same work, in the same run.
//!
//! The machine is never quiet, so that rates by themselves say little: servers take turns in rounds, and what is compared is
//! the processor time that a server takes for a unit of work, as its cgroup counts it, and its ratio to the best of the
//! others. [`work`] is the table of what is done.

mod client;
mod clients;
mod processor;
mod report;
mod servers;
mod work;

use clap::Args;
use std::path::{Path, PathBuf};

use crate::interop::{packages, process};
use crate::{idle, workspace};
use report::Sample;
use servers::Target;
use work::{GROWTH, WORK, Work};

/// What the task can be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Also vsftpd, proftpd, pure-ftpd and pyftpdlib.
    #[arg(long)]
    peers: bool,

    /// The same work, more and more of it, by our server alone: what a unit costs is to stay the same.
    #[arg(long, conflicts_with = "peers")]
    growth: bool,

    /// Our client beside curl, lftp and ncftp, against vsftpd.
    #[arg(long, conflicts_with_all = ["peers", "growth", "only", "seconds", "chart"])]
    clients: bool,

    /// Only work whose name has this in it; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,

    /// How often each server gets its turn.
    #[arg(long, default_value_t = 3, value_name = "N")]
    rounds: usize,

    /// How long each kind of work is done in a turn, in seconds.
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    seconds: f64,

    /// Keep every sample here, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draw the ratios here, as SVG.
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let build = ["build", "--release", "--quiet", "-p", "ftp-server", "-p", "ftp-client"];
    let build = workspace::cargo().args(build).status();
    if !build.is_ok_and(|status| status.success()) {
        return Err("our own programs do not build".to_owned());
    }
    if options.peers || options.clients {
        packages::prepare(true)?;
    }
    process::obey_interrupts()?;
    idle::allow_descriptors(if options.growth { 10_200 } else { 1000 })?;
    let directory = tempfile::Builder::new().prefix("ftp-bench").tempdir_in("/dev/shm");
    let directory = directory.map_err(|error| format!("no directory in /dev/shm: {error}"))?;
    process::clean_up(directory.path().to_owned());
    let work = if options.growth { GROWTH } else { WORK };
    let wanted: Vec<_> = work
        .iter()
        .filter(|work| {
            options.only.is_empty() || options.only.iter().any(|only| work.name.contains(only.as_str()))
        })
        .collect();
    let root = servers::root(directory.path(), if options.clients { &[] } else { &wanted })?;
    let samples = if options.clients {
        clients::turns(options.rounds, &root, directory.path())?
    } else {
        turns(options, &wanted, &root, directory.path())?
    };
    print(&report::table(&samples));
    let write = |path: &PathBuf, text: String| {
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    options.json.as_ref().map_or(Ok(()), |path| write(path, report::json(&samples)))?;
    options.chart.as_ref().map_or(Ok(()), |path| write(path, report::chart(&samples)))
}

/// Each server in turn, as often as there are rounds.
fn turns(options: &Options, wanted: &[&Work], root: &Path, directory: &Path) -> Result<Vec<Sample>, String> {
    let all = servers::all(options.peers);
    let mut samples: Vec<Sample> = Vec::new();
    for round in 0..options.rounds {
        // Each is the first in its turn: who is pays for memory that nobody has touched before.
        for server in all.iter().cycle().skip(round).take(all.len()) {
            eprintln!("round {}: {}", round + 1, server.name());
            for tls in [false, true] {
                let work: Vec<_> = wanted.iter().filter(|work| work.tls == tls).collect();
                if work.is_empty() {
                    continue;
                }
                let target = Target::start(&**server, root, directory, tls)?;
                for work in work {
                    match work.run(&target, options.seconds) {
                        Ok(found) => samples.push(Sample { work: work.name, server: server.name(), found }),
                        Err(why) => eprintln!("  {}: {why}", work.name),
                    }
                }
            }
        }
    }
    Ok(samples)
}

/// The one thing that goes to standard output.
#[expect(clippy::print_stdout, reason = "the table is what this task is for")]
fn print(text: &str) {
    println!("{text}");
}
