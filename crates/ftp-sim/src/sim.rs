//! The world: the network, the programs on its hosts, and time.

use crate::actor::Actor;
use crate::boxes::Middlebox;
use crate::net::{Conditions, Host, HostId, HostOptions, Net, NetworkId};
use crate::transcript::Transcript;
use core::net::IpAddr;
use core::time::Duration;
use ftp_proto::time::Instant;

/// How often programs may be called without time passing; one that always says that it did something is a bug.
const MAX_ROUNDS: usize = 1_000_000;

/// A simulated world. The same seed and the same calls give the same transcript.
pub struct Sim {
    net: Net,
    actors: Vec<(HostId, Box<dyn Actor>)>,
}

impl core::fmt::Debug for Sim {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sim").field("net", &self.net).field("actors", &self.actors.len()).finish()
    }
}

impl Sim {
    /// An empty world with a good network.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_conditions(seed, Conditions::default())
    }

    /// An empty world.
    #[must_use]
    pub fn with_conditions(seed: u64, conditions: Conditions) -> Self {
        Self { net: Net::new(seed, conditions), actors: Vec::new() }
    }

    /// Adds a network inside of another, with the boxes on its border from inside to outside.
    pub fn network(&mut self, inside_of: NetworkId, boxes: Vec<Box<dyn Middlebox>>) -> NetworkId {
        self.net.add_network(inside_of, boxes)
    }

    /// Adds a host.
    pub fn host(&mut self, name: &str, network: NetworkId, addresses: &[IpAddr]) -> HostId {
        self.host_with(name, network, addresses, HostOptions::default())
    }

    /// Adds a host that is not as most are.
    pub fn host_with(
        &mut self,
        name: &str,
        network: NetworkId,
        addresses: &[IpAddr],
        options: HostOptions,
    ) -> HostId {
        self.net.add_host(name, network, addresses.to_vec(), options)
    }

    /// Starts a program on a host. To look into it later, give a clone of an `Rc<RefCell<_>>`.
    pub fn start(&mut self, on: HostId, actor: impl Actor + 'static) {
        self.actors.push((on, Box::new(actor)));
    }

    /// The sockets of a host, for code that is no program: a test.
    pub const fn on(&mut self, host: HostId) -> Host<'_> {
        self.net.host(host)
    }

    /// The network, to disturb it.
    pub const fn net(&mut self) -> &mut Net {
        &mut self.net
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.net.now
    }

    /// What has happened.
    #[must_use]
    pub const fn transcript(&self) -> &Transcript {
        &self.net.transcript
    }

    /// Lets every program do what it can, and arrive what is due, without time passing.
    ///
    /// # Panics
    /// When programs never come to rest.
    pub fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut moved = self.net.arrive();
            for (host, actor) in &mut self.actors {
                moved |= actor.step(&mut self.net.host(*host));
            }
            if !moved {
                return;
            }
        }
        panic!("programs that never come to rest at {:?}", self.net.now);
    }

    /// Lets time pass up to the next thing that happens, at most to `until`. False when nothing happens until then.
    pub fn advance(&mut self, until: Instant) -> bool {
        let deadlines = self.actors.iter().filter_map(|(_, actor)| actor.deadline());
        let next = deadlines.chain(self.net.next_arrival()).min().filter(|&at| at <= until);
        self.net.now = next.unwrap_or(until).max(self.net.now);
        next.is_some()
    }

    /// Lets so much time pass.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(time, |_| None::<()>);
    }

    /// Runs until nothing is on its way any more, at most for `time`.
    pub fn run_until_quiet(&mut self, time: Duration) {
        self.run_until(time, |sim| sim.net.next_arrival().is_none().then_some(()));
    }

    /// Runs until `ready` says something, at most for `time`.
    pub fn run_until<T>(
        &mut self,
        time: Duration,
        mut ready: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let until = self.net.now + time;
        loop {
            self.settle();
            if let Some(value) = ready(self) {
                return Some(value);
            }
            if !self.advance(until) {
                return None;
            }
        }
    }
}
