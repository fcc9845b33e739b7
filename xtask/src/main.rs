//! Developer tasks, run as `cargo xtask TASK`.
//!
//! Each task is a module of its own. What a task does is written as data where that is possible: the steps of
//! [`ci`] are one table.

mod bench;
mod ci;
mod codegen;
mod conformance;
mod coverage;
mod fuzz;
mod idle;
mod instructions;
mod interop;
mod lab;
mod miri;
mod replay;
mod sim;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer tasks of the FTP workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run what continuous integration runs, and stop at the first failure.
    Ci {
        /// The long forms of the steps, too.
        #[arg(long)]
        full: bool,
    },
    /// Play the conformance suite, and print what became of each line of the checklist.
    Conformance(conformance::Options),
    /// Check what the design asks of the source tree: sizes of files, which crate may depend on what, and the like.
    Tidy,
    /// Run our server and our client against other people's clients and servers, on loopback.
    Interop(interop::Options),
    /// Take our server and our client through real NATs, firewalls and FTP helpers, in network namespaces. Needs root.
    Lab(lab::Options),
    /// Play random conversations of our client and our server in the simulator, and judge them.
    Sim(sim::Options),
    /// Play again what `ftp-server serve --record FILE` wrote.
    Replay(replay::Options),
    /// Run the fuzz targets for a while, each with a limit of time and memory.
    Fuzz(fuzz::Options),
    /// Run the core's unit tests in Miri, where the toolchain has it.
    Miri,
    /// Print which lines of the core the tests do not reach; fails when one has no reason.
    Coverage(coverage::Options),
    /// Write the tables of the core's manual from the code that they describe.
    Codegen(codegen::Options),
    /// Measure our server at each kind of work, beside other people's servers with --peers.
    Bench(bench::Options),
    /// Count the processor's instructions for work in the core, and compare them with what was recorded.
    Instructions(instructions::Options),
    /// Print how much memory an idle session takes, on each driver.
    Idle {
        /// How many sessions.
        #[arg(long, default_value_t = 5000)]
        sessions: usize,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Ci { full } => ci::run(full),
        Task::Conformance(options) => conformance::run(&options),
        Task::Tidy => tidy::run(),
        Task::Interop(options) => interop::run(&options),
        Task::Lab(options) => lab::run(&options),
        Task::Sim(options) => sim::run(&options),
        Task::Replay(options) => replay::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Miri => miri::run(),
        Task::Coverage(options) => coverage::run(&options),
        Task::Codegen(options) => codegen::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Instructions(options) => instructions::run(&options),
        Task::Idle { sessions } => idle::run(sessions),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
