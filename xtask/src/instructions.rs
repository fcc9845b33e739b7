//! `cargo xtask instructions`: how many instructions of the processor the core takes, beside what was recorded.
//!
//! Unlike time, instructions are the same on a busy machine: a change that makes the core slower shows in CI. Valgrind counts
//! them. What starting takes is left out by counting twice. Another compiler makes other instructions: then the baseline is
//! [recorded](Options::record) anew.

use clap::Args;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::workspace;

/// What the task can be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Keep what is counted as the new baseline.
    #[arg(long)]
    record: bool,
}

/// What is counted, by the name that the program knows it by.
const WORK: [&str; 4] = ["parsing", "login", "commands", "transfer"];

/// How often more it is done the second time.
const TIMES: u64 = 1000;

/// More than this share above the baseline fails, in hundredths.
const TOLERATED: u64 = 5;

fn baseline() -> PathBuf {
    workspace::root().join("benches/instructions.json")
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    install()?;
    let build = ["build", "--release", "--quiet", "-p", "ftp-benches", "--bin", "instructions"];
    if !workspace::cargo().args(build).status().is_ok_and(|status| status.success()) {
        return Err("the program to be counted does not build".to_owned());
    }
    let counted: BTreeMap<&str, u64> =
        WORK.iter().map(|&work| Ok((work, each(work)?))).collect::<Result<_, String>>()?;
    if options.record {
        let text = serde_json::to_string_pretty(&counted).map_err(|error| error.to_string())?;
        return std::fs::write(baseline(), text + "\n").map_err(|error| format!("cannot record: {error}"));
    }
    let text = std::fs::read_to_string(baseline())
        .map_err(|error| format!("no baseline: {error}; --record makes one"))?;
    let recorded: BTreeMap<String, u64> =
        serde_json::from_str(&text).map_err(|error| format!("the baseline: {error}"))?;
    let mut worse = Vec::new();
    for (&work, &now) in &counted {
        let before = recorded
            .get(work)
            .copied()
            .ok_or_else(|| format!("{work} has no baseline; --record makes one"))?;
        eprintln!("{work:<10} {now:>8} instructions, recorded {before:>8}, {:+.1} %", change(before, now));
        if now * 100 > before * (100 + TOLERATED) {
            worse.push(work);
        }
    }
    if worse.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} took more than {TOLERATED} % more instructions than recorded; if that is worth it, or the compiler is another one, \
         record them anew: cargo xtask instructions --record",
        worse.join(", ")
    ))
}

fn change(before: u64, now: u64) -> f64 {
    (now as f64 / before as f64 - 1.0) * 100.0
}

fn install() -> Result<(), String> {
    if Command::new("valgrind").arg("--version").output().is_ok_and(|found| found.status.success()) {
        return Ok(());
    }
    eprintln!("installing valgrind");
    let script = "apt-get update -qq && apt-get install -y -qq --no-install-recommends valgrind >/dev/null";
    let done = Command::new("sh").args(["-ec", script]).status();
    if done.is_ok_and(|status| status.success()) {
        Ok(())
    } else {
        Err("valgrind cannot be installed".to_owned())
    }
}

/// Instructions for doing it once.
fn each(work: &str) -> Result<u64, String> {
    let (few, many) = (count(work, 1)?, count(work, 1 + TIMES)?);
    Ok(many.saturating_sub(few) / TIMES)
}

fn count(work: &str, times: u64) -> Result<u64, String> {
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(workspace::root().join("target/release/instructions"))
        .args([work, &times.to_string()])
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.ok_or_else(|| format!("valgrind counts nothing for {work}:\n{said}"))
}
