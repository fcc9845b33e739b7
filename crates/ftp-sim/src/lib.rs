//! A deterministic network, to test FTP code where it fails: behind NATs, firewalls and routers that rewrite it.
//!
//! Everything comes from a seed: latency, how writes are cut, which ports are taken. One thread, virtual time, no
//! socket: an hour of silence takes no time, and a failure can be played again, with a [`Transcript`] that says what
//! was sent, what arrived and what a box did to it. The same seed and the same calls give the same transcript.
//!
//! | part | what it is |
//! |---|---|
//! | [`Sim`] | the world: networks, hosts, programs, time |
//! | [`Host`] | a host's sockets, which never block; privileged ports, TIME_WAIT, backlog |
//! | [`Conditions`] | latency, window, how writes are cut, resets |
//! | [`boxes`] | [`Nat`](boxes::Nat) (mapping and filtering as in RFC 5382, expiry, hairpin, forwarding, DMZ, FTP ALG), [`Firewall`](boxes::Firewall), [`Balancer`](boxes::Balancer), or your own [`Middlebox`](boxes::Middlebox) |
//! | [`Actor`] | a program on a host: your server, your client |
//!
//! Networks are inside of networks, and all of them in the [`INTERNET`]; boxes stand on the border of each. A packet
//! to an address that nobody has disappears, as it does in the internet.
//!
//! TCP is a model of what programs see of it: streams that arrive whole and in order, windows, half-close, resets. There
//! are no segments, no losses and no congestion.
//!
//! # A client behind a NAT with an FTP ALG
//!
//! ```
//! use core::time::Duration;
//! use ftp_sim::boxes::{AlgKind, Nat};
//! use ftp_sim::{INTERNET, Sim};
//!
//! let mut sim = Sim::new(1);
//! let nat = Nat::new("203.0.113.1".parse()?).with_alg(AlgKind::Good);
//! let home = sim.network(INTERNET, vec![Box::new(nat)]);
//! let client = sim.host("client", home, &["192.168.0.2".parse()?]);
//! let server = sim.host_with("server", INTERNET, &["198.51.100.7".parse()?], ftp_sim::HostOptions {
//!     privileged: true,
//!     ..Default::default()
//! });
//!
//! // Your own server and client are `Actor`s; here the two ends are played by hand.
//! let listener = sim.on(server).listen("198.51.100.7:21".parse()?, 5)?;
//! let control = sim.on(client).connect("192.168.0.2:0".parse()?, "198.51.100.7:21".parse()?)?;
//! sim.run_for(Duration::from_secs(1));
//! sim.on(client).write(control, b"PORT 192,168,0,2,195,80\r\n")?;
//! sim.run_for(Duration::from_secs(1));
//!
//! let accepted = sim.on(server).accept(listener).expect("the connection is there");
//! let mut line = [0; 64];
//! let octets = sim.on(server).read(accepted, &mut line)?;
//! assert_eq!(&line[..octets], b"PORT 203,0,113,1,195,80\r\n", "{}", sim.transcript());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actor;
pub mod boxes;
mod net;
mod packet;
mod queue;
mod sim;
mod socket;
mod transcript;

pub use actor::Actor;
pub use net::{Conditions, Host, HostId, HostOptions, INTERNET, Net, NetworkId};
pub use packet::{Packet, Payload};
pub use sim::Sim;
pub use socket::{ListenerId, SocketId, Status};
pub use transcript::Transcript;
