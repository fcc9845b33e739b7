//! Ctrl-C.

use crate::common::Place;
use crate::common::hostile::{Hostile, Script};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, Stdio};

/// Sends four of ten octets and then nothing.
fn stalled() -> Hostile {
    Hostile::start(Script {
        size: "213 10",
        mdtm: "213 20010909014640",
        cut: 4,
        stalls: true,
        ..Script::default()
    })
}

/// Reads on until a line has `text` in it.
fn read_until(lines: &mut BufReader<ChildStderr>, text: &str) {
    let mut line = String::new();
    while lines.read_line(&mut line).expect("it is text") > 0 {
        if line.contains(text) {
            return;
        }
        line.clear();
    }
    panic!("it ended without {text:?}");
}

fn interrupt(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::INT).expect("it runs");
}

#[test]
fn the_first_one_aborts_in_step_with_the_server_and_keeps_what_came() {
    let (server, here) = (stalled(), Place::new());
    let mut command = here.command(&["-v", "get", &server.url("f")]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
    read_until(&mut lines, "< 150");
    interrupt(&child);
    read_until(&mut lines, "> ABOR");
    read_until(&mut lines, "< 226");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(here.read("f").is_none());
    assert!(server.commands().ends_with(&["ABOR".to_owned(), "QUIT".to_owned()]));
}

#[test]
fn in_the_shell_it_ends_the_command_and_not_the_shell() {
    let (server, here) = (stalled(), Place::new());
    let (terminal, theirs) = terminal();
    let mut command = here.command(&["-v", "shell", &server.url("")]);
    command
        .env("TERM", "xterm")
        .stdin(theirs.try_clone().expect("a clone"))
        .stdout(theirs)
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
    drop(command);
    prompt(&terminal);
    rustix::io::write(&terminal, b"get f\r").expect("it reads");
    read_until(&mut lines, "< 150");
    interrupt(&child);
    read_until(&mut lines, "> ABOR");
    read_until(&mut lines, "aborted");
    prompt(&terminal);
    rustix::io::write(&terminal, b"quote NOOP\r").expect("it reads");
    read_until(&mut lines, "> NOOP");
    prompt(&terminal);
    rustix::io::write(&terminal, b"exit\r").expect("it reads");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

/// Reads on until the shell asks for a line.
fn prompt(terminal: &OwnedFd) {
    let (mut shown, mut room) = (Vec::new(), [0; 1024]);
    while !shown.windows(3).any(|window| window == b"/> ") {
        let length = rustix::io::read(terminal, &mut room).expect("it asks");
        shown.extend_from_slice(&room[..length]);
    }
}

/// A terminal: our end and that of the program.
pub(crate) fn terminal() -> (OwnedFd, OwnedFd) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("ours");
    unlockpt(&ours).expect("ours");
    let name = ptsname(&ours, Vec::new()).expect("a name");
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let theirs = rustix::fs::open(&*name, flags, rustix::fs::Mode::empty()).expect("a terminal");
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&ours, size).expect("a size");
    (ours, theirs)
}
