//! Servers that mean harm, or are broken.

use crate::common::Place;
use crate::common::hostile::{Hostile, Script, Upload};

/// A directory of names, those ending in `/` directories.
fn mlsd(names: &[&[u8]]) -> Vec<u8> {
    let mut listing = Vec::new();
    for name in names {
        let (kind, name) = match name.strip_suffix(b"/") {
            Some(name) => ("dir", name),
            None => ("file", *name),
        };
        listing.extend_from_slice(format!("type={kind};size=10; ").as_bytes());
        listing.extend_from_slice(name);
        listing.extend_from_slice(b"\r\n");
    }
    listing
}

const MLSD: Script =
    Script { features: &["MLST type*;size*;", "SIZE", "REST STREAM"], size: "213 10", ..Script::PLAIN };

#[test]
fn c1_names_that_lead_elsewhere_are_skipped_and_the_others_come() {
    let server = Hostile::start(Script {
        listing: |_| {
            mlsd(&[
                b"../escape",
                b"/tmp/escape",
                b"..",
                b"a\\..\\b",
                b"|sh",
                b"~",
                b"a\0b",
                b"x/../../escape",
                b"../up/",
                b"--delete",
                b"$(touch pwned)",
                b"good",
            ])
        },
        ..MLSD
    });
    for command in ["mirror", "get -r"] {
        let here = Place::new();
        here.write("in/keep", b"");
        let url = server.url("");
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.extend([url.as_str(), "in/here"]);
        let ran = here.run(&arguments).ended(7);
        assert!(ran.err.contains("skipped") && ran.err.contains("escape"), "{ran:?}");
        assert_eq!(
            here.names(),
            ["in", "in/here", "in/here/$(touch pwned)", "in/here/--delete", "in/here/good", "in/keep"]
        );
    }
}

#[test]
fn c2_a_link_and_then_a_directory_of_its_name_write_nothing_through_it() {
    let server = Hostile::start(Script {
        listing: |path| match path {
            "link" => mlsd(&[b"written"]),
            _ => [b"type=OS.unix=slink:/tmp; link\r\n".to_vec(), mlsd(&[b"link/", b"good"])].concat(),
        },
        ..MLSD
    });
    let here = Place::new();
    here.run(&["mirror", &server.url(""), "here"]).ended(7);
    assert_eq!(here.names(), ["here", "here/good"]);
}

#[test]
fn c2_a_local_link_in_the_way_is_not_followed() {
    let server = Hostile::start(Script {
        listing: |path| if path == "link" { mlsd(&[b"written"]) } else { mlsd(&[b"link/"]) },
        ..MLSD
    });
    let here = Place::new();
    here.write("outside/kept", b"");
    std::fs::create_dir(here.path().join("here")).expect("a directory");
    std::os::unix::fs::symlink("../outside", here.path().join("here/link")).expect("a link");
    here.run(&["get", "-r", &server.url(""), "here"]).ended(7);
    assert_eq!(here.names(), ["here", "here/link", "outside", "outside/kept"]);
}

#[test]
fn c6_a_tree_without_an_end_is_cut_off() {
    let server = Hostile::start(Script { listing: |_| mlsd(&[b"down/"]), ..MLSD });
    let here = Place::new();
    let ran = here.run(&["mirror", &server.url(""), "here"]).ended(7);
    assert!(ran.err.contains("more than 100 directories deep"), "{ran:?}");
    assert_eq!(here.names().len(), 102);
}

#[test]
fn c7_replies_and_names_are_escaped_on_standard_error() {
    let server = Hostile::start(Script {
        download_end: "550 \x1b[2J\u{202e}gone",
        listing: |_| mlsd(&[b"\x1b]0;title\x07/x"]),
        ..MLSD
    });
    let here = Place::new();
    let ran = here.run(&["-v", "get", &server.url("f")]);
    assert!(ran.err.contains("\\x1b[2J\\u{202e}gone"), "{ran:?}");
    assert!(!ran.err.contains('\x1b') && !ran.err.contains('\u{202e}'), "{ran:?}");
    let ran = here.run(&["mirror", &server.url(""), "here"]).ended(7);
    assert!(ran.err.contains("\\x1b]0;title\\x07") && !ran.err.contains('\x1b'), "{ran:?}");
}

#[test]
fn c12_a_download_that_is_cut_leaves_the_old_file() {
    for script in [
        Script { cut: 4, ..MLSD },
        Script { cut: 4, download_end: "451 broken", ..MLSD },
        Script { cut: 4, download_end: "", ..MLSD },
        Script { download_end: "451 broken", ..MLSD },
    ] {
        let (server, here) = (Hostile::start(script), Place::new());
        here.write("f", b"old");
        let ran = here.run(&["get", &server.url("f")]);
        assert_ne!(ran.code, 0, "{ran:?}");
        assert_eq!(here.read("f"), Some(b"old".to_vec()), "{ran:?}");
    }
}

#[test]
fn c14_an_upload_without_its_true_confirmation_is_an_error() {
    for upload in [Upload::EarlyFinal, Upload::NoSpace, Upload::NoFinal] {
        let (server, here) = (Hostile::start(Script { upload, ..MLSD }), Place::new());
        here.write("f", &vec![b'x'; 32 << 20]);
        let ran = here.run(&["put", "f", &server.url("f")]);
        assert_ne!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn rfc3659_06_a_refused_size_does_not_keep_a_file_from_being_fetched() {
    let (server, here) = (Hostile::start(Script::default()), Place::new());
    here.run(&["get", &server.url("f")]).ended(0);
    assert_eq!(here.read("f"), Some(b"0123456789".to_vec()));
    assert!(server.commands().iter().any(|command| command.starts_with("SIZE")));
}

#[test]
fn rm_deletes_nothing_by_a_name_that_leads_elsewhere() {
    let server = Hostile::start(Script {
        features: &[],
        listing: |_| b"-rw-r--r-- 1 u g 10 Jan  1  2020 ../other\r\n".to_vec(),
        size: "550 is a directory",
        ..MLSD
    });
    let here = Place::new();
    here.run(&["rm", "-r", &server.url("d")]).ended(6);
    assert!(!server.commands().iter().any(|command| command.starts_with("DELE")));
}
