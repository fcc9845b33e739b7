//! Machine-readable entries: MLST and MLSD (RFC 3659 §7).
//!
//! An entry is `name=value;name=value; pathname`: facts, one space, and the pathname as it is, spaces included.
//!
//! A pathname with CR, LF or NUL in it is not written at all. RFC 3659 §2.2 leaves the choice between a reversible
//! form and omission. No form is reversible without taking some other name's place, and such a file could not be
//! named in a command anyway, see [`PathName`](crate::command::PathName).

use super::{Entry, EntryKind, Fact, FactSet, Permissions, TimeVal, digits, is_writable};
use bytes::{BufMut, Bytes, BytesMut};
use core::fmt::Write;

/// Appends `entry` as MLST's reply has it: without line end, and without the space that begins a line of the reply.
///
/// MLST tells about an object, so `cdir` and `pdir`, which MLSD alone knows (RFC 3659 §7.5.1.2), become `dir`.
///
/// `false`, with nothing appended, when the name cannot be written.
#[must_use = "an entry that cannot be written is left out"]
pub fn write_entry(entry: &Entry, facts: FactSet, out: &mut BytesMut) -> bool {
    let kind = if entry.kind.is_directory() { EntryKind::Directory } else { entry.kind };
    write(entry, kind, facts, out)
}

/// Appends `entry` as a line of MLSD's listing, with CRLF.
///
/// `false`, with nothing appended, when the name cannot be written, and for `cdir` and `pdir` when the type fact is
/// not wanted: they could not be told from entries (RFC 3659 §7.5.1.2).
pub fn write_line(entry: &Entry, facts: FactSet, out: &mut BytesMut) -> bool {
    let is_title = matches!(entry.kind, EntryKind::ListedDirectory | EntryKind::ParentDirectory);
    if is_title && !facts.contains(Fact::Type) {
        return false;
    }
    let written = write(entry, entry.kind, facts, out);
    if written {
        out.put_slice(b"\r\n");
    }
    written
}

/// Appends the line of FEAT's reply without the space in front: the facts that are `supported`, with an asterisk after
/// those that are `selected` (RFC 3659 §7.8).
pub fn write_feat(supported: FactSet, selected: FactSet, out: &mut BytesMut) {
    out.put_slice(b"MLST");
    for (nth, fact) in supported.iter().enumerate() {
        out.put_slice(if nth == 0 { b" " } else { b"" });
        out.put_slice(fact.name().as_bytes());
        out.put_slice(if selected.contains(fact) { b"*;" } else { b";" });
    }
}

/// Appends the text of the 200 to OPTS MLST: the facts that are in force from now on (RFC 3659 §7.9.1).
pub fn write_opts(selected: FactSet, out: &mut BytesMut) {
    out.put_slice(b"MLST OPTS");
    for (nth, fact) in selected.iter().enumerate() {
        out.put_slice(if nth == 0 { b" " } else { b"" });
        out.put_slice(fact.name().as_bytes());
        out.put_u8(b';');
    }
}

fn write(entry: &Entry, kind: EntryKind, facts: FactSet, out: &mut BytesMut) -> bool {
    if !is_writable(&entry.name) {
        return false;
    }
    for fact in facts.iter() {
        write_fact(entry, kind, fact, out);
    }
    out.put_u8(b' ');
    out.put_slice(&entry.name);
    true
}

/// Appends one fact; nothing when its value is not known, does not apply, or is not a token.
fn write_fact(entry: &Entry, kind: EntryKind, fact: Fact, out: &mut BytesMut) {
    let before = out.len();
    out.put_slice(fact.name().as_bytes());
    out.put_u8(b'=');
    let written = match fact {
        Fact::Type => write_type(kind, entry.target.as_deref(), out),
        // A size applies to what is not a directory (RFC 3659 §7.5.7).
        Fact::Size => write_known(entry.size.filter(|_| !kind.is_directory()), out, |size, out| {
            write!(out, "{size}").is_ok()
        }),
        Fact::Modify => write_known(entry.modify, out, write_time),
        Fact::Create => write_known(entry.create, out, write_time),
        Fact::Perm => write_known(entry.permissions, out, |permissions, out| {
            out.extend(permissions.letters());
            true
        }),
        Fact::Unique => write_known(entry.unique.as_deref(), out, write_token),
        Fact::UnixMode => {
            write_known(entry.unix_mode, out, |mode, out| write!(out, "{:04o}", mode & 0o7777).is_ok())
        }
        Fact::UnixOwner => write_known(entry.owner.as_deref(), out, write_token),
        Fact::UnixGroup => write_known(entry.group.as_deref(), out, write_token),
    };
    if written {
        out.put_u8(b';');
    } else {
        out.truncate(before);
    }
}

