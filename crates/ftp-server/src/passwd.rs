//! `ftp-server passwd`: the lines of a configuration file for a user.

use crate::{Failure, say};
use ftp_backend::users::hash_password;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Reads a password, from a terminal twice and unseen, and prints its hash as the line of a configuration file.
pub(crate) fn passwd() -> Result<(), Failure> {
    let password = if io::stdin().is_terminal() { ask_twice()? } else { read_line()? };
    let hash = hash_password(password.as_bytes()).map_err(|error| Failure::Settings(error.to_string()))?;
    say(&format!("password = \"{hash}\"\n"));
    Ok(())
}

fn ask_twice() -> Result<String, Failure> {
    let first = ask("Password: ")?;
    if first == ask("Again: ")? {
        Ok(first)
    } else {
        Err(Failure::Settings("the two passwords differ".into()))
    }
}

fn ask(prompt: &str) -> Result<String, Failure> {
    let mut terminal = io::stderr();
    let _ = write!(terminal, "{prompt}").and_then(|()| terminal.flush());
    let unseen = Unseen::start();
    let line = read_line();
    drop(unseen);
    let _ = writeln!(terminal);
    line
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Failure::Settings(format!("no password: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        Err(Failure::Settings("the password is empty".into()))
    } else {
        Ok(password.to_owned())
    }
}

/// While this lives, the terminal does not show what is typed.
struct Unseen(Option<rustix::termios::Termios>);

impl Unseen {
    fn start() -> Self {
        let Ok(seen) = tcgetattr(io::stdin()) else { return Self(None) };
        let mut unseen = seen.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        let set = tcsetattr(io::stdin(), OptionalActions::Flush, &unseen);
        Self(set.is_ok().then_some(seen))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        if let Some(seen) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, seen);
        }
    }
}
