//! Programs that are started, and ended again whatever happens.
//!
//! Each runs in a process group of its own and is ended by the group's id: servers fork a process for each session.

use core::time::Duration;
use std::collections::BTreeSet;
use std::io::{self, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};

/// What has to go when the task ends early.
struct Ours {
    groups: BTreeSet<i32>,
    directory: Option<PathBuf>,
}

static OURS: Mutex<Ours> = Mutex::new(Ours { groups: BTreeSet::new(), directory: None });

fn ours() -> std::sync::MutexGuard<'static, Ours> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names the directory that is removed when the task is interrupted.
pub(crate) fn clean_up(directory: PathBuf) {
    ours().directory = Some(directory);
}

/// From now on an interrupt ends all that was started, and then the task.
pub(crate) fn obey_interrupts() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot wait for signals: {error}"))?;
    thread::spawn(move || {
        runtime.block_on(interrupted());
        eprintln!("interrupted: ending what was started");
        let ours = ours();
        ours.groups.iter().for_each(|&group| end(group));
        if let Some(directory) = &ours.directory {
            // What cannot be removed stays in the system's directory for temporary files.
            let _ = std::fs::remove_dir_all(directory);
        }
        std::process::exit(130);
    });
    Ok(())
}

async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return core::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn end(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // A group that has ended already is what we want.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// A program that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    group: i32,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        // The lock is held, so that an interrupt finds every group that there is.
        let mut ours = ours();
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
        let group = child.id().cast_signed();
        ours.groups.insert(group);
        Ok(Self { child, group })
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(self.group);
        // It was killed: waiting only takes it off the system's table.
        let _ = self.child.wait();
        ours().groups.remove(&self.group);
    }
}

/// What a program that ran to its end left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end, or for as long as `limit`.
pub(crate) fn run(command: &mut Command, stdin: &str, limit: Duration) -> Result<Finished, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(command)?;
    let stdout = reader(running.child.stdout.take());
    let stderr = reader(running.child.stderr.take());
    if let Some(mut pipe) = running.child.stdin.take() {
        // A program may end without reading all of it.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let in_time = end_after(running.group, limit, || running.child.wait());
    let status = in_time.map_err(|error| format!("cannot wait for a program: {error}"))?;
    let finished = Finished { status: status.0, stdout: text(stdout), stderr: text(stderr) };
    if status.1 { Ok(finished) } else { Err(format!("did not end within {limit:?}\n{}", finished.stderr)) }
}

/// Waits, and kills the group when that takes too long; says whether it was in time.
fn end_after<T>(group: i32, limit: Duration, wait: impl FnOnce() -> io::Result<T>) -> io::Result<(T, bool)> {
    let (done, is_done) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let late = is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
        if late {
            end(group);
        }
        !late
    });
    let outcome = wait();
    drop(done);
    Ok((outcome?, watch.join().unwrap_or(false)))
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut octets = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still of use.
            let _ = pipe.read_to_end(&mut octets);
        }
        octets
    })
}

fn text(reader: thread::JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let mut endless = Command::new("sleep");
        endless.arg("600");
        assert!(run(&mut endless, "", Duration::from_millis(10)).is_err());
    }

    #[test]
    fn what_a_program_reads_and_writes_passes() {
        let finished = run(&mut Command::new("cat"), "a line", Duration::from_secs(60)).expect("cat");
        assert!(finished.status.success());
        assert_eq!(finished.stdout, "a line");
    }
}
