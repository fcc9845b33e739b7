//! [`Command`] to octets.

use super::{
    Command, DigestArgument, EpsvArgument, ListArgument, OptsCommand, ProtectionLevel, SiteCommand, Verb,
};
use crate::address::{extended, host_port};
use crate::facts::TimeVal;
use crate::params::{DataType, FormControl, Structure, TransferMode};
use crate::reply::put_quoted;
use crate::wire::{Encode, put_doubled};
use bytes::{BufMut as _, Bytes, BytesMut};
use core::fmt::{self, Write as _};

/// What is shown for a secret: its length is secret too.
const HIDDEN: &[u8] = b"****";

impl Encode for Command {
    /// Verb, argument, CR LF; 0xFF in the argument is doubled (RFC 3659 §2.2).
    fn encode(&self, out: &mut BytesMut) {
        self.put(out, |secret| secret);
        out.put_slice(b"\r\n");
    }
}

impl Command {
    /// The line as it may be shown and logged: without line end, and with the argument of PASS and ACCT hidden. Octets
    /// are as on the wire: escape them before they go to a terminal.
    #[must_use]
    pub fn redacted(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.put(&mut out, |_| HIDDEN);
        out.freeze()
    }

    fn put(&self, out: &mut BytesMut, show: fn(&[u8]) -> &[u8]) {
        out.put_slice(self.verb().name().as_bytes());
        match self {
            Self::Pass(secret) | Self::Acct(secret) => put_octets(show(secret.expose()), out),
            Self::User(text) | Self::Clnt(text) => put_octets(text.as_bytes(), out),
            Self::Help(text) => put_optional(text.as_ref(), out),
            Self::Lang(tag) => put_optional(tag.as_ref(), out),
            Self::Auth(mechanism) => put_octets(mechanism.as_bytes(), out),
            Self::Host(host) => put_host(host.as_bytes(), out),
            Self::Cwd(path)
            | Self::Smnt(path)
            | Self::Retr(path)
            | Self::Stor(path)
            | Self::Appe(path)
            | Self::Rnfr(path)
            | Self::Rnto(path)
            | Self::Dele(path)
            | Self::Rmd(path)
            | Self::Mkd(path)
            | Self::Mdtm(path)
            | Self::Size(path)
            | Self::Hash(path) => put_octets(path.as_bytes(), out),
            Self::Stou(path) | Self::Mlst(path) | Self::Mlsd(path) | Self::Avbl(path) => {
                put_optional(path.as_ref(), out);
            }
            // STAT with nothing is about the session: the working directory has to be named.
            Self::Stat(Some(listing)) if *listing == ListArgument::default() => put_octets(b".", out),
            Self::List(listing) | Self::Nlst(listing) | Self::Stat(Some(listing)) => {
                put_listing(listing, out)
            }
            Self::Mfmt { .. } | Self::Mfct { .. } | Self::Mff { .. } => self.put_facts(out),
            Self::Xcrc(what)
            | Self::Xmd5(what)
            | Self::Xsha1(what)
            | Self::Xsha256(what)
            | Self::Xsha512(what) => put_digest(what, out),
            Self::Site(site) => put_site(site, out),
            Self::Opts(opts) => put_opts(opts, out),
            _ => self.put_parameter(out),
        }
    }

    /// Addresses, numbers and letters; nothing for the verbs that have no argument.
    fn put_parameter(&self, out: &mut BytesMut) {
        match *self {
            Self::Port(address) => {
                out.put_u8(b' ');
                host_port::write(address, out);
            }
            Self::Eprt(address) => {
                out.put_u8(b' ');
                extended::write_eprt(address, out);
            }
            Self::Epsv(EpsvArgument::V4) => put_octets(b"1", out),
            Self::Epsv(EpsvArgument::V6) => put_octets(b"2", out),
            Self::Epsv(EpsvArgument::All) => put_octets(b"ALL", out),
            Self::Type(data_type) => put_type(data_type, out),
            Self::Stru(structure) => put_octets(structure_letter(structure), out),
            Self::Mode(mode) => put_octets(mode_letter(mode), out),
            Self::Prot(level) => put_octets(level_letter(level), out),
            Self::Allo { octets, record: Some(record) } => {
                put_shown(format_args!(" {octets} R {record}"), out)
            }
            Self::Allo { octets, record: None } | Self::Rest(octets) => {
                put_shown(format_args!(" {octets}"), out)
            }
            Self::Rang { first, last } => put_shown(format_args!(" {first} {last}"), out),
            Self::Pbsz(size) => put_shown(format_args!(" {size}"), out),
            _ => {}
        }
    }