fn write_known<T>(value: Option<T>, out: &mut BytesMut, write: fn(T, &mut BytesMut) -> bool) -> bool {
    value.is_some_and(|value| write(value, out))
}

fn write_time(time: TimeVal, out: &mut BytesMut) -> bool {
    time.write(out);
    true
}

fn write_token(token: &[u8], out: &mut BytesMut) -> bool {
    out.put_slice(token);
    !token.is_empty() && token.iter().copied().all(is_token_octet)
}

fn write_type(kind: EntryKind, target: Option<&[u8]>, out: &mut BytesMut) -> bool {
    let name: &[u8] = match kind {
        EntryKind::File => b"file",
        EntryKind::Directory => b"dir",
        EntryKind::ListedDirectory => b"cdir",
        EntryKind::ParentDirectory => b"pdir",
        EntryKind::SymbolicLink => b"OS.unix=slink",
        EntryKind::Other => b"OS.unix=special",
    };
    out.put_slice(name);
    let token = |target: &&[u8]| !target.is_empty() && target.iter().copied().all(is_token_octet);
    // Where the link points is told only if it can be told exactly: a value has no spaces and no escapes.
    if let (EntryKind::SymbolicLink, Some(target)) = (kind, target.filter(token)) {
        out.put_u8(b':');
        out.put_slice(target);
    }
    true
}

/// RCHAR (RFC 3659 §2.1), of which a token is made.
const fn is_token_octet(octet: u8) -> bool {
    let mark = matches!(octet, b'!'..=b'/' | b':' | b'?' | b'@' | b'\\' | b'^' | b'_') && octet != b'*';
    octet.is_ascii_alphanumeric() || mark
}

/// Reads one entry: a line of MLSD's listing without its line end, or one of MLST's reply without the space in front.
///
/// Tolerated is what servers are known to do: facts in any case and order, facts that nobody knows, no semicolon after
/// the last fact, no space before the name, spaces in a link's target, `sizd`, and the various names of UNIX facts. A
/// value that makes no sense is as good as none. Still, there must be at least one fact of RFC 3659 with its value, or
/// none at all and a space, so that a line of another format is `None`.
///
/// The name is empty if that is what the line says (MLST without argument, RFC 3659 §7.3.1).
#[must_use]
pub fn parse(line: &[u8]) -> Option<Entry> {
    let mut reading = Reading::default();
    let mut rest = line;
    let name = loop {
        if let Some(name) = rest.strip_prefix(b" ") {
            break name;
        }
        match split_fact(rest) {
            Some((name, value, after)) => {
                reading.take(name, value);
                rest = after;
            }
            None => break rest,
        }
    };
    let bare = name.len() + 1 == line.len();
    (bare || reading.known).then(|| reading.finish(name))
}

/// Cuts `name=value;` off; without semicolon the value ends before the space. `None` if there is no fact here.
fn split_fact(rest: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = rest.iter().position(|&octet| octet == b'=' || !is_token_octet(octet))?;
    let (name, value) = rest.split_at_checked(equals)?;
    let value = value.strip_prefix(b"=").filter(|_| !name.is_empty())?;
    // The target of a link may have spaces in it, although it should not.
    let spaces = link_target(value).is_some() && value.contains(&b';');
    let end = value.iter().position(|&octet| octet == b';' || octet == b' ' && !spaces)?;
    let (value, after) = value.split_at_checked(end)?;
    Some((name, value, after.strip_prefix(b";").unwrap_or(after)))
}

/// What follows `OS.unix=slink` in the value of a type fact.
fn link_target(value: &[u8]) -> Option<&[u8]> {
    let os = strip_prefix_ignoring_case(value, b"OS.unix=")?;
    strip_prefix_ignoring_case(os, b"slink").or_else(|| strip_prefix_ignoring_case(os, b"symlink"))
}

