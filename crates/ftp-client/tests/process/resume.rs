//! Broken transfers that go on.

use crate::common::hostile::{Hostile, Script};
use crate::common::{Ours, Place};

const BROKEN: Script = Script {
    features: &[],
    size: "213 10",
    mdtm: "213 20010909014640",
    listing: |_| Vec::new(),
    contents: b"0123456789",
    cut: 4,
    ignores_rest: false,
    stalls: false,
    download_end: "426 broken",
    upload: crate::common::hostile::Upload::Good,
};

/// A place with four of ten octets.
fn broken() -> Place {
    let (server, here) = (Hostile::start(BROKEN), Place::new());
    let ran = here.run(&["get", &server.url("f")]).ended(5);
    assert!(ran.err.contains("--resume"), "{ran:?}");
    assert_eq!(here.read(".f.ftp-part"), Some(b"0123".to_vec()));
    here
}

#[test]
fn c13_a_broken_download_goes_on_where_it_was() {
    let (here, server) = (broken(), Hostile::start(Script { cut: 99, download_end: "226 done", ..BROKEN }));
    here.run(&["get", "--resume", &server.url("f")]).ended(0);
    assert!(server.commands().contains(&"REST 4".to_owned()));
    assert_eq!(here.read("f"), Some(b"0123456789".to_vec()));
    assert_eq!(here.names(), ["f"]);
}

#[test]
fn c13_a_changed_file_is_not_resumed() {
    for script in [
        Script { size: "213 11", ..BROKEN },
        Script { mdtm: "213 20010909014641", ..BROKEN },
        Script { size: "550 no", mdtm: "550 no", ..BROKEN },
    ] {
        let (here, server) = (broken(), Hostile::start(script));
        here.run(&["get", "--resume", &server.url("f")]).ended(9);
        assert!(here.read("f").is_none());
        assert_eq!(here.read(".f.ftp-part"), Some(b"0123".to_vec()));
    }
}

#[test]
fn c13_a_server_that_ignores_rest_is_noticed() {
    let script = Script { ignores_rest: true, cut: 99, download_end: "226 done", ..BROKEN };
    let (here, server) = (broken(), Hostile::start(script));
    let ran = here.run(&["get", "--resume", &server.url("f")]).ended(6);
    assert!(ran.err.contains("REST was ignored"), "{ran:?}");
    assert!(here.read("f").is_none());
}

#[test]
fn an_upload_goes_on_where_the_server_has_it() {
    let (server, here) = (Ours::start(), Place::new());
    here.write("f", b"0123456789");
    server.put("f", b"0123");
    let ran = here.run(&["put", "--resume", "-v", "f", &server.url("f")]).ended(0);
    assert!(ran.err.contains("> REST 4"), "{ran:?}");
    assert_eq!(server.contents("f"), Some(b"0123456789".to_vec()));
    server.put("f", b"0123456789+");
    here.run(&["put", "--resume", "f", &server.url("f")]).ended(9);
}