    fn put_facts(&self, out: &mut BytesMut) {
        match self {
            Self::Mfmt { time, path } | Self::Mfct { time, path } => {
                out.put_u8(b' ');
                time.write(out);
                put_octets(path.as_bytes(), out);
            }
            Self::Mff { facts, path } => {
                out.put_u8(b' ');
                for (name, value) in facts {
                    put_doubled(name.as_bytes(), out);
                    out.put_u8(b'=');
                    put_doubled(value.as_bytes(), out);
                    out.put_u8(b';');
                }
                put_octets(path.as_bytes(), out);
            }
            _ => {}
        }
    }

    /// The verb.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        macro_rules! verbs {
            ($($verb:ident $fields:tt)*) => {
                match self { $(verbs!(@pattern $verb $fields) => Verb::$verb,)* }
            };
            (@pattern $verb:ident ()) => { Self::$verb };
            (@pattern $verb:ident (_)) => { Self::$verb(_) };
            (@pattern $verb:ident {}) => { Self::$verb { .. } };
        }
        verbs! {
            Abor() Acct(_) Allo{} Appe(_) Auth(_) Avbl(_) Ccc() Cdup() Clnt(_) Cwd(_) Dele(_) Eprt(_) Epsv(_) Feat()
            Hash(_) Help(_) Host(_) Lang(_) List(_) Mdtm(_) Mfct{} Mff{} Mfmt{} Mkd(_) Mlsd(_) Mlst(_) Mode(_)
            Nlst(_) Noop() Opts(_) Pass(_) Pasv() Pbsz(_) Port(_) Prot(_) Pwd() Quit() Rang{} Rein() Rest(_) Retr(_) Rmd(_)
            Rnfr(_) Rnto(_) Site(_) Size(_) Smnt(_) Stat(_) Stor(_) Stou(_) Stru(_) Syst() Type(_) User(_)
            Xcrc(_) Xmd5(_) Xsha1(_) Xsha256(_) Xsha512(_)
        }
    }
}

fn put_octets(argument: &[u8], out: &mut BytesMut) {
    out.put_u8(b' ');
    put_doubled(argument, out);
}

fn put_optional<T: AsRef<[u8]>>(argument: Option<&T>, out: &mut BytesMut) {
    if let Some(argument) = argument {
        put_octets(argument.as_ref(), out);
    }
}

fn put_shown(text: fmt::Arguments<'_>, out: &mut BytesMut) {
    // Writing to a buffer that grows does not fail.
    let _ = out.write_fmt(text);
}

/// An IPv6 address goes in brackets (RFC 7151 §3.1).
fn put_host(host: &[u8], out: &mut BytesMut) {
    if host.contains(&b':') {
        out.put_slice(b" [");
        put_doubled(host, out);
        out.put_u8(b']');
    } else {
        put_octets(host, out);
    }
}

/// A name that begins with a dash goes as `./-name`: most servers would take it for options. One of nothing but spaces they
/// would take for none.
fn put_listing(listing: &ListArgument, out: &mut BytesMut) {
    let options = [(listing.all, b'a'), (listing.recursive, b'R'), (listing.directory, b'd')];
    if options.iter().any(|(set, _)| *set) {
        out.put_slice(b" -");
        out.extend(options.iter().filter(|(set, _)| *set).map(|(_, letter)| letter));
    }
    if let Some(path) = &listing.path {
        let name = path.as_bytes();
        let unclear = name.starts_with(b"-") || name.trim_ascii().is_empty();
        out.put_slice(if unclear { b" ./" } else { b" " });
        put_doubled(path.as_bytes(), out);
    }
}

