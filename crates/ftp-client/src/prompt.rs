//! Asking on the terminal: for a password, without showing it, and for consent.

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};

/// What Ctrl-C types.
const CTRL_C: u8 = 3;

/// Asks on the controlling terminal.
///
/// # Errors
/// When there is none; [`io::ErrorKind::Interrupted`] at Ctrl-C.
pub(crate) fn password(question: &str) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(question.as_bytes())?;
    let mut line = String::new();
    {
        let _silent = Silent::new(terminal.try_clone()?)?;
        BufReader::new(terminal.try_clone()?).read_line(&mut line)?;
    }
    terminal.write_all(b"\n")?;
    if line.as_bytes().contains(&CTRL_C) {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks a question to which only `y` and `yes` are consent.
///
/// # Errors
/// When there is no controlling terminal.
pub(crate) fn confirm(question: &str) -> io::Result<bool> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(question.as_bytes())?;
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line)?;
    Ok(["y", "yes"].iter().any(|yes| line.trim().eq_ignore_ascii_case(yes)))
}

/// The terminal does not show what is typed while this lives.
struct Silent {
    terminal: File,
    before: Termios,
}

impl Silent {
    fn new(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        // Ctrl-C ends the line instead of the program, which would leave the terminal silent.
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        silent.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
