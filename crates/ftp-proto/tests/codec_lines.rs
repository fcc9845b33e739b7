//! Framing of the control connection: line ends, Telnet, limits.

use ftp_proto::wire::{CommandView, LineBuffer, LineError, LineLimits};

fn buffer() -> LineBuffer {
    LineBuffer::new(LineLimits::AFTER_LOGIN)
}

/// The lines of `octets`, lossily as text, and whether each is an interrupt.
fn lines(octets: &[u8]) -> Vec<Result<(Vec<u8>, bool), LineError>> {
    let mut buffer = buffer();
    assert_eq!(buffer.push(octets), octets.len());
    core::iter::from_fn(|| buffer.next_line())
        .map(|line| line.map(|line| (line.as_bytes().to_vec(), line.interrupt())))
        .collect()
}

fn plain(line: &[u8]) -> Result<(Vec<u8>, bool), LineError> {
    Ok((line.to_vec(), false))
}

#[test]
fn rfc959_10_a_line_ends_at_lf_with_or_without_cr() {
    assert_eq!(lines(b"NOOP\r\nnoop\nNoOp\r\n"), [plain(b"NOOP"), plain(b"noop"), plain(b"NoOp")]);
    assert_eq!(lines(b"\r\n\n"), [plain(b""), plain(b"")]);
    assert_eq!(lines(b"one CR only\r\r\n"), [plain(b"one CR only\r")]);
    assert_eq!(lines(b"no end yet\r"), []);
}

#[test]
fn rfc2640_2_cr_nul_is_cr() {
    assert_eq!(lines(b"STOR a\r\0b\r\n"), [plain(b"STOR a\rb")]);
    assert_eq!(lines(b"STOR a\r\0\r\n"), [plain(b"STOR a\r")]);
}

#[test]
fn s5_s6_nul_makes_the_line_an_error_and_is_never_a_place_to_cut() {
    let error = || Err(LineError::ForbiddenOctet { octet: 0 });
    assert_eq!(lines(b"DELE a\0b\r\nNOOP\r\n"), [error(), plain(b"NOOP")]);
    assert_eq!(lines(b"PASS secret\0\r\n"), [error()]);
    assert_eq!(lines(b"\0NOOP\r\n"), [error()]);
    assert_eq!(lines(b"STOR a\r\0\0b\r\n"), [error()]);
}

#[test]
fn rfc1123_19_telnet_options_are_refused_without_losing_the_command() {
    let mut buffer = buffer();
    let octets = b"\xFF\xFB\x01\xFF\xFD\x03\xFF\xFC\x01\xFF\xFE\x03USER anonymous\r\n";
    assert_eq!(buffer.push(octets), octets.len());
    assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"USER anonymous");
    // WILL and DO are answered with DONT and WONT; WONT and DONT are not answered, or there could be a loop.
    assert_eq!(buffer.take_telnet_replies().unwrap(), &b"\xFF\xFE\x01\xFF\xFC\x03"[..]);
    assert_eq!(buffer.take_telnet_replies(), None);
}

#[test]
fn rfc1123_19_refusals_that_nobody_takes_are_bounded() {
    let mut buffer = buffer();
    for _ in 0..100 {
        let octets = [&b"\xFF\xFB\x01".repeat(100)[..], b"NOOP\r\n"].concat();
        assert_eq!(buffer.push(&octets), octets.len());
        assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"NOOP");
    }
    assert_eq!(buffer.take_telnet_replies().unwrap().len(), 32 * 3);
}

#[test]
fn rfc959_44_an_interrupt_is_told_with_its_line_only() {
    let abor = Ok((b"ABOR".to_vec(), true));
    assert_eq!(lines(b"\xFF\xF4\xFF\xF2ABOR\r\nNOOP\r\n"), [abor.clone(), plain(b"NOOP")]);
    assert_eq!(lines(b"NOOP\r\n\xFF\xF2ABOR\r\n"), [plain(b"NOOP"), abor]);
    // Are You There is a command, but no interrupt.
    assert_eq!(lines(b"\xFF\xF6ABOR\r\n"), [plain(b"ABOR")]);
}

#[test]
fn rfc959_44_what_urgent_data_leaves_of_a_synch_does_not_hide_the_verb() {
    for octets in [&b"\xFF\xF4\xFFABOR\r\n"[..], b"\xF2ABOR\r\n", b"\xFF\xF4\xF2ABOR\r\n"] {
        let line = lines(octets).remove(0).unwrap().0;
        assert_eq!(CommandView::parse(&line).unwrap().verb(), b"ABOR");
    }
}

#[test]
fn rfc3659_01_doubled_0xff_is_one_octet() {
    assert_eq!(lines(b"STOR caf\xFF\xFF\r\n"), [plain(b"STOR caf\xFF")]);
    // From a client that does not double.
    assert_eq!(lines(b"STOR caf\xFF\r\n"), [plain(b"STOR caf\xFF")]);
}

#[test]
fn a_line_end_inside_of_a_telnet_command_is_not_one() {
    assert_eq!(lines(b"NO\xFF\xFD\nOP\r\n"), [plain(b"NOOP")]);
    assert_eq!(lines(b"NO\xFF\xFA\x18\n\xFF\xF0OP\r\n"), [plain(b"NOOP")]);
}

