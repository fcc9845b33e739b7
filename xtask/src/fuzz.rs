//! `cargo xtask fuzz`: looks for input that breaks what must hold.
//!
//! It needs the nightly toolchain and cargo-fuzz. What is found is kept below `target/fuzz`: the corpus grows there from run
//! to run, and the seeds in `fuzz/corpus` stay few.

use core::time::Duration;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use clap::Args;

use crate::workspace;

/// No input takes longer than this, or it is a finding.
const SECONDS_AN_INPUT: u32 = 10;
/// No target takes more memory than this, or it is a finding.
const MEGABYTES: u32 = 1024;
/// The longest input. A control line is shorter, a listing is many lines.
const LONGEST_INPUT: u32 = 16 * 1024;

/// Which targets, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The targets; all of them if none is given.
    targets: Vec<String>,
    /// How long each of them runs: seconds, or with s, m or h.
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = time)]
    time: Duration,
    /// How many run at a time.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
}

fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| "expected a number of seconds, as in 60s, 10m or 1h")?;
    Ok(Duration::from_secs(number * unit))
}

/// Runs them; fails when one has found something.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let targets = chosen(&options.targets)?;
    let programs = build()?;
    let queue = Mutex::new(targets.iter());
    let found = Mutex::new(Vec::new());
    eprintln!(
        "{:<18} {:>12} {:>10} {:>8} {:>8}  outcome",
        "target", "executions", "a second", "covered", "MB"
    );
    thread::scope(|scope| {
        for _ in 0..options.jobs.max(1) {
            scope.spawn(|| {
                while let Some(target) = queue.lock().ok().and_then(|mut queue| queue.next()) {
                    match fuzz(&programs, target, options.time) {
                        Ok(row) => eprintln!("{row}"),
                        Err(finding) => {
                            eprintln!("{target:<18} {finding}");
                            found.lock().into_iter().for_each(|mut found| found.push(target.as_str()));
                        }
                    }
                }
            });
        }
    });
    match found.into_inner() {
        Ok(found) if found.is_empty() => Ok(()),
        Ok(found) => Err(format!("found something: {}", found.join(", "))),
        Err(_) => Err("a run panicked; see above".to_owned()),
    }
}

fn chosen(wanted: &[String]) -> Result<Vec<String>, String> {
    let all = targets()?;
    match wanted.iter().find(|name| !all.contains(name)) {
        Some(unknown) => Err(format!("there is no target {unknown}; there are {}", all.join(", "))),
        None if wanted.is_empty() => Ok(all),
        None => Ok(wanted.to_vec()),
    }
}

/// The targets that fuzz/Cargo.toml lists.
fn targets() -> Result<Vec<String>, String> {
    let manifest = workspace::root().join("fuzz/Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let table: toml::Table = text.parse().map_err(|error| format!("{}: {error}", manifest.display()))?;
    let binaries = table.get("bin").and_then(toml::Value::as_array).into_iter().flatten();
    Ok(binaries.filter_map(|binary| binary.get("name")?.as_str()).map(str::to_owned).collect())
}

/// Builds all targets, and returns where they are.
fn build() -> Result<PathBuf, String> {
    for (arguments, missing) in [
        (&["+nightly", "--version"], "the nightly toolchain: `rustup toolchain install nightly`"),
        (&["fuzz", "--version"], "cargo-fuzz: `cargo install cargo-fuzz`"),
    ] {
        if !Command::new("cargo").args(arguments).output().is_ok_and(|output| output.status.success()) {
            return Err(format!("fuzzing needs {missing}"));
        }
    }
    let built = home().join("target");
    let mut command = Command::new("cargo");
    // What this task was built with is not what the targets are built with.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").current_dir(workspace::root());
    // No sanitizer: the core forbids unsafe code, and without one each target runs several times as often.
    command.args(["+nightly", "fuzz", "build", "--sanitizer", "none", "--target-dir"]).arg(&built);
    let status = command.status().map_err(|error| format!("cannot start cargo fuzz: {error}"))?;
    if !status.success() {
        return Err(format!("cargo fuzz build failed ({status})"));
    }
    let triple = host()?;
    Ok(built.join(triple).join("release"))
}

fn host() -> Result<String, String> {
    let output = Command::new("rustc").arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc -vV does not name its host".to_owned())
}

/// Where all of it is kept.
fn home() -> PathBuf {
    workspace::target().join("fuzz")
}

fn fuzz(programs: &Path, target: &str, time: Duration) -> Result<String, String> {
    let corpus = home().join("corpus").join(target);
    let artifacts = home().join("found");
    let log = home().join(format!("{target}.log"));
    for directory in [&corpus, &artifacts] {
        fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut command = Command::new(programs.join(target));
    command
        .arg(&corpus)
        .args(Some(workspace::root().join("fuzz/corpus").join(target)).filter(|seeds| seeds.is_dir()))
        .arg(format!("-max_total_time={}", time.as_secs()))
        .arg(format!("-timeout={SECONDS_AN_INPUT}"))
        .arg(format!("-rss_limit_mb={MEGABYTES}"))
        .arg(format!("-max_len={LONGEST_INPUT}"))
        .arg(format!("-artifact_prefix={}/{target}-", artifacts.display()))
        .arg("-print_final_stats=1")
        .stderr(output);
    let status = command.status().map_err(|error| format!("cannot be started: {error}"))?;
    let text = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    if status.success() { Ok(row(target, &text)) } else { Err(finding(&text, &log)) }
}

/// What libFuzzer says at the end.
fn row(target: &str, log: &str) -> String {
    let statistic = |name: &str| {
        let line = log.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        line.map_or("?", |rest| rest.trim_start_matches(':').trim()).to_owned()
    };
    let covered = log.lines().rev().find_map(|line| line.split(" cov: ").nth(1)?.split(' ').next());
    format!(
        "{target:<18} {:>12} {:>10} {:>8} {:>8}  nothing found",
        statistic("number_of_executed_units"),
        statistic("average_exec_per_sec"),
        covered.unwrap_or("?"),
        statistic("peak_rss_mb"),
    )
}

/// What it found, and where the input is.
fn finding(log: &str, path: &Path) -> String {
    let word = |line: &&str| {
        line.contains("panicked at") || line.starts_with("SUMMARY:") || line.contains("Test unit")
    };
    let lines: Vec<&str> = log.lines().filter(word).collect();
    format!("FOUND\n  {}\n  all of it: {}", lines.join("\n  "), path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(time("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(time("7"), Ok(Duration::from_secs(7)));
        assert!(time("").is_err() && time("m").is_err() && time("-1s").is_err());
    }

    #[test]
    fn every_target_has_a_program_and_the_other_way_round() {
        let programs = fs::read_dir(workspace::root().join("fuzz/fuzz_targets")).expect("the targets");
        let mut programs: Vec<String> = programs
            .map(|entry| {
                entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
            })
            .collect();
        programs.sort();
        let mut targets = targets().expect("a manifest");
        targets.sort();
        assert_eq!(targets, programs);
    }

    #[test]
    fn what_libfuzzer_says_is_read() {
        let log = "#2 INITED cov: 41 ft: 60\n#9 DONE   cov: 451 ft: 2251 corp: 3\nstat::number_of_executed_units: 99\n\
                   stat::average_exec_per_sec:     12\nstat::peak_rss_mb:              55\n";
        let words: Vec<_> = row("x", log).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words[..5], ["x", "99", "12", "451", "55"]);
    }
}
