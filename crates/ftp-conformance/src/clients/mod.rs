//! Cases for clients: a server that does something particular, and any client, run as a command.
//!
//! The command is a template: `{url}` becomes the URL of a file on the server, `{file}` where the client is to write it.
//! A client passes a case when it does with the file, and says with its exit code, what the case expects.
//!
//! ```no_run
//! use ftp_conformance::clients::{CASES, Client};
//!
//! let curl: Client = "curl -sS -o {file} {url}".parse().unwrap();
//! for case in CASES {
//!     println!("{} {}: {:?}", case.id, case.about, curl.play(case));
//! }
//! ```

mod cases;
mod server;

pub use cases::{CASES, ClientCase};

use crate::case::Outcome;
use crate::talk::{Failed, Verdict};
use cases::Expected;
use core::str::FromStr;
use core::time::Duration;
use server::{FakeServer, Heard};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::{fs, io, thread};

/// A client that takes longer hangs. Longer than what clients wait for a data connection before they try another way.
const PATIENCE: Duration = Duration::from_secs(60);

/// The user in the URL.
const USER: &str = "case";
/// Its password.
const PASSWORD: &str = "secret";

/// A client under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    words: Vec<String>,
}

impl FromStr for Client {
    type Err = &'static str;

    fn from_str(command: &str) -> Result<Self, Self::Err> {
        let words: Vec<String> = command.split_ascii_whitespace().map(str::to_owned).collect();
        let has = |what| words.iter().any(|word| word.contains(what));
        if has("{url}") && has("{file}") {
            Ok(Self { words })
        } else {
            Err("expected a command with {url} and {file} in it, such as: curl -sS -o {file} {url}")
        }
    }
}

/// How a run of the client ended.
#[derive(Debug)]
struct Ran {
    succeeded: bool,
    file: Option<Vec<u8>>,
    said: String,
}

impl Client {
    /// Runs the client against the server of this case.
    #[must_use]
    pub fn play(&self, case: &ClientCase) -> Outcome {
        match self.judged(case) {
            Ok(()) => Outcome::Passed,
            Err(failed) => Outcome::Failed(failed),
        }
    }

    fn judged(&self, case: &ClientCase) -> Verdict {
        let stage = |error: io::Error| Failed(format!("the case cannot be played: {error}"));
        let folder = tempfile::tempdir().map_err(stage)?;
        let server = FakeServer::start(&case.twist).map_err(stage)?;
        let address = server.address();
        let url = format!("ftp://{USER}:{PASSWORD}@{address}/{}", case.twist.file);
        let ran = self.run(&url, &folder.path().join("file"))?;
        let heard = server.stop();
        let told = |why: &str| Failed(format!("{why}; the client sent {heard:?} and said {:?}", ran.said));
        expect(case.expected, &ran).and_then(|()| (case.check)(&heard)).map_err(|why| told(&why))
    }

    fn run(&self, url: &str, file: &Path) -> Result<Ran, Failed> {
        let file_name = file.display().to_string();
        let mut words =
            self.words.iter().map(|word| word.replace("{url}", url).replace("{file}", &file_name));
        let program = words.next().unwrap_or_default();
        let cannot = |error: io::Error| Failed(format!("{program} cannot be run: {error}"));
        let child = Command::new(&program)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let pid = child.id();
        let (done, ended) = channel();
        thread::spawn(move || done.send(child.wait_with_output()));
        match ended.recv_timeout(PATIENCE) {
            Ok(output) => {
                let output = output.map_err(cannot)?;
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                Ok(Ran { succeeded: output.status.success(), file: fs::read(file).ok(), said })
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
                let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
                Err(Failed(format!("the client does not end in {} s", PATIENCE.as_secs())))
            }
        }
    }
}

fn expect(expected: Expected, ran: &Ran) -> Result<(), String> {
    match (expected, ran.succeeded, ran.file.as_deref()) {
        (Expected::Whole, true, Some(file)) if file == server::CONTENT => Ok(()),
        (Expected::Whole, true, file) => {
            Err(format!("it says that it succeeded, and has {} octets", file.map_or(0, <[u8]>::len)))
        }
        (Expected::Whole, false, _) => Err("it failed".to_owned()),
        (Expected::Failure, false, _) | (Expected::Anything, ..) => Ok(()),
        (Expected::Failure, true, _) => Err("it says that it succeeded".to_owned()),
    }
}

/// For cases that only look at what becomes of the file.
fn anything(_: &Heard) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests;
