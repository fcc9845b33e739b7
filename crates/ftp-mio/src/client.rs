//! The client: its methods block.
//!
//! ```no_run
//! use ftp_mio::client::{Client, ClientOptions, Login};
//!
//! let mut client = Client::connect("ftp.example.org", 21, ClientOptions::default())?;
//! client.login(Login::anonymous())?;
//! for entry in client.list(None)?.entries {
//!     println!("{}", ftp_proto::escape::escape(&entry.name));
//! }
//! client.quit()?;
//! # Ok::<(), ftp_mio::client::Error>(())
//! ```

mod waiting;

use bytes::Bytes;
use core::net::{IpAddr, SocketAddr};
use ftp_dtp::storage::{Sink, Source};
use ftp_proto::client::{Features, Modes};
use ftp_proto::command::{PathName, Text};
use ftp_proto::data::{DataMode, Saw};
use ftp_proto::facts::{Entry, TimeVal};
use ftp_proto::reply::Reply;
use ftp_user::{Fingerprint, ready};
use waiting::Waiting;

pub use ftp_user::{
    AbortHandle, Cause, ClientOptions, Download, Error, ErrorKind, Event, Family, Listing, Login, Observer,
    Place, Transferred, Upload,
};

/// A connection to an FTP server. It stays in the thread that made it; two threads of it do what blocks in other places than
/// a socket: local files, and looking up names.
#[derive(Debug)]
pub struct Client(ftp_user::Client<Waiting>);

/// The methods that wait. What they do, and their errors, are told by those of the same name of [`ftp_user::Client`].
macro_rules! blocking {
    ($($name:ident($($argument:ident: $type:ty),*) -> $outcome:ty;)*) => {
        impl Client {
            $(
                #[doc = concat!("See [`ftp_user::Client::", stringify!($name), "`].")]
                ///
                /// # Errors
                /// See there.
                pub fn $name(&mut self, $($argument: $type),*) -> Result<$outcome, Error> {
                    ready(self.0.$name($($argument),*))
                }
            )*
        }
    };
}

blocking! {
    login(login: Login) -> Reply;
    reconnect() -> ();
    retr(path: &PathName, how: Download, sink: Sink) -> Transferred;
    stor(path: &PathName, how: Upload, source: Source) -> Transferred;
    list(path: Option<&PathName>) -> Listing;
    nlst(path: Option<&PathName>) -> Vec<Bytes>;
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
    /// See [`ftp_user::Client::connect`].
    ///
    /// # Errors
    /// See there.
    pub fn connect(host: &str, port: u16, options: ClientOptions) -> Result<Self, Error> {
        ready(ftp_user::Client::connect(host, port, options)).map(Self)
    }

    /// See [`ftp_user::Client::quit`].
    ///
    /// # Errors
    /// See there.
    pub fn quit(self) -> Result<Reply, Error> {
        ready(self.0.quit())
    }

    /// See [`ftp_user::Client::set_modes`].
    pub fn set_modes(&mut self, modes: Modes) {
        self.0.set_modes(modes);
    }

    /// See [`ftp_user::Client::prefer_mode`].
    pub fn prefer_mode(&mut self, mode: DataMode) {
        self.0.prefer_mode(mode);
    }

    /// See [`ftp_user::Client::set_external_address`].
    pub fn set_external_address(&mut self, external: IpAddr) {
        self.0.set_external_address(external);
    }

    /// See [`ftp_user::Client::working_mode`].
    #[must_use]
    pub fn working_mode(&self) -> Option<DataMode> {
        self.0.working_mode()
    }

    /// See [`ftp_user::Client::local`].
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.0.local()
    }

    /// See [`ftp_user::Client::features`].
    #[must_use]
    pub fn features(&self) -> Option<&Features> {
        self.0.features()
    }

    /// See [`ftp_user::Client::peer`].
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.0.peer()
    }

    /// See [`ftp_user::Client::certificate`].
    #[must_use]
    pub fn certificate(&self) -> Option<Fingerprint> {
        self.0.certificate()
    }

    /// See [`ftp_user::Client::is_over`].
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// For ending an operation from another thread: [`ClientOptions::abort`].
    #[must_use]
    pub fn abort_handle(&self) -> AbortHandle {
        self.0.abort_handle()
    }
}
