//! `cargo xtask coverage`: which lines of the core no test reaches.
//!
//! The tests are the core's own (unit, property and the fuzz targets' seeds) and those of the conformance suite that play
//! in the simulator. cargo-tarpaulin counts, by ptrace, which needs no LLVM tools: a breakpoint on the first instruction
//! of each line. So it knows lines and no branches, and it can be wrong where the compiler's line table is: a `const fn`
//! that runs while compiling, an arm that shares its code with another, a statement over several lines.
//!
//! A line that is not reached is either listed in `uncovered.toml` with its reason, or the task fails.

mod report;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::workspace;
use report::{File, Reasons};

/// Tests of the conformance suite that use sockets: what only they reach is not reached by the simulator.
const ON_SOCKETS: [&str; 2] = ["on_both_drivers", "urgent_mark"];

/// How it is told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// One JSON object on standard output instead of text.
    #[arg(long)]
    json: bool,
}

/// Runs the tests, and prints what they did not reach; fails when some of that has no reason.
#[expect(clippy::print_stdout, reason = "the report is what was asked for")]
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let files = report::read(&measure()?)?;
    let reasons = Reasons::read()?;
    let judged = reasons.judge(&files);
    let (covered, lines) =
        files.iter().fold((0, 0), |sum, file| (sum.0 + file.covered(), sum.1 + file.lines()));
    #[expect(clippy::cast_precision_loss, reason = "there are not that many lines")]
    let percent = 100.0 * covered as f64 / lines.max(1) as f64;
    if options.json {
        let uncovered = |files: &[File]| -> Vec<_> { files.iter().flat_map(File::places).collect() };
        println!(
            "{}",
            json!({
                "percent": percent, "covered": covered, "lines": lines,
                "uncovered": uncovered(&files), "without_reason": judged.unexplained, "reached_by_now": judged.outdated,
            })
        );
    } else {
        for file in files.iter().filter(|file| file.covered() < file.lines()) {
            println!("{:<40} {:>5} of {:>5}", file.path, file.covered(), file.lines());
        }
        println!("{percent:.2} % of the core's lines: {covered} of {lines}");
        println!("not reached, with a reason: {}", lines - covered - judged.unexplained.len());
    }
    for line in &judged.outdated {
        eprintln!("reached by now, or gone; take it off uncovered.toml: {line}");
    }
    if judged.unexplained.is_empty() {
        return Ok(());
    }
    let list = judged.unexplained.join("\n  ");
    Err(format!(
        "not reached, without a reason (test it, remove it, or give one in uncovered.toml):\n  {list}"
    ))
}

/// Runs the tests under cargo-tarpaulin, and returns where its report is.
fn measure() -> Result<PathBuf, String> {
    let mut known = workspace::cargo();
    if !known.args(["tarpaulin", "--version"]).output().is_ok_and(|output| output.status.success()) {
        return Err("coverage needs cargo-tarpaulin: `cargo install cargo-tarpaulin`".to_owned());
    }
    let home = workspace::target().join("coverage");
    let mut command = workspace::cargo();
    command
        .args(["tarpaulin", "--engine", "ptrace", "--skip-clean", "--timeout", "300", "--out", "Json"])
        .args(["--packages", "ftp-proto", "ftp-conformance", "--lib", "--tests"])
        .args(["--include-files", "crates/ftp-proto/src/*"])
        .args(["--exclude-files", "crates/ftp-proto/src/testing/*", "crates/ftp-proto/src/*/tests.rs"])
        .arg("--output-dir")
        .arg(&home)
        .arg("--target-dir")
        .arg(home.join("target"))
        .arg("--stderr")
        .arg("--")
        .args(ON_SOCKETS.iter().flat_map(|name| ["--skip", name]));
    // The tests' own output is of no interest here, unless they fail.
    let output = command.output().map_err(|error| format!("cannot start cargo tarpaulin: {error}"))?;
    if output.status.success() {
        return Ok(home.join("tarpaulin-report.json"));
    }
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let end =
        said.lines().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(format!("{end}\ncargo tarpaulin failed ({})", output.status))
}
