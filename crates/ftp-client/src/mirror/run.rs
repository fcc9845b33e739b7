//! A plan carried out.

use super::plan::{Copy, Plan, Removal, plan};
use super::scan::Scanner;
use super::summary::Skipped;
use super::tree::{Directory, RelPath};
use super::worker::work;
use super::{Direction, Job, Summary};
use crate::commands::make_parents;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::{Dir, FileName};
use crate::site::Connection;
use crate::ui::Progress;
use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// What all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) job: Job,
    /// The top of the local tree.
    pub(super) top: Dir,
    pub(super) progress: Progress,
    left: Mutex<VecDeque<Copy>>,
    summary: Mutex<Summary>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn next(&self) -> Option<Copy> {
        lock(&self.left).pop_front()
    }

    pub(super) fn put_back(&self, copy: Copy) {
        lock(&self.left).push_front(copy);
    }

    pub(super) fn copied(&self, octets: u64) {
        let mut summary = lock(&self.summary);
        summary.copied += 1;
        summary.octets += octets;
    }

    pub(super) fn failed(&self, path: &RelPath, failure: Failure) {
        let failure = Failure { text: format!("{path}: {}", failure.text), ..failure };
        self.job.context.ui.error(&format!("ftp-client: {}", failure.text));
        lock(&self.summary).failures.push(failure);
    }
}

/// Makes the target like the source.
pub(crate) fn run(job: Job) -> Result<Summary, Failure> {
    let mut connection = job.site.connect(&job.context)?;
    let mut summary = Summary::default();
    let (top, mut plan) = prepare(&job, &mut connection, &mut summary)?;
    summary.up_to_date = plan.up_to_date;
    skips(&job, &plan, &mut summary);
    let (clear, directories, remove) = (
        core::mem::take(&mut plan.clear),
        core::mem::take(&mut plan.directories),
        core::mem::take(&mut plan.remove),
    );
    removals(&job, &top, &mut connection, &clear, &mut summary)?;
    make(&job, &top, &mut connection, &directories, &mut summary)?;
    let (job, top, mut summary) = copy(job, top, &mut connection, plan.copies, summary)?;
    removals(&job, &top, &mut connection, &remove, &mut summary)?;
    connection.close();
    Ok(summary)
}

/// Reads both sides and compares them. The top of the target is made if it is not there.
fn prepare(job: &Job, connection: &mut Connection, summary: &mut Summary) -> Result<(Dir, Plan), Failure> {
    let mut scanner = Scanner::new(&job.context, &job.options.exclude);
    let spinner = job.context.ui.progress(None, "reading the directories");
    let remote = scanner.remote(connection, job.remote.clone(), RelPath::default());
    let (top, remote) = match job.direction {
        Direction::Down => (local_top(job)?, remote?),
        Direction::Up => (crate::commands::transfer::open(&job.local)?, remote_top(job, connection, remote)?),
    };
    let local = scanner.local(&top, &RelPath::default())?;
    drop(spinner);
    for skipped in &scanner.skipped {
        job.context.ui.note(&format!("skipped {}: {}", skipped.path, skipped.why));
    }
    summary.skipped.append(&mut scanner.skipped);
    let plan = match job.direction {
        Direction::Down => plan(&remote, &local, &job.options),
        Direction::Up => plan(&local, &remote, &job.options),
    };
    Ok((top, plan))
}

fn local_top(job: &Job) -> Result<Dir, Failure> {
    if !job.local.as_os_str().is_empty() {
        std::fs::create_dir_all(&job.local).map_err(|error| Failure::local(job.local.display(), &error))?;
    }
    crate::commands::transfer::open(&job.local)
}

/// What is on the server, or, when there is nothing, a new directory.
fn remote_top(
    job: &Job,
    connection: &mut Connection,
    scanned: Result<Directory, Failure>,
) -> Result<Directory, Failure> {
    match (scanned, &job.remote) {
        (Err(failure), Some(path)) if failure.concerns_one_entry() => {
            make_parents(&mut connection.client, path)?;
            // Now it must be readable; a server may answer a refusal for other reasons.
            let mut scanner = Scanner::new(&job.context, &job.options.exclude);
            scanner.remote(connection, job.remote.clone(), RelPath::default())
        }
        (scanned, _) => scanned,
    }
}

