//! TCP connections as two bounded queues of octets.

use core::cell::RefCell;
use core::net::SocketAddr;
use ftp_dtp::stream::DataStream;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

/// Octets in flight in each direction, as if by TCP's windows.
const CAPACITY: usize = 64 * 1024;

/// What a call that would block in another world comes to.
pub(super) enum Poll<T> {
    Ready(T),
    Failed(io::Error),
    Pending,
}

#[derive(Debug, Default)]
struct Pipe {
    octets: VecDeque<u8>,
    /// The writer has ended its direction.
    finished: bool,
    /// The reader is gone: what is written is answered with a reset.
    abandoned: bool,
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    incoming: Rc<RefCell<Pipe>>,
    outgoing: Rc<RefCell<Pipe>>,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
}

impl Connection {
    /// Both ends of a new connection.
    pub(super) fn pair(a: SocketAddr, b: SocketAddr) -> (Self, Self) {
        let (there, back) = (Rc::<RefCell<Pipe>>::default(), Rc::<RefCell<Pipe>>::default());
        let one = Self { incoming: Rc::clone(&back), outgoing: Rc::clone(&there), local: a, peer: b };
        (one, Self { incoming: there, outgoing: back, local: b, peer: a })
    }

    pub(super) fn read(&self, into: &mut [u8]) -> Poll<usize> {
        let mut pipe = self.incoming.borrow_mut();
        if pipe.octets.is_empty() {
            return if pipe.finished { Poll::Ready(0) } else { Poll::Pending };
        }
        let taken = into.len().min(pipe.octets.len());
        for (slot, octet) in into.iter_mut().zip(pipe.octets.drain(..taken)) {
            *slot = octet;
        }
        Poll::Ready(taken)
    }

    pub(super) fn write(&self, octets: &[u8]) -> Poll<usize> {
        let mut pipe = self.outgoing.borrow_mut();
        if pipe.abandoned {
            return Poll::Failed(io::ErrorKind::ConnectionReset.into());
        }
        let room = CAPACITY.saturating_sub(pipe.octets.len()).min(octets.len());
        pipe.octets.extend(&octets[..room]);
        if room == 0 { Poll::Pending } else { Poll::Ready(room) }
    }

    pub(super) fn finish(&self) {
        self.outgoing.borrow_mut().finished = true;
    }

    /// Closes after what was written has been read.
    pub(super) fn close_gently(&self) {
        self.finish();
        self.incoming.borrow_mut().abandoned = true;
    }

    pub(super) fn close(&self) {
        self.finish();
        let mut pipe = self.incoming.borrow_mut();
        pipe.abandoned = true;
        pipe.octets.clear();
    }
}

/// The pump's view of a connection.
pub(super) struct PipeStream<'a>(pub(super) &'a Connection);

impl DataStream for PipeStream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        blocking(self.0.read(into))
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        blocking(self.0.write(octets))
    }

    fn finish_writing(&mut self) -> io::Result<()> {
        self.0.finish();
        Ok(())
    }
}

fn blocking<T>(poll: Poll<T>) -> io::Result<T> {
    match poll {
        Poll::Ready(value) => Ok(value),
        Poll::Failed(error) => Err(error),
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
