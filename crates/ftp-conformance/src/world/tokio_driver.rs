//! The tokio driver on loopback: a real server with real sockets, one for each case.

use super::{Configure, Family, Host, Listener, Need, Wire, World, sockets};
use crate::case::Worlds;
use crate::scene;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::MemoryStorage;
use ftp_backend::memory::Operation;
use ftp_proto::data::StorageFailure;
use ftp_tokio::{Server, ServerHandle, ServerOptions, serve};
use std::io;
use std::thread::JoinHandle;

/// Worlds of the tokio driver.
#[derive(Debug, Clone, Copy)]
pub struct TokioDriver;

impl Worlds for TokioDriver {
    fn name(&self) -> &'static str {
        "tokio"
    }

    fn can(&self, what: Need) -> bool {
        match what {
            Need::Faults | Need::Stranger | Need::V6 | Need::Config => true,
            Need::VirtualTime => false,
        }
    }

    fn make(&self, configure: Option<Configure>) -> io::Result<Box<dyn World>> {
        let mut options = ServerOptions::default();
        // The delay of a refused login is shown with virtual time; here it would only be waited for.
        options.protocol.timeouts.penalty = Duration::from_millis(1);
        if let Some(configure) = configure {
            configure(&mut options.protocol);
        }
        let storage = MemoryStorage::new();
        let backend = scene::backend(storage.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let addresses =
            [Family::V4, Family::V6].map(|family| SocketAddr::new(crate::talk::loopback(family), 0));
        let server = Server::bind(&addresses, backend, options).map_err(io::Error::other)?;
        let (addresses, handle) = (server.addresses().to_vec(), server.handle());
        let thread = std::thread::spawn(move || runtime.block_on(serve(server)));
        Ok(Box::new(TokioWorld { addresses, handle, storage, thread: Some(thread) }))
    }
}

struct TokioWorld {
    addresses: Vec<SocketAddr>,
    handle: ServerHandle,
    storage: MemoryStorage,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Drop for TokioWorld {
    fn drop(&mut self) {
        self.handle.stop_now();
        if let Some(thread) = self.thread.take() {
            // A panic of the server has failed the case already.
            let _ = thread.join();
        }
    }
}

impl World for TokioWorld {
    fn name(&self) -> &'static str {
        TokioDriver.name()
    }

    fn can(&self, what: Need) -> bool {
        TokioDriver.can(what)
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
