//! The rules that a configuration needs, in the language of each firewall. They open what is needed and nothing else, and
//! change nothing else: a firewall that is closed stays closed otherwise.
//!
//! ```
//! use ftp_doctor::firewall::{Needs, Place, Target, rules};
//! use ftp_proto::data::PortRange;
//!
//! let needs = Needs {
//!     control: vec![21],
//!     passive: PortRange::new(50_000, 50_009),
//!     active_source: Some(20),
//!     ..Needs::default()
//! };
//! let text = rules(Target::Ufw, &needs, Place::Host);
//! assert!(text.contains("ufw allow 50000:50009/tcp"));
//! ```

mod packets;
mod proxies;
mod ruleset;
mod words;

pub use ruleset::{Fate, RulesetError, fates};

use core::net::IpAddr;
use core::str::FromStr;
use ftp_proto::data::PortRange;

/// Whose rules they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Program {
    /// A server: clients connect to it.
    #[default]
    Server,
    /// A client in active mode: servers connect to it.
    Client,
}

impl Program {
    /// How the rules are marked, so that they are found again.
    const fn mark(self) -> &'static str {
        match self {
            Self::Server => "ftp-server",
            Self::Client => "ftp-client",
        }
    }
}

/// What has to get through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whose needs these are.
    pub program: Program,
    /// Ports of control connections, which clients connect to.
    pub control: Vec<u16>,
    /// Ports of data connections that are listened on: passive ones of a server, active ones of a client. `None` without any.
    pub passive: Option<PortRange>,
    /// Active data connections go out to any port of a client, from this one; `None` when they come from any, or there are
    /// none.
    pub active_source: Option<u16>,
    /// Control connections are always under TLS: what reads FTP on the way is blind.
    pub tls_required: bool,
    /// A balancer tells the server by the PROXY protocol whose connection it passes on.
    pub proxy_protocol: bool,
}

/// Where the rules are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The machine itself.
    Host,
    /// A router or firewall before it.
    Router {
        /// The machine's address behind it.
        machine: IpAddr,
        /// It translates addresses: the ports are forwarded.
        forwards: bool,
    },
}

macro_rules! targets {
    ($($variant:ident $name:literal $text:literal;)*) => {
        /// A firewall, or what stands in its place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Target {
            $(#[doc = $text] $variant,)*
        }

        impl Target {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As it is called on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

targets! {
    Nftables "nftables" "A file for `nft -f`.";
    Iptables "iptables" "Commands of the shell.";
    Ufw "ufw" "Commands of the shell.";
    Firewalld "firewalld" "Commands of the shell.";
    Pf "pf" "Lines for pf.conf.";
    Compose "compose" "A part of a Compose file.";
    Kubernetes "kubernetes" "A Service.";
    Haproxy "haproxy" "A part of haproxy.cfg.";
    Nginx "nginx" "A `stream` block.";
    List "list" "Plain words, for every other firewall and the console of a cloud.";
}

/// No such firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownTarget;

impl core::fmt::Display for UnknownTarget {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("expected one of")?;
        Target::ALL.iter().try_for_each(|target| write!(f, " {}", target.name()))
    }
}

impl core::error::Error for UnknownTarget {}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(text: &str) -> Result<Self, UnknownTarget> {
        Self::ALL.iter().copied().find(|target| target.name() == text).ok_or(UnknownTarget)
    }
}

/// The rules, ready to be saved or run.
#[must_use]
pub fn rules(target: Target, needs: &Needs, place: Place) -> String {
    match target {
        Target::Nftables => packets::nftables(needs, place),
        Target::Iptables => packets::iptables(needs, place),
        Target::Ufw => packets::ufw(needs, place),
        Target::Firewalld => packets::firewalld(needs, place),
        Target::Pf => packets::pf(needs, place),
        Target::Compose => proxies::compose(needs),
        Target::Kubernetes => proxies::kubernetes(needs),
        Target::Haproxy => proxies::haproxy(needs, place),
        Target::Nginx => proxies::nginx(needs, place),
        Target::List => words::list(needs, place),
    }
}

impl Needs {
    /// Single ports and ranges that others connect to, written with `between` inside ranges.
    fn inbound(&self, between: &str) -> Vec<String> {
        let range = |range: PortRange| match (range.first, range.last) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}{between}{last}"),
        };
        self.control.iter().map(u16::to_string).chain(self.passive.map(range)).collect()
    }
}
