//! TLS as a person meets it: whom the program believes, what it remembers, and what it never does.

use crate::common::{Ours, Place};
use crate::interrupt::terminal;
use ftp_dtp::tls::{Authorities, ClientCertificates, Fingerprint, ForeignNames, ServerTls, TlsIdentity};
use ftp_proto::server::TlsPolicy;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Where the program remembers servers.
const KNOWN: &str = ".local/state/ftp-client/known-hosts";

/// A server that offers TLS, its certificate in PEM, and its fingerprint.
fn with_tls() -> (Ours, String, Fingerprint) {
    with_tls_for(&ClientCertificates::NotAsked)
}

fn with_tls_for(clients: &ClientCertificates) -> (Ours, String, Fingerprint) {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = own.signing_key.serialize_der().try_into().expect("a key");
    let identity = TlsIdentity::new(vec![own.cert.der().clone()], key).expect("an identity");
    let tls = ServerTls::new(vec![identity], ForeignNames::Welcome, clients).expect("TLS");
    let fingerprint = tls.fingerprint();
    let server = Ours::start_with(|options| {
        options.protocol.tls = TlsPolicy::Offer;
        options.protocol.allow_ccc = true;
        options.tls = Some(Arc::new(tls));
    });
    server.put("f", b"octets");
    (server, own.cert.pem(), fingerprint)
}

#[test]
fn c8_a_certificate_that_is_not_known_is_refused_in_a_pipe_before_any_password() {
    let ((server, _, fingerprint), here) = (with_tls(), Place::new());
    let ran = here.run(&["-v", "get", &server.url("f")]);
    assert_eq!(ran.code, 10, "{ran:?}");
    for wanted in [&fingerprint.to_string(), "--pin", "--ca", "--insecure"] {
        assert!(ran.err.contains(wanted), "{wanted}: {}", ran.err);
    }
    assert!(!ran.err.contains("> USER") && here.read("f").is_none() && here.read(KNOWN).is_none(), "{ran:?}");
}

#[test]
fn rfc4217_11_the_user_decides_who_is_believed_and_how_much_tls_there_is() {
    let ((server, pem, fingerprint), here) = (with_tls(), Place::new());
    here.write("ca.pem", pem.as_bytes());
    let (pin, url) = (fingerprint.to_string(), server.url("f"));
    let explicit = url.replace("ftp://", "ftpes://");
    let believing: [&[&str]; 5] = [
        &["--pin", &pin, "get", &url],
        &["--ca", "ca.pem", "get", &url],
        &["--insecure", "get", &explicit],
        &["--insecure", "--ccc", "get", &url],
        &["--tls", "explicit", "--insecure", "--mode", "port", "get", &url],
    ];
    for arguments in believing {
        let ran = here.run(&[&["-v"], arguments].concat());
        assert_eq!(ran.code, 0, "{arguments:?} {ran:?}");
        assert!(ran.err.contains("> AUTH TLS") && ran.err.contains("> PROT P"), "{ran:?}");
        assert_eq!(ran.err.contains("> CCC"), arguments.contains(&"--ccc"), "{ran:?}");
        assert_eq!(here.read("f").as_deref(), Some(&b"octets"[..]));
        std::fs::remove_file(here.path().join("f")).expect("it is there");
    }
    let ran = here.run(&["-v", "--tls", "off", "get", &url]);
    assert!(ran.code == 0 && !ran.err.contains("> AUTH"), "{ran:?}");
    let ran = here.run(&["--tls", "off", "get", &explicit]);
    assert!(ran.code == 2 && ran.err.contains("contradict"), "{ran:?}");
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_one_on_data_connections_too() {
    let here = Place::new();
    let own = rcgen::generate_simple_self_signed(["robot".to_owned()]).expect("a certificate");
    here.write("own.pem", own.cert.pem().as_bytes());
    here.write("own.key", own.signing_key.serialize_pem().as_bytes());
    let authorities = Authorities::from_file(&here.path().join("own.pem")).expect("it is there");
    let (server, _, _) = with_tls_for(&ClientCertificates::Required(authorities));
    let url = server.url("f").replace("ftp://", "ftpes://");
    for version in ["1.2", "1.3"] {
        let with = ["--cert", "own.pem", "--key", "own.key", "--insecure", "--tls-max", version, "cat", &url];
        let ran = here.run(&with);
        assert_eq!((ran.code, &*ran.out), (0, "octets"), "{ran:?}");
        let ran = here.run(&["--insecure", "--tls-max", version, "cat", &url]);
        assert!(ran.code == 10 && ran.out.is_empty(), "{version}: {ran:?}");
    }
    let ran = here.run(&["--cert", "nowhere.pem", "--key", "own.key", "cat", &url]);
    assert!(ran.code == 2 && ran.err.contains("nowhere.pem"), "{ran:?}");
}

#[test]
fn what_a_person_accepts_on_the_terminal_is_remembered() {
    let ((server, _, fingerprint), here) = (with_tls(), Place::new());
    let (ours, theirs) = terminal();
    let program = here.command(&["get", &server.url("f")]);
    // A session of its own, whose terminal this is.
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(program.get_program()).args(program.get_args());
    command.current_dir(here.path()).env("HOME", here.path()).env_remove("XDG_STATE_HOME");
    command.stdin(theirs).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().expect("it runs");
    drop(command);
    let (mut shown, mut room) = (Vec::new(), [0; 1024]);
    while !shown.ends_with(b"[y/N] ") {
        let length = rustix::io::read(&ours, &mut room).expect("it asks");
        shown.extend_from_slice(&room[..length]);
    }
    assert!(String::from_utf8_lossy(&shown).contains(&fingerprint.to_string()), "{shown:?}");
    rustix::io::write(&ours, b"yes\r").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(here.read("f").as_deref(), Some(&b"octets"[..]));

    let again = here.run(&["-v", "cat", &server.url("f")]);
    assert!(again.code == 0 && again.err.contains("> AUTH TLS") && again.out == "octets", "{again:?}");
}

#[test]
fn a_server_that_was_seen_with_tls_is_not_spoken_to_without() {
    let (server, here) = (Ours::start(), Place::new());
    here.write(KNOWN, format!("127.0.0.1 {} authorities\n", server.port).as_bytes());
    let ran = here.run(&["-v", "get", &server.url("f")]);
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.err.contains("had TLS before") && !ran.err.contains("> USER"), "{ran:?}");
}

#[test]
fn another_certificate_than_the_accepted_one_is_refused_without_a_question() {
    let ((server, _, _), here) = (with_tls(), Place::new());
    let other = Fingerprint::of(b"another");
    here.write(KNOWN, format!("127.0.0.1 {} {other}\n", server.port).as_bytes());
    let ran = here.run(&["-v", "get", &server.url("f")]);
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.err.contains("accepted earlier") && ran.err.contains("known-hosts"), "{ran:?}");
    assert!(!ran.err.contains("> USER"), "{ran:?}");
}

#[test]
fn c8_where_tls_is_a_must_and_the_server_has_none_nothing_is_said() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["-v", "--tls", "explicit", "get", &server.url("f")]);
    assert_eq!(ran.code, 10, "{ran:?}");
    assert!(ran.err.contains("502") && !ran.err.contains("> USER"), "{ran:?}");
}
