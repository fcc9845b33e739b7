//! The client: one control connection, its transfers, and what to do when a way of getting data connections fails.

use crate::connect::{Server, connect};
use crate::error::{Cause, Doing, Error, SaidBy};
use crate::session::{Done, NotStarted, Session, ends};
use crate::{AbortHandle, ClientOptions, Driver, Event, Tls, TlsFailure};
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use ftp_dtp::data::DataResources;
use ftp_dtp::pump::LocalEnd;
use ftp_dtp::tls::{ClientTls, Fingerprint};
use ftp_proto::address::normalise;
use ftp_proto::client::{Features, Ladder, LadderConfig, Modes, Operation, OperationError};
use ftp_proto::command::{Command, PathName, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::reply::Reply;
use std::sync::Arc;

/// A connection to an FTP server, which waits as the driver `D` does.
///
/// A future of a client may be dropped: what it had begun is aborted before the next operation. To stop a transfer and go
/// on at once, use an [`AbortHandle`].
#[derive(Debug)]
pub struct Client<D: Driver> {
    driver: D,
    server: Server,
    pub(crate) options: ClientOptions,
    /// What the sessions of a client share, one after the other.
    resources: DataResources,
    /// `None` when there is to be no TLS.
    tls: Option<ClientTls>,
    pub(crate) session: Session<D::Loop>,
    pub(crate) ladder: Ladder,
    local: SocketAddr,
    peer: SocketAddr,
    /// Who is logged in, to log in anew.
    login: Option<Login>,
    /// How the working directory was reached from where the login leads to.
    pub(crate) directories: Vec<Command>,
    /// Whether the server knows MLSD, once that is known.
    pub(crate) mlsd: Option<bool>,
}

/// Who logs in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: Text,
    /// Given when the server asks for it.
    pub password: Option<Secret>,
    /// Given when the server asks for it.
    pub account: Option<Secret>,
}

impl Login {
    /// The user `anonymous`, as RFC 1635 §2 has it; the password is no one's address.
    ///
    /// # Panics
    /// Never: the texts are constants.
    #[must_use]
    pub fn anonymous() -> Self {
        let (Ok(user), Ok(password)) = (Text::new("anonymous"), Secret::new("anonymous@")) else {
            unreachable!("constants without CR, LF and NUL");
        };
        Self { user, password: Some(password), account: None }
    }
}

impl<D: Driver> Client<D> {
    /// Connects to `host`, a name or an address; the addresses that the name has are tried a moment apart, and the first that
    /// answers is taken (RFC 8305).
    ///
    /// # Errors
    /// When the name has no address, or none of them answers. Whether the server welcomes us shows at the
    /// [`login`](Self::login).
    pub async fn connect(host: &str, port: u16, options: ClientOptions) -> Result<Self, Error> {
        let server = Server { host: host.to_owned(), port };
        let resources = DataResources::default();
        let mut driver = D::new().map_err(|error| local_error(&server, error))?;
        let tls = match options.tls {
            Tls::Off => None,
            Tls::Auto | Tls::Explicit | Tls::Implicit => {
                let tls = ClientTls::new(host, &options.trust).map_err(|error| no_tls(&server, &error))?;
                let tls = tls.at_most(options.tls_version);
                Some(match &options.certificate {
                    Some(own) => tls.showing(own.clone()),
                    None => tls,
                })
            }
        };
        let options = with_implicit_tls(options);
        let (session, local, peer) = open(&mut driver, &server, &options, &resources, tls.as_ref()).await?;
        let ladder = ladder(&options, local, peer);
        Ok(Self {
            driver,
            server,
            options,
            resources,
            tls,
            session,
            ladder,
            local,
            peer,
            login: None,
            directories: Vec::new(),
            mlsd: None,
        })
    }

    /// TLS on the control connection, as the options want it. Whether it is there.
    async fn secure(&mut self) -> Result<bool, Error> {
        match self.options.tls {
            Tls::Off => return Ok(false),
            Tls::Implicit => return Ok(true),
            Tls::Auto | Tls::Explicit => {}
        }
        match self.finish(Doing::new("asking for TLS", ""), Operation::Secure).await {
            Ok(_) => Ok(true),
            // The server has said no: there was no handshake that somebody on the way could have broken.
            Err(error) => match error.reply() {
                Some(_) if self.options.tls == Tls::Auto && !self.is_over() => Ok(false),
                Some(reply) => {
                    Err(no_tls(&self.server, &format_args!("the server refuses it: {}", SaidBy(reply))))
                }
                None => Err(error),
            },
        }
    }

