//! Helpers of the tests.

use crate::stream::DataSocket;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicU16, Ordering};
use ftp_proto::data::PortRange;
use rustix::event::{PollFd, PollFlags};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;

/// So many neighbouring ports that nobody listens on, outside the ephemeral range, different ones for each caller of
/// this process.
pub(crate) fn free_ports(count: u16) -> PortRange {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 2_000).unwrap_or(0);
    loop {
        let skipped = NEXT.fetch_add(count, Ordering::Relaxed);
        let first = 61_000 + (start + skipped) % 4_000;
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (first..first + count).all(free) {
            return PortRange::new(first, first + count - 1).unwrap();
        }
    }
}

/// Waits until the socket is writable, or broken.
pub(crate) fn writable(socket: &impl AsFd) {
    wait(socket, PollFlags::OUT);
}

/// Waits until the socket is readable, or broken.
pub(crate) fn readable(socket: &impl AsFd) {
    wait(socket, PollFlags::IN);
}

fn wait(socket: &impl AsFd, what: PollFlags) {
    let mut poll = [PollFd::new(socket, what)];
    while rustix::event::poll(&mut poll, None).is_err() {}
}

/// Our non-blocking end of a connection over loopback, and the peer's blocking one.
pub(crate) fn socket_pair() -> (DataSocket, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    (DataSocket::new(ours), peer)
}
