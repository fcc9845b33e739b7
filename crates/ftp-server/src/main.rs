//! An FTP server that starts with no configuration: `ftp-server serve [DIR]`.

mod args;
mod check;
mod config;
mod doctor;
mod driver;
mod explain;
mod external;
mod identity;
mod log;
mod metrics;
mod passwd;
mod privileges;
mod serve;
mod system;

use args::{Cli, Command};
use clap::Parser as _;
use config::Settings;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Why the program ends, by exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// 1.
    #[error("{0}")]
    Running(String),
    /// 2.
    #[error("{0}")]
    Settings(String),
    /// 3.
    #[error("{0}")]
    Listen(String),
}

impl Failure {
    const fn exit_code(&self) -> u8 {
        match self {
            Self::Running(_) => 1,
            Self::Settings(_) => 2,
            Self::Listen(_) => 3,
        }
    }
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Serve(line) => {
            Settings::new(*line).map_err(|error| Failure::Settings(error.to_string())).and_then(run)
        }
        Command::Passwd => passwd::passwd(),
        Command::Check(serve) => Settings::new(*serve)
            .map_err(|error| Failure::Settings(error.to_string()))
            .and_then(|settings| check::check(&settings)),
        Command::Doctor(what) => doctor::doctor(what),
        Command::Explain(what) => explain::explain(what),
        Command::Firewall(what) => explain::firewall(what),
        Command::Errors(what) => explain::errors(&what),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "ftp-server: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(settings: Settings) -> Result<(), Failure> {
    let driver = settings.driver;
    let prepared = serve::prepare(settings)?;
    let runtime = driver.runtime().map_err(|error| Failure::Running(format!("cannot start: {error}")))?;
    let served = runtime.block_on(serve::serve(prepared));
    // Storage that does not answer keeps its thread for ever, and must not keep the process.
    runtime.shutdown_background();
    served
}

/// Says something on standard output. Nobody may be listening, which is no reason to end.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
