//! The one place that knows which drivers there are.

use core::net::{IpAddr, SocketAddr};
use ftp_dtp::storage::{Sink, Source};
use ftp_proto::client::{Features, Modes};
use ftp_proto::command::{PathName, Text};
use ftp_proto::data::{DataMode, Saw};
use ftp_proto::facts::{Entry, TimeVal};
use ftp_proto::reply::Reply;
use ftp_user::Transferred;
use std::io;
use tokio::runtime::{Builder, Runtime};

pub(crate) use ftp_user::{
    AbortHandle, Cause, ClientOptions, Download, Error, ErrorKind, Event, Family, Fingerprint, Listing,
    Login, Observer, Place, Tls, TlsFailure, TlsIdentity, TlsVersion, Trust, Upload,
};

/// What a connection waits by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Driver {
    /// A tokio runtime of its own.
    #[default]
    Tokio,
    /// An event loop, without a runtime.
    Mio,
}

/// A connection to a server. It blocks, whatever the driver.
#[derive(Debug)]
pub(crate) enum Client {
    Tokio(Box<ftp_tokio::Client>, OwnRuntime),
    Mio(Box<ftp_mio::Client>),
}

/// The runtime of one connection, in the thread that uses it.
#[derive(Debug)]
pub(crate) struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    fn new() -> io::Result<Self> {
        Builder::new_current_thread().enable_all().build().map(Some).map(Self)
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(runtime) => runtime.block_on(future),
            None => unreachable!("it goes only when this is dropped"),
        }
    }
}

impl Drop for OwnRuntime {
    /// Without waiting for work that may never end, such as reading from a terminal.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The methods of both clients.
macro_rules! on_either {
    ($($name:ident($($argument:ident: $type:ty),*) -> $outcome:ty;)*) => {
        impl Client {
            $(
                pub(crate) fn $name(&mut self, $($argument: $type),*) -> Result<$outcome, Error> {
                    match self {
                        Self::Tokio(client, runtime) => runtime.block_on(client.$name($($argument),*)),
                        Self::Mio(client) => client.$name($($argument),*),
                    }
                }
            )*
        }
    };
}

on_either! {
    login(login: Login) -> Reply;
    reconnect() -> ();
    retr(path: &PathName, how: Download, sink: Sink) -> Transferred;
    stor(path: &PathName, how: Upload, source: Source) -> Transferred;
    list(path: Option<&PathName>) -> Listing;
    cwd(path: &PathName) -> Reply;
    cdup() -> Reply;
    pwd() -> PathName;
    mkd(path: &PathName) -> Reply;
    rmd(path: &PathName) -> Reply;
    dele(path: &PathName) -> Reply;
    rename(from: &PathName, to: &PathName) -> Reply;
    size(path: &PathName) -> u64;
    mdtm(path: &PathName) -> TimeVal;
    mlst(path: Option<&PathName>) -> Entry;
    mfmt(path: &PathName, time: TimeVal) -> Reply;
    stat() -> Reply;
    saw() -> Saw;
    seen_as() -> Option<IpAddr>;
    set_type(ascii: bool) -> Reply;
    quote(line: Text) -> Reply;
}

impl Client {
    /// Connects by way of `driver`.
    pub(crate) fn connect(
        driver: Driver,
        host: &str,
        port: u16,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        match driver {
            Driver::Tokio => {
                let runtime = OwnRuntime::new().map_err(|error| Error::local("starting a runtime", error))?;
                let client = runtime.block_on(ftp_tokio::Client::connect(host, port, options))?;
                Ok(Self::Tokio(Box::new(client), runtime))
            }
            Driver::Mio => {
                ftp_mio::Client::connect(host, port, options).map(|client| Self::Mio(Box::new(client)))
            }
        }
    }

    pub(crate) fn quit(self) -> Result<Reply, Error> {
        match self {
            Self::Tokio(client, runtime) => runtime.block_on(client.quit()),
            Self::Mio(client) => client.quit(),
        }
    }

    pub(crate) fn set_modes(&mut self, modes: Modes) {
        match self {
            Self::Tokio(client, _) => client.set_modes(modes),
            Self::Mio(client) => client.set_modes(modes),
        }
    }

    pub(crate) fn features(&self) -> Option<&Features> {
        match self {
            Self::Tokio(client, _) => client.features(),
            Self::Mio(client) => client.features(),
        }
    }

    pub(crate) fn certificate(&self) -> Option<Fingerprint> {
        match self {
            Self::Tokio(client, _) => client.certificate(),
            Self::Mio(client) => client.certificate(),
        }
    }

    pub(crate) fn working_mode(&self) -> Option<DataMode> {
        match self {
            Self::Tokio(client, _) => client.working_mode(),
            Self::Mio(client) => client.working_mode(),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        match self {
            Self::Tokio(client, _) => client.local(),
            Self::Mio(client) => client.local(),
        }
    }

    pub(crate) fn prefer_mode(&mut self, mode: DataMode) {
        match self {
            Self::Tokio(client, _) => client.prefer_mode(mode),
            Self::Mio(client) => client.prefer_mode(mode),
        }
    }

    pub(crate) fn set_external_address(&mut self, external: IpAddr) {
        match self {
            Self::Tokio(client, _) => client.set_external_address(external),
            Self::Mio(client) => client.set_external_address(external),
        }
    }

    pub(crate) fn peer(&self) -> SocketAddr {
        match self {
            Self::Tokio(client, _) => client.peer(),
            Self::Mio(client) => client.peer(),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Tokio(client, _) => client.is_over(),
            Self::Mio(client) => client.is_over(),
        }
    }
}