#[test]
fn s22_a_line_of_the_limit_is_a_line_and_one_octet_more_is_not() {
    let limits = LineLimits { max_line: 8, max_buffered: 64 };
    for (end, name) in [(&b"\r\n"[..], "CR LF"), (b"\n", "LF")] {
        let mut buffer = LineBuffer::new(limits);
        let octets = [b"STOR 678", end, b"STOR 6789", end, b"NOOP", end].concat();
        assert_eq!(buffer.push(&octets), octets.len());
        assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"STOR 678", "{name}");
        assert_eq!(buffer.next_line(), Some(Err(LineError::TooLong { limit: 8 })), "{name}");
        assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"NOOP", "{name}");
    }
}

#[test]
fn s22_an_endless_line_is_reported_once_in_bounded_memory_and_its_tail_is_no_line() {
    let mut buffer = LineBuffer::new(LineLimits::BEFORE_LOGIN);
    let mut errors = 0;
    for _ in 0..1000 {
        let mut chunk = &b"DELE everything ".repeat(512)[..];
        while !chunk.is_empty() {
            chunk = &chunk[buffer.push(chunk)..];
            assert!(buffer.residue() <= LineLimits::BEFORE_LOGIN.max_buffered);
            while let Some(line) = buffer.next_line() {
                assert_eq!(line, Err(LineError::TooLong { limit: 2048 }));
                errors += 1;
            }
        }
    }
    assert_eq!(errors, 1);
    assert_eq!(buffer.push(b"\nNOOP\r\n"), 7);
    assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"NOOP");
    assert_eq!(buffer.next_line(), None);
}

#[test]
fn s22_telnet_commands_without_end_are_a_line_that_is_too_long() {
    let mut buffer = LineBuffer::new(LineLimits { max_line: 64, max_buffered: 64 });
    let octets = [b"\xFF\xFA".as_slice(), &[b'x'; 62], b"xx"].concat();
    assert_eq!(buffer.push(&octets), octets.len());
    assert_eq!(buffer.next_line(), Some(Err(LineError::TooLong { limit: 64 })));
    assert_eq!(buffer.push(b"x\r\nNOOP\r\n"), 9);
    assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"NOOP");
}

#[test]
fn s23_what_does_not_fit_stays_with_the_caller() {
    let mut buffer = LineBuffer::new(LineLimits { max_line: 4, max_buffered: 12 });
    let octets = b"NOOP\r\nNOOP\r\nNOOP\r\n";
    assert_eq!(buffer.push(octets), 12);
    assert_eq!(buffer.push(&octets[12..]), 0);
    assert!(buffer.next_line().is_some());
    assert_eq!(buffer.push(&octets[12..]), 6);
}

#[test]
fn a_longest_line_fits_however_little_may_be_buffered() {
    let mut buffer = LineBuffer::new(LineLimits { max_line: 4, max_buffered: 0 });
    assert_eq!(buffer.push(b"NOOP\r\n"), 6);
    assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"NOOP");
}

#[test]
fn s22_the_limit_grows_after_login() {
    let mut buffer = LineBuffer::new(LineLimits { max_line: 4, max_buffered: 16 });
    buffer.set_max_line(6);
    assert_eq!(buffer.push(b"CWD 56\r\n"), 8);
    assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"CWD 56");
}

#[test]
fn rfc4217_16_nothing_that_was_received_outlives_discard() {
    let pending: [&[u8]; 4] = [b"NOOP\r\nNOOP\r\n", b"half a li", b"\xFF\xFB", &[b'x'; 9000]];
    for octets in pending {
        let mut buffer = buffer();
        assert_eq!(buffer.push(octets), octets.len());
        let first = buffer.next_line();
        let residue = buffer.residue();
        assert_eq!(buffer.discard(), residue, "{first:?}");
        assert!(buffer.is_empty());
        assert_eq!(buffer.push(b"USER a\r\n"), 8);
        assert_eq!(buffer.next_line().unwrap().unwrap().as_bytes(), b"USER a");
        assert_eq!(buffer.take_telnet_replies(), None);
    }
}

#[test]
fn rfc2640_1_one_space_separates_and_the_others_belong_to_the_argument() {
    let view = CommandView::parse(b"STOR  x ").unwrap();
    assert_eq!((view.verb(), view.argument()), (&b"STOR"[..], Some(&b" x "[..])));
    assert_eq!((view.verb_span(), view.argument_span()), (0..4, 5..8));
    assert_eq!(CommandView::parse(b"CWD ").unwrap().argument(), Some(&b""[..]));
    assert_eq!(CommandView::parse(b"PASV").unwrap().argument(), None);
    assert_eq!(CommandView::parse(b"PASV").unwrap().argument_span(), 4..4);
}

#[test]
fn rfc959_11_a_line_without_a_verb_is_a_syntax_error() {
    for (line, at) in [(&b""[..], 0), (b" NOOP", 0), (b"NO\x07OP", 2), (b"caf\xC3\xA9 x", 3), (b"NOOP\r", 4)]
    {
        assert_eq!(CommandView::parse(line).map_err(|error| error.at), Err(at), "{line:?}");
    }
}
