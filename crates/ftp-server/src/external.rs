//! Which address passive replies announce to whom, and how it is kept up to date.

use crate::Failure;
use crate::config::DataRow;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use ftp_external::Source;
use ftp_proto::address::is_private;
use ftp_proto::data::{Announce, DataCondition, DataPolicy, DataPolicyRow};
use ftp_service::ServerHandle;
use std::sync::Arc;

/// What may change is looked up again after this time.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(60);

/// Networks whose hosts are on our side of a NAT: they get the address that they dialled (RFC 1918, RFC 6598, RFC 3927,
/// loopback).
const OUR_SIDE: [(Ipv4Addr, u8); 6] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
];

/// The table as it is set, with the addresses that were found last.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<(DataRow, Option<IpAddr>)>,
}

/// A row of the finished table, as `explain` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// What it is made from.
    pub(crate) why: String,
    pub(crate) when: DataCondition,
    pub(crate) row: DataPolicyRow,
}

impl Table {
    /// Finds every address for the first time.
    pub(crate) fn find(rows: &[DataRow]) -> Result<Self, Failure> {
        let found = rows.iter().map(|row| {
            let address = row.external.as_ref().map_or(Ok(None), |source| {
                source.find().map_err(|error| {
                    Failure::Settings(format!(
                        "the external address {source} cannot be found: {error}; give an address instead"
                    ))
                })
            })?;
            Ok((row.clone(), address))
        });
        Ok(Self { rows: found.collect::<Result<_, Failure>>()? })
    }

    /// What is announced to clients for whom nothing special is set; `None`: what they dialled.
    pub(crate) fn external(&self) -> Option<IpAddr> {
        self.rows.last().and_then(|(_, address)| *address)
    }

    /// Every row in the order in which they are tried; the last is for everybody.
    pub(crate) fn labelled(&self) -> Vec<Labelled> {
        self.rows
            .iter()
            .enumerate()
            .flat_map(|(nth, (row, address))| self.expand(nth, row, *address))
            .collect()
    }

    /// An address that is public is not for clients on our side of the NAT, unless the row is for a network that is named. One
    /// that is private itself is for everybody: then the operator's networks are all private.
    fn expand(&self, nth: usize, row: &DataRow, external: Option<IpAddr>) -> Vec<Labelled> {
        let last = nth + 1 == self.rows.len();
        let name =
            if last { "the row for everybody".to_owned() } else { format!("[[data]] row {}", nth + 1) };
        let Some(external) = external else {
            return vec![Labelled { why: name, when: row.when.clone(), row: row.row.clone() }];
        };
        let source = row.external.as_ref().map_or_else(String::new, ToString::to_string);
        let announce = Announce::Address(external);
        let outside = Labelled {
            why: format!("{name}, external address from {source}"),
            when: row.when.clone(),
            row: DataPolicyRow { announce, ..row.row.clone() },
        };
        let inside = |&(network, prefix): &(Ipv4Addr, u8)| Labelled {
            why: format!("{name}, for clients on our side of the NAT ({network}/{prefix})"),
            when: DataCondition { client: Some((network.into(), prefix)), ..row.when.clone() },
            row: row.row.clone(),
        };
        let everywhere = is_private(external) || row.when.client.is_some();
        let mut rows: Vec<_> = OUR_SIDE.iter().filter(|_| !everywhere).map(inside).collect();
        rows.push(outside);
        rows
    }

    pub(crate) fn policy(&self) -> DataPolicy {
        let mut rows = self.labelled();
        let everybody = rows.pop().map_or_else(DataPolicyRow::default, |last| last.row);
        let table = DataPolicy::new(everybody);
        rows.into_iter().fold(table, |table, labelled| table.with_row(labelled.when, labelled.row))
    }

    fn may_change(&self) -> bool {
        self.rows.iter().any(|(row, _)| row.external.as_ref().is_some_and(Source::may_change))
    }

    /// Whether an address is another one now. The last good one is kept when none can be found.
    fn look_again(&mut self) -> bool {
        let mut changed = false;
        for (row, last) in &mut self.rows {
            let Some(source) = row.external.as_ref().filter(|source| source.may_change()) else { continue };
            match source.find() {
                Ok(found) if found != *last => {
                    tracing::info!(%source, address = ?found, "the external address has changed");
                    (*last, changed) = (found, true);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%source, %error, "the external address cannot be found; the last one is kept");
                }
            }
        }
        changed
    }

    /// Looks again and again; sessions never wait for it.
    pub(crate) fn keep_up(mut self, server: ServerHandle) {
        if !self.may_change() {
            return;
        }
        let work = move || {
            loop {
                std::thread::sleep(LOOK_UP_AGAIN);
                if self.look_again() {
                    server.set_data_policy(Arc::new(self.policy()));
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("external-address".to_owned()).spawn(work) {
            tracing::warn!(%error, "the external address stays as it is");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataKeys;
    use ftp_proto::data::DataFacts;

    fn table(external: &str) -> Table {
        let keys = DataKeys { external_address: Some(external.parse().unwrap()), ..DataKeys::default() };
        Table::find(&[keys.row(DataCondition::default())]).unwrap()
    }

    fn announced(policy: &DataPolicy, client: &str) -> Announce {
        let listener = "192.168.1.10:21".parse().unwrap();
        let facts = DataFacts { client: client.parse().unwrap(), listener, tls: false, user: None };
        policy.choose(facts).announce
    }

    #[test]
    fn clients_outside_get_the_external_address_and_those_inside_the_one_they_dialled() {
        let external: IpAddr = "203.0.113.5".parse().unwrap();
        let policy = table("203.0.113.5").policy();
        assert_eq!(announced(&policy, "198.51.100.7"), Announce::Address(external));
        for inside in ["192.168.1.77", "10.1.2.3", "172.31.0.1", "127.0.0.1"] {
            assert_eq!(announced(&policy, inside), Announce::Dialled, "{inside}");
        }
    }

    #[test]
    fn a_private_external_address_is_for_everybody() {
        let external: IpAddr = "10.0.0.5".parse().unwrap();
        assert_eq!(announced(&table("10.0.0.5").policy(), "10.1.2.3"), Announce::Address(external));
    }

    #[test]
    fn a_row_for_a_network_goes_before_the_one_for_everybody() {
        let keys = |external: &str| DataKeys {
            external_address: Some(external.parse().unwrap()),
            ..DataKeys::default()
        };
        let office =
            DataCondition { client: Some(("10.9.0.0".parse().unwrap(), 16)), ..DataCondition::default() };
        let rows = [keys("198.51.100.9").row(office), keys("203.0.113.5").row(DataCondition::default())];
        let policy = Table::find(&rows).unwrap().policy();
        assert_eq!(announced(&policy, "10.9.1.1"), Announce::Address("198.51.100.9".parse().unwrap()));
        assert_eq!(announced(&policy, "10.8.1.1"), Announce::Dialled);
    }
}
