//! The clients: for each, how it is told to do an operation in a data port mode.
//!
//! A client here does nothing itself: it turns a task into command lines, or says why that cannot be done with it.

mod curl;
mod ftplib;
mod lftp;
mod ncftp;
mod ours;
mod tnftp;
mod wget;

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;
use std::path::Path;
use std::process::Command;

use super::case::{Column, Driver, Operation};
use super::process;
use super::samples::{self, HUGE, LARGE, SAMPLES, TEXT, Tree};

/// Where a case takes place.
pub(crate) struct Task<'a> {
    pub(crate) operation: Operation,
    pub(crate) column: Column,
    pub(crate) server: SocketAddr,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    /// How many sessions the client may have at once.
    pub(crate) sessions: u8,
    /// The directory on the server, from its root, without a slash at the end.
    pub(crate) remote: &'a str,
    /// The directory on the client's side.
    pub(crate) local: &'a Path,
    /// The authority that vouches for the server under TLS.
    pub(crate) certificate: &'a Path,
}

/// What is deleted, or renamed.
pub(crate) const OLD_NAME: &str = "two words.txt";
/// What it is called then, or what the new directory is called.
pub(crate) const NEW_NAME: &str = "new näme";

impl Task<'_> {
    /// The files that are moved one by one.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        match self.operation {
            Operation::Get | Operation::Put => SAMPLES.iter().map(|sample| sample.name).collect(),
            Operation::GetHuge | Operation::PutHuge => vec![HUGE],
            Operation::ResumeGet | Operation::ResumePut => vec![LARGE],
            Operation::AsciiGet | Operation::AsciiPut => vec![TEXT],
            _ => Vec::new(),
        }
    }

    pub(crate) fn remote(&self, name: &str) -> String {
        format!("{}/{name}", self.remote)
    }

    pub(crate) fn local(&self, name: &str) -> String {
        self.local.join(name).display().to_string()
    }

    /// The URL of a name below the remote directory, with user and password.
    pub(crate) fn url(&self, name: &str) -> String {
        let login = format!("{}:{}", escape(self.user), escape(self.password));
        format!("ftp://{login}@{}{}", self.server, escape(&self.remote(name)))
    }

    pub(crate) fn is_ascii(&self) -> bool {
        matches!(self.operation, Operation::AsciiGet | Operation::AsciiPut)
    }
}

/// Percent-encoding of everything that is not surely harmless in a path.
fn escape(text: &str) -> String {
    let mut url = String::new();
    for &octet in text.as_bytes() {
        if octet.is_ascii_alphanumeric() || b"/-._".contains(&octet) {
            url.push(octet.into());
        } else {
            // Writing to a string does not fail.
            let _ = write!(url, "%{octet:02X}");
        }
    }
    url
}

/// One run of a program.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) program: String,
    pub(crate) arguments: Vec<String>,
    pub(crate) stdin: String,
}

impl Invocation {
    fn new(program: &str, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { program: program.to_owned(), arguments, stdin: String::new() }
    }

    fn with_stdin(mut self, stdin: String) -> Self {
        self.stdin = stdin;
        self
    }

    fn with(mut self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// What a client does for a task, or why it cannot.
pub(crate) type Plan = Result<Vec<Invocation>, &'static str>;

pub(crate) trait Client: Sync {
    fn name(&self) -> &'static str;

    /// A line that names the version, as the program itself says it.
    fn version(&self) -> Result<String, String>;

    fn plan(&self, task: &Task<'_>) -> Plan;

    /// What a download that broke off half-way left. `modify` is the time of the file on the server, since 1970.
    fn begun(&self, _modify: i64) -> Tree {
        samples::half()
    }

    /// Whether a text that comes in TYPE A is stored as it came, with CR LF.
    fn stores_text_unchanged(&self) -> bool {
        false
    }
}

pub(crate) fn ours(driver: Driver) -> Box<dyn Client> {
    Box::new(ours::Ours(driver))
}

/// The clients of others.
pub(crate) fn foreign() -> Vec<Box<dyn Client>> {
    vec![
        Box::new(curl::Curl),
        Box::new(lftp::Lftp),
        Box::new(tnftp::Tnftp),
        Box::new(ncftp::Ncftp),
        Box::new(wget::Wget),
        Box::new(ftplib::Ftplib),
    ]
}

/// The first line that a program prints, on whichever of its outputs.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Result<String, String> {
    let finished = process::run(Command::new(program).args(arguments), "", Duration::from_secs(20))?;
    let output = [finished.stdout, finished.stderr].concat();
    let line = output.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(str::to_owned).ok_or_else(|| format!("{program} does not say its version"))
}
