//! The command line.

use crate::driver::{Driver, Fingerprint};
use crate::exit;
use clap::{Args, Parser, Subcommand, ValueEnum};
use core::net::IpAddr;
use core::str::FromStr;
use core::time::Duration;
use ftp_doctor::firewall::Target;
use ftp_external::Source;
use ftp_proto::data::PortRange;
use std::path::PathBuf;

/// An FTP client: single commands on URLs, mirrors of whole trees, and a shell.
///
/// Without a command it opens the shell. A path in a URL is relative to the directory that the login leads to; a second
/// slash makes it absolute: ftp://host//etc/motd.
#[derive(Debug, Parser)]
#[command(name = "ftp-client", version, propagate_version = true, after_help = exit::TABLE)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    /// What to do; the shell when none is given.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command can be told, before or after it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options of all commands")]
pub(crate) struct Options {
    /// How data connections are made: auto tries EPSV, PASV, EPRT and PORT in this order.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "MODE")]
    pub(crate) mode: Mode,
    /// The address that PORT and EPRT announce: the outside of a NAT. An address; a host name; `interface:NAME`; `env:NAME`;
    /// `http://...`, which answers it in plain text; or `auto`, which is what the server says it sees.
    #[arg(long, global = true, value_name = "FROM")]
    pub(crate) external_address: Option<External>,
    /// The ports to listen on in active mode, for instance 50000-50100.
    #[arg(long, global = true, value_name = "LO-HI")]
    pub(crate) active_ports: Option<ActivePorts>,
    /// Added to the port that is listened on for the one that is announced in active mode, where a router maps ports.
    #[arg(long, global = true, value_name = "N", allow_negative_numbers = true)]
    pub(crate) active_port_offset: Option<i32>,
    /// Tell how each data connection is made: every mode that is tried, what came of it, and why the next.
    #[arg(long, global = true)]
    pub(crate) explain: bool,
    /// The local address to connect from.
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) bind: Option<IpAddr>,
    /// Use IPv4 only.
    #[arg(short = '4', long, global = true, conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Use IPv6 only.
    #[arg(short = '6', long, global = true)]
    pub(crate) ipv6: bool,
    /// Insist on this netrc file; without FILE, on ~/.netrc. Without the option ~/.netrc is used if it is there.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with = "no_netrc"
    )]
    pub(crate) netrc: Option<Option<PathBuf>>,
    /// Do not look into ~/.netrc.
    #[arg(long, global = true)]
    pub(crate) no_netrc: bool,
    /// Go on where a broken transfer ended, if the file is still the same.
    #[arg(short = 'c', long, global = true, conflicts_with = "ascii")]
    pub(crate) resume: bool,
    /// Transfer as text: line ends are converted.
    #[arg(short = 'a', long, global = true)]
    pub(crate) ascii: bool,
    /// How octets are sent: as a stream, in blocks (MODE B), or compressed (MODE Z). Few servers know the last two.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "MODE")]
    pub(crate) transmission: Transmission,
    /// Transfer files as records, which are lines (STRU R).
    #[arg(long, global = true)]
    pub(crate) records: bool,
    /// Where to connect to after PASV: to the server itself (peer), to the address in its reply (trust), or to that
    /// address unless it is evidently wrong (repair).
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHO")]
    pub(crate) pasv_address: PasvAddress,
    /// TLS: auto uses it when the server has it, and always once it has been seen to; explicit insists on it (AUTH TLS);
    /// implicit begins with it; off never uses it. ftpes:// and ftps:// in a URL mean explicit and implicit.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) tls: TlsMode,
    /// The newest version of TLS that is spoken.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "VERSION")]
    pub(crate) tls_max: TlsMax,
    /// Believe servers with a certificate from the authorities in this PEM file, instead of the system's.
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["pin", "insecure"])]
    pub(crate) ca: Option<PathBuf>,
    /// Believe servers with this certificate, whoever made it: its SHA-256 in hexadecimal. May be repeated.
    #[arg(long, global = true, value_name = "FINGERPRINT", conflicts_with = "insecure")]
    pub(crate) pin: Vec<Fingerprint>,
    /// Believe any server. Whoever is on the way can read and change everything.
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// The certificate to log in with, in PEM, for servers that ask for one.
    #[arg(long, global = true, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// The key of --cert, in PEM.
    #[arg(long, global = true, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
    /// Take downloads under TLS as whole that end without TLS's own end and whose size is not known, for servers that send
    /// none.
    #[arg(long, global = true)]
    pub(crate) tls_accept_unclean_end: bool,
    /// Go back to the clear on the control connection after the login (CCC), for routers that must read it.
    #[arg(long, global = true)]
    pub(crate) ccc: bool,
    /// What a connection waits by: a tokio runtime, or an event loop of mio.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "DRIVER")]
    pub(crate) driver: Driver,
    /// How long to wait for a connection to each address of the server.
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) connect_timeout: Option<Seconds>,
    /// How long the control connection may be silent during a transfer before a NOOP keeps routers from forgetting it [default:
    /// 30].
    #[arg(long, global = true, value_name = "SECONDS")]
    pub(crate) keep_alive: Option<Seconds>,
    /// Show the conversation with the server, passwords hidden.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Results and errors as JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no notices; errors are still shown.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
}

