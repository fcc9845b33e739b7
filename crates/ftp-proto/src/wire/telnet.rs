//! Telnet as far as FTP has it: commands are taken out, options are refused, 0xFF in data is doubled
//! (RFC 959 §5.3, RFC 854, RFC 1123 §4.1.2.12, RFC 3659 §2.2).

use bytes::{BufMut as _, BytesMut};

/// "Interpret as command".
const IAC: u8 = 0xFF;
const DONT: u8 = 0xFE;
const DO: u8 = 0xFD;
const WONT: u8 = 0xFC;
const WILL: u8 = 0xFB;
const SB: u8 = 0xFA;
const IP: u8 = 0xF4;
const DM: u8 = 0xF2;
const SE: u8 = 0xF0;

/// The octets after which a line is more than plain text: line end, Telnet, NUL.
pub(super) const SPECIAL: [u8; 3] = [b'\n', IAC, 0];

/// Where in a Telnet command the stream is. Small, so that commands may be split anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Telnet {
    #[default]
    Data,
    /// After IAC.
    Command,
    /// After IAC and WILL, WONT, DO or DONT.
    Option(u8),
    /// Between IAC SB and IAC SE.
    Subnegotiation,
    /// After IAC in there.
    SubnegotiationCommand,
}

/// What one octet turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Part of a Telnet command.
    Nothing,
    /// Data.
    Octet(u8),
    /// Data, and so is the 0xFF before it: its sender does not double.
    KeptWithIac(u8),
    /// Interrupt process, or the data mark of a Synch.
    Interrupt,
    /// A request that is to be answered with this command and option.
    Refuse([u8; 3]),
}

impl Telnet {
    /// Takes the next octet of the stream.
    pub(crate) fn step(&mut self, octet: u8) -> Meaning {
        let (next, meaning) = match (*self, octet) {
            (Self::Data, IAC) => (Self::Command, Meaning::Nothing),
            (Self::Data, _) => (Self::Data, Meaning::Octet(octet)),
            (Self::Command, IAC) => (Self::Data, Meaning::Octet(IAC)),
            (Self::Command, WILL | WONT | DO | DONT) => (Self::Option(octet), Meaning::Nothing),
            (Self::Command, SB) => (Self::Subnegotiation, Meaning::Nothing),
            (Self::Command, IP | DM) => (Self::Data, Meaning::Interrupt),
            (Self::Command, SE..) => (Self::Data, Meaning::Nothing),
            (Self::Command, _) => (Self::Data, Meaning::KeptWithIac(octet)),
            (Self::Option(WILL), _) => (Self::Data, Meaning::Refuse([IAC, DONT, octet])),
            (Self::Option(DO), _) => (Self::Data, Meaning::Refuse([IAC, WONT, octet])),
            // WONT and DONT are what is in force anyway: an answer could make a loop (RFC 854).
            (Self::Option(_), _) => (Self::Data, Meaning::Nothing),
            (Self::Subnegotiation, IAC) => (Self::SubnegotiationCommand, Meaning::Nothing),
            (Self::Subnegotiation, _) => (Self::Subnegotiation, Meaning::Nothing),
            (Self::SubnegotiationCommand, SE) => (Self::Data, Meaning::Nothing),
            (Self::SubnegotiationCommand, _) => (Self::Subnegotiation, Meaning::Nothing),
        };
        *self = next;
        meaning
    }
}

/// Takes the Telnet commands out of a whole line, in place.
pub(super) fn strip(line: &mut BytesMut) {
    let mut telnet = Telnet::Data;
    let mut kept = 0;
    let mut keep = |line: &mut BytesMut, octet: u8| {
        line[kept] = octet;
        kept += 1;
    };
    for at in 0..line.len() {
        // At most as many octets are kept as were read, so nothing unread is overwritten.
        match telnet.step(line[at]) {
            Meaning::Octet(octet) => keep(line, octet),
            Meaning::KeptWithIac(octet) => {
                keep(line, IAC);
                keep(line, octet);
            }
            Meaning::Nothing | Meaning::Interrupt | Meaning::Refuse(_) => {}
        }
    }
    line.truncate(kept);
}

/// Appends `octets` with 0xFF doubled, as data on a control connection has to be (RFC 3659 §2.2).
pub(crate) fn put_doubled(octets: &[u8], out: &mut BytesMut) {
    out.reserve(octets.len());
    for (number, part) in octets.split(|&octet| octet == IAC).enumerate() {
        if number > 0 {
            out.put_slice(&[IAC, IAC]);
        }
        out.put_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn stripped(line: &[u8], expected: &[u8]) {
        let mut line = BytesMut::from(line);
        strip(&mut line);
        assert_eq!(line, expected);
    }

    #[test]
    fn commands_of_every_length_are_taken_out() {
        stripped(b"\xFF\xF4\xFF\xF2ABOR", b"ABOR");
        stripped(b"\xFF\xFB\x01USER\xFF\xFE\x03 a", b"USER a");
        stripped(b"NO\xFF\xFA\x18\x00xterm\xFF\xFF\n\xFF\xF0OP", b"NOOP");
        stripped(b"\xFF\xF1\xFF\xF9NOOP", b"NOOP");
    }

    #[test]
    fn m3659_01_doubled_0xff_is_one_octet_and_round_trips() {
        stripped(b"a\xFF\xFFb", b"a\xFFb");
        let mut out = BytesMut::new();
        put_doubled(b"\xFFa\xFF\xFF", &mut out);
        assert_eq!(out, &b"\xFF\xFFa\xFF\xFF\xFF\xFF"[..]);
        strip(&mut out);
        assert_eq!(out, &b"\xFFa\xFF\xFF"[..]);
    }

    #[test]
    fn a_0xff_that_was_not_doubled_is_kept() {
        stripped(b"caf\xFFe", b"caf\xFFe");
    }
}
