//! The client: its futures wait in a tokio runtime.
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

use crate::blocking::BlockingPool;
use crate::event_loop::TaskLoop;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use ftp_user::BLOCKING_THREADS;
use std::io;

pub use ftp_user::{
    AbortHandle, Cause, ClientOptions, Download, Driver, Error, ErrorKind, Event, Family, Listing, Login,
    Observer, Place, Transferred, Upload,
};

/// A connection to an FTP server. Its methods are those of [`ftp_user::Client`]; their futures are to be awaited in a tokio
/// runtime.
pub type Client = ftp_user::Client<Tokio>;

/// How tokio waits: the task that polls a client's future is woken.
#[derive(Debug)]
pub struct Tokio(TaskLoop);

impl Driver for Tokio {
    type Loop = TaskLoop;

    fn new() -> io::Result<Self> {
        Ok(Self(TaskLoop::new(BlockingPool::new(BLOCKING_THREADS))))
    }

    fn event_loop(&mut self) -> &mut TaskLoop {
        &mut self.0
    }

    async fn run<T>(&mut self, mut turn: impl FnMut(&mut TaskLoop, &Waker) -> Poll<T>) -> T {
        poll_fn(|cx| {
            self.0.hear(cx);
            turn(&mut self.0, cx.waker())
        })
        .await
    }
}
