//! What is done, as a table.

use core::time::Duration;
use std::io;
use std::sync::Mutex;
use std::time::Instant;

use super::client::Session;
use super::servers::{FOLDER, LARGE, SMALL, SMALL_FILES, Target};

/// A kind of work.
pub(super) struct Work {
    pub(super) name: &'static str,
    /// What is counted.
    pub(super) unit: &'static str,
    pub(super) tls: bool,
    /// Clients that work at the same time.
    clients: usize,
    task: Task,
    /// The directory that is listed has so many entries.
    pub(super) entries: Option<usize>,
}

#[derive(Clone, Copy)]
enum Task {
    DownloadLarge,
    UploadLarge,
    DownloadSmall,
    UploadSmall,
    Login,
    Command(&'static str),
    /// A thousand commands in one go.
    Pipelined(&'static str),
    Listing(&'static str),
    /// Sessions that are opened and say nothing: memory, and the answer to others meanwhile.
    Idle(usize),
    /// NOOP, while so many others say nothing.
    Among(usize),
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Units of work.
    pub(super) units: f64,
    pub(super) seconds: f64,
    /// The server's processor time.
    pub(super) processor: f64,
    /// The middle time of one operation.
    pub(super) middle: f64,
    /// Octets of memory for each session, where that was looked at.
    pub(super) memory: Option<f64>,
}

const fn work(name: &'static str, unit: &'static str, clients: usize, task: Task) -> Work {
    Work { name, unit, tls: false, clients, task, entries: None }
}

const fn listing(name: &'static str, task: &'static str, entries: usize) -> Work {
    Work { entries: Some(entries), ..work(name, "entry", 1, Task::Listing(task)) }
}

const fn under_tls(work: Work, name: &'static str) -> Work {
    Work { name, tls: true, ..work }
}

/// The table.
pub(super) const WORK: &[Work] = &[
    work("download", "MB", 1, Task::DownloadLarge),
    work("download x4", "MB", 4, Task::DownloadLarge),
    work("upload", "MB", 1, Task::UploadLarge),
    work("upload x4", "MB", 4, Task::UploadLarge),
    work("small downloads", "file", 1, Task::DownloadSmall),
    work("small downloads x4", "file", 4, Task::DownloadSmall),
    work("small uploads", "file", 1, Task::UploadSmall),
    work("small uploads x4", "file", 4, Task::UploadSmall),
    work("logins x4", "login", 4, Task::Login),
    work("NOOP", "command", 1, Task::Command("NOOP")),
    work("NOOP pipelined", "command", 1, Task::Pipelined("NOOP\r\n")),
    work("SIZE", "command", 1, Task::Command("SIZE files/small/0")),
    listing("LIST 10,000", "LIST", 10_000),
    listing("MLSD 10,000", "MLSD", 10_000),
    listing("NLST 10,000", "NLST", 10_000),
    listing("LIST 100,000", "LIST", 100_000),
    listing("MLSD 100,000", "MLSD", 100_000),
    listing("NLST 100,000", "NLST", 100_000),
    work("idle sessions", "session", 1, Task::Idle(500)),
    under_tls(work("", "MB", 1, Task::DownloadLarge), "TLS download"),
    under_tls(work("", "MB", 1, Task::UploadLarge), "TLS upload"),
    under_tls(work("", "file", 4, Task::DownloadSmall), "TLS small downloads x4"),
    under_tls(work("", "file", 4, Task::UploadSmall), "TLS small uploads x4"),
    under_tls(work("", "login", 4, Task::Login), "TLS logins x4"),
];

/// The same work, more and more of it: what a unit costs is to stay the same.
pub(super) const GROWTH: &[Work] = &[
    work("NOOP among 1", "command", 1, Task::Among(1)),
    work("NOOP among 10", "command", 1, Task::Among(10)),
    work("NOOP among 100", "command", 1, Task::Among(100)),
    work("NOOP among 1,000", "command", 1, Task::Among(1000)),
    work("NOOP among 10,000", "command", 1, Task::Among(10_000)),
    work("1 transfer at a time", "file", 1, Task::DownloadSmall),
    work("4 transfers at a time", "file", 4, Task::DownloadSmall),
    work("16 transfers at a time", "file", 16, Task::DownloadSmall),
    work("64 transfers at a time", "file", 64, Task::DownloadSmall),
    listing("MLSD of 10", "MLSD", 10),
    listing("MLSD of 1,000", "MLSD", 1000),
    listing("MLSD of 100,000", "MLSD", 100_000),
    listing("MLSD of 1,000,000", "MLSD", 1_000_000),
];

/// How many commands are sent in one go.
const PIPELINE: usize = 1000;

impl Work {
    /// Does it for so many seconds.
    pub(super) fn run(&self, target: &Target, seconds: f64) -> Result<Found, String> {
        let found = match self.task {
            Task::Idle(sessions) => idle(target, sessions),
            Task::Among(sessions) => {
                let others = (0..sessions).map(|_| Session::open(target)).collect::<io::Result<Vec<_>>>();
                others.and_then(|_others| self.repeat(target, Duration::from_secs_f64(seconds)))
            }
            _ => self.repeat(target, Duration::from_secs_f64(seconds)),
        };
        found.map_err(|error| error.to_string())
    }

    fn repeat(&self, target: &Target, time: Duration) -> io::Result<Found> {
        // What is prepared is not counted.
        let mut workers = (0..self.clients)
            .map(|number| Worker::new(self, target, number))
            .collect::<io::Result<Vec<_>>>()?;
        for worker in &mut workers {
            worker.once()?;
            worker.took.clear();
            worker.units = 0.0;
        }
        let (used, started) = (target.account.used(), Instant::now());
        let failed = Mutex::new(None);
        std::thread::scope(|scope| {
            for worker in &mut workers {
                scope.spawn(|| {
                    while started.elapsed() < time {
                        if let Err(error) = worker.once() {
                            *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                            return;
                        }
                    }
                });
            }
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let seconds = started.elapsed().as_secs_f64();
        // What servers do after the last answer belongs to it.
        std::thread::sleep(Duration::from_millis(20));
        let processor = target.account.used().saturating_sub(used).as_secs_f64();
        let units = workers.iter().map(|worker| worker.units).sum();
        let mut took: Vec<f64> = workers.into_iter().flat_map(|worker| worker.took).collect();
        Ok(Found { units, seconds, processor, middle: middle(&mut took), memory: None })
    }
}

struct Worker<'a> {
    work: &'a Work,
    target: &'a Target,
    number: usize,
    session: Option<Session>,
    /// Operations so far.
    turn: usize,
    units: f64,
    took: Vec<f64>,
}

impl<'a> Worker<'a> {
    fn new(work: &'a Work, target: &'a Target, number: usize) -> io::Result<Self> {
        let session = match work.task {
            Task::Login => None,
            _ => Some(Session::ready(target)?),
        };
        Ok(Self { work, target, number, session, turn: 0, units: 0.0, took: Vec::new() })
    }

    fn once(&mut self) -> io::Result<()> {
        let started = Instant::now();
        self.turn += 1;
        let (turn, number) = (self.turn, self.number);
        let Some(session) = &mut self.session else {
            Session::open(self.target)?.command("QUIT", b'2')?;
            self.done(1.0, started);
            return Ok(());
        };
        let units = match self.work.task {
            Task::DownloadLarge => {
                let octets = session.download(&format!("RETR {FOLDER}/large"))?;
                octets as f64 / 1e6
            }
            Task::UploadLarge => {
                session.upload(&format!("STOR {FOLDER}/{}-up-{number}", self.target.name), LARGE)?;
                LARGE as f64 / 1e6
            }
            Task::DownloadSmall => {
                session.download(&format!("RETR {FOLDER}/small/{}", turn % SMALL_FILES))?;
                1.0
            }
            Task::UploadSmall => {
                // Each server writes as a user of its own.
                let name = format!("{}-up-{number}-{}", self.target.name, turn % SMALL_FILES);
                session.upload(&format!("STOR {FOLDER}/small/{name}"), SMALL)?;
                1.0
            }
            Task::Command(line) => {
                session.command(line, b'2')?;
                1.0
            }
            Task::Among(_) => {
                session.command("NOOP", b'2')?;
                1.0
            }
            Task::Pipelined(line) => {
                session.say(line.repeat(PIPELINE).trim_end())?;
                for _ in 0..PIPELINE {
                    session.expect(b'2')?;
                }
                PIPELINE as f64
            }
            Task::Listing(verb) => {
                let entries = self.work.entries.unwrap_or_default();
                session.download(&format!("{verb} {FOLDER}/list-{entries}"))?;
                if session.lines() < entries {
                    let shown = session.lines();
                    return Err(io::Error::other(format!("only {shown} of {entries} entries are shown")));
                }
                entries as f64
            }
            Task::Login | Task::Idle(_) => 0.0,
        };
        self.done(units, started);
        Ok(())
    }

    fn done(&mut self, units: f64, started: Instant) {
        self.units += units;
        self.took.push(started.elapsed().as_secs_f64());
    }
}

/// Sessions that say nothing, and how fast another is answered among them.
fn idle(target: &Target, count: usize) -> io::Result<Found> {
    let warm = (0..10).map(|_| Session::open(target)).collect::<io::Result<Vec<_>>>()?;
    let (before, used, started) = (target.account.memory(), target.account.used(), Instant::now());
    let sessions = (0..count).map(|_| Session::open(target)).collect::<io::Result<Vec<_>>>()?;
    let seconds = started.elapsed().as_secs_f64();
    let processor = target.account.used().saturating_sub(used).as_secs_f64();
    let memory = target.account.memory().saturating_sub(before) as f64 / count as f64;
    let mut active = Session::ready(target)?;
    let mut took = Vec::new();
    for _ in 0..1000 {
        let started = Instant::now();
        active.command("NOOP", b'2')?;
        took.push(started.elapsed().as_secs_f64());
    }
    drop((warm, sessions));
    Ok(Found { units: count as f64, seconds, processor, middle: middle(&mut took), memory: Some(memory) })
}

pub(super) fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
