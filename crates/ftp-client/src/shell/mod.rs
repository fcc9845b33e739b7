//! The interactive shell. Errors do not end it.

mod args;
mod commands;
mod complete;
mod names;
mod session;
mod words;

use crate::args::Options;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::site::{Context, FIRST_PAUSE};
use crate::ui::Ui;
use crate::url::FtpUrl;
use args::{Command, Line};
use clap::{CommandFactory as _, FromArgMatches as _};
use complete::Complete;
use core::cell::RefCell;
use names::{Side, expand, side};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use session::Session;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::rc::Rc;
use words::{Word, split};

/// How many lines are remembered.
const HISTORY: usize = 2000;

/// Runs the shell until the user leaves it. From a script, the first failure decides the exit code.
pub(crate) fn run(options: Options, url: Option<&str>) -> Result<Exit, Failure> {
    let ui = Ui::new(&options);
    let context = Context { options, ui, interrupt: Interrupt::default(), pause: FIRST_PAUSE };
    let session = Rc::new(RefCell::new(Session::new(context.clone())));
    let mut shell = Shell { context, session: Rc::clone(&session), first: None };
    // Before the first connection: it takes SIGINT for itself, and who takes it later has it.
    let mut editor = editor(session)?;
    if let Some(url) = url {
        let mut session = shell.session.borrow_mut();
        session.open(&Session::url(url)?)?;
    }
    let history = history_file();
    if let Some(file) = &history {
        // There is none the first time.
        let _ = editor.load_history(file);
    }
    let left = shell.read(&mut editor);
    if let Some(file) = history {
        let kept = file.parent().map_or(Ok(()), std::fs::create_dir_all);
        if kept.is_err() || editor.save_history(&file).is_err() {
            shell.context.ui.note("the history cannot be kept");
        }
    }
    shell.session.borrow_mut().close();
    left?;
    Ok(shell.first.filter(|_| !std::io::stdin().is_terminal()).unwrap_or(Exit::Ok))
}

fn editor(session: Rc<RefCell<Session>>) -> Result<Editor<Complete, FileHistory>, Failure> {
    let failed = |error: ReadlineError| Failure::new(Exit::Local, format!("the terminal: {error}"));
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY)
        .map_err(failed)?
        .build();
    let mut editor = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Complete { session }));
    Ok(editor)
}

/// Where the XDG base directory specification puts it.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    std::io::stdin().is_terminal().then(|| state.join("ftp-client/history"))
}

struct Shell {
    context: Context,
    session: Rc<RefCell<Session>>,
    /// How the first failure would end a program.
    first: Option<Exit>,
}

impl Shell {
    fn read(&mut self, editor: &mut Editor<Complete, FileHistory>) -> Result<(), Failure> {
        loop {
            let prompt = self.session.borrow().prompt();
            let line = match editor.readline(&prompt) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(Failure::new(Exit::Local, format!("the terminal: {error}"))),
            };
            if !is_secret(&line) {
                let _ = editor.add_history_entry(&line);
            }
            match self.line(&line) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(failure) => self.complain(failure),
            }
        }
    }

    /// Whether the user wants to leave.
    fn line(&self, line: &str) -> Result<bool, Failure> {
        let words = split(line).map_err(|error| Failure::usage(error.to_string()))?;
        if words.first().is_none_or(|word| word.text.starts_with(b"#")) {
            return Ok(false);
        }
        self.context.interrupt.clear();
        let mut session = self.session.borrow_mut();
        let arguments = arguments(&mut session, &words)?;
        match parse(arguments)? {
            Some(Command::Exit) => return Ok(true),
            Some(Command::Help { command }) => help(command.as_deref())?,
            Some(command) => commands::run(&mut session, command)?,
            None => {}
        }
        Ok(false)
    }

    fn complain(&mut self, failure: Failure) {
        if self.first.is_none() && failure.exit != Exit::Ok {
            self.first = Some(failure.exit);
        }
        if !failure.text.is_empty() {
            self.context.ui.error(&failure.text);
        }
        let mut session = self.session.borrow_mut();
        if failure.lost || session.is_lost() {
            self.context.interrupt.clear();
            if let Err(failure) = session.mend() {
                self.context.ui.error(&failure.text);
            }
        }
    }
}

/// The words with patterns replaced by names.
fn arguments(session: &mut Session, words: &[Word]) -> Result<Vec<OsString>, Failure> {
    let mut arguments = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let side = if number == 0 { Side::Neither } else { side(&words[..number]) };
        arguments.extend(expand(session, side, word)?.into_iter().map(OsString::from_vec));
    }
    // get and put take one file and where it goes; a pattern means several.
    if words.iter().skip(1).any(|word| word.is_pattern) {
        match arguments.first().and_then(|command| command.to_str()) {
            Some("get") => arguments[0] = "mget".into(),
            Some("put") => arguments[0] = "mput".into(),
            _ => {}
        }
    }
    Ok(arguments)
}

/// `None`: clap has said what there was to say.
fn parse(arguments: Vec<OsString>) -> Result<Option<Command>, Failure> {
    let parsed = Line::command().try_get_matches_from(arguments);
    match parsed.and_then(|matches| Line::from_arg_matches(&matches)) {
        Ok(line) => Ok(Some(line.command)),
        Err(error) if error.exit_code() == 0 => {
            crate::out::write(error.to_string().as_bytes())?;
            Ok(None)
        }
        Err(error) => Err(Failure::usage(error.to_string().trim_end().to_owned())),
    }
}

fn help(command: Option<&str>) -> Result<(), Failure> {
    let mut line = Line::command();
    line.build();
    let text = match command {
        None => line.render_help(),
        Some(name) => line
            .find_subcommand_mut(name)
            .ok_or_else(|| Failure::usage(format!("there is no command {name:?}: help lists them")))?
            .render_help(),
    };
    crate::out::line(text)
}

/// Whether a line holds a password: it is not remembered.
fn is_secret(line: &str) -> bool {
    let Ok(words) = split(line) else { return true };
    let has_password = |word: &Word| {
        str::from_utf8(&word.text).is_ok_and(|text| {
            let url = if FtpUrl::looks_like_one(text) { text.to_owned() } else { format!("ftp://{text}") };
            text.contains('@') && url.parse::<FtpUrl>().is_ok_and(|url| url.password.is_some())
        })
    };
    words.first().is_some_and(|word| word.text == b"quote") || words.iter().any(has_password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_passwords_are_not_remembered() {
        for line in ["open ftp://u:p@h/", "open u:p@h", "quote PASS x", "open 'ftp://u:p@h"] {
            assert!(is_secret(line), "{line}");
        }
        for line in ["open ftp://u@h/", "get a@b", "cd x"] {
            assert!(!is_secret(line), "{line}");
        }
    }

    #[test]
    fn the_commands_are_consistent() {
        Line::command().debug_assert();
    }
}
