//! The external address: which address passive replies announce to whom.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use ftp_proto::address::is_private;
use ftp_proto::data::{Announce, DataCondition, DataPolicy, DataPolicyRow};
use ftp_service::ServerHandle;
use std::sync::Arc;

/// A host name is looked up again after this time.
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

/// The data policy with this external address, if there is one. An address that is private itself is announced to
/// everybody: then the operator's networks are all private.
pub(crate) fn policy(row: &DataPolicyRow, external: Option<IpAddr>) -> DataPolicy {
    let Some(external) = external else { return DataPolicy::new(row.clone()) };
    let policy = DataPolicy::new(DataPolicyRow { announce: Announce::Address(external), ..row.clone() });
    if is_private(external) {
        return policy;
    }
    OUR_SIDE.iter().fold(policy, |policy, &(network, prefix)| {
        let when = DataCondition { client: Some((network.into(), prefix)), ..DataCondition::default() };
        policy.with_row(when, row.clone())
    })
}

/// Looks a host name up; IPv4 first, since only 227 has an address.
pub(crate) async fn look_up(host: &str) -> std::io::Result<IpAddr> {
    let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect();
    let v4 = found.iter().find(|ip| ip.is_ipv4());
    v4.or_else(|| found.first()).copied().ok_or_else(|| std::io::Error::other("the name has no address"))
}

/// Looks the host name up again and again; sessions never wait for it, and the last good answer is kept.
pub(crate) async fn keep_looking_up(
    host: String,
    row: DataPolicyRow,
    mut last: Option<IpAddr>,
    server: ServerHandle,
) {
    loop {
        tokio::time::sleep(LOOK_UP_AGAIN).await;
        match look_up(&host).await {
            Ok(found) if last != Some(found) => {
                tracing::info!(host, address = %found, "the external address has changed");
                server.set_data_policy(Arc::new(policy(&row, Some(found))));
                last = Some(found);
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(host, %error, "the external address cannot be looked up; the last one is kept")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_proto::data::DataFacts;

    fn announced(policy: &DataPolicy, client: &str) -> Announce {
        let listener = "192.168.1.10:21".parse().unwrap();
        let facts = DataFacts { client: client.parse().unwrap(), listener, tls: false, user: None };
        policy.choose(facts).announce
    }

    #[test]
    fn clients_outside_get_the_external_address_and_those_inside_the_one_they_dialled() {
        let external: IpAddr = "203.0.113.5".parse().unwrap();
        let policy = policy(&DataPolicyRow::default(), Some(external));
        assert_eq!(announced(&policy, "198.51.100.7"), Announce::Address(external));
        for inside in ["192.168.1.77", "10.1.2.3", "172.31.0.1", "127.0.0.1"] {
            assert_eq!(announced(&policy, inside), Announce::Dialled, "{inside}");
        }
    }

    #[test]
    fn a_private_external_address_is_for_everybody() {
        let external: IpAddr = "10.0.0.5".parse().unwrap();
        let policy = policy(&DataPolicyRow::default(), Some(external));
        assert_eq!(announced(&policy, "10.1.2.3"), Announce::Address(external));
    }
}
