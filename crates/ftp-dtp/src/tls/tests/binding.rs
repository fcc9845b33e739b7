//! A data connection resumes the TLS session of its own control connection and no other.

use super::pair::{client, control, peers, server, shake};
use crate::tls::TlsStream;
use ftp_proto::data::{Failure, Resumption};
use ftp_proto::io::Flow;
use rustls::client::{Resumption as ClientSessions, Tls12Resumption};
use rustls::{ClientConfig, ClientConnection};
use std::sync::Arc;

#[test]
fn c11_a_data_connection_resumes_its_control_connections_session() {
    let (server, client) = (server().session(), client());
    let (_here, _there) = control(&client, &server);
    assert_eq!(client.tickets(), 2);
    for flow in [Flow::ToPeer, Flow::FromPeer] {
        let (mut here, mut there) = peers(client.stream().unwrap(), server.data(flow, true).unwrap());
        let (one, other) = shake(&mut here, &mut there);
        assert_eq!(one.unwrap().resumption, Resumption::ControlSession);
        assert_eq!(other.unwrap().resumption, Resumption::ControlSession);
    }
    assert_eq!(client.tickets(), 0, "each works once, and nothing was read that would have brought more");
}

#[test]
fn s14_another_sessions_tickets_are_worth_nothing() {
    let (server, owner, stranger) = (server(), client(), client());
    let (owners, strangers) = (server.session(), server.session());
    let (_a, _b) = control(&owner, &owners);
    let (_c, _d) = control(&stranger, &strangers);
    let (mut here, mut there) = peers(stranger.stream().unwrap(), owners.data(Flow::ToPeer, true).unwrap());
    let (_, other) = shake(&mut here, &mut there);
    assert_eq!(other.unwrap_err(), Failure::NotResumed);
    let (mut here, mut there) = peers(stranger.stream().unwrap(), owners.data(Flow::ToPeer, false).unwrap());
    let (_, other) = shake(&mut here, &mut there);
    assert_eq!(other.unwrap().resumption, Resumption::None);
}

#[test]
fn s14_a_stranger_is_turned_away_before_a_ticket_is_given() {
    let server = server().session();
    let stranger = client();
    let (mut here, mut there) = peers(stranger.stream().unwrap(), server.data(Flow::ToPeer, true).unwrap());
    let (one, other) = shake(&mut here, &mut there);
    assert_eq!(other.unwrap_err(), Failure::NotResumed);
    assert!(one.is_err(), "the stranger has no TLS session: {one:?}");
}

/// A client of TLS 1.2, which keeps sessions by their ids or as tickets.
fn old_client(tickets: bool) -> Arc<ClientConfig> {
    let session = client();
    let mut config = ClientConfig::builder_with_provider(Arc::clone(session.config.crypto_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(session.verifier)
        .with_no_client_auth();
    let support = if tickets { Tls12Resumption::SessionIdOrTickets } else { Tls12Resumption::SessionIdOnly };
    config.resumption = ClientSessions::in_memory_sessions(8).tls12_resumption(support);
    Arc::new(config)
}

fn stream(config: &Arc<ClientConfig>) -> TlsStream {
    let name = "localhost".try_into().unwrap();
    TlsStream::new(ClientConnection::new(Arc::clone(config), name).unwrap(), false)
}

#[test]
fn c11_tls_1_2_resumes_by_session_id_and_by_ticket() {
    for tickets in [false, true] {
        let (server, config) = (server().session(), old_client(tickets));
        let (mut here, mut there) = peers(stream(&config), server.control().unwrap());
        let (one, _) = shake(&mut here, &mut there);
        assert!(!one.unwrap().tls13);
        for flow in [Flow::ToPeer, Flow::FromPeer, Flow::ToPeer] {
            let (mut here, mut there) = peers(stream(&config), server.data(flow, true).unwrap());
            let (_, other) = shake(&mut here, &mut there);
            assert_eq!(other.unwrap().resumption, Resumption::ControlSession, "tickets: {tickets}");
        }
    }
}

#[test]
fn s14_tls_1_2_sessions_of_others_are_not_found() {
    for tickets in [false, true] {
        let (server, config) = (server(), old_client(tickets));
        let (mut here, mut there) = peers(stream(&config), server.session().control().unwrap());
        assert!(shake(&mut here, &mut there).0.is_ok());
        let other = server.session();
        let (mut here, mut there) = peers(stream(&config), other.data(Flow::ToPeer, true).unwrap());
        assert_eq!(shake(&mut here, &mut there).1.unwrap_err(), Failure::NotResumed, "tickets: {tickets}");
    }
}

#[test]
fn s15_a_client_that_speaks_another_protocol_is_turned_away_in_the_handshake() {
    let server = server().session();
    for (offered, welcome) in [(&b"http/1.1"[..], false), (b"ftp", true)] {
        let mut config = (*client().config).clone();
        config.alpn_protocols = vec![offered.to_vec()];
        let (mut here, mut there) = peers(stream(&Arc::new(config)), server.control().unwrap());
        let (one, other) = shake(&mut here, &mut there);
        assert_eq!((one.is_ok(), other.is_ok()), (welcome, welcome), "{offered:?}");
        assert_eq!(here.tls.failure().is_some_and(|why| why.contains("NoApplicationProtocol")), !welcome);
    }
}

#[test]
fn s14_old_versions_of_tls_are_not_spoken() {
    // The library has none: what it offers is TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3.
    let server = server().session();
    for suite in server.base.crypto_provider().cipher_suites.iter() {
        let name = format!("{:?}", suite.suite());
        assert!(name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_"), "{name}");
        assert!(["GCM", "CHACHA20"].iter().any(|mode| name.contains(mode)), "{name}");
    }
}

#[test]
fn an_upload_has_no_tickets_which_nobody_would_read() {
    let (server, client) = (server().session(), client());
    let (_here, _there) = control(&client, &server);
    let (mut here, mut there) = peers(client.stream().unwrap(), server.data(Flow::FromPeer, true).unwrap());
    assert!(shake(&mut here, &mut there).1.is_ok());
    assert_eq!(here.end.waiting(), 0);
}
