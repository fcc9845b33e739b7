//! A client's and a server's TLS with a wire in between that never blocks a thread.

use crate::tls::{
    ClientCertificates, ClientTls, ClientTlsSession, ForeignNames, Handshake, ServerTls, TlsIdentity,
    TlsStream, Trust,
};
use core::cell::RefCell;
use ftp_proto::data::{Failure, TlsFacts};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// One direction of a connection.
#[derive(Debug, Default)]
struct Line {
    octets: VecDeque<u8>,
    ended: bool,
    /// How many octets it holds before it is full; 0 is no limit.
    room: usize,
}

/// One end of a connection in memory.
#[derive(Debug, Clone)]
pub(super) struct End {
    incoming: Rc<RefCell<Line>>,
    outgoing: Rc<RefCell<Line>>,
}

pub(super) fn wire() -> (End, End) {
    let (there, back) = (Rc::<RefCell<Line>>::default(), Rc::<RefCell<Line>>::default());
    (End { incoming: Rc::clone(&back), outgoing: Rc::clone(&there) }, End { incoming: there, outgoing: back })
}

impl End {
    /// TCP's end of stream.
    pub(super) fn finish(&self) {
        self.outgoing.borrow_mut().ended = true;
    }

    /// From now on so many octets are held for the peer.
    pub(super) fn limit(&self, room: usize) {
        self.outgoing.borrow_mut().room = room;
    }

    /// What has come and was not read.
    pub(super) fn waiting(&self) -> usize {
        self.incoming.borrow().octets.len()
    }

    /// All that has come.
    pub(super) fn take(&self) -> Vec<u8> {
        self.incoming.borrow_mut().octets.drain(..).collect()
    }
}

impl Read for End {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut line = self.incoming.borrow_mut();
        if line.octets.is_empty() {
            return if line.ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        line.octets.read(room)
    }
}

impl Write for End {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut line = self.outgoing.borrow_mut();
        let room = if line.room == 0 { octets.len() } else { line.room.saturating_sub(line.octets.len()) };
        let octets = &octets[..room.min(octets.len())];
        if octets.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        line.octets.extend(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A certificate for this name, in PEM too.
pub(super) fn identity(name: &str) -> (TlsIdentity, String) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = own.signing_key.serialize_der().try_into().unwrap();
    (TlsIdentity::new(vec![own.cert.der().clone()], key).unwrap(), own.cert.pem())
}

/// A server with a certificate of its own making.
pub(super) fn server() -> ServerTls {
    ServerTls::new(vec![identity("localhost").0], ForeignNames::Welcome, &ClientCertificates::NotAsked)
        .unwrap()
}

/// A control connection's TLS of a client that believes anybody.
pub(super) fn client() -> ClientTlsSession {
    ClientTls::new("localhost", &Trust::Anybody).unwrap().session().unwrap()
}

/// One end with its TLS.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) tls: TlsStream,
    pub(super) end: End,
}

impl Peer {
    pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut room = [0; 64 * 1024];
        let octets = self.tls.read(&mut self.end, &mut room)?;
        Ok(room[..octets].to_vec())
    }

    pub(super) fn write(&mut self, octets: &[u8]) {
        assert_eq!(self.tls.write(&mut self.end, octets).unwrap(), octets.len());
    }
}

pub(super) fn peers(client: TlsStream, server: TlsStream) -> (Peer, Peer) {
    let (here, there) = wire();
    (Peer { tls: client, end: here }, Peer { tls: server, end: there })
}

/// What both say of their handshake.
pub(super) fn shake(
    client: &mut Peer,
    server: &mut Peer,
) -> (Result<TlsFacts, Failure>, Result<TlsFacts, Failure>) {
    let (mut one, mut other) = (None, None);
    for _ in 0..20 {
        for (peer, outcome) in [(&mut *client, &mut one), (&mut *server, &mut other)] {
            if outcome.is_none() {
                *outcome = match peer.tls.handshake(&mut peer.end) {
                    Ok(Handshake::Done(facts)) => Some(Ok(facts)),
                    Ok(Handshake::WantRead | Handshake::WantWrite) => None,
                    Err(why) => {
                        peer.end.finish();
                        Some(Err(why))
                    }
                };
            }
        }
    }
    (one.expect("the client ends"), other.expect("the server ends"))
}

/// A control connection that is up, and has carried a reply, with which tickets come.
pub(super) fn control(client: &ClientTlsSession, server: &crate::tls::ServerTlsSession) -> (Peer, Peer) {
    let (mut here, mut there) = peers(client.stream().unwrap(), server.control().unwrap());
    let (one, other) = shake(&mut here, &mut there);
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    there.write(b"220 Ready.\r\n");
    assert_eq!(here.read().unwrap(), b"220 Ready.\r\n");
    (here, there)
}
