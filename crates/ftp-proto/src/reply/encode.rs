//! Reply to octets.

use super::Reply;
use crate::wire::{Encode, put_doubled};
use bytes::{BufMut as _, BytesMut};

/// What stands where a text had CR, LF or NUL: a name with a line end in it must not make a second line.
const REPLACEMENT: u8 = b'?';

impl Encode for Reply {
    /// `ddd text`, or `ddd-text`, lines with one SP before them, and `ddd text` (RFC 959 §4.2). Because of the SP no
    /// line between can end the reply, whatever it begins with.
    ///
    /// CR, LF and NUL in a text become `?`; 0xFF is doubled (RFC 3659 §2.2).
    fn encode(&self, out: &mut BytesMut) {
        let code = self.code.get();
        let digits = [code / 100, code / 10 % 10, code % 10].map(|digit| b'0' + digit as u8);
        let last = self.lines.len().saturating_sub(1);
        out.reserve(self.lines.iter().map(|line| line.len() + 6).sum());
        for (number, line) in self.lines.iter().enumerate() {
            if number == 0 || number == last {
                out.put_slice(&digits);
            }
            out.put_u8(if number == 0 && last > 0 { b'-' } else { b' ' });
            put_text(line, out);
            out.put_slice(b"\r\n");
        }
        if self.lines.is_empty() {
            out.put_slice(&digits);
            out.put_slice(b" \r\n");
        }
    }
}

fn put_text(text: &[u8], out: &mut BytesMut) {
    let breaks_lines = |octet: &u8| matches!(octet, b'\r' | b'\n' | 0);
    for (number, part) in text.split(breaks_lines).enumerate() {
        if number > 0 {
            out.put_u8(REPLACEMENT);
        }
        put_doubled(part, out);
    }
}
