//! Commands: what is parsed can be sent, and is the same on the other side.

use crate::address::normalise;
use crate::command::{Command, CommandSpec, ListArgument, PathName, SiteCommand};
use crate::wire::{CommandView, Encode as _, LineBuffer, LineLimits};
use alloc::format;
use alloc::string::ToString as _;
use bytes::{Bytes, BytesMut};

/// Parses `line`, which has no line end. A command comes back from the wire as itself; an error has a text that can be
/// sent.
pub fn command_line(line: &[u8]) {
    let Ok(view) = CommandView::parse(line) else { return };
    assert_eq!(&line[view.verb_span()], view.verb());
    assert_eq!(&line[view.argument_span()], view.argument().unwrap_or_default());
    match Command::parse(&view) {
        Ok(command) => {
            let spec = CommandSpec::find(view.verb()).expect("a known verb");
            assert_eq!(command.verb(), spec.verb);
            command_round_trip(&command);
        }
        Err(error) => {
            assert!((500..=522).contains(&error.code().get()));
            let text = error.to_string();
            assert!(!text.is_empty() && text.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()));
        }
    }
}

/// Writes `command` and reads it back: one line, the same verb, and written again the same octets.
pub fn command_round_trip(command: &Command) {
    let sent = encoded(command);
    let mut buffer = LineBuffer::new(LineLimits { max_line: sent.len(), max_buffered: sent.len() });
    assert_eq!(buffer.push(&sent), sent.len());
    let line = buffer.next_line().expect("a line end").expect("a line");
    assert!(buffer.is_empty(), "more than one line: {sent:?}");
    assert_eq!(buffer.take_telnet_replies(), None, "a Telnet command: {sent:?}");
    let view = CommandView::parse(line.as_bytes()).expect("a verb");
    let again = Command::parse(&view).unwrap_or_else(|error| panic!("{error}: {sent:?}"));
    assert_eq!(again.verb(), command.verb());
    assert_eq!(encoded(&again), sent);
    if is_sent_as_it_is(command) {
        assert_eq!(format!("{again:?}"), format!("{command:?}"));
    }
}

/// Not so: a name that is sent as `./name`, an IPv4-mapped address, text after SITE that is a subcommand.
fn is_sent_as_it_is(command: &Command) -> bool {
    match command {
        Command::List(listing) | Command::Nlst(listing) | Command::Stat(Some(listing)) => {
            *listing != ListArgument::default()
                && listing
                    .path
                    .as_ref()
                    .map(PathName::as_bytes)
                    .is_none_or(|name| !name.starts_with(b"-") && !name.trim_ascii().is_empty())
        }
        Command::Eprt(address) => address.ip() == normalise(address.ip()),
        Command::Site(SiteCommand::Other(_)) => false,
        _ => true,
    }
}

fn encoded(command: &Command) -> Bytes {
    let mut out = BytesMut::new();
    command.encode(&mut out);
    out.freeze()
}