    /// Whom TLS has shown the server to be, if there is TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<Fingerprint> {
        self.session.certificate()
    }

    /// Logs in: under TLS, when the options want it, and with data connections under TLS too.
    ///
    /// # Errors
    /// When the server does not welcome us, refuses the login, or asks for what is not there.
    pub async fn login(&mut self, login: Login) -> Result<Reply, Error> {
        let secured = self.secure().await?;
        let operation = Operation::Login {
            user: login.user.clone(),
            password: login.password.clone(),
            account: login.account.clone(),
        };
        let reply = self.finish(Doing::new("logging in as", login.user.as_bytes()), operation).await?;
        if secured {
            self.finish(Doing::new("protecting data connections", ""), Operation::Protect(true)).await?;
            if self.options.clear_control {
                self.finish(Doing::new("going back to the clear", ""), Operation::ClearControl).await?;
            }
        }
        self.login = Some(login);
        self.directories.clear();
        Ok(reply)
    }

    /// Connects anew, logs in as before, and goes to the same directory.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`login`](Self::login).
    pub async fn reconnect(&mut self) -> Result<(), Error> {
        let (session, local, peer) =
            open(&mut self.driver, &self.server, &self.options, &self.resources, self.tls.as_ref()).await?;
        (self.session, self.local, self.peer) = (session, local, peer);
        let directories = core::mem::take(&mut self.directories);
        if let Some(login) = self.login.clone() {
            self.login(login).await?;
        }
        for directory in &directories {
            self.finish(
                Doing::new("going back to the working directory", ""),
                Operation::Command(directory.clone()),
            )
            .await?;
        }
        self.directories = directories;
        Ok(())
    }

    /// Chooses which data port modes may be tried from now on. Nothing is sent.
    pub fn set_modes(&mut self, modes: Modes) {
        self.options.modes = modes;
        self.ladder = ladder(&self.options, self.local, self.peer);
    }

    /// Announces this address in active mode from now on: the outside of a NAT. Nothing is sent.
    pub fn set_external_address(&mut self, external: IpAddr) {
        self.options.active.external = Some(external);
        self.ladder = ladder(&self.options, self.local, self.peer);
    }

    /// Tries this mode before the others: it has worked with this server at another time. Nothing is sent.
    pub const fn prefer_mode(&mut self, mode: DataMode) {
        self.ladder.prefer(mode);
    }

    /// The data port mode that works, once one has.
    #[must_use]
    pub fn working_mode(&self) -> Option<DataMode> {
        self.ladder.working()
    }

    /// Our own address on the control connection.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.local
    }

    /// What the server said to FEAT after the login; `None` when it does not know FEAT.
    #[must_use]
    pub fn features(&self) -> Option<&Features> {
        self.session.features()
    }

    /// The server's address.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Whether the control connection is gone; [`reconnect`](Self::reconnect) makes a new one.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.session.is_over()
    }

    /// For ending an operation from another task or thread.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.options.abort.clone()
    }

    /// Says goodbye. Not needed, but polite.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.finish(Doing::new("saying goodbye", ""), Operation::Quit).await
    }

    pub(crate) async fn command(
        &mut self,
        what: &'static str,
        path: Option<&PathName>,
        command: Command,
    ) -> Result<Reply, Error> {
        self.finish(Doing::to(what, path), Operation::Command(command)).await
    }

    pub(crate) async fn finish(&mut self, doing: Doing, operation: Operation) -> Result<Reply, Error> {
        let result = self.run(&doing, operation, None).await?.result;
        result.map_err(|error| match self.session.tls_failure() {
            Some(failure) => doing.failed(Cause::Tls(failure)),
            None => doing.failed(error),
        })
    }

    pub(crate) async fn run(
        &mut self,
        doing: &Doing,
        operation: Operation,
        local: Option<LocalEnd>,
    ) -> Result<Done, Error> {
        if self.session.abort_what_was_dropped(self.driver.event_loop()) {
            let _ = self.end_operation().await;
        }
        match self.session.start(self.driver.event_loop(), operation, local) {
            Ok(()) => {}
            Err(NotStarted::Over(local)) => return Ok(Done::closed(local)),
            Err(NotStarted::Misuse(misuse)) => return Err(doing.clone().failed(misuse)),
        }
        let done = self.end_operation().await;
        if matches!(done.result, Err(OperationError::Aborted)) {
            self.options.abort.clear();
        }
        Ok(done)
    }

    async fn end_operation(&mut self) -> Done {
        let Self { driver, session, .. } = self;
        driver.run(|event_loop, waker| session.turn(event_loop, waker)).await
    }
}

fn ladder(options: &ClientOptions, local: SocketAddr, peer: SocketAddr) -> Ladder {
    Ladder::new(LadderConfig {
        modes: options.modes,
        passive_address: options.passive_address,
        active: options.active,
        ..LadderConfig::new(normalise(peer.ip()), normalise(local.ip()))
    })
}

async fn open<D: Driver>(
    driver: &mut D,
    server: &Server,
    options: &ClientOptions,
    resources: &DataResources,
    tls: Option<&ClientTls>,
) -> Result<(Session<D::Loop>, SocketAddr, SocketAddr), Error> {
    let stream = connect(driver, server, options).await?;
    let tls = tls.map(ClientTls::session).transpose().map_err(|error| no_tls(server, &error))?;
    let made = ends(&stream).and_then(|(local, peer)| {
        options.observer.tell(&Event::Connected { local, peer });
        Session::new(driver.event_loop(), stream, resources.clone(), options, tls)
            .map(|session| (session, local, peer))
    });
    made.map_err(|error| local_error(server, error))
}

/// The machine must know when TLS comes first.
fn with_implicit_tls(mut options: ClientOptions) -> ClientOptions {
    if options.tls == Tls::Implicit {
        Arc::make_mut(&mut options.protocol).implicit_tls = true;
    }
    options
}

fn no_tls(server: &Server, why: &dyn fmt::Display) -> Error {
    let failure = TlsFailure { why: why.to_string(), rejected: None };
    Doing::new("connecting to", &server.host).failed(Cause::Tls(failure))
}

fn local_error(server: &Server, error: std::io::Error) -> Error {
    Doing::new("connecting to", &server.host).failed(Cause::Local(error))
}
