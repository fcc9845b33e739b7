//! Commands: one table ([`SPECS`]), one typed form ([`Command`]), parsing and encoding.

mod argument;
mod encode;
mod error;
mod parse;
mod spec;

pub use argument::{ArgumentError, PathName, Secret, Text, Word};
pub use error::CommandError;
pub use spec::{ArgumentKind, CommandSpec, DuringTransfer, Gate, SPECS, Verb};

use crate::facts::TimeVal;
use crate::params::{DataType, Structure, TransferMode};
use alloc::vec::Vec;
use core::net::{SocketAddr, SocketAddrV4};

/// A command with its argument understood. What can be constructed can be sent: no variant can hold CR, LF or NUL.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Command {
    /// USER: log in as.
    User(Text),
    /// PASS.
    Pass(Secret),
    /// ACCT.
    Acct(Secret),
    /// CWD: change the working directory.
    Cwd(PathName),
    /// CDUP: change to the parent directory.
    Cdup,
    /// SMNT: mount.
    Smnt(PathName),
    /// REIN: back to the state after the greeting.
    Rein,
    /// QUIT.
    Quit,
    /// PORT: connect there.
    Port(SocketAddrV4),
    /// PASV: listen.
    Pasv,
    /// EPRT: connect there (RFC 2428 §2).
    Eprt(SocketAddr),
    /// EPSV: listen (RFC 2428 §3).
    Epsv(EpsvArgument),
    /// TYPE.
    Type(DataType),
    /// STRU.
    Stru(Structure),
    /// MODE.
    Mode(TransferMode),
    /// RETR: download.
    Retr(PathName),
    /// STOR: upload.
    Stor(PathName),
    /// STOU: upload under a name that the server makes; some clients suggest one.
    Stou(Option<PathName>),
    /// APPE: append.
    Appe(PathName),
    /// ALLO: octets, and the largest record if there is one.
    Allo {
        /// Octets to allocate.
        octets: u64,
        /// The largest record's octets.
        record: Option<u64>,
    },
    /// REST: start the next transfer at this octet (RFC 3659 §5).
    Rest(u64),
    /// RANG: the next download is of the octets from the first to the last, both included; `1 0` is all of them
    /// (draft-bryan-ftp-range-08 §3).
    Rang {
        /// The first octet.
        first: u64,
        /// The last octet.
        last: u64,
    },
    /// RNFR: rename this.
    Rnfr(PathName),
    /// RNTO: to this.
    Rnto(PathName),
    /// ABOR.
    Abor,
    /// DELE: delete a file.
    Dele(PathName),
    /// RMD: remove a directory.
    Rmd(PathName),
    /// MKD: make a directory.
    Mkd(PathName),
    /// PWD.
    Pwd,
    /// LIST, with the leading `ls` options that clients send split off.
    List(ListArgument),
    /// NLST, likewise.
    Nlst(ListArgument),
    /// SITE.
    Site(SiteCommand),
    /// SYST.
    Syst,
    /// STAT, with a path: list it over the control connection.
    Stat(Option<ListArgument>),
    /// HELP, of a verb.
    Help(Option<Text>),
    /// NOOP.
    Noop,
    /// FEAT (RFC 2389 §3).
    Feat,
    /// OPTS (RFC 2389 §4).
    Opts(OptsCommand),
    /// LANG (RFC 2640 §4.1); without argument: the default language.
    Lang(Option<Word>),
    /// MDTM: modification time (RFC 3659 §3).
    Mdtm(PathName),
    /// SIZE (RFC 3659 §4).
    Size(PathName),
    /// MLST: facts of one object over the control connection (RFC 3659 §7).
    Mlst(Option<PathName>),
    /// MLSD: facts of a directory's entries (RFC 3659 §7).
    Mlsd(Option<PathName>),
    /// MFMT: set the modification time (draft-somers-ftp-mfxx §3).
    Mfmt {
        /// The time to set.
        time: TimeVal,
        /// Of this.
        path: PathName,
    },
    /// MFCT: set the creation time (draft-somers-ftp-mfxx §4).
    Mfct {
        /// The time to set.
        time: TimeVal,
        /// Of this.
        path: PathName,
    },
    /// MFF: set several facts at once, all or none (draft-somers-ftp-mfxx §5).
    Mff {
        /// Name and value, in the order given.
        facts: Vec<(Word, Word)>,
        /// Of this.
        path: PathName,
    },
    /// HOST: the virtual host (RFC 7151 §3), lower case; an IPv6 address without brackets.
    Host(Text),
    /// AVBL: octets available (draft-peterson-streamlined-ftp-command-extensions §4).
    Avbl(Option<PathName>),
    /// CLNT: the client's name.
    Clnt(Text),
    /// HASH of a file (draft-bryan-ftpext-hash).
    Hash(PathName),
    /// XCRC: CRC32 of a file, or a part of it.
    Xcrc(DigestArgument),
    /// XMD5: likewise, MD5.
    Xmd5(DigestArgument),
    /// XSHA1: likewise, SHA-1.
    Xsha1(DigestArgument),
    /// XSHA256: likewise, SHA-256.
    Xsha256(DigestArgument),
    /// XSHA512: likewise, SHA-512.
    Xsha512(DigestArgument),
    /// AUTH: start a security mechanism, upper case (RFC 2228 §3, RFC 4217 §4).
    Auth(Word),
    /// PBSZ: protection buffer size (RFC 2228 §3).
    Pbsz(u32),
    /// PROT: data channel protection level (RFC 2228 §3).
    Prot(ProtectionLevel),
    /// CCC: clear the control connection (RFC 2228 §3, RFC 4217 §5).
    Ccc,
}