fn put_site(site: &SiteCommand, out: &mut BytesMut) {
    match site {
        SiteCommand::Help => out.put_slice(b" HELP"),
        SiteCommand::Chmod { mode, path } => {
            put_shown(format_args!(" CHMOD {mode:03o}"), out);
            put_octets(path.as_bytes(), out);
        }
        SiteCommand::Utime { time, path } => {
            out.put_slice(b" UTIME ");
            // This form has no fraction.
            TimeVal::from_seconds(time.seconds_since_epoch).write(out);
            put_octets(path.as_bytes(), out);
        }
        SiteCommand::Symlink { target, link } => {
            out.put_slice(b" SYMLINK");
            put_target(target.as_bytes(), out);
            put_octets(link.as_bytes(), out);
        }
        SiteCommand::Mkdir(path) => {
            out.put_slice(b" MKDIR");
            put_octets(path.as_bytes(), out);
        }
        SiteCommand::Rmdir(path) => {
            out.put_slice(b" RMDIR");
            put_octets(path.as_bytes(), out);
        }
        SiteCommand::Idle(None) => out.put_slice(b" IDLE"),
        SiteCommand::Idle(Some(seconds)) => put_shown(format_args!(" IDLE {seconds}"), out),
        SiteCommand::Saw => out.put_slice(b" SAW"),
        SiteCommand::Other(text) => put_octets(text.as_bytes(), out),
    }
}

/// Quoted where something follows, and where it would look like that.
fn put_digest(what: &DigestArgument, out: &mut BytesMut) {
    let path = what.path.as_bytes();
    let whole = what.start == 0 && what.end.is_none();
    if whole && !path.starts_with(b"\"") {
        return put_octets(path, out);
    }
    put_quoted_octets(path, out);
    if !whole {
        put_shown(format_args!(" {}", what.start), out);
    }
    if let Some(end) = what.end {
        put_shown(format_args!(" {end}"), out);
    }
}

fn put_quoted_octets(argument: &[u8], out: &mut BytesMut) {
    let mut quoted = BytesMut::new();
    put_quoted(argument, &mut quoted);
    put_octets(&quoted, out);
}

/// Quoted where it would not be one word.
fn put_target(target: &[u8], out: &mut BytesMut) {
    if target.contains(&b' ') || target.first() == Some(&b'"') {
        put_quoted_octets(target, out);
    } else {
        put_octets(target, out);
    }
}

fn put_opts(opts: &OptsCommand, out: &mut BytesMut) {
    match opts {
        OptsCommand::Mlst(names) => {
            out.put_slice(if names.is_empty() { b" MLST" } else { b" MLST " });
            for name in names {
                put_doubled(name.as_bytes(), out);
                out.put_u8(b';');
            }
        }
        OptsCommand::Utf8 { on } => out.put_slice(if *on { b" UTF8 ON" } else { b" UTF8 OFF" }),
        OptsCommand::ModeZ { level: None } => out.put_slice(b" MODE Z"),
        OptsCommand::ModeZ { level: Some(level) } => {
            put_shown(format_args!(" MODE Z LEVEL {level}"), out);
        }
        OptsCommand::Hash(algorithm) => {
            out.put_slice(b" HASH");
            put_optional(algorithm.as_ref(), out);
        }
    }
}

fn put_type(data_type: DataType, out: &mut BytesMut) {
    let form = |form| match form {
        FormControl::NonPrint => "",
        FormControl::Telnet => " T",
        FormControl::CarriageControl => " C",
    };
    match data_type {
        DataType::Ascii(control) => put_shown(format_args!(" A{}", form(control)), out),
        DataType::Ebcdic(control) => put_shown(format_args!(" E{}", form(control)), out),
        DataType::Image => put_octets(b"I", out),
        DataType::Local(bits) => put_shown(format_args!(" L {bits}"), out),
    }
}

const fn structure_letter(structure: Structure) -> &'static [u8] {
    match structure {
        Structure::File => b"F",
        Structure::Record => b"R",
        Structure::Page => b"P",
    }
}

const fn mode_letter(mode: TransferMode) -> &'static [u8] {
    match mode {
        TransferMode::Stream => b"S",
        TransferMode::Block => b"B",
        TransferMode::Compressed => b"C",
        TransferMode::Deflate => b"Z",
    }
}

const fn level_letter(level: ProtectionLevel) -> &'static [u8] {
    match level {
        ProtectionLevel::Clear => b"C",
        ProtectionLevel::Safe => b"S",
        ProtectionLevel::Confidential => b"E",
        ProtectionLevel::Private => b"P",
    }
}
