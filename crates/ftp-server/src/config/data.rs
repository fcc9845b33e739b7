//! The table of data connections: which address is announced to whom, on which ports, in which modes, how strictly.

use super::values::{ActiveSource, PassivePorts, ResumptionMode};
use core::net::IpAddr;
use core::str::FromStr;
use ftp_external::Source;
use ftp_proto::data::{DataCondition, DataPolicyRow, ForeignTarget, PeerCheck, SourcePort};
use serde::Deserialize;

/// What can be set for all clients, and for some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DataKeys {
    pub(crate) external_address: Option<Source>,
    pub(crate) passive_ports: Option<PassivePorts>,
    pub(crate) port_offset: Option<i32>,
    pub(crate) modes: Option<Modes>,
    pub(crate) peer_check: Option<PeerCheckText>,
    pub(crate) active_addresses: Option<ActiveAddresses>,
    pub(crate) active_source_port: Option<ActiveSource>,
    pub(crate) tls_resumption: Option<ResumptionMode>,
}

/// `[[data]]`: for clients of whom all conditions hold. The first row that fits is used; what it does not say is as for
/// everybody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct DataEntry {
    client: Option<Network>,
    listener: Option<IpAddr>,
    tls: Option<bool>,
    user: Option<String>,
    external_address: Option<Source>,
    passive_ports: Option<PassivePorts>,
    port_offset: Option<i32>,
    modes: Option<Modes>,
    peer_check: Option<PeerCheckText>,
    active_addresses: Option<ActiveAddresses>,
    active_source_port: Option<ActiveSource>,
    tls_resumption: Option<ResumptionMode>,
}

/// A row of the table, but for the address that it announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataRow {
    pub(crate) when: DataCondition,
    /// `None`: the address that the client dialled.
    pub(crate) external: Option<Source>,
    pub(crate) row: DataPolicyRow,
}

impl DataKeys {
    /// What these say goes before what the others say.
    pub(crate) fn over(self, others: &Self) -> Self {
        Self {
            external_address: self.external_address.or_else(|| others.external_address.clone()),
            passive_ports: self.passive_ports.or(others.passive_ports),
            port_offset: self.port_offset.or(others.port_offset),
            modes: self.modes.or(others.modes),
            peer_check: self.peer_check.or(others.peer_check),
            active_addresses: self.active_addresses.or(others.active_addresses),
            active_source_port: self.active_source_port.or(others.active_source_port),
            tls_resumption: self.tls_resumption.or(others.tls_resumption),
        }
    }

    pub(crate) fn row(self, when: DataCondition) -> DataRow {
        let defaults = DataPolicyRow::default();
        let modes = self.modes.unwrap_or_default();
        let row = DataPolicyRow {
            ports: self.passive_ports.unwrap_or_default().0,
            announced_port_offset: self.port_offset.unwrap_or_default(),
            passive: modes.passive,
            active: modes.active,
            peer_check: self.peer_check.map_or(defaults.peer_check, |check| check.0),
            foreign_target: self.active_addresses.unwrap_or_default().target(),
            active_source: self.active_source_port.map_or(SourcePort::PreferBelowDialled, |source| source.0),
            resumption: self.tls_resumption.unwrap_or_default().policy(),
            announce: defaults.announce,
        };
        // `dialled` in a row takes back what is set for everybody.
        let external = self.external_address.filter(|source| *source != Source::Dialled);
        DataRow { when, external, row }
    }
}

impl DataEntry {
    pub(crate) fn row(self, everybody: &DataKeys) -> DataRow {
        let when = DataCondition {
            client: self.client.map(|network| (network.address, network.prefix)),
            listener: self.listener,
            tls: self.tls,
            user: self.user.map(|user| user.into_bytes().into()),
        };
        let keys = DataKeys {
            external_address: self.external_address,
            passive_ports: self.passive_ports,
            port_offset: self.port_offset,
            modes: self.modes,
            peer_check: self.peer_check,
            active_addresses: self.active_addresses,
            active_source_port: self.active_source_port,
            tls_resumption: self.tls_resumption,
        };
        keys.over(everybody).row(when)
    }
}

