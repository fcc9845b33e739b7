//! Lines of LIST in the form of `ls -l`, and of NLST.

use super::clock::HALF_YEAR;
use super::months::MONTHS;
use crate::facts::{Entry, EntryKind, Permissions, TimeVal, is_writable};
use bytes::{BufMut, BytesMut};
use core::fmt::Write;

/// Appends `entry` as a line of LIST, with CRLF:
///
/// ```text
/// -rw-r--r--    1 1000     staff        1830 Mar  4 16:03 notes.txt
/// lrwxrwxrwx    1 1000     staff           9 Mar  4  2019 latest -> notes.txt
/// ```
///
/// Times are in UTC: with the time of day if the entry changed within the half year before `now`, otherwise with the
/// year. What is not known is filled with what most readers take for granted: 1 link, `ftp` for owner and group, size 0,
/// 1970-01-01; permission bits are made up from the `perm` fact, or from what is usual. The size of a link is that
/// of its target's name.
///
/// CR, LF and NUL in a name are replaced by `?`, as `ls` does, so that a name cannot make a second line. A name with
/// such an octet cannot be had over FTP, but who cannot remove a directory sees why.
pub fn write_unix(entry: &Entry, now: TimeVal, out: &mut BytesMut) {
    write_unix_entry(entry, now, out);
    out.put_slice(b"\r\n");
}

/// Likewise without CRLF, for a reply to STAT.
pub fn write_unix_entry(entry: &Entry, now: TimeVal, out: &mut BytesMut) {
    let target = entry.target.as_deref().filter(|_| entry.kind == EntryKind::SymbolicLink);
    let size = target.map_or(entry.size, |target| Some(target.len() as u64));
    write_mode(entry, out);
    put(out, format_args!(" {:>4} ", entry.links.unwrap_or(1)));
    write_account(entry.owner.as_deref(), out);
    write_account(entry.group.as_deref(), out);
    put(out, format_args!("{:>8} ", size.unwrap_or(0)));
    write_date(entry.modify.unwrap_or(TimeVal::from_seconds(0)), now, out);
    write_visibly(&entry.name, out);
    if let Some(target) = target {
        out.put_slice(b" -> ");
        write_visibly(target, out);
    }
}

/// Appends `name` as a line of NLST, with CRLF.
///
/// `false`, with nothing appended, when it has CR, LF or NUL in it: every line must be good as an argument of RETR (RFC
/// 1123 §4.1.2.7).
pub fn write_name(name: &[u8], out: &mut BytesMut) -> bool {
    let writable = is_writable(name) && !name.is_empty();
    if writable {
        out.put_slice(name);
        out.put_slice(b"\r\n");
    }
    writable
}

/// Formatting into a `BytesMut` cannot fail: it grows.
fn put(out: &mut BytesMut, text: core::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Ten characters: what it is, and who may do what.
fn write_mode(entry: &Entry, out: &mut BytesMut) {
    out.put_u8(match entry.kind {
        EntryKind::File => b'-',
        EntryKind::SymbolicLink => b'l',
        EntryKind::Directory | EntryKind::ListedDirectory | EntryKind::ParentDirectory => b'd',
        // Which of device, pipe or socket is not known; readers treat all of them alike.
        EntryKind::Other => b's',
    });
    let mode = entry.unix_mode.unwrap_or_else(|| usual_mode(entry));
    let classes = [(6, 0o4000, b"sS"), (3, 0o2000, b"sS"), (0, 0o1000, b"tT")];
    for (shift, special, letters) in classes {
        let bits = mode >> shift;
        out.put_u8(if bits & 4 != 0 { b'r' } else { b'-' });
        out.put_u8(if bits & 2 != 0 { b'w' } else { b'-' });
        out.put_u8(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letters[0],
            (true, false) => letters[1],
            (false, true) => b'x',
            (false, false) => b'-',
        });
    }
}

/// Permission bits where there are none: those that say what the `perm` fact says, or else those that are usual.
fn usual_mode(entry: &Entry) -> u16 {
    let is_directory = entry.kind.is_directory();
    let Some(permissions) = entry.permissions else {
        return match entry.kind {
            EntryKind::SymbolicLink => 0o777,
            _ if is_directory => 0o755,
            _ => 0o644,
        };
    };
    let any = |letters: &[u8]| letters.iter().any(|&letter| Permissions::allows(permissions, letter));
    let (read, write, enter) =
        if is_directory { (any(b"l"), any(b"cmp"), any(b"e")) } else { (any(b"r"), any(b"aw"), false) };
    0o444 * u16::from(read) + 0o200 * u16::from(write) + 0o111 * u16::from(enter)
}

/// A field for an account's name. Blanks would make two fields of it.
fn write_account(name: Option<&[u8]>, out: &mut BytesMut) {
    let name = name.filter(|name| !name.is_empty()).unwrap_or(b"ftp");
    out.extend(name.iter().map(|&octet| if octet <= b' ' || octet == 0x7f { b'_' } else { octet }));
    out.put_bytes(b' ', 8_usize.saturating_sub(name.len()) + 1);
}

fn write_date(time: TimeVal, now: TimeVal, out: &mut BytesMut) {
    let civil = time.to_civil();
    let month = MONTHS.get(usize::from(civil.month).wrapping_sub(1)).copied().unwrap_or_default();
    put(out, format_args!("{month} {:>2} ", civil.day));
    let age = now.seconds_since_epoch.saturating_sub(time.seconds_since_epoch);
    if (0..HALF_YEAR).contains(&age) {
        put(out, format_args!("{:02}:{:02} ", civil.hour, civil.minute));
    } else {
        put(out, format_args!(" {:04} ", civil.year));
    }
}

fn write_visibly(name: &[u8], out: &mut BytesMut) {
    if is_writable(name) {
        out.put_slice(name);
    } else {
        out.extend(name.iter().map(|&octet| if is_writable(&[octet]) { octet } else { b'?' }));
    }
}
