//! The names of worlds.

use core::net::SocketAddr;
use core::str::FromStr;
use std::net::ToSocketAddrs as _;

use ftp_conformance::case::Worlds;
use ftp_conformance::clients::Client;
use ftp_conformance::world::Login;
use ftp_conformance::world::external::External;
use ftp_conformance::world::loopback::Driver;
use ftp_conformance::world::sim::Simulator;

use super::Options;

/// Where cases are played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorldName {
    /// The simulated driver and network, in simulated time.
    Sim,
    /// The tokio driver on loopback.
    Tokio,
    /// The mio driver on loopback.
    Mio,
    /// Somebody else's server.
    Server(String),
    /// Somebody's client.
    Client(Client),
}

impl FromStr for WorldName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if let Some(command) = name.strip_prefix("client=") {
            return command.parse().map(Self::Client);
        }
        match (name, name.strip_prefix("server=")) {
            ("sim", _) => Ok(Self::Sim),
            ("tokio", _) => Ok(Self::Tokio),
            ("mio", _) => Ok(Self::Mio),
            (_, Some(address)) if address.contains(':') => Ok(Self::Server(address.to_owned())),
            _ => Err("expected sim, tokio, mio, server=HOST:PORT or client=COMMAND"),
        }
    }
}

impl WorldName {
    /// Those of our own programs.
    pub(super) const OURS: [Self; 3] = [Self::Sim, Self::Tokio, Self::Mio];

    pub(super) const fn is_foreign(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    pub(super) const fn client(&self) -> Option<&Client> {
        match self {
            Self::Client(client) => Some(client),
            Self::Sim | Self::Tokio | Self::Mio | Self::Server(_) => None,
        }
    }

    pub(super) fn worlds(&self, options: &Options) -> Result<Box<dyn Worlds>, String> {
        Ok(match self {
            Self::Sim => Box::new(Simulator { seed: options.seed }),
            Self::Tokio => Box::new(Driver::Tokio),
            Self::Mio => Box::new(Driver::Mio),
            Self::Server(address) => Box::new(foreign(address, options)?),
            Self::Client(_) => return Err("the cases for clients are played alone".to_owned()),
        })
    }
}

fn foreign(address: &str, options: &Options) -> Result<External, String> {
    let Options { user, password, directory, .. } = options;
    let login = Login { user: user.clone(), password: password.clone(), directory: directory.clone() };
    let server = External { name: "server".to_owned(), address: resolve(address)?, login, local: None };
    let content = server.content().map_err(|why| format!("{address}: {why}"))?;
    if content.is_empty() || options.wipe {
        return Ok(server);
    }
    Err(format!(
        "the directory of {} on {address} is not empty ({} names, such as {:?}), and each case begins by emptying it: \
         say --wipe if that may be",
        options.user,
        content.len(),
        content.first().map_or("", String::as_str)
    ))
}

fn resolve(address: &str) -> Result<SocketAddr, String> {
    let mut all = address.to_socket_addrs().map_err(|error| format!("{address}: {error}"))?;
    all.find(SocketAddr::is_ipv4)
        .ok_or_else(|| format!("{address} has no IPv4 address, which the cases need"))
}

#[test]
fn worlds_have_names() {
    assert_eq!("sim".parse(), Ok(WorldName::Sim));
    assert_eq!("server=localhost:2121".parse(), Ok(WorldName::Server("localhost:2121".to_owned())));
    assert!("server=localhost".parse::<WorldName>().is_err() && "moon".parse::<WorldName>().is_err());
    assert!("client=curl {url} -o {file}".parse::<WorldName>().unwrap().client().is_some());
}
