//! What the line editor asks: completions.

use super::args::Line;
use super::names::{Side, complete, side};
use super::session::Session;
use super::words::last;
use clap::CommandFactory as _;
use core::cell::RefCell;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use std::rc::Rc;

/// Completes commands, and paths on both sides.
pub(super) struct Complete {
    pub(super) session: Rc<RefCell<Session>>,
}

impl Completer for Complete {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let (before, word) = last(&line[..pos]);
        let candidates = match side(&before) {
            Side::Neither if before.is_empty() => commands(&word.text),
            Side::Neither => Vec::new(),
            side => {
                let mut session = self.session.borrow_mut();
                complete(&mut session, side, &word)
            }
        };
        Ok((word.start, candidates))
    }
}

fn commands(begun: &[u8]) -> Vec<String> {
    let line = Line::command();
    let names = line.get_subcommands().flat_map(clap::Command::get_name_and_visible_aliases);
    let mut names: Vec<_> =
        names.filter(|name| name.as_bytes().starts_with(begun)).map(|name| format!("{name} ")).collect();
    names.sort();
    names
}

impl Hinter for Complete {
    type Hint = String;
}

impl Highlighter for Complete {}
impl Validator for Complete {}
impl Helper for Complete {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_completed() {
        assert_eq!(commands(b"mg"), ["mget "]);
        assert!(commands(b"").contains(&"cd ".to_owned()));
    }
}
