//! Whom a client believes.

use super::pair::{client, control, identity, peers, server, shake};
use crate::tls::{ClientCertificates, ClientTls, Fingerprint, ForeignNames, ServerTls, Trust};
use ftp_proto::data::Failure;
use ftp_proto::io::Flow;
use std::io::Write as _;

/// What comes of a control connection to `server`, called `name`; and what was not believed.
fn meet(server: &ServerTls, name: &str, trust: &Trust) -> (Result<(), String>, Option<Fingerprint>) {
    let session = ClientTls::new(name, trust).unwrap().session().unwrap();
    let (mut here, mut there) = peers(session.stream().unwrap(), server.session().control().unwrap());
    let (one, _) = shake(&mut here, &mut there);
    (one.map(drop).map_err(|_| here.tls.failure().unwrap_or_default()), session.rejected())
}

#[test]
fn c8_a_certificate_that_nobody_vouches_for_is_refused_and_told() {
    let server = server();
    let (_, other) = identity("localhost");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(other.as_bytes()).unwrap();
    let (met, rejected) = meet(&server, "localhost", &Trust::Authorities(file.path().into()));
    assert!(met.is_err());
    assert_eq!(rejected, Some(server.fingerprint()));
}

#[test]
fn an_authority_vouches_for_the_name_and_for_no_other() {
    let (own, pem) = identity("ftp.example.com");
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    let server = ServerTls::new(vec![own], ForeignNames::Welcome, &ClientCertificates::NotAsked).unwrap();
    let trust = Trust::Authorities(file.path().into());
    assert_eq!(meet(&server, "ftp.example.com", &trust).0, Ok(()));
    let (met, _) = meet(&server, "ftp.example.org", &trust);
    assert!(met.unwrap_err().contains("ftp.example.com"));
}

#[test]
fn s15_each_name_has_its_certificate_and_a_foreign_one_is_refused() {
    let ((one, _), (other, _)) = (identity("one.example"), identity("other.example"));
    let prints = [one.fingerprint(), other.fingerprint()];
    let server =
        ServerTls::new(vec![one, other], ForeignNames::Refused, &ClientCertificates::NotAsked).unwrap();
    for (name, print) in [("one.example", prints[0]), ("other.example", prints[1]), ("192.0.2.1", prints[0])]
    {
        assert_eq!(meet(&server, name, &Trust::Pinned(vec![print])).0, Ok(()), "{name}");
    }
    assert!(meet(&server, "third.example", &Trust::Anybody).0.is_err());
}

#[test]
fn a_pinned_certificate_is_believed_and_no_other() {
    let (known, unknown) = (server(), server());
    let trust = Trust::Pinned(vec![known.fingerprint()]);
    assert_eq!(meet(&known, "localhost", &trust), (Ok(()), None));
    let (met, rejected) = meet(&unknown, "localhost", &trust);
    assert!(met.unwrap_err().contains("another certificate"));
    assert_eq!(rejected, Some(unknown.fingerprint()));
}

#[test]
fn c8_a_data_connection_with_another_certificate_is_refused() {
    let (server, other, client) = (server().session(), server().session(), client());
    let (_here, _there) = control(&client, &server);
    let (mut here, mut there) = peers(client.stream().unwrap(), other.data(Flow::ToPeer, false).unwrap());
    let (one, _) = shake(&mut here, &mut there);
    assert_eq!(one.unwrap_err(), Failure::Tls);
    assert!(here.tls.failure().unwrap().contains("another certificate than the control connection"));
}

#[test]
fn a_fingerprint_is_read_with_and_without_colons() {
    let fingerprint = Fingerprint::of(b"x");
    let text = fingerprint.to_string();
    assert_eq!(text.replace(':', "").to_lowercase().parse(), Ok(fingerprint));
    assert!(text[3..].parse::<Fingerprint>().is_err() && "zz".repeat(32).parse::<Fingerprint>().is_err());
}