fn strip_prefix_ignoring_case<'a>(octets: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, tail) = octets.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// The facts of a line so far.
#[derive(Default)]
struct Reading {
    entry: Entry,
    kind: Option<EntryKind>,
    /// Something that only a directory has was among them.
    like_directory: bool,
    /// A fact of RFC 3659 was among them, with a value that makes sense.
    known: bool,
}

/// Facts that are not written but read: other servers' names for the same things.
const ALIASES: [(&[u8], Fact); 6] = [
    (b"sizd", Fact::Size),
    (b"UNIX.uid", Fact::UnixOwner),
    (b"UNIX.gid", Fact::UnixGroup),
    (b"UNIX.ownername", Fact::UnixOwner),
    (b"UNIX.groupname", Fact::UnixGroup),
    (b"UNIX.perm", Fact::UnixMode),
];

impl Reading {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        let alias =
            || ALIASES.iter().find(|(alias, _)| name.eq_ignore_ascii_case(alias)).map(|&(_, fact)| fact);
        let Some(fact) = Fact::from_name(name).or_else(alias) else { return };
        let entry = &mut self.entry;
        let understood = match fact {
            Fact::Type => self.take_type(value),
            Fact::Size => {
                self.like_directory |= name.eq_ignore_ascii_case(b"sizd");
                set(&mut entry.size, digits::decimal(value))
            }
            Fact::Modify => set(&mut entry.modify, TimeVal::parse(value)),
            Fact::Create => set(&mut entry.create, TimeVal::parse(value)),
            Fact::Perm => self.take_permissions(value),
            Fact::Unique => set(&mut entry.unique, copy_token(value)),
            Fact::UnixMode => set(&mut entry.unix_mode, mode_bits(value)),
            Fact::UnixOwner => set(&mut entry.owner, copy_token(value)),
            Fact::UnixGroup => set(&mut entry.group, copy_token(value)),
        };
        self.known |= understood;
    }

    fn take_type(&mut self, value: &[u8]) -> bool {
        let kinds: [(&[u8], EntryKind); 4] = [
            (b"file", EntryKind::File),
            (b"dir", EntryKind::Directory),
            (b"cdir", EntryKind::ListedDirectory),
            (b"pdir", EntryKind::ParentDirectory),
        ];
        let standard = kinds.into_iter().find(|(name, _)| value.eq_ignore_ascii_case(name));
        let kind = match (standard, link_target(value)) {
            (Some((_, kind)), _) => kind,
            (None, Some(target)) => {
                let target = target.strip_prefix(b":").filter(|target| !target.is_empty());
                self.entry.target = target.map(Bytes::copy_from_slice);
                EntryKind::SymbolicLink
            }
            (None, None) => EntryKind::Other,
        };
        self.kind = Some(kind);
        kind != EntryKind::Other || strip_prefix_ignoring_case(value, b"OS.").is_some()
    }

    fn take_permissions(&mut self, value: &[u8]) -> bool {
        self.entry.permissions = Some(Permissions::from_letters(value));
        // RFC 3659 §7.5.5: these apply to directories only.
        self.like_directory |= value.iter().any(|letter| b"celmp".contains(&letter.to_ascii_lowercase()));
        value.iter().all(u8::is_ascii_alphabetic)
    }

    fn finish(self, name: &[u8]) -> Entry {
        let guess = if self.like_directory { EntryKind::Directory } else { EntryKind::Other };
        Entry { name: Bytes::copy_from_slice(name), kind: self.kind.unwrap_or(guess), ..self.entry }
    }
}

/// Sets `place` to `value`, if there is one; says whether there is.
fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let understood = value.is_some();
    if understood {
        *place = value;
    }
    understood
}

fn copy_token(value: &[u8]) -> Option<Bytes> {
    (!value.is_empty()).then(|| Bytes::copy_from_slice(value))
}

/// Permission bits; those of the file type, which some servers add, are dropped.
fn mode_bits(digits: &[u8]) -> Option<u16> {
    Some((digits::octal(digits)? & 0o7777) as u16)
}
