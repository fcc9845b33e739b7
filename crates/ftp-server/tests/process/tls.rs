//! The certificate: of the server's own making, or from files that change.

use crate::harness::{Client, Start, until};
use core::net::SocketAddr;
use ftp_dtp::tls::{ClientTls, Fingerprint, Handshake, TlsIdentity, TlsStream, Trust};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// TLS with the server; whom it shows itself to be.
fn certificate(address: SocketAddr, implicit: bool) -> Fingerprint {
    let session = ClientTls::new("localhost", &Trust::Anybody).unwrap().session().unwrap();
    let stream = if implicit {
        std::net::TcpStream::connect(address).unwrap()
    } else {
        let mut client = Client::connect(address);
        client.expect("AUTH TLS", "234");
        client.into_stream()
    };
    let done = session.stream().unwrap().handshake(&mut &stream);
    assert!(matches!(done, Ok(Handshake::Done(_))), "{done:?}");
    session.believed().unwrap()
}

/// Writes a new certificate and its key.
fn write_identity(certificate: &Path, key: &Path) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(key, own.signing_key.serialize_pem()).unwrap();
    std::fs::write(certificate, own.cert.pem()).unwrap();
}

#[test]
fn without_configuration_tls_is_offered_by_a_certificate_that_is_made_once_and_kept() {
    let state = tempfile::tempdir().unwrap();
    let mut shown = Vec::new();
    for _ in 0..2 {
        let server = Start::new().state(state.path()).start();
        let fingerprint = certificate(server.address, false);
        assert!(
            server.said.wait_for(|said| said.contains(&fingerprint.to_string())),
            "{}",
            server.said.text()
        );
        shown.push(fingerprint);
    }
    assert_eq!(shown[0], shown[1]);
    let file = state.path().join("ftp-server/self-signed.pem");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn where_nothing_can_be_kept_the_certificate_is_for_this_run_and_the_server_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let server = Start::new().state(file.path()).start();
    let fingerprint = certificate(server.address, false).to_string();
    let told = |said: &str| said.contains(&fingerprint) && said.contains("for this run only");
    assert!(server.said.wait_for(told), "{}", server.said.text());
}

#[test]
fn a_certificate_that_changes_is_read_again_and_no_session_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    write_identity(&cert, &key);
    let options = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Start::new().options(&options).start();
    let first = certificate(server.address, false);
    let mut session = server.anonymous();
    // Half a change is none: what is in use stays.
    std::fs::write(&cert, "no certificate").unwrap();
    server.signal(Signal::HUP);
    assert!(server.log.wait_for(|log| log.contains("the old one stays in use")));
    assert_eq!(certificate(server.address, false), first);
    write_identity(&cert, &key);
    server.signal(Signal::HUP);
    assert!(until(|| certificate(server.address, false) != first));
    session.expect("NOOP", "200");
}

#[test]
fn implicit_tls_has_listeners_of_its_own() {
    let server = Start::new().options(&["--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"]).start();
    let listens = |said: &str| said.matches("listens on").count() == 2;
    assert!(server.said.wait_for(listens), "{}", server.said.text());
    let said = server.said.text();
    let last = said.lines().rfind(|line| line.contains("listens on")).unwrap().to_owned();
    let implicit: SocketAddr = last.split_whitespace().last().unwrap().parse().unwrap();
    assert_eq!(certificate(implicit, true), certificate(server.address, false));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named() {
    let (code, said) =
        Start::new().options(&["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem"]).fails();
    assert_eq!(code, Some(2));
    assert!(said.contains("/nowhere.pem") && said.contains("--tls off"), "{said}");
}

/// Talks under TLS, as a client that shows this certificate.
struct Talk {
    stream: std::net::TcpStream,
    tls: TlsStream,
}

impl Talk {
    fn begin(address: SocketAddr, own: Option<TlsIdentity>) -> Self {
        let tls = ClientTls::new("localhost", &Trust::Anybody).unwrap();
        let tls = match own {
            Some(own) => tls.showing(own),
            None => tls,
        };
        let mut client = Client::connect(address);
        client.expect("AUTH TLS", "234");
        let (stream, mut tls) = (client.into_stream(), tls.session().unwrap().stream().unwrap());
        assert!(matches!(tls.handshake(&mut &stream), Ok(Handshake::Done(_))));
        Self { stream, tls }
    }

    fn expect(&mut self, command: &str, code: &str) {
        let line = format!("{command}\r\n");
        assert_eq!(self.tls.write(&mut &self.stream, line.as_bytes()).unwrap(), line.len());
        let mut reply = Vec::new();
        while !reply.ends_with(b"\n") {
            let mut room = [0; 512];
            let octets = self.tls.read(&mut &self.stream, &mut room).unwrap();
            assert_ne!(octets, 0, "{command}: the connection ended");
            reply.extend_from_slice(&room[..octets]);
        }
        let reply = String::from_utf8_lossy(&reply);
        assert!(reply.starts_with(code), "{command}: {reply}");
    }
}

#[test]
fn a_certificate_is_a_login_and_a_user_s_rule_on_tls_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_identity(&path("ca.pem"), &path("own.key"));
    let own = TlsIdentity::from_files(&path("ca.pem"), &path("own.key")).unwrap();
    let config = format!(
        "tls-client-ca = {:?}\n[[user]]\nname = \"robot\"\ncertificates = [\"{}\"]\ntls = \"require\"\n",
        path("ca.pem"),
        own.fingerprint()
    );
    std::fs::write(path("ftp.toml"), config).unwrap();
    let server = Start::new().options(&["--config", path("ftp.toml").to_str().unwrap()]).start();
    let mut robot = Talk::begin(server.address, Some(own.clone()));
    robot.expect("USER robot", "232");
    robot.expect("EPSV", "229");
    robot.expect("NLST", "521");
    let mut other = Talk::begin(server.address, Some(own));
    other.expect("USER alice", "331");
    let mut unknown = Talk::begin(server.address, None);
    unknown.expect("USER robot", "331");
    unknown.expect("PASS robot", "530");
    Client::connect(server.address).expect("USER robot", "530");
}