fn skips(job: &Job, plan: &Plan, summary: &mut Summary) {
    for (path, why) in &plan.skipped {
        job.context.ui.note(&format!("skipped {path}: {}", why.text()));
        summary.skipped.push(Skipped {
            path: path.to_string(),
            why: why.text().to_owned(),
            missing: why.is_failure(),
        });
    }
}

/// Notes how something on the target went; what concerns the rest, too, comes back.
fn note(
    job: &Job,
    path: &RelPath,
    done: Result<(), Failure>,
    summary: &mut Summary,
) -> Result<bool, Failure> {
    match done {
        Ok(()) => Ok(true),
        Err(failure) if failure.concerns_one_entry() => {
            let text = format!("{path}: {}", failure.text);
            job.context.ui.error(&format!("ftp-client: {text}"));
            summary.failures.push(Failure { text, ..failure });
            Ok(false)
        }
        Err(failure) => Err(failure),
    }
}

fn removals(
    job: &Job,
    top: &Dir,
    connection: &mut Connection,
    removals: &[Removal],
    summary: &mut Summary,
) -> Result<(), Failure> {
    for removal in removals {
        let done = match job.direction {
            Direction::Down => local_remove(top, removal),
            Direction::Up => remote_remove(job, connection, removal),
        };
        summary.removed += u64::from(note(job, &removal.path, done, summary)?);
    }
    Ok(())
}

fn local_remove(top: &Dir, removal: &Removal) -> Result<(), Failure> {
    let Some((name, parents)) = removal.path.split_last() else { return Ok(()) };
    in_directory(top, parents, |dir| match removal.directory {
        true => dir.remove_dir(name),
        false => dir.remove_file(name),
    })
}

fn in_directory(
    top: &Dir,
    parents: &[FileName],
    work: impl FnOnce(&Dir) -> io::Result<()>,
) -> Result<(), Failure> {
    top.descend(parents).and_then(|dir| work(&dir)).map_err(|error| Failure::local("on this machine", &error))
}

fn remote_remove(job: &Job, connection: &mut Connection, removal: &Removal) -> Result<(), Failure> {
    let path = job.remote_path(&removal.path)?;
    match removal.directory {
        true => connection.client.rmd(&path)?,
        false => connection.client.dele(&path)?,
    };
    Ok(())
}

fn make(
    job: &Job,
    top: &Dir,
    connection: &mut Connection,
    directories: &[RelPath],
    summary: &mut Summary,
) -> Result<(), Failure> {
    for path in directories {
        let Some((name, parents)) = path.split_last() else { continue };
        let done = match job.direction {
            Direction::Down => in_directory(top, parents, |dir| dir.make_dir(name).map(drop)),
            Direction::Up => connection.client.mkd(&job.remote_path(path)?).map(drop).map_err(Failure::from),
        };
        summary.directories += u64::from(note(job, path, done, summary)?);
    }
    Ok(())
}

/// Copies on several connections; the first is the one that is there already.
fn copy(
    job: Job,
    top: Dir,
    connection: &mut Connection,
    copies: Vec<Copy>,
    summary: Summary,
) -> Result<(Job, Dir, Summary), Failure> {
    let total = copies.iter().map(|copy| copy.facts.size).sum::<Option<u64>>();
    let workers = job.parallel.min(copies.len());
    let progress = job.context.ui.progress(total, "");
    let (left, summary) = (Mutex::new(copies.into()), Mutex::new(summary));
    let shared = Shared { job, top, progress, left, summary };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(|| help(&shared))).collect();
        let worked = work(&shared, connection);
        others.into_iter().fold(worked, |result, other| {
            let broken = |_| Err(Failure::new(Exit::Local, "a worker broke down"));
            let helped = other.join().unwrap_or_else(broken);
            result.and(helped)
        })
    })?;
    let summary = shared.summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((shared.job, shared.top, summary))
}

/// A further connection. Many servers allow only few: then the others do the work.
fn help(shared: &Shared) -> Result<(), Failure> {
    match shared.job.site.connect(&shared.job.context) {
        Ok(mut connection) => {
            let result = work(shared, &mut connection);
            connection.close();
            result
        }
        Err(failure) if failure.exit == Exit::Interrupted => Err(failure),
        Err(failure) => {
            shared.job.context.ui.note(&format!("going on with fewer connections: {}", failure.text));
            Ok(())
        }
    }
}
