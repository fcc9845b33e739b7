//! Verb and argument to [`Command`].

mod drafts;
mod facts;
mod field;
mod listing;
mod params;
mod session;
mod site;

use super::{Command, CommandError, CommandSpec, Verb};
use crate::address::{extended, host_port};
use crate::wire::CommandView;
use field::{no_argument, optional_path, path, secret, text};

type Parsed<T> = Result<T, CommandError>;

impl Command {
    /// Understands a command line.
    ///
    /// ```
    /// use ftp_proto::command::{Command, CommandError};
    /// use ftp_proto::wire::CommandView;
    ///
    /// let view = CommandView::parse(b"rest 1048576").unwrap();
    /// assert!(matches!(Command::parse(&view), Ok(Command::Rest(1_048_576))));
    ///
    /// let view = CommandView::parse(b"GET / HTTP/1.1").unwrap();
    /// assert_eq!(Command::parse(&view).unwrap_err(), CommandError::UnknownVerb);
    /// ```
    ///
    /// # Errors
    /// When the verb is unknown, or its argument is not of the form that the table says.
    pub fn parse(view: &CommandView<'_>) -> Result<Self, CommandError> {
        let spec = CommandSpec::find(view.verb()).ok_or(CommandError::UnknownVerb)?;
        Self::parse_argument(spec, view.argument())
    }

    /// Understands the argument of a verb whose row is known already. `None` and an empty argument are the same.
    ///
    /// # Errors
    /// When the argument is not of the form that the table says.
    #[rustfmt::skip]
    pub fn parse_argument(spec: &CommandSpec, argument: Option<&[u8]>) -> Result<Self, CommandError> {
        let given = argument.unwrap_or_default();
        let bare = |command: Self| no_argument(given).map(|()| command);
        match spec.verb {
            Verb::Abor => bare(Self::Abor),
            Verb::Acct => secret(given).map(Self::Acct),
            Verb::Allo => params::allo(given),
            Verb::Appe => path(given).map(Self::Appe),
            Verb::Auth => session::auth(given),
            Verb::Ccc => bare(Self::Ccc),
            Verb::Cdup => bare(Self::Cdup),
            Verb::Cwd => path(given).map(Self::Cwd),
            Verb::Dele => path(given).map(Self::Dele),
            Verb::Eprt => eprt(given),
            Verb::Epsv => params::epsv(given),
            Verb::Feat => bare(Self::Feat),
            Verb::Help => field::optional_text(given).map(Self::Help),
            Verb::Host => session::host(given),
            Verb::Lang => session::lang(given),
            Verb::List => listing::listing(given).map(Self::List),
            Verb::Mdtm => path(given).map(Self::Mdtm),
            Verb::Mkd => path(given).map(Self::Mkd),
            Verb::Mlsd => optional_path(given).map(Self::Mlsd),
            Verb::Mlst => optional_path(given).map(Self::Mlst),
            Verb::Mode => params::mode(given),
            Verb::Nlst => listing::listing(given).map(Self::Nlst),
            // RFC 959 gives it no argument, but keep-alives carry one and it costs nothing to be kind.
            Verb::Noop => Ok(Self::Noop),
            Verb::Opts => facts::opts(given),
            Verb::Pass => secret(given).map(Self::Pass),
            Verb::Pasv => bare(Self::Pasv),
            Verb::Pbsz => params::pbsz(given),
            Verb::Port => port(given),
            Verb::Prot => params::prot(given),
            Verb::Pwd => bare(Self::Pwd),
            Verb::Quit => bare(Self::Quit),
            Verb::Rein => bare(Self::Rein),
            Verb::Rest => params::rest(given),
            Verb::Retr => path(given).map(Self::Retr),
            Verb::Rmd => path(given).map(Self::Rmd),
            Verb::Rnfr => path(given).map(Self::Rnfr),
            Verb::Rnto => path(given).map(Self::Rnto),
            Verb::Site => site::site(given).map(Self::Site),
            Verb::Size => path(given).map(Self::Size),
            Verb::Smnt => path(given).map(Self::Smnt),
            Verb::Stat => listing::optional_listing(given).map(Self::Stat),
            Verb::Stor => path(given).map(Self::Stor),
            Verb::Stou => optional_path(given).map(Self::Stou),
            Verb::Stru => params::stru(given),
            Verb::Syst => bare(Self::Syst),
            Verb::Type => params::data_type(given),
            Verb::User => text(given).map(Self::User),
            Verb::Avbl | Verb::Clnt | Verb::Hash | Verb::Mfct | Verb::Mff | Verb::Mfmt | Verb::Rang
            | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512 => drafts::command(spec.verb, given),
        }
    }
}

fn port(given: &[u8]) -> Parsed<Command> {
    let what = "PORT takes six numbers of 0 to 255: h1,h2,h3,h4,p1,p2";
    host_port::parse_argument(given.trim_ascii()).map(Command::Port).or(Err(CommandError::Argument { what }))
}

fn eprt(given: &[u8]) -> Parsed<Command> {
    extended::parse_eprt(given.trim_ascii()).map(Command::Eprt).map_err(|error| match error {
        extended::EprtError::UnknownProtocol => CommandError::NetworkProtocol,
        extended::EprtError::Syntax(_) => CommandError::Argument {
            what: "EPRT takes |1|address|port| for IPv4 or |2|address|port| for IPv6",
        },
    })
}
