//! The drivers on loopback: a real server with real sockets, one for each case.

use super::{Configure, Family, Host, Listener, Need, Wire, World, sockets};
use crate::case::Worlds;
use crate::scene;
use core::net::SocketAddr;
use core::num::NonZeroUsize;
use core::time::Duration;
use ftp_backend::MemoryStorage;
use ftp_backend::memory::Operation;
use ftp_proto::data::StorageFailure;
use ftp_service::{Server, ServerHandle, ServerOptions};
use std::io;
use std::thread::JoinHandle;

/// Worlds in which a driver of ours runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// `ftp-tokio`.
    Tokio,
    /// `ftp-mio`.
    Mio,
}

impl Driver {
    /// Serves until the server is told to end.
    ///
    /// # Errors
    /// When the driver cannot start.
    pub fn serve(self, server: Server) -> io::Result<()> {
        match self {
            Self::Tokio => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(ftp_tokio::serve(server))
            }
            // Two loops: what one session tells another crosses threads.
            Self::Mio => ftp_mio::serve(server, NonZeroUsize::new(2)),
        }
    }
}

impl Worlds for Driver {
    fn name(&self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Mio => "mio",
        }
    }

    fn can(&self, what: Need) -> bool {
        match what {
            Need::Faults | Need::Stranger | Need::V6 | Need::Config | Need::Root | Need::Reader => true,
            Need::VirtualTime => false,
        }
    }

    fn make(&self, configure: Option<Configure>) -> io::Result<Box<dyn World>> {
        let mut options = ServerOptions { tls: Some(scene::tls()), ..ServerOptions::default() };
        // The delay of a refused login is shown with virtual time; here it would only be waited for.
        options.protocol.timeouts.penalty = Duration::from_millis(1);
        if let Some(configure) = configure {
            configure(&mut options.protocol);
        }
        let storage = MemoryStorage::new();
        let backend = scene::backend(storage.clone());
        let addresses =
            [Family::V4, Family::V6].map(|family| SocketAddr::new(crate::talk::loopback(family), 0));
        let server = Server::bind(&addresses, backend, options).map_err(io::Error::other)?;
        let (driver, addresses, handle) = (*self, server.addresses().to_vec(), server.handle());
        let thread = std::thread::spawn(move || driver.serve(server));
        Ok(Box::new(Loopback { driver, addresses, handle, storage, thread: Some(thread) }))
    }
}

struct Loopback {
    driver: Driver,
    addresses: Vec<SocketAddr>,
    handle: ServerHandle,
    storage: MemoryStorage,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.handle.stop_now();
        if let Some(thread) = self.thread.take() {
            // A panic of the server has failed the case already.
            let _ = thread.join();
        }
    }
}

impl World for Loopback {
    fn name(&self) -> &str {
        self.driver.name()
    }

    fn can(&self, what: Need) -> bool {
        self.driver.can(what)
    }

    fn server(&self, family: Family) -> SocketAddr {
        let wanted = |address: &&SocketAddr| address.is_ipv4() == (family == Family::V4);
        self.addresses
            .iter()
            .find(wanted)
            .copied()
            .unwrap_or_else(|| SocketAddr::new(crate::talk::loopback(family), 0))
    }

    fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>> {
        sockets::connect(from, to)
    }

    fn listen(&mut self, on: Host, family: Family) -> io::Result<Box<dyn Listener>> {
        sockets::listen(on, family)
    }

    /// Not here: the cases that need it are not run.
    fn elapse(&mut self, _time: Duration) {}

    fn break_storage(&mut self, operation: Operation, why: StorageFailure) {
        self.storage.fail_next(operation, why);
    }
}
