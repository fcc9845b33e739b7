//! Which data port mode to try next. Pure, and outlives a control connection.

use super::{Attempt, PassiveAddress, Rung};
use crate::data::{DataMode, PortRange};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

/// What a ladder is built from.
#[derive(Debug, Clone)]
pub struct LadderConfig {
    /// Which modes may be tried.
    pub modes: Modes,
    /// The server's address on the control connection.
    pub server: IpAddr,
    /// Our own address on the control connection.
    pub local: IpAddr,
    /// Where a passive connection goes to when the reply names an address.
    pub passive_address: PassiveAddress,
    /// Try the address that 227 names, when it differs from the server's and is a public one, after the server's own
    /// address did not work. Off by default: a server could make us connect to other hosts (security: C4).
    pub try_told_address: bool,
    /// How active mode listens.
    pub active: ActiveSettings,
    /// How long a rung may take when another one follows (default 4 s).
    pub patience: Duration,
    /// How long the last rung, and one that has worked before, may take (default 10 s).
    pub last_patience: Duration,
}

impl LadderConfig {
    /// The defaults, for a control connection from `local` to `server`.
    #[must_use]
    pub fn new(server: IpAddr, local: IpAddr) -> Self {
        Self {
            modes: Modes::Auto,
            server,
            local,
            passive_address: PassiveAddress::ControlPeer,
            try_told_address: false,
            active: ActiveSettings::default(),
            patience: Duration::from_secs(4),
            last_patience: Duration::from_secs(10),
        }
    }
}

/// Which modes may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modes {
    /// All that the address family allows, passive before active.
    Auto,
    /// This one.
    Only(DataMode),
}

/// How active mode listens, and what the server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveSettings {
    /// The ports to listen on.
    pub ports: PortRange,
    /// Our address as the server sees it (the outside of a NAT). Not used when the server is on a private network,
    /// where it would be wrong.
    pub external: Option<IpAddr>,
    /// Added to the listened port for the announced one.
    pub port_offset: i32,
}

impl Default for ActiveSettings {
    fn default() -> Self {
        Self { ports: PortRange::EPHEMERAL, external: None, port_offset: 0 }
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum NextStep {
    /// This, on the same control connection.
    Try(Rung),
    /// Log in anew on a fresh control connection, then this.
    Reconnect(Rung),
    /// Nothing is left, or no other mode would help.
    GiveUp,
}

/// Chooses rungs, from what has failed and what has worked.
#[derive(Debug)]
pub struct Ladder {
    config: LadderConfig,
    attempts: Vec<Attempt>,
}

#[allow(clippy::todo, reason = "filled in by the next commit")]
impl Ladder {
    /// Nothing has been tried.
    #[must_use]
    pub fn new(config: LadderConfig) -> Self {
        Self { config, attempts: Vec::new() }
    }

    /// The rung to begin a transfer with.
    pub fn first(&mut self) -> Rung {
        let _ = &self.config;
        todo!()
    }

    /// A rung did not work: what now?
    pub fn failed(&mut self, _attempt: &Attempt) -> NextStep {
        todo!()
    }

    /// A rung has worked: it is the first from now on.
    pub fn worked(&mut self, _rung: &Rung) {
        todo!()
    }

    /// What has failed, the oldest first; at most the last 64.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }
}
