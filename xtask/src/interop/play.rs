//! One case: what is there before, what is run, what has to be there afterwards.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::case::{Column, Family, Operation, Outcome};
use super::clients::{Client, Invocation, NEW_NAME, OLD_NAME, Task};
use super::process::{self, Finished};
use super::relay::{Relay, Transcript};
use super::samples::{self, SAMPLES, Tree};
use super::servers::{self, Server, Started};
use super::tls::Identity;

/// How long one run of a client may take.
const LIMIT: Duration = Duration::from_secs(60);

/// What stands on the two sides.
#[derive(Clone)]
struct Sides {
    remote: Tree,
    local: Tree,
}

/// What is there before an operation.
fn before(operation: Operation) -> Sides {
    let sides = |remote, local| Sides { remote, local };
    let none = Tree::new;
    match operation {
        Operation::Get | Operation::List => sides(samples::files(), none()),
        Operation::Put => sides(none(), samples::files()),
        Operation::GetHuge => sides(samples::huge(), none()),
        Operation::PutHuge => sides(none(), samples::huge()),
        // What a broken download left depends on the client.
        Operation::ResumeGet => sides(samples::large(), none()),
        Operation::ResumePut => sides(samples::half(), samples::large()),
        Operation::GetTree | Operation::MirrorDown => sides(samples::tree(), none()),
        Operation::PutTree | Operation::MirrorUp => sides(none(), samples::tree()),
        Operation::AsciiGet => sides(samples::text(), none()),
        Operation::AsciiPut => sides(none(), samples::text()),
        Operation::Delete | Operation::Rename => sides(samples::one(OLD_NAME), none()),
        Operation::Mkdir => sides(none(), none()),
        Operation::Rmdir => sides(samples::directory(NEW_NAME), none()),
    }
}

/// What has to be there after it.
fn after(operation: Operation, client: &dyn Client) -> Sides {
    let Sides { remote, local } = before(operation);
    let both = |tree: Tree| Sides { remote: tree.clone(), local: tree };
    match operation {
        Operation::List => Sides { remote, local },
        Operation::AsciiGet if client.stores_text_unchanged() => {
            Sides { remote, local: samples::text_on_the_wire() }
        }
        Operation::Get
        | Operation::GetHuge
        | Operation::GetTree
        | Operation::MirrorDown
        | Operation::AsciiGet => both(remote),
        Operation::Put
        | Operation::PutHuge
        | Operation::PutTree
        | Operation::MirrorUp
        | Operation::AsciiPut => both(local),
        Operation::ResumeGet | Operation::ResumePut => both(samples::large()),
        Operation::Delete | Operation::Rmdir => both(Tree::new()),
        Operation::Rename => Sides { remote: samples::one(NEW_NAME), local },
        Operation::Mkdir => Sides { remote: samples::directory(NEW_NAME), local },
    }
}

/// What a server is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ground {
    family: Family,
    pub(crate) tls: bool,
}

impl Ground {
    pub(crate) const ALL: [Self; 3] = [
        Self { family: Family::V4, tls: false },
        Self { family: Family::V6, tls: false },
        Self { family: Family::V4, tls: true },
    ];

    pub(crate) const fn of(column: Column) -> Self {
        Self { family: column.family, tls: column.tls.is_some() }
    }
}

/// A server that runs, and a client to be run against it.
pub(crate) struct Arena<'a> {
    server: &'a dyn Server,
    client: &'a dyn Client,
    started: Started,
    identity: &'a Identity,
    root: PathBuf,
    /// The client's home and working directories stand here.
    clients: PathBuf,
}

impl<'a> Arena<'a> {
    pub(crate) fn open(
        server: &'a dyn Server,
        client: &'a dyn Client,
        ground: Ground,
        identity: &'a Identity,
        directory: &Path,
    ) -> Result<Self, String> {
        let Ground { family, tls } = ground;
        let kind = if tls { "-tls" } else { "" };
        let base =
            directory.join(format!("{}-{}-{family:?}{kind}", server.name(), client.name()).replace(' ', "-"));
        let (root, scratch, clients) = (base.join("root"), base.join("server"), base.join("client"));
        for path in [&root, &scratch, &clients] {
            std::fs::create_dir_all(path)
                .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        }
        let started = servers::start(server, family.loopback(), &root, &scratch, tls.then_some(identity))?;
        Ok(Self { server, client, started, identity, root, clients })
    }

    pub(crate) fn play(&self, operation: Operation, column: Column) -> Outcome {
        let name = format!("{operation:?}-{column}").to_lowercase().replace(' ', "-");
        let local = self.clients.join(&name);
        let root = self.root.join(&name);
        let relay = match Relay::open(self.started.address.ip(), self.started.address) {
            Ok(relay) => relay,
            Err(error) => return Outcome::Failed(format!("no relay: {error}")),
        };
        let (user, password) = self.server.login(column);
        let remote = format!("/{name}");
        let task = Task {
            operation,
            column,
            server: relay.address(),
            user,
            password,
            sessions: self.server.sessions_at_once(column),
            remote: &remote,
            local: &local,
            certificate: &self.identity.certificate,
        };
        let runs = match self.client.plan(&task) {
            Ok(runs) => runs,
            Err(reason) => return Outcome::NotApplicable(reason.to_owned()),
        };
        let outcome = self.play_through(&task, &root, &runs, &relay);
        // What is left of all cases together would fill the disk.
        for directory in [&root, &local] {
            let _ = std::fs::remove_dir_all(directory);
        }
        match outcome {
            Ok(()) => Outcome::Passed,
            Err(reason) => {
                let (said, log) = (relay.transcript().last_lines(30), self.started.last_lines(12));
                Outcome::Failed(format!("{reason}\n{}\n{said}\nthe server printed:\n{log}", shown(&runs)))
            }
        }
    }

