//! Our own client.

use std::path::PathBuf;

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Driver, Mode, Operation, Tls};
use crate::interop::samples::{self, LARGE, Tree};
use crate::workspace;

pub(crate) struct Ours(pub(crate) Driver);

fn program() -> String {
    workspace::binary("ftp-client").display().to_string()
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Pasv => "pasv",
        Mode::Epsv => "epsv",
        Mode::Port => "port",
        Mode::Eprt => "eprt",
    }
}

/// Several files into one directory, which a slash at its end tells.
fn get(client: Invocation, task: &Task<'_>) -> Invocation {
    client.with(["get"]).with(task.names().iter().map(|name| task.url(name))).with([task.local("")])
}

fn put(client: Invocation, task: &Task<'_>) -> Invocation {
    client.with(["put"]).with(task.names().iter().map(|name| task.local(name))).with([task.url("")])
}

fn tls(task: &Task<'_>) -> Vec<String> {
    let version = match task.column.tls {
        None => return vec!["--tls".to_owned(), "off".to_owned()],
        Some(Tls::V12) => "1.2",
        Some(Tls::V13) => "1.3",
    };
    let certificate = task.certificate.display().to_string();
    ["--tls", "explicit", "--tls-max", version, "--ca", &certificate].map(str::to_owned).to_vec()
}

impl Client for Ours {
    fn name(&self) -> &'static str {
        match self.0 {
            Driver::Tokio => "ftp-client",
            Driver::Mio => "ftp-client on mio",
        }
    }

    fn version(&self) -> Result<String, String> {
        first_line(&program(), &["--version"])
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        let options = ["--quiet", "--driver", self.0.name(), "--mode", mode(task.column.mode)];
        let tls = tls(task);
        let client = Invocation::new(&program(), options).with(tls.clone());
        let sessions = ["--parallel".to_owned(), task.sessions.to_string()];
        let tree = |words: &[&str], from: String, to: String| {
            Invocation::new(&program(), options)
                .with(tls.clone())
                .with(words.iter().copied())
                .with(sessions.clone())
                .with([from, to])
        };
        let (local, remote) = (task.local("tree"), task.url("tree"));
        let old = task.url(OLD_NAME);
        Ok(vec![match task.operation {
            Operation::Get | Operation::GetHuge => get(client, task),
            Operation::Put | Operation::PutHuge => put(client, task),
            Operation::List => client.with(["ls", "--long"]).with([task.url("")]),
            Operation::ResumeGet => get(client.with(["--resume"]), task),
            Operation::ResumePut => put(client.with(["--resume"]), task),
            Operation::AsciiGet => get(client.with(["--ascii"]), task),
            Operation::AsciiPut => put(client.with(["--ascii"]), task),
            Operation::GetTree => tree(&["get", "-r"], remote, local),
            Operation::PutTree => tree(&["put", "-r"], local, remote),
            Operation::MirrorDown => tree(&["mirror"], remote, local),
            Operation::MirrorUp => tree(&["mirror"], local, remote),
            Operation::Delete => client.with(["rm"]).with([old]),
            Operation::Rename => client.with(["mv"]).with([old, task.remote(NEW_NAME)]),
            Operation::Mkdir => client.with(["mkdir"]).with([task.url(NEW_NAME)]),
            Operation::Rmdir => client.with(["rmdir"]).with([task.url(NEW_NAME)]),
        }])
    }

    /// The part stands under another name, with a note of what it is a part of.
    fn begun(&self, modify: i64) -> Tree {
        let part = samples::half().into_values().next().flatten();
        let note = format!("{{\"size\":{},\"modify\":{modify}}}", samples::LARGE_LENGTH);
        let name = |end: &str| PathBuf::from(format!(".{LARGE}.{end}"));
        Tree::from([(name("ftp-part"), part), (name("ftp-part-note"), Some(note.into_bytes()))])
    }
}
