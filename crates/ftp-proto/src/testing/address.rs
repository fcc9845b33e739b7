//! Addresses: what is read is what was written, whatever is around it, and the rules for trusting it hold.

use crate::address::{
    Announced, PassiveAddress, check_target, extended, host_port, is_private, normalise, parse_228,
    passive_target,
};
use crate::data::{DataPolicyRow, ForeignTarget};
use alloc::vec::Vec;
use bytes::BytesMut;
use core::net::{IpAddr, SocketAddr, SocketAddrV4};

/// Reads `text` as every form there is; what is read is written and read again.
pub fn addresses(text: &[u8]) {
    if let Ok(address) = host_port::parse_argument(text) {
        let written = written(|out| host_port::write(address, out));
        assert_eq!(host_port::parse_argument(&written), Ok(address));
    }
    if let Ok(address) = host_port::parse_reply(text) {
        passive_address(address);
    }
    if let Ok(address) = extended::parse_eprt(text) {
        let written = written(|out| extended::write_eprt(address, out));
        let canonical = SocketAddr::new(normalise(address.ip()), address.port());
        assert_eq!(extended::parse_eprt(&written), Ok(canonical));
    }
    if let Ok(Announced { port, .. }) = extended::parse_229(text) {
        let written = written(|out| extended::write_229(port, out));
        assert_eq!(extended::parse_229(&written), Ok(Announced { ip: None, port }));
    }
    if let Ok(announced) = parse_228(text) {
        assert!(announced.ip.is_some() && announced.port != 0);
    }
    let protocols = extended::parse_522(text);
    assert_eq!(extended::parse_522(&written(|out| extended::write_522(protocols, out))), protocols);
}

/// A 227 with `address` is read as it, also without what is around it and with other text before it.
pub fn passive_address(address: SocketAddrV4) {
    let text = written(|out| host_port::write_227(address, out));
    let bare = written(|out| host_port::write(address, out));
    let prose = [b"24 hosts, 7 up: will passively listen to ", &bare[..], b" now."].concat();
    let expected = (address.port() != 0).then_some(address);
    for text in [&text[..], &bare[..], &[b"=", &bare[..]].concat(), &prose] {
        assert_eq!(host_port::parse_reply(text).ok(), expected);
    }
}

/// Whatever a peer names, no rule but `Allow` lets a data connection go to another host than the peer, and none lets
/// it go to a service's port.
pub fn target_address(peer: IpAddr, target: SocketAddr) {
    let peer_ip = normalise(peer);
    for foreign_target in [ForeignTarget::Refuse, ForeignTarget::SubstitutePrivate, ForeignTarget::Allow] {
        let row = DataPolicyRow { foreign_target, ..DataPolicyRow::default() };
        if let Ok(connect_to) = check_target(&row, peer, target) {
            assert!(connect_to.port() >= 1024 && connect_to.port() == target.port());
            assert_eq!(connect_to.ip(), normalise(connect_to.ip()));
            assert!(foreign_target == ForeignTarget::Allow || connect_to.ip() == peer_ip);
            assert!(!connect_to.ip().is_loopback() || peer_ip.is_loopback());
        }
    }
    let announced = Announced { ip: Some(target.ip()), port: target.port() };
    let by_peer = passive_target(PassiveAddress::ControlPeer, peer, announced);
    assert_eq!(by_peer, Ok(SocketAddr::new(peer_ip, target.port())));
    let repaired = passive_target(PassiveAddress::Repair, peer, announced).expect("repair always succeeds");
    assert!(!is_private(repaired.ip()) || is_private(peer_ip));
}

fn written(write: impl FnOnce(&mut BytesMut)) -> Vec<u8> {
    let mut out = BytesMut::new();
    write(&mut out);
    out.to_vec()
}
