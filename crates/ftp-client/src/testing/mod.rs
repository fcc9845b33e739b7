//! The body of the fuzz target `client_program`: the whole program against a server that means harm.

mod server;

use crate::args::{Cli, Command};
use crate::commands;
use crate::interrupt::Interrupt;
use crate::site::Context;
use crate::ui::Ui;
use clap::Parser as _;
use core::time::Duration;
use server::Hostile;
use std::fs;
use std::path::Path;

/// What is asked of the program. `{url}` is the server, `{here}` where it may write, `{local}` where it may read.
const COMMANDS: [&[&str]; 8] = [
    &["mirror", "{url}/", "{here}"],
    &["get", "-r", "{url}/d", "{here}"],
    &["get", "{url}/f", "{url}/g", "{here}"],
    &["get", "--resume", "{url}/f", "{here}"],
    &["put", "{local}/f", "{url}/f"],
    &["put", "-r", "{local}", "{url}/d"],
    &["mirror", "--delete", "{local}", "{url}/d"],
    &["rm", "-r", "{url}/d"],
];

/// What nobody may change.
const KEPT: &[u8] = b"what stands beside";

/// Runs a command against a server that does what `choices` say. The first octet chooses the command. Whatever the server
/// does, the program ends, writes to nowhere but where it was told to, makes no links, and says nothing that would act on
/// a terminal.
pub fn program(choices: &[u8]) {
    let Some((&command, choices)) = choices.split_first() else { return };
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name);
    for directory in ["here", "local"] {
        fs::create_dir(path(directory)).expect("a directory");
    }
    for file in ["beside", "local/f"] {
        fs::write(path(file), KEPT).expect("a file");
    }
    let server = Hostile::start(choices);
    let fill = |word: &&str| {
        word.replace("{url}", &server.url())
            .replace("{here}", &path("here").display().to_string())
            .replace("{local}", &path("local").display().to_string())
    };
    let command = COMMANDS[usize::from(command) % COMMANDS.len()].iter().map(fill);
    let options = ["ftp-client", "--no-netrc", "--tls", "off", "--mode", "epsv"].map(str::to_owned);
    let said = run(options.into_iter().chain(command));
    server.stop();
    assert!(!said.chars().any(acts_on_a_terminal), "{said:?}");
    for file in ["beside", "local/f"] {
        assert_eq!(fs::read(path(file)).ok().as_deref(), Some(KEPT), "{file}");
    }
    assert_eq!(names(folder.path()), ["beside", "here", "local"]);
    assert_eq!(names(&path("local")), ["f"]);
    no_links(&path("here"));
}

/// What the program said, and how it ended.
fn run(line: impl Iterator<Item = String>) -> String {
    let Cli { options, command } = Cli::try_parse_from(line).expect("a command line that is right");
    let Some(Command::OnUrls(command)) = command else { unreachable!("none of them is for the shell") };
    let ui = Ui::keeping();
    let context = Context { options, ui: ui.clone(), interrupt: Interrupt::deaf(), pause: Duration::ZERO };
    match commands::run_in(&context, command) {
        Ok(_) => ui.kept(),
        Err(failure) => ui.kept() + &failure.text,
    }
}

/// A control character, or a mark that changes the direction in which is read.
fn acts_on_a_terminal(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is still there");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

fn no_links(directory: &Path) {
    for entry in fs::read_dir(directory).expect("it is still there") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("its type");
        assert!(!kind.is_symlink(), "{:?}", entry.path());
        if kind.is_dir() {
            no_links(&entry.path());
        }
    }
}