    fn play_through(
        &self,
        task: &Task<'_>,
        root: &Path,
        runs: &[Invocation],
        relay: &Relay,
    ) -> Result<(), String> {
        let start = before(task.operation);
        samples::write(root, &start.remote).map_err(|error| format!("cannot prepare the server: {error}"))?;
        let local = match task.operation {
            Operation::ResumeGet => self.client.begun(modified(&root.join(samples::LARGE))?),
            _ => start.local,
        };
        samples::write(task.local, &local).map_err(|error| format!("cannot prepare the client: {error}"))?;
        let said = self.run_all(runs, task.local)?;
        let transcript = relay.transcript();
        check_mode(task, &transcript)?;
        if task.column.tls.is_none() {
            check_commands(task.operation, &transcript)?;
        }
        self.check_files(task, root, &said)?;
        if matches!(task.operation, Operation::MirrorDown | Operation::MirrorUp) {
            self.run_all(runs, task.local)?;
            check_nothing_moved(&transcript, &relay.transcript())?;
            self.check_files(task, root, &said)?;
        }
        Ok(())
    }

    fn run_all(&self, runs: &[Invocation], directory: &Path) -> Result<String, String> {
        let mut said = String::new();
        for run in runs {
            let mut command = Command::new(&run.program);
            command.args(&run.arguments).current_dir(directory);
            // No settings of the person who runs this, and names in UTF-8.
            command
                .env_remove("XDG_STATE_HOME")
                .env("HOME", &self.clients)
                .env("LC_ALL", "C.UTF-8")
                .env_remove("ftp_proxy");
            let Finished { status, stdout, stderr } = process::run(&mut command, &run.stdin, LIMIT)?;
            if !status.success() {
                return Err(format!("{} ended with {status}\n{stdout}{stderr}", run.program));
            }
            said.push_str(&stdout);
        }
        Ok(said)
    }

    fn check_files(&self, task: &Task<'_>, root: &Path, said: &str) -> Result<(), String> {
        let wanted = after(task.operation, self.client);
        let read =
            |path: &Path| samples::read(path).map_err(|error| format!("cannot read {path:?}: {error}"));
        samples::compare("on the server", &wanted.remote, &read(root)?)?;
        let local = read(task.local)?;
        if task.operation == Operation::List {
            listed(said, &local)
        } else {
            samples::compare("at the client", &wanted.local, &local)
        }
    }
}

/// When a file was changed, in seconds since 1970.
fn modified(path: &Path) -> Result<i64, String> {
    use std::os::unix::fs::MetadataExt as _;
    let facts = std::fs::metadata(path).map_err(|error| format!("cannot look at {path:?}: {error}"))?;
    Ok(facts.mtime())
}

fn shown(runs: &[Invocation]) -> String {
    let lines = runs.iter().map(|run| format!("$ {} {:?}", run.program, run.arguments));
    lines.collect::<Vec<_>>().join("\n")
}

/// A client that fell back to another mode has failed, even when the files are right.
fn check_mode(task: &Task<'_>, transcript: &Transcript) -> Result<(), String> {
    if task.column.tls.is_some() {
        return check_secrecy(transcript);
    }
    let used = transcript.modes();
    let wanted = task.column.mode;
    match used.iter().find(|&&mode| mode != wanted) {
        Some(other) => Err(format!("used {} although {} was asked for", other.verb(), wanted.verb())),
        None if task.operation.needs_data() && used.is_empty() => {
            Err("no data connection was asked for".to_owned())
        }
        None => Ok(()),
    }
}

/// Under TLS nothing can be read; and nothing was said before it that had to be secret.
fn check_secrecy(transcript: &Transcript) -> Result<(), String> {
    match ["USER", "PASS", "RETR", "STOR"].into_iter().find(|verb| transcript.has_sent(verb)) {
        Some(verb) => Err(format!("{verb} was sent in the clear")),
        None if !transcript.has_sent("AUTH") => Err("TLS was not asked for".to_owned()),
        None => Ok(()),
    }
}

/// A transfer that was to be resumed was, and one in TYPE A was in TYPE A.
fn check_commands(operation: Operation, transcript: &Transcript) -> Result<(), String> {
    let resumed = transcript.sent("REST").any(|marker| marker == samples::HALF.to_string());
    match operation {
        Operation::ResumeGet if !resumed => Err("the download was not resumed".to_owned()),
        Operation::ResumePut if !resumed && !transcript.has_sent("APPE") => {
            Err("the upload was not resumed".to_owned())
        }
        // Without a word it is TYPE A (RFC 959 §5.1), and some clients rely on that.
        Operation::AsciiGet | Operation::AsciiPut
            if transcript.sent("TYPE").last().is_some_and(|kind| !kind.starts_with(['A', 'a'])) =>
        {
            Err("TYPE A was not used".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_nothing_moved(first: &Transcript, both: &Transcript) -> Result<(), String> {
    let moved = |transcript: &Transcript| {
        ["RETR", "STOR", "APPE"].into_iter().map(|verb| transcript.sent(verb).count()).sum::<usize>()
    };
    match moved(both) - moved(first) {
        0 => Ok(()),
        more => Err(format!("the second run moved {more} files again")),
    }
}

/// The names stand in what the client printed, or in a listing that it left.
fn listed(said: &str, left: &Tree) -> Result<(), String> {
    let files = left.values().flatten().map(|content| String::from_utf8_lossy(content));
    let text = files.fold(said.to_owned(), |text, more| text + &more);
    match SAMPLES.iter().find(|sample| !text.contains(sample.name)) {
        None => Ok(()),
        Some(sample) => Err(format!("{} is not in the listing:\n{text}", sample.name)),
    }
}