/// The argument of XCRC and its kin. No document defines it; servers agree on `path`, `"path" start` and
/// `"path" start end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestArgument {
    /// Of this file.
    pub path: PathName,
    /// The first octet.
    pub start: u64,
    /// The octet after the last; `None` is to the end.
    pub end: Option<u64>,
}

/// EPSV's argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpsvArgument {
    /// None: the control connection's address family.
    None,
    /// 1: IPv4.
    V4,
    /// 2: IPv6.
    V6,
    /// ALL: no PORT, PASV or EPRT from now on.
    All,
}

/// LIST's, NLST's and STAT's argument. Clients send `ls` options, which no RFC knows; a name that begins with a dash
/// can be had as `./-name`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListArgument {
    /// `-a`: names that begin with a dot, too.
    pub all: bool,
    /// `-R`: subdirectories, too.
    pub recursive: bool,
    /// `-d`: the directory itself.
    pub directory: bool,
    /// What to list; the working directory when there is none.
    pub path: Option<PathName>,
}

/// SITE's subcommands that have become common; anything else is the application's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SiteCommand {
    /// SITE HELP.
    Help,
    /// SITE CHMOD mode path.
    Chmod {
        /// Permission bits, 0 to 0o7777.
        mode: u16,
        /// Of this.
        path: PathName,
    },
    /// SITE UTIME: set the modification time, in either of the two forms in use.
    Utime {
        /// The time to set.
        time: TimeVal,
        /// Of this.
        path: PathName,
    },
    /// SITE SYMLINK target link.
    Symlink {
        /// What it points to.
        target: PathName,
        /// The link itself.
        link: PathName,
    },
    /// SITE MKDIR path.
    Mkdir(PathName),
    /// SITE RMDIR path.
    Rmdir(PathName),
    /// SITE IDLE: ask for, or set, the idle timeout in seconds.
    Idle(Option<u32>),
    /// SITE SAW: what the server saw of this session's connections; see [`Saw`](crate::data::Saw).
    Saw,
    /// Anything else: everything after SITE, as sent.
    Other(Text),
}

/// OPTS's subcommands (RFC 2389 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptsCommand {
    /// OPTS MLST: the names of the facts wanted (RFC 3659 §7.9).
    Mlst(Vec<Word>),
    /// OPTS UTF8 [ON|OFF]: some clients insist.
    Utf8 {
        /// Whether names are UTF-8; ON when nothing is said.
        on: bool,
    },
    /// OPTS MODE Z LEVEL: how hard the sender compresses, or ask (draft-preston-ftpext-deflate-04 §3.1).
    ModeZ {
        /// 1 to 9.
        level: Option<u8>,
    },
    /// OPTS HASH: the algorithm, or ask which.
    Hash(Option<Word>),
}

/// PROT's argument (RFC 2228 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectionLevel {
    /// C.
    Clear,
    /// S.
    Safe,
    /// E.
    Confidential,
    /// P.
    Private,
}