/// `ADDRESS/PREFIX`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a network such as 192.0.2.0/24 or 2001:db8::/32");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.parse().map_err(|_| wrong()))?;
        if prefix <= most { Ok(Self { address, prefix }) } else { Err(wrong()) }
    }
}

/// Which modes are served: `passive`, `active`, or both with a comma.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Modes {
    passive: bool,
    active: bool,
}

impl Default for Modes {
    fn default() -> Self {
        Self { passive: true, active: true }
    }
}

impl FromStr for Modes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modes = Self { passive: false, active: false };
        for word in text.split(',').map(str::trim) {
            match word {
                "passive" => modes.passive = true,
                "active" => modes.active = true,
                _ => return Err(format!("expected passive, active, or both with a comma; not {word:?}")),
            }
        }
        Ok(modes)
    }
}

/// Who may connect to a passive port: `address`, `network:24`, `network:24/64`, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PeerCheckText(pub(crate) PeerCheck);

impl FromStr for PeerCheckText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let network = |prefixes: &str| {
            let (v4, v6) = prefixes.split_once('/').unwrap_or((prefixes, "64"));
            let (v4_prefix, v6_prefix) = (v4.parse().ok()?, v6.parse().ok()?);
            (v4_prefix <= 32 && v6_prefix <= 128).then_some(PeerCheck::SameNetwork { v4_prefix, v6_prefix })
        };
        let check = match text {
            "address" => Some(PeerCheck::SameAddress),
            "off" => Some(PeerCheck::Off),
            _ => text.strip_prefix("network:").and_then(network),
        };
        check.map(Self).ok_or_else(|| {
            format!("expected address, network:PREFIX, network:PREFIX/PREFIX6 or off; not {text:?}")
        })
    }
}

/// What becomes of PORT and EPRT with another address than the client's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ActiveAddresses {
    /// It is refused, and the client is told both addresses.
    #[default]
    Refuse,
    /// A private one is replaced by the client's, for clients behind a NAT that forwards.
    Substitute,
    /// The server connects there: server-to-server transfers (FXP).
    Allow,
}

impl ActiveAddresses {
    const fn target(self) -> ForeignTarget {
        match self {
            Self::Refuse => ForeignTarget::Refuse,
            Self::Substitute => ForeignTarget::SubstitutePrivate,
            Self::Allow => ForeignTarget::Allow,
        }
    }
}

macro_rules! from_text {
    ($($type:ty),*) => {
        $(impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        })*
    };
}

from_text!(Network, Modes, PeerCheckText);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_modes_and_checks_are_read_and_what_is_none_is_refused() {
        assert_eq!("10.0.0.0/8".parse(), Ok(Network { address: "10.0.0.0".parse().unwrap(), prefix: 8 }));
        assert_eq!("::1".parse(), Ok(Network { address: "::1".parse().unwrap(), prefix: 128 }));
        for bad in ["", "10.0.0.0/33", "host", "10.0.0.0/", "10.0.0.0/x"] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?}");
        }
        assert_eq!("passive, active".parse(), Ok(Modes::default()));
        assert_eq!("active".parse(), Ok(Modes { passive: false, active: true }));
        assert!("".parse::<Modes>().is_err());
        let network = PeerCheck::SameNetwork { v4_prefix: 24, v6_prefix: 64 };
        assert_eq!("network:24".parse(), Ok(PeerCheckText(network)));
        for bad in ["", "network", "network:33", "network:24/129", "on"] {
            assert!(bad.parse::<PeerCheckText>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_row_says_what_is_special_and_the_rest_is_as_for_everybody() {
        let everybody = DataKeys {
            external_address: Some("203.0.113.5".parse().unwrap()),
            passive_ports: Some("50000-50009".parse().unwrap()),
            ..DataKeys::default()
        };
        let entry: DataEntry =
            toml::from_str("client = \"10.0.0.0/8\"\nexternal-address = \"dialled\"\nmodes = \"passive\"\n")
                .unwrap();
        let row = entry.row(&everybody);
        assert_eq!(row.external, None);
        assert_eq!((row.row.ports.first, row.row.passive, row.row.active), (50_000, true, false));
        assert_eq!(everybody.row(DataCondition::default()).external, Some("203.0.113.5".parse().unwrap()));
    }
}
