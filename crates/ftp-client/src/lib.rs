//! The program `ftp-client`: get, put, mirror, shell. It is a library only so that it can be run whole by a fuzzer; to embed a
//! client, take `ftp-tokio` or `ftp-mio`.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     ftp_client::main()
//! }
//! ```

mod args;
mod commands;
mod download;
mod driver;
mod exit;
mod failure;
mod interrupt;
mod known_hosts;
mod known_modes;
mod local;
mod mirror;
mod netrc;
mod out;
mod prompt;
mod remote;
mod shell;
mod site;
#[cfg(feature = "testing")]
pub mod testing;
mod tls;
mod ui;
mod upload;
mod url;

use args::{Cli, Command, Options};
use clap::Parser as _;
use exit::Exit;
use failure::Failure;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let json = options.json;
    match run(options, command) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            complain(&failure, json);
            failure.exit.into()
        }
    }
}

fn run(options: Options, command: Option<Command>) -> Result<Exit, Failure> {
    match command {
        None => shell::run(options, None),
        Some(Command::Shell { url }) => shell::run(options, url.as_deref()),
        Some(Command::OnUrls(command)) => commands::run(options, command),
    }
}

fn complain(failure: &Failure, json: bool) {
    if failure.text.is_empty() {
        return;
    }
    let text = match json {
        true => serde_json::json!({ "error": commands::failure_json(failure) }).to_string(),
        false => format!("ftp-client: {}", failure.text),
    };
    let _ = writeln!(io::stderr(), "{text}");
}
