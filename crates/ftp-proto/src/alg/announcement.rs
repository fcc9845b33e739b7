//! The addresses on a control connection, where they stand and what takes their place.

use super::Edit;
use super::direction::RawLine;
use crate::address::{extended, host_port};
use crate::data::{AddressForm, Side};
use crate::reply::ReplyCode;
use crate::wire::{CommandView, ReplyLineView, put_doubled};
use bytes::BytesMut;
use core::fmt::Write as _;
use core::net::{IpAddr, SocketAddr};
use core::ops::Range;

/// A listener that one end told the other of. Its address is the one that the end itself has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who listens.
    pub from: Side,
    /// How it was written: PORT and 227, or EPRT and 229.
    pub form: AddressForm,
}

/// What becomes of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mapping {
    /// It goes on as it is, and a pinhole is opened.
    Keep,
    /// The other end is told this address, and a pinhole is opened. PORT and 227 hold IPv4 only: another address makes
    /// the line refused. In 229 only the port is used.
    Replace(SocketAddr),
    /// It goes on as it is, and no pinhole is opened.
    Ignore,
    /// The line is taken out.
    Refuse,
}

/// The box that owns the mapping table. A function will do.
pub trait Mapper {
    /// Asked for every announcement of an end's own address, in the stream's order.
    fn map(&mut self, announcement: Announcement) -> Mapping;
}

impl<F: FnMut(Announcement) -> Mapping> Mapper for F {
    fn map(&mut self, announcement: Announcement) -> Mapping {
        self(announcement)
    }
}

/// An address and where it stands.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) address: SocketAddr,
    pub(super) form: AddressForm,
    span: Range<usize>,
    syntax: Syntax,
}

#[derive(Debug, Clone, Copy)]
enum Syntax {
    HostPort,
    Eprt,
    /// The port of a 229.
    Port,
}

/// The address in a PORT or EPRT.
pub(super) fn in_command(line: &[u8]) -> Option<Found> {
    let view = CommandView::parse(line).ok()?;
    let (verb, argument) = (view.verb(), view.argument()?);
    let found = |address, form, syntax| Found { address, form, span: view.argument_span(), syntax };
    if verb.eq_ignore_ascii_case(b"PORT") {
        let address = host_port::parse_argument(argument).ok()?;
        Some(found(address.into(), AddressForm::Classic, Syntax::HostPort))
    } else if verb.eq_ignore_ascii_case(b"EPRT") {
        let address = extended::parse_eprt(argument).ok()?;
        Some(found(address, AddressForm::Extended, Syntax::Eprt))
    } else {
        None
    }
}

/// The address in a line of a 227 or 229.
pub(super) fn in_reply(code: ReplyCode, line: &[u8], server: IpAddr) -> Option<Found> {
    let view = ReplyLineView::parse(line).ok().filter(|view| view.code() == Some(code));
    let text_at = view.map_or(0, |view| view.text_span().start);
    let text = line.get(text_at..)?;
    let moved = |span: Range<usize>| span.start + text_at..span.end + text_at;
    if code == ReplyCode::ENTERING_PASSIVE_MODE {
        let (span, address) = host_port::find_in_reply(text)?;
        Some(Found {
            address: address.into(),
            form: AddressForm::Classic,
            span: moved(span),
            syntax: Syntax::HostPort,
        })
    } else {
        let (span, announced) = extended::find_in_229(text)?;
        Some(Found {
            address: SocketAddr::new(announced.ip.unwrap_or(server), announced.port),
            form: AddressForm::Extended,
            span: moved(span),
            syntax: Syntax::Port,
        })
    }
}

impl Found {
    /// The edit of `line` that puts `with` in its place; `None` when this form cannot hold it.
    pub(super) fn replaced(&self, line: &RawLine, with: SocketAddr) -> Option<Edit> {
        let mut out = BytesMut::new();
        if line.is_verbatim() {
            self.write(with, &mut out)?;
            return Some(Edit { span: self.span.clone(), with: out.freeze() });
        }
        // Telnet commands stand in between: the line is written anew without them.
        let content = line.content()?;
        put_doubled(content.get(..self.span.start)?, &mut out);
        self.write(with, &mut out)?;
        put_doubled(content.get(self.span.end..)?, &mut out);
        Some(Edit { span: 0..line.before_line_end(), with: out.freeze() })
    }

    fn write(&self, with: SocketAddr, out: &mut BytesMut) -> Option<()> {
        match (self.syntax, with) {
            (Syntax::HostPort, SocketAddr::V4(with)) => host_port::write(with, out),
            (Syntax::HostPort, SocketAddr::V6(_)) => return None,
            (Syntax::Eprt, with) => extended::write_eprt(with, out),
            (Syntax::Port, with) => write!(out, "{}", with.port()).ok()?,
        }
        Some(())
    }
}
