//! A relay for control connections that writes down what is said.
//!
//! Each case talks through a relay of its own, so that the mode that was truly used is known from the wire and
//! not from what a program says about itself. Data connections do not pass through it: both sides are on loopback,
//! so the addresses that they announce are right without it.

use core::net::{IpAddr, SocketAddr};
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::case::Mode;

/// Everything that was said on the control connections of one case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transcript {
    lines: Vec<String>,
}

impl Transcript {
    /// The arguments of a command that the client sent, once for each time it was sent.
    pub(crate) fn sent<'a>(&'a self, verb: &'a str) -> impl Iterator<Item = &'a str> {
        self.lines.iter().filter_map(|line| line.strip_prefix("> ")).filter_map(move |line| {
            let (first, argument) = line.split_once(' ').unwrap_or((line, ""));
            first.eq_ignore_ascii_case(verb).then_some(argument)
        })
    }

    pub(crate) fn has_sent(&self, verb: &str) -> bool {
        self.sent(verb).next().is_some()
    }

    /// The modes that the client asked for, whatever was answered: a client that tried another one first has not
    /// done what it was told.
    pub(crate) fn modes(&self) -> Vec<Mode> {
        Mode::ALL.into_iter().filter(|mode| self.has_sent(mode.verb())).collect()
    }

    pub(crate) fn last_lines(&self, count: usize) -> String {
        let from = self.lines.len().saturating_sub(count);
        self.lines[from..].join("\n")
    }
}

/// A relay that listens until it is dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    transcript: Mutex<Transcript>,
    streams: Mutex<Vec<TcpStream>>,
    closed: Mutex<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Relay {
    pub(crate) fn open(listen: IpAddr, server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((listen, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::<Shared>::default();
        let theirs = shared.clone();
        thread::spawn(move || accept(&listener, server, &theirs));
        Ok(Self { address, shared })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn transcript(&self) -> Transcript {
        lock(&self.shared.transcript).clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        *lock(&self.shared.closed) = true;
        for stream in lock(&self.shared.streams).drain(..) {
            // A connection that has ended already cannot be shut down.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts; should this fail, it waits until the task ends.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, server: SocketAddr, shared: &Arc<Shared>) {
    for client in listener.incoming().map_while(Result::ok) {
        if *lock(&shared.closed) {
            return;
        }
        if let Err(error) = join(client, server, shared) {
            lock(&shared.transcript).lines.push(format!("! the relay cannot reach the server: {error}"));
        }
    }
}

fn join(client: TcpStream, server: SocketAddr, shared: &Arc<Shared>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        // The octet that a client marks as urgent is passed on as any other.
        rustix::net::sockopt::set_socket_oobinline(stream, true)?;
        lock(&shared.streams).push(stream.try_clone()?);
    }
    let (client_too, server_too) = (client.try_clone()?, server.try_clone()?);
    let (one, other) = (shared.clone(), shared.clone());
    thread::spawn(move || copy(client, server, '>', &one));
    thread::spawn(move || copy(server_too, client_too, '<', &other));
    Ok(())
}

/// Copies one direction until it ends. A line is written down before it is passed on.
fn copy(mut from: TcpStream, mut to: TcpStream, mark: char, shared: &Shared) {
    let mut buffer = [0; 4096];
    let mut line = Vec::new();
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        for &octet in &buffer[..count] {
            match octet {
                b'\n' => {
                    let text = String::from_utf8_lossy(&line);
                    lock(&shared.transcript).lines.push(format!("{mark} {}", text.trim_end()));
                    line.clear();
                }
                octet => line.push(octet),
            }
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;
    use std::io::{BufRead as _, BufReader};

    #[test]
    fn both_directions_pass_and_are_written_down() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("listening");
        let address = server.local_addr().expect("an address");
        let relay = Relay::open(address.ip(), address).expect("a relay");
        let mut client = TcpStream::connect(relay.address()).expect("connecting");
        client.write_all(b"epsv\r\nRETR a b\r\n").expect("sending");
        let (peer, _) = server.accept().expect("accepting");
        let mut lines = BufReader::new(peer.try_clone().expect("a clone")).lines();
        lines.next().expect("a line").expect("text");
        lines.next().expect("a line").expect("text");
        (&peer).write_all(b"229 ok\r\n").expect("answering");
        let mut answer = String::new();
        BufReader::new(client).read_line(&mut answer).expect("an answer");
        let transcript = relay.transcript();
        assert_eq!(transcript.modes(), [Mode::Epsv]);
        assert_eq!(transcript.sent("RETR").collect::<Vec<_>>(), ["a b"]);
        assert_eq!(transcript.last_lines(1), "< 229 ok");
    }
}
