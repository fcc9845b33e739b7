//! What a case is: an operation in a data port mode on an address family, and how it came out.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A data port mode, named by the command that asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pasv,
    Epsv,
    Port,
    Eprt,
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::Pasv, Self::Epsv, Self::Port, Self::Eprt];

    /// The verb that asks for this mode on the wire.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Pasv => "PASV",
            Self::Epsv => "EPSV",
            Self::Port => "PORT",
            Self::Eprt => "EPRT",
        }
    }

    pub(crate) fn is_active(self) -> bool {
        matches!(self, Self::Port | Self::Eprt)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) fn loopback(self) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::LOCALHOST.into(),
            Self::V6 => Ipv6Addr::LOCALHOST.into(),
        }
    }
}

/// What our programs wait by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Tokio,
    Mio,
}

impl Driver {
    /// As our programs call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Mio => "mio",
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    V12,
    V13,
}

/// A column of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) mode: Mode,
    pub(crate) family: Family,
    /// The control connection and the data connections are under TLS of this version.
    pub(crate) tls: Option<Tls>,
}

impl Column {
    const fn new(mode: Mode, family: Family) -> Self {
        Self { mode, family, tls: None }
    }

    const fn under(mode: Mode, tls: Tls) -> Self {
        Self { mode, family: Family::V4, tls: Some(tls) }
    }

    /// PASV and PORT carry an IPv4 address and nothing else, so IPv6 has two modes. TLS does not look at addresses.
    pub(crate) const ALL: [Self; 14] = [
        Self::new(Mode::Pasv, Family::V4),
        Self::new(Mode::Epsv, Family::V4),
        Self::new(Mode::Port, Family::V4),
        Self::new(Mode::Eprt, Family::V4),
        Self::new(Mode::Epsv, Family::V6),
        Self::new(Mode::Eprt, Family::V6),
        Self::under(Mode::Pasv, Tls::V12),
        Self::under(Mode::Epsv, Tls::V12),
        Self::under(Mode::Port, Tls::V12),
        Self::under(Mode::Eprt, Tls::V12),
        Self::under(Mode::Pasv, Tls::V13),
        Self::under(Mode::Epsv, Tls::V13),
        Self::under(Mode::Port, Tls::V13),
        Self::under(Mode::Eprt, Tls::V13),
    ];
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.family == Family::V6 { " v6" } else { "" };
        let tls = match self.tls {
            None => "",
            Some(Tls::V12) => " 1.2",
            Some(Tls::V13) => " 1.3",
        };
        f.pad(&format!("{}{family}{tls}", self.mode.verb()))
    }
}

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Get,
    Put,
    /// 100 MiB, down and up.
    GetHuge,
    PutHuge,
    List,
    ResumeGet,
    ResumePut,
    GetTree,
    PutTree,
    /// A tree is fetched; a second run has to find nothing to do.
    MirrorDown,
    /// The same, the other way.
    MirrorUp,
    AsciiGet,
    AsciiPut,
    Delete,
    Rename,
    Mkdir,
    Rmdir,
}

impl Operation {
    pub(crate) const ALL: [Self; 17] = [
        Self::Get,
        Self::Put,
        Self::GetHuge,
        Self::PutHuge,
        Self::List,
        Self::ResumeGet,
        Self::ResumePut,
        Self::GetTree,
        Self::PutTree,
        Self::MirrorDown,
        Self::MirrorUp,
        Self::AsciiGet,
        Self::AsciiPut,
        Self::Delete,
        Self::Rename,
        Self::Mkdir,
        Self::Rmdir,
    ];

    /// What `--short` plays: each direction, a listing, and a resumed transfer, in every mode.
    pub(crate) const SHORT: [Self; 5] = [Self::Get, Self::Put, Self::List, Self::ResumeGet, Self::GetTree];

    /// What is played under TLS: what moves octets each way, and one that does so often.
    pub(crate) const TLS: [Self; 7] =
        [Self::Get, Self::Put, Self::GetHuge, Self::PutHuge, Self::List, Self::ResumePut, Self::PutTree];

    /// In the clear, files of 5 GiB are a test of their own.
    pub(crate) fn is_played(self, under_tls: bool) -> bool {
        if under_tls { Self::TLS.contains(&self) } else { !self.is_huge() }
    }

    pub(crate) fn is_huge(self) -> bool {
        matches!(self, Self::GetHuge | Self::PutHuge)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Put => "put",
            Self::GetHuge => "get 100 MiB",
            Self::PutHuge => "put 100 MiB",
            Self::List => "list",
            Self::ResumeGet => "resume get",
            Self::ResumePut => "resume put",
            Self::GetTree => "get -r",
            Self::PutTree => "put -r",
            Self::MirrorDown => "mirror down",
            Self::MirrorUp => "mirror up",
            Self::AsciiGet => "ascii get",
            Self::AsciiPut => "ascii put",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::Mkdir => "mkdir",
            Self::Rmdir => "rmdir",
        }
    }

    /// Whether it cannot be done without a data connection.
    pub(crate) fn needs_data(self) -> bool {
        !matches!(self, Self::Delete | Self::Rename | Self::Mkdir | Self::Rmdir)
    }
}

/// How a cell of the matrix came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    NotApplicable(String),
    Failed(String),
}

impl Outcome {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::NotApplicable(_) => "n/a",
            Self::Failed(_) => "FAILED",
        }
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::NotApplicable(reason) | Self::Failed(reason) => Some(reason),
        }
    }
}
