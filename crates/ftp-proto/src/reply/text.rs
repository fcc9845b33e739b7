//! Pathnames in replies: quoted, with quotes doubled (RFC 959 §5.4 and appendix II).

use alloc::vec::Vec;
use bytes::{BufMut as _, Bytes, BytesMut};

const QUOTE: u8 = b'"';

/// `"path"` with quotes doubled, as 257 has it.
///
/// ```
/// use ftp_proto::reply::quoted_path;
///
/// assert_eq!(quoted_path(br#"a"b"#), &br#""a""b""#[..]);
/// ```
#[must_use]
pub fn quoted_path(path: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(path.len() + 2);
    put_quoted(path, &mut out);
    out.freeze()
}

/// Appends `"path"` with quotes doubled.
pub(crate) fn put_quoted(path: &[u8], out: &mut BytesMut) {
    out.put_u8(QUOTE);
    for (number, part) in path.split(|&octet| octet == QUOTE).enumerate() {
        if number > 0 {
            out.put_slice(&[QUOTE, QUOTE]);
        }
        out.put_slice(part);
    }
    out.put_u8(QUOTE);
}

/// The pathname in the text of a 257: the first quoted string, wherever it is and whatever follows it.
///
/// Of servers that do not quote, the whole text when it is one word, else the first word that looks like an absolute
/// pathname (`/…`, `A:…`, `DISK$:[DIR]`). `None` when there is no such word.
#[must_use]
pub fn parse_quoted_path(text: &[u8]) -> Option<Bytes> {
    if let Some(at) = text.iter().position(|&octet| octet == QUOTE) {
        let (path, _) = split_quoted(text.get(at..)?)?;
        return if path.is_empty() { None } else { Some(path) };
    }
    let text = text.trim_ascii();
    let mut words = text.split(|&octet| octet == b' ').filter(|word| !word.is_empty());
    let is_absolute = |word: &&[u8]| word.first() == Some(&b'/') || word.contains(&b':');
    let path = if text.contains(&b' ') { words.find(is_absolute) } else { words.next() };
    path.map(Bytes::copy_from_slice)
}

/// The quoted string that `text` begins with, its doubled quotes made single, and what follows it.
pub(crate) fn split_quoted(text: &[u8]) -> Option<(Bytes, &[u8])> {
    let mut rest = text.strip_prefix(&[QUOTE])?;
    let mut inside = Vec::new();
    loop {
        let end = rest.iter().position(|&octet| octet == QUOTE)?;
        inside.extend_from_slice(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(&[QUOTE]) {
            Some(after) => {
                inside.push(QUOTE);
                rest = after;
            }
            None => return Some((Bytes::from(inside), rest)),
        }
    }
}