/// Which data port modes may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    #[default]
    Auto,
    Epsv,
    Pasv,
    Eprt,
    Port,
}

/// When there is TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsMode {
    #[default]
    Auto,
    Explicit,
    Implicit,
    Off,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsMax {
    #[value(name = "1.2")]
    V12,
    #[default]
    #[value(name = "1.3")]
    V13,
}

/// The transmission mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transmission {
    #[default]
    Stream,
    Block,
    Deflate,
}

/// Whose word is taken for the address after PASV.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PasvAddress {
    Trust,
    #[default]
    Peer,
    Repair,
}

/// Where the address comes from that active mode announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum External {
    /// The server says what it sees.
    Auto,
    Source(Source),
}

impl FromStr for External {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(Source::Dialled) | Err(_) => Err(format!(
                "{text:?} is not an address, a host name, interface:NAME, env:NAME, http://... or auto"
            )),
            Ok(source) => Ok(Self::Source(source)),
        }
    }
}

/// `LO-HI` or one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ActivePorts(pub(crate) PortRange);

impl FromStr for ActivePorts {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let port = |text: &str| text.trim().parse::<u16>().ok();
        port(first)
            .zip(port(last))
            .and_then(|(first, last)| PortRange::new(first, last))
            .map(Self)
            .ok_or("expected two ports from 1 to 65535, the lower one first: 50000-50100")
    }
}

/// A length of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds")?;
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) if !duration.is_zero() => Ok(Self(duration)),
            _ => Err("expected a number of seconds greater than zero"),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    OnUrls(OnUrls),
    /// Work on a server interactively.
    Shell {
        /// Where to begin.
        url: Option<String>,
    },
}

