//! The client: one control connection, its transfers, and what to do when a way of getting data connections fails.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use ftp_tokio::client::{Client, ClientOptions, Login};
//!
//! let mut client = Client::connect("ftp.example.org", 21, ClientOptions::default()).await?;
//! client.login(Login::anonymous()).await?;
//! for entry in client.list(None).await?.entries {
//!     println!("{}", ftp_proto::escape::escape(&entry.name));
//! }
//! client.quit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A future of a client may be dropped: what it had begun is aborted before the next operation. To stop a transfer and go
//! on at once, use an [`AbortHandle`].

mod abort;
mod commands;
mod connect;
mod error;
mod event;
mod listing;
mod options;
mod session;
mod transfer;

pub use abort::AbortHandle;
pub use error::{Cause, Error, ErrorKind};
pub use event::Event;
pub use listing::Listing;
pub use options::{ClientOptions, Family, Observer};
pub use transfer::{Download, Place, Transferred, Upload};

use crate::blocking::BlockingPool;
use connect::{Server, connect};
use core::net::SocketAddr;
use error::Doing;
use ftp_dtp::data::DataResources;
use ftp_dtp::pump::LocalEnd;
use ftp_proto::address::normalise;
use ftp_proto::client::{Features, Ladder, LadderConfig, Modes, Operation, OperationError};
use ftp_proto::command::{Command, PathName, Secret, Text};
use ftp_proto::reply::Reply;
use session::{Done, Session};
use tokio::net::TcpStream;

/// Threads for storage: a client moves one file at a time.
const STORAGE_THREADS: usize = 2;

/// A connection to an FTP server.
#[derive(Debug)]
pub struct Client {
    server: Server,
    options: ClientOptions,
    resources: Resources,
    session: Session,
    ladder: Ladder,
    local: SocketAddr,
    peer: SocketAddr,
    /// Who is logged in, to log in anew.
    login: Option<Login>,
    /// How the working directory was reached from where the login leads to.
    directories: Vec<Command>,
    /// Whether the server knows MLSD, once that is known.
    mlsd: Option<bool>,
    abort: AbortHandle,
}

/// What the sessions of a client share, one after the other.
#[derive(Debug, Clone)]
struct Resources {
    data: DataResources,
    /// Where storage jobs run.
    blocking: BlockingPool,
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

impl Client {
    /// Connects to `host`, a name or an address; each address that the name has is tried in turn.
    ///
    /// # Errors
    /// When the name has no address, or none of them answers. Whether the server welcomes us shows at the
    /// [`login`](Self::login).
    pub async fn connect(host: &str, port: u16, options: ClientOptions) -> Result<Self, Error> {
        let server = Server { host: host.to_owned(), port };
        let resources =
            Resources { data: DataResources::default(), blocking: BlockingPool::new(STORAGE_THREADS) };
        let (session, local, peer) = open(&server, &options, &resources).await?;
        let ladder = ladder(&options, local, peer);
        Ok(Self {
            server,
            options,
            resources,
            session,
            ladder,
            local,
            peer,
            login: None,
            directories: Vec::new(),
            mlsd: None,
            abort: AbortHandle::default(),
        })
    }

    /// Logs in.
    ///
    /// # Errors
    /// When the server does not welcome us, refuses the login, or asks for what is not there.
    pub async fn login(&mut self, login: Login) -> Result<Reply, Error> {
        let operation = Operation::Login {
            user: login.user.clone(),
            password: login.password.clone(),
            account: login.account.clone(),
        };
        let reply = self.finish(Doing::new("logging in as", login.user.as_bytes()), operation).await?;
        self.login = Some(login);
        self.directories.clear();
        Ok(reply)
    }

    /// Connects anew, logs in as before, and goes to the same directory.
    ///
    /// # Errors
    /// As [`connect`](Self::connect) and [`login`](Self::login).
    pub async fn reconnect(&mut self) -> Result<(), Error> {
        let (session, local, peer) = open(&self.server, &self.options, &self.resources).await?;
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

    /// For ending an operation from another task.
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }

    /// Says goodbye. Not needed, but polite.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn quit(mut self) -> Result<Reply, Error> {
        self.finish(Doing::new("saying goodbye", ""), Operation::Quit).await
    }

    async fn command(
        &mut self,
        what: &'static str,
        path: Option<&PathName>,
        command: Command,
    ) -> Result<Reply, Error> {
        self.finish(Doing::to(what, path), Operation::Command(command)).await
    }

    async fn finish(&mut self, doing: Doing, operation: Operation) -> Result<Reply, Error> {
        self.run(&doing, operation, None).await?.result.map_err(|error| doing.failed(error))
    }

    async fn run(
        &mut self,
        doing: &Doing,
        operation: Operation,
        local: Option<LocalEnd>,
    ) -> Result<Done, Error> {
        let done = self.session.run(operation, local, &self.abort).await;
        let done = done.map_err(|misuse| doing.clone().failed(misuse))?;
        if matches!(done.result, Err(OperationError::Aborted)) {
            self.abort.clear();
        }
        Ok(done)
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

async fn open(
    server: &Server,
    options: &ClientOptions,
    resources: &Resources,
) -> Result<(Session, SocketAddr, SocketAddr), Error> {
    let stream = connect(server, options).await?;
    let made = (|| {
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        options.observer.tell(&Event::Connected { local, peer });
        session(stream, options, resources).map(|session| (session, local, peer))
    })();
    made.map_err(|error| Doing::new("connecting to", &server.host).failed(Cause::Local(error)))
}

fn session(stream: TcpStream, options: &ClientOptions, resources: &Resources) -> std::io::Result<Session> {
    Session::new(stream, options.protocol.clone(), resources.clone(), options.observer.clone())
}
