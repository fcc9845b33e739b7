//! A server and who logs in there: from a URL, netrc and the terminal to a connection.

use crate::args::{External, Mode, Options, PasvAddress, TlsMax, Transmission};
use crate::driver::{
    Client, ClientOptions, Error, Event, Family, Login, Observer, Tls, TlsIdentity, TlsVersion, Trust,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::known_hosts::KnownHosts;
use crate::known_modes::{KnownModes, Way};
use crate::ui::{Meter, Ui};
use crate::url::FtpUrl;
use crate::{netrc, prompt, tls};
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use ftp_proto::address::{Announced, PassiveAddress};
use ftp_proto::client::{ActiveSettings, ClientConfig, ClientTimeouts, Modes};
use ftp_proto::command::{Command, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::escape::escape;
use ftp_proto::io::TransmissionMode;
use ftp_proto::wire::CommandView;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// How hard is compressed: what zlib does by itself.
const DEFLATE_LEVEL: u8 = 6;

/// [`Context::pause`] of the program.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// What every command works with.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) ui: Ui,
    pub(crate) interrupt: Interrupt,
    /// How long to wait before a lost connection is made anew the first time; each further time twice as long.
    pub(crate) pause: Duration,
}

/// A server and a user there. Connections to it can be made again and again without another question.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    url: FtpUrl,
    login: Login,
    certificate: Option<TlsIdentity>,
    /// What active mode announces, where that is known before anybody is asked.
    external: Option<IpAddr>,
}

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) meter: Meter,
    pub(crate) told: Told,
    /// Whose working mode is to be remembered.
    server: Option<(String, u16)>,
}

/// The data ports that were last announced, whoever believes it. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<Mutex<LastTold>>);

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastTold {
    /// By the server, in a 227 or 229, as it arrived.
    pub(crate) heard: Option<Announced>,
    /// By us, with PORT or EPRT, as it was sent.
    pub(crate) sent: Option<SocketAddr>,
}