/// What is done on URLs and is over then.
#[derive(Debug, Subcommand)]
pub(crate) enum OnUrls {
    /// List a directory.
    Ls(Ls),
    /// Write files to standard output.
    Cat {
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
    },
    /// Download files, or with -r whole trees.
    ///
    /// A file appears under its name only when it is complete. LOCAL is a file's name, a directory, or - for standard
    /// output. With -r, LOCAL becomes a copy of the directory; without LOCAL it is called as on the server.
    Get(Get),
    /// Upload files, or with -r whole trees.
    ///
    /// When the URL ends in a slash, files keep their names. With -r, the URL's directory becomes a copy of LOCAL.
    /// LOCAL may be - for standard input.
    Put(Put),
    /// Make one tree like another: from the server when SOURCE is a URL, else to it.
    ///
    /// Files that differ in size or are newer in SOURCE are copied. Symbolic links are neither followed nor made.
    Mirror(Mirror),
    /// Delete files, or with -r whole trees.
    Rm {
        /// Also directories and what is in them.
        #[arg(short, long)]
        recursive: bool,
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
    },
    /// Make directories.
    Mkdir {
        /// Also the directories above; no error when it is there.
        #[arg(short, long)]
        parents: bool,
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
    },
    /// Remove empty directories.
    Rmdir {
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
    },
    /// Rename a file or directory.
    Mv {
        #[arg(value_name = "URL")]
        from: String,
        /// As in a URL, relative to where the login leads to unless it begins with a slash; nothing is %-decoded.
        #[arg(value_name = "NEWPATH")]
        to: String,
    },
    /// Try every data port mode, and say what is wrong where one fails, and what cures it.
    ///
    /// Each mode lists the directory once, over IPv4 and IPv6, with TLS and without; with --write it uploads, too. Exit code 0: all work; 7: some; 5: none.
    Doctor(Doctor),
    /// Print the firewall rules that active mode needs: for the ports of --active-ports.
    Firewall(Firewall),
    /// Show what the server knows about a file or directory; without a path, its status.
    Stat { url: String },
    /// Send a command as it is and show the reply.
    Quote {
        url: String,
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
        words: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Also without TLS when there is a password, which then crosses the network in the clear.
    #[arg(long)]
    pub(crate) clear: bool,
    /// Also upload a small file into the URL's directory, and delete it again.
    #[arg(long)]
    pub(crate) write: bool,
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct Firewall {
    /// nftables, iptables, ufw, firewalld, pf, or list for plain words.
    #[arg(long = "for", value_name = "WHAT")]
    pub(crate) target: Target,
    /// The rules are for a router or firewall before this machine, which has this address behind it [default: for this machine
    /// itself].
    #[arg(long, value_name = "ADDR")]
    pub(crate) router: Option<IpAddr>,
    /// That router translates addresses: it has to forward the ports.
    #[arg(long, requires = "router")]
    pub(crate) forward: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// Type, size, time (UTC) and name, as on a terminal.
    #[arg(short, long)]
    pub(crate) long: bool,
    /// Names only, also on a terminal.
    #[arg(short = '1', long, conflicts_with = "long")]
    pub(crate) names: bool,
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Whole directories.
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Connections that work at a time, with -r.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) parallel: u8,
    /// URLs, and perhaps where to store them.
    #[arg(required = true, value_name = "URL|LOCAL")]
    pub(crate) places: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    /// Whole directories.
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Connections that work at a time, with -r.
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) parallel: u8,
    /// Files, and last the URL to store them at.
    #[arg(required = true, num_args = 2.., value_names = ["LOCAL", "URL"])]
    pub(crate) places: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Mirror {
    /// To the server; needed only for those who like to say it.
    #[arg(short = 'R', long)]
    pub(crate) reverse: bool,
    /// Delete what the source does not have.
    #[arg(short = 'e', long)]
    pub(crate) delete: bool,
    /// Copy only what is newer in the source, whatever the size.
    #[arg(short = 'n', long)]
    pub(crate) only_newer: bool,
    /// Connections that work at a time.
    #[arg(short = 'P', long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) parallel: u8,
    /// What to leave alone on both sides; may be repeated. Without a slash it fits names at any depth, with one the
    /// path from the top; a slash at the end fits directories only.
    #[arg(short = 'x', long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    pub(crate) source: String,
    pub(crate) target: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for words in [
            ["ftp-client", "--mode", "pasv", "cat", "ftp://h/x"],
            ["ftp-client", "cat", "ftp://h/x", "--mode", "pasv"],
        ] {
            assert_eq!(Cli::try_parse_from(words).expect("good").options.mode, Mode::Pasv);
        }
    }

    #[test]
    fn port_ranges_and_seconds_are_checked() {
        assert!("50000-50100".parse::<ActivePorts>().is_ok());
        for bad in ["0-5", "5-1", "x", "1-65536"] {
            assert!(bad.parse::<ActivePorts>().is_err(), "{bad}");
        }
        assert_eq!("0.5".parse(), Ok(Seconds(Duration::from_millis(500))));
        for bad in ["0", "-1", "x", "inf"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad}");
        }
    }
}
