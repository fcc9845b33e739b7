//! What continuous integration runs: a table of steps, each a cargo command.
//!
//! All steps share one target directory and the development profile, so that nothing is built twice. `.ci/run`
//! calls this task on a fresh machine; a developer calls it before handing in work.

use core::time::Duration;
use std::time::Instant;

use crate::workspace;

/// One step. Its arguments are cargo's.
struct Step {
    name: &'static str,
    cargo: &'static [&'static str],
    /// Variables set for this step only.
    variables: &'static [(&'static str, &'static str)],
}

/// The steps, cheapest first: what is most often wrong is said soonest.
const STEPS: &[Step] = &[
    Step { name: "format", cargo: &["fmt", "--all", "--check"], variables: &[] },
    Step {
        name: "lints",
        cargo: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        variables: &[],
    },
    Step { name: "tests", cargo: &["test", "--workspace"], variables: &[] },
    Step {
        name: "documentation",
        cargo: &["doc", "--workspace", "--no-deps"],
        variables: &[("RUSTDOCFLAGS", "-Dwarnings")],
    },
    // Cases in every world, and every test that shows a line of the checklist.
    Step {
        name: "conformance",
        cargo: &["run", "--quiet", "--package", "xtask", "--", "conformance"],
        variables: &[],
    },
    // The core, by instructions: a busy machine counts the same.
    Step {
        name: "instructions",
        cargo: &["run", "--quiet", "--package", "xtask", "--", "instructions"],
        variables: &[],
    },
    // Real NATs and firewalls, in network namespaces.
    Step { name: "lab", cargo: &["run", "--quiet", "--package", "xtask", "--", "lab"], variables: &[] },
    // Other people's clients and servers: installs them where they are missing.
    Step {
        name: "interop",
        cargo: &["run", "--quiet", "--package", "xtask", "--", "interop", "--short"],
        variables: &[],
    },
];

/// What `--full` runs after them: the long forms of steps above.
const FULL_STEPS: &[Step] = &[
    Step {
        name: "interop, all",
        cargo: &["run", "--quiet", "--package", "xtask", "--", "interop"],
        variables: &[],
    },
    // A minute and more of visits that chance has changed, on each driver.
    Step {
        name: "mutated sessions",
        cargo: &["test", "--package", "ftp-server", "--", "s42_", "--nocapture"],
        variables: &[("FTP_MUTATED_SESSIONS", "60000")],
    },
    // Killed a thousand times amid an upload.
    Step {
        name: "kills",
        cargo: &["test", "--package", "ftp-server", "--test", "process", "--", "s31_", "--nocapture"],
        variables: &[("FTP_KILLS", "1000")],
    },
    // 5 GiB each way; prints how much memory that took.
    Step {
        name: "large files",
        cargo: &["test", "--package", "ftp-server", "--test", "large", "--", "--ignored", "--nocapture"],
        variables: &[],
    },
];

/// Runs the steps in order and stops at the first that fails.
pub(crate) fn run(full: bool) -> Result<(), String> {
    let mut times = Vec::new();
    let mut outcome = Ok(());
    for step in STEPS.iter().chain(FULL_STEPS.iter().filter(|_| full)) {
        let started = Instant::now();
        outcome = run_step(step);
        times.push((step.name, started.elapsed()));
        if outcome.is_err() {
            break;
        }
    }
    report(&times, outcome.is_ok());
    outcome
}

fn run_step(step: &Step) -> Result<(), String> {
    let line = format!("cargo {}", step.cargo.join(" "));
    eprintln!("\n=== {}: {line}", step.name);
    let status = workspace::cargo()
        .args(step.cargo)
        .envs(step.variables.iter().copied())
        .status()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{}: `{line}` failed ({status})", step.name)) }
}

/// One line a step, so that the end of a log says what took how long.
fn report(times: &[(&str, Duration)], passed: bool) {
    eprintln!("\n=== summary");
    for (index, (name, time)) in times.iter().enumerate() {
        let word = if passed || index + 1 < times.len() { "ok" } else { "FAILED" };
        eprintln!("{name:<16} {word:<7} {:7.1} s", time.as_secs_f64());
    }
}