impl Told {
    pub(crate) fn last(&self) -> LastTold {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, LastTold> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, event: &Event) {
        match event {
            Event::Received(reply) => {
                if let Ok(announced) = Announced::from_reply(reply) {
                    self.lock().heard = Some(announced);
                }
            }
            Event::Sent(line) => {
                let command = CommandView::parse(line).ok().and_then(|view| Command::parse(&view).ok());
                match command {
                    Some(Command::Port(target)) => self.lock().sent = Some(target.into()),
                    Some(Command::Eprt(target)) => self.lock().sent = Some(target),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

impl Site {
    /// Finds out who logs in; asks for the password on the terminal when nothing else has it.
    pub(crate) fn new(context: &Context, url: &FtpUrl) -> Result<Self, Failure> {
        let login = match (&url.user, &url.password) {
            (Some(user), Some(password)) => {
                Login { user: user.clone(), password: Some(password.clone()), account: None }
            }
            _ => login_without_url(context, url)?,
        };
        Ok(Self {
            url: url.clone(),
            login,
            certificate: tls::own_certificate(&context.options)?,
            external: external_address(&context.options)?,
        })
    }

    /// Whether `url` is on the same server, as the same user.
    pub(crate) fn serves(&self, url: &FtpUrl) -> bool {
        let password = |url: &FtpUrl| url.password.as_ref().map(|secret| secret.expose().to_vec());
        (self.url.scheme, &self.url.host, self.url.port, &self.url.user)
            == (url.scheme, &url.host, url.port, &url.user)
            && password(&self.url) == password(url)
    }

    /// The server's host.
    pub(crate) fn host(&self) -> &str {
        &self.url.host
    }

    /// Whether nobody in particular logs in: there is no password worth hiding.
    pub(crate) fn is_anonymous(&self) -> bool {
        is_anonymous(&self.login.user)
    }

    /// Connects and logs in.
    pub(crate) fn connect(&self, context: &Context) -> Result<Connection, Failure> {
        let (tls, known) = (tls::wanted(&context.options, &self.url)?, KnownHosts::of_user());
        let mut trust = tls::trust(&context.options, &self.url, &known);
        loop {
            let connection = match self.connect_once(context, tls::when(tls, &trust), trust.clone().into()) {
                Ok(connected) => connected,
                Err(error) => {
                    trust = tls::after_failure(&context.options, &self.url, &trust, error)?;
                    continue;
                }
            };
            if let Some(fingerprint) = connection.client.certificate() {
                tls::remember(&context.ui, &known, &self.url, &trust, fingerprint);
            }
            return Ok(self.recall(context, connection));
        }
    }

    /// What has worked with this server before is tried first, where the user leaves the choice.
    fn recall(&self, context: &Context, mut connection: Connection) -> Connection {
        if context.options.mode == Mode::Auto {
            let way =
                Way { host: &self.url.host, port: self.url.port, local: connection.client.local().ip() };
            if let Some(mode) = KnownModes::of_user().find(way, SystemTime::now()) {
                connection.client.prefer_mode(mode);
            }
            connection.server = Some((self.url.host.clone(), self.url.port));
        }
        connection
    }

    fn connect_once(&self, context: &Context, tls: Tls, trust: Trust) -> Result<Connection, Error> {
        let Context { options, ui, interrupt, .. } = context;
        let (meter, told) = (Meter::new(ui.clone()), Told::default());
        interrupt.watch();
        let settings = ClientOptions {
            observer: observer(ui.clone(), meter.clone(), told.clone()),
            abort: interrupt.register(),
            tls,
            trust,
            certificate: self.certificate.clone(),
            tls_version: match options.tls_max {
                TlsMax::V12 => TlsVersion::V12,
                TlsMax::V13 => TlsVersion::V13,
            },
            clear_control: options.ccc,
            ..client_options(options)
        };
        let mut client = Client::connect(options.driver, &self.url.host, self.url.port, settings)?;
        client.login(self.login.clone())?;
        match (self.external, &options.external_address) {
            (Some(external), _) => client.set_external_address(external),
            (None, Some(External::Auto)) => match client.seen_as()? {
                Some(seen) => client.set_external_address(seen),
                None => ui.note(
                    "The server does not say which address it sees: active mode announces this machine's own. Give it \
                     with --external-address ADDRESS.",
                ),
            },
            (None, _) => {}
        }
        Ok(Connection { client, meter, told, server: None })
    }
}

fn observer(ui: Ui, meter: Meter, told: Told) -> Observer {
    Observer::new(move |event| match event {
        Event::Progress(octets) => meter.reached(*octets),
        event => {
            told.hear(event);
            ui.hear(event);
        }
    })
}

/// The last connection, which the next URL may be able to use, too.
#[derive(Debug, Default)]
pub(crate) struct Sites(Option<(Site, Connection)>);

impl Sites {
    /// A connection for `url`.
    pub(crate) fn at(&mut self, context: &Context, url: &FtpUrl) -> Result<&mut Connection, Failure> {
        let usable =
            |(site, connection): &(Site, Connection)| site.serves(url) && !connection.client.is_over();
        if !self.0.as_ref().is_some_and(usable) {
            self.close();
            let site = Site::new(context, url)?;
            let connection = site.connect(context)?;
            self.0 = Some((site, connection));
        }
        match &mut self.0 {
            Some((_, connection)) => Ok(connection),
            None => unreachable!("it was set above"),
        }
    }

    /// Says goodbye.
    pub(crate) fn close(&mut self) {
        if let Some((_, connection)) = self.0.take() {
            connection.close();
        }
    }
}

impl Connection {
    /// Says goodbye. A server that does not answer has already given everything that was wanted.
    pub(crate) fn close(self) {
        self.remember();
        if !self.client.is_over() {
            let _ = self.client.quit();
        }
    }

    /// Notes which mode works from here, for the next time.
    fn remember(&self) {
        let (Some((host, port)), Some(mode)) = (&self.server, self.client.working_mode()) else { return };
        let way = Way { host, port: *port, local: self.client.local().ip() };
        // Not to remember it costs a second the next time, and is no reason to complain.
        let _ = KnownModes::of_user().note(way, mode, SystemTime::now());
    }
}

fn login_without_url(context: &Context, url: &FtpUrl) -> Result<Login, Failure> {
    let entries = netrc_entries(context)?;
    let user = url.user.as_ref().map(Text::as_bytes);
    if let Some(entry) = netrc::find(&entries, &url.host, user)
        && let Some(login) = entry.login.clone().or_else(|| url.user.clone())
    {
        return Ok(Login { user: login, password: entry.password.clone(), account: entry.account.clone() });
    }
    match &url.user {
        None => Ok(Login::anonymous()),
        Some(user) if is_anonymous(user) => Ok(Login { user: user.clone(), ..Login::anonymous() }),
        // The certificate is the login.
        Some(user) if context.options.cert.is_some() => {
            Ok(Login { user: user.clone(), password: None, account: None })
        }
        Some(user) => Ok(Login { user: user.clone(), password: ask(user, &url.host)?, account: None }),
    }
}

fn is_anonymous(user: &Text) -> bool {
    [&b"anonymous"[..], b"ftp"].iter().any(|name| user.as_bytes().eq_ignore_ascii_case(name))
}

/// `None` without a terminal: perhaps the server does not ask for one.
fn ask(user: &Text, host: &str) -> Result<Option<Secret>, Failure> {
    match prompt::password(&format!("Password of {} at {host}: ", escape(user.as_bytes()))) {
        Ok(password) => Secret::new(password)
            .map(Some)
            .map_err(|error| Failure::usage(format!("the password cannot be sent: {error}"))),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(Failure::interrupted()),
        Err(_) => Ok(None),
    }
}

/// `~/.netrc` is used when it is there and safe; a file that was asked for has to be.
fn netrc_entries(context: &Context) -> Result<Vec<netrc::Entry>, Failure> {
    let Options { netrc: wanted, no_netrc, .. } = &context.options;
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".netrc"));
    let (path, insist) = match wanted {
        _ if *no_netrc => (None, false),
        Some(Some(file)) => (Some(file.clone()), true),
        Some(None) => (home(), true),
        None => (home(), false),
    };
    let Some(path) = path else { return Ok(Vec::new()) };
    match netrc::read(&path) {
        Ok(entries) => Ok(entries),
        Err(error) if insist => Err(Failure::new(Exit::Local, format!("{}: {error}", path.display()))),
        Err(netrc::NetrcError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            context.ui.note(&format!("{} is not used: {error}", path.display()));
            Ok(Vec::new())
        }
    }
}

fn external_address(options: &Options) -> Result<Option<IpAddr>, Failure> {
    let Some(External::Source(source)) = &options.external_address else { return Ok(None) };
    source.find().map_err(|error| {
        Failure::new(Exit::Local, format!("the external address {source} cannot be found: {error}"))
    })
}

fn client_options(options: &Options) -> ClientOptions {
    let defaults = ClientTimeouts::default();
    ClientOptions {
        modes: modes(options.mode),
        passive_address: match options.pasv_address {
            PasvAddress::Trust => PassiveAddress::AsTold,
            PasvAddress::Peer => PassiveAddress::ControlPeer,
            PasvAddress::Repair => PassiveAddress::Repair,
        },
        active: ActiveSettings {
            external: None,
            ports: options.active_ports.map_or_else(|| ActiveSettings::default().ports, |ports| ports.0),
            port_offset: options.active_port_offset.unwrap_or_default(),
        },
        family: match (options.ipv4, options.ipv6) {
            (true, _) => Family::V4,
            (_, true) => Family::V6,
            _ => Family::Any,
        },
        transmission: match options.transmission {
            Transmission::Stream => TransmissionMode::Stream,
            Transmission::Block => TransmissionMode::Block,
            Transmission::Deflate => TransmissionMode::Deflate { level: DEFLATE_LEVEL },
        },
        records: options.records,
        protocol: Arc::new(ClientConfig {
            accept_unclean_end: options.tls_accept_unclean_end,
            // Once EPSV has worked, routers need not look for addresses any more (RFC 2428 §4).
            epsv_all: true,
            timeouts: ClientTimeouts {
                keep_alive: options.keep_alive.map_or(defaults.keep_alive, |seconds| seconds.0),
                ..defaults
            },
            ..ClientConfig::default()
        }),
        bind: options.bind,
        connect_timeout: options.connect_timeout.map(|seconds| seconds.0),
        ..ClientOptions::default()
    }
}

/// What `--mode` means.
pub(crate) const fn modes(mode: Mode) -> Modes {
    match mode {
        Mode::Auto => Modes::Auto,
        Mode::Epsv => Modes::Only(DataMode::EPSV),
        Mode::Pasv => Modes::Only(DataMode::PASV),
        Mode::Eprt => Modes::Only(DataMode::EPRT),
        Mode::Port => Modes::Only(DataMode::PORT),
    }
}
