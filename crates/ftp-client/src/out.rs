//! Results on standard output, for people and for programs.

use crate::failure::Failure;
use ftp_proto::escape::escape;
use ftp_proto::facts::{Entry, EntryKind, TimeVal};
use serde_json::{Value, json};
use std::io::{self, IsTerminal as _, Write as _};

/// Writes octets to standard output.
pub(crate) fn write(octets: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(octets).and_then(|()| out.flush()).map_err(|error| failed(&error))
}

/// Standard output cannot be written to. That nobody reads it any more is no error.
pub(crate) fn failed(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::nobody_reads(),
        _ => Failure::local("writing to standard output", error),
    }
}

/// A line of text.
pub(crate) fn line(text: impl core::fmt::Display) -> Result<(), Failure> {
    write(format!("{text}\n").as_bytes())
}

/// A value for a program, on one line.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    line(value)
}

/// How a listing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// Type, size and time, too.
    pub(crate) long: bool,
    /// Names are made safe for eyes; off, they are written as they are.
    pub(crate) terminal: bool,
    /// Directories and links in colour.
    pub(crate) colour: bool,
}

impl Style {
    /// What standard output is good for.
    pub(crate) fn detect(long: bool, names: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { long: long || (terminal && !names), terminal, colour }
    }
}

/// The entries, one a line.
pub(crate) fn table(entries: &[Entry], style: Style) -> Vec<u8> {
    let width = entries.iter().filter_map(|entry| entry.size).max().unwrap_or(0).to_string().len();
    let mut out = Vec::new();
    for entry in entries {
        if style.long {
            out.extend_from_slice(facts(entry, width).as_bytes());
        }
        name(entry, style, &mut out);
        out.push(b'\n');
    }
    out
}

fn facts(entry: &Entry, width: usize) -> String {
    let size =
        entry.size.filter(|_| !entry.kind.is_directory()).map_or_else(|| "-".into(), |size| size.to_string());
    let time = entry.modify.map_or_else(|| "-".into(), minute);
    format!("{}{} {size:>width$} {time:16} ", letter(entry.kind), permissions(entry))
}

const fn letter(kind: EntryKind) -> char {
    match kind {
        EntryKind::File => '-',
        EntryKind::Directory | EntryKind::ListedDirectory | EntryKind::ParentDirectory => 'd',
        EntryKind::SymbolicLink => 'l',
        _ => '?',
    }
}

/// `rwxr-xr-x`, where the server tells it.
fn permissions(entry: &Entry) -> String {
    let Some(mode) = entry.unix_mode else { return String::new() };
    (0..9).map(|bit| if mode & (0o400 >> bit) == 0 { '-' } else { ['r', 'w', 'x'][bit % 3] }).collect()
}

fn name(entry: &Entry, style: Style, out: &mut Vec<u8>) {
    let (before, after) = match entry.kind {
        _ if !style.colour => ("", ""),
        kind if kind.is_directory() => ("\x1b[1;34m", "\x1b[0m"),
        EntryKind::SymbolicLink => ("\x1b[36m", "\x1b[0m"),
        _ => ("", ""),
    };
    out.extend_from_slice(before.as_bytes());
    put(&entry.name, style, out);
    out.extend_from_slice(after.as_bytes());
    if style.long {
        match (&entry.target, entry.kind.is_directory()) {
            (Some(target), _) => {
                out.extend_from_slice(b" -> ");
                put(target, style, out);
            }
            (None, true) => out.push(b'/'),
            (None, false) => {}
        }
    }
}

fn put(octets: &[u8], style: Style, out: &mut Vec<u8>) {
    match style.terminal {
        true => out.extend_from_slice(escape(octets).to_string().as_bytes()),
        false => out.extend_from_slice(octets),
    }
}

/// `2024-05-01 12:34`.
fn minute(time: TimeVal) -> String {
    let at = time.to_civil();
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year, at.month, at.day, at.hour, at.minute)
}

/// RFC 3339, in UTC.
pub(crate) fn rfc3339(time: TimeVal) -> String {
    let at = time.to_civil();
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year, at.month, at.day, at.hour, at.minute, at.second)
}

/// What `ftp-client` calls a kind.
pub(crate) const fn kind_name(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File => "file",
        EntryKind::Directory | EntryKind::ListedDirectory | EntryKind::ParentDirectory => "directory",
        EntryKind::SymbolicLink => "link",
        _ => "other",
    }
}

/// An entry for a program. A name that is not UTF-8 is in `name` only as well as it can be; `url` has it exactly.
pub(crate) fn entry_json(entry: &Entry, url: &str) -> Value {
    json!({
        "name": String::from_utf8_lossy(&entry.name),
        "url": url,
        "type": kind_name(entry.kind),
        "size": entry.size,
        "modify": entry.modify.map(rfc3339),
        "mode": entry.unix_mode.map(|mode| format!("{mode:04o}")),
        "target": entry.target.as_ref().map(|target| String::from_utf8_lossy(target)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &'static [u8]) -> Entry {
        Entry { name: name.into(), size: Some(5), modify: Some(TimeVal::from_seconds(0)), ..Entry::default() }
    }

    #[test]
    fn c7_names_are_escaped_on_a_terminal_and_exact_in_a_pipe() {
        let style = Style { long: false, terminal: true, colour: false };
        assert_eq!(table(&[entry(b"a\x1b[2Jb")], style), b"a\\x1b[2Jb\n");
        assert_eq!(table(&[entry(b"\xff")], Style { terminal: false, ..style }), b"\xff\n");
    }

    #[test]
    fn the_long_form_has_type_size_time_and_name() {
        let style = Style { long: true, terminal: true, colour: false };
        let directory = Entry { kind: EntryKind::Directory, unix_mode: Some(0o755), ..entry(b"d") };
        assert_eq!(
            String::from_utf8_lossy(&table(&[entry(b"f"), directory], style)),
            "- 5 1970-01-01 00:00 f\ndrwxr-xr-x - 1970-01-01 00:00 d/\n"
        );
    }
}
