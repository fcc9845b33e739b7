//! `doctor` where everything works, and where something does not.

use crate::common::{Ours, Place};
use ftp_proto::data::{DataPolicy, DataPolicyRow};
use std::sync::Arc;

#[test]
fn where_every_mode_works_the_doctor_says_so() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["--tls", "off", "doctor", &server.url("")]);
    assert!(ran.code == 0 && ran.out.contains("Every mode works."), "{ran:?}");
}

#[test]
fn a_mode_that_is_refused_is_named_and_programs_get_it_as_json() {
    let server = Ours::start_with(|options| {
        let row = DataPolicyRow { active: false, ..DataPolicyRow::default() };
        options.protocol.data = Arc::new(DataPolicy::new(row));
    });
    let here = Place::new();
    let ran = here.run(&["--json", "--tls", "off", "doctor", &server.url("")]);
    assert_eq!(ran.code, 7, "{ran:?}");
    let answer: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let cells = answer["cells"].as_array().expect("cells");
    assert_eq!(cells.iter().filter(|cell| cell["works"] == true).count(), 2, "{answer}");
    assert!(cells.iter().any(|cell| cell["failure"] == "FTP-DATA-MODE-REFUSED"), "{answer}");
}

#[test]
fn a_password_is_not_tried_in_the_clear_by_itself() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["-v", "doctor", &server.url("")]);
    assert!(!ran.err.contains("> PASS"), "{ran:?}");
    assert_eq!(ran.code, 5, "{ran:?}");
    let ran = here.run(&["doctor", "--clear", &server.url("")]);
    assert_eq!(ran.code, 7, "{ran:?}");
}

#[test]
fn the_mode_that_worked_is_tried_first_the_next_time() {
    let server = Ours::start_with(|options| {
        let row = DataPolicyRow { passive: false, ..DataPolicyRow::default() };
        options.protocol.data = Arc::new(DataPolicy::new(row));
    });
    server.put("f", b"octets");
    let here = Place::new();
    let first = here.run(&["-v", "--tls", "off", "cat", &server.url("f")]);
    assert!(first.code == 0 && first.err.contains("> EPSV") && first.err.contains("> EPRT"), "{first:?}");
    let second = here.run(&["-v", "--tls", "off", "cat", &server.url("f")]);
    assert!(
        second.code == 0 && !second.err.contains("> EPSV") && second.err.contains("> EPRT"),
        "{second:?}"
    );
}

#[test]
fn explain_tells_each_mode_what_came_of_it_and_why_the_next() {
    let server = Ours::start_with(|options| {
        let row = DataPolicyRow { passive: false, ..DataPolicyRow::default() };
        options.protocol.data = Arc::new(DataPolicy::new(row));
    });
    server.put("f", b"octets");
    let ran = Place::new().run(&["--explain", "--tls", "off", "cat", &server.url("f")]).ended(0);
    for text in ["trying EPSV", "EPSV did not work", "FTP-DATA-MODE-REFUSED", "next is", "EPRT works"] {
        assert!(ran.err.contains(text), "{text}: {ran:?}");
    }
    assert_eq!(ran.out, "octets", "what was asked for stays alone");
}

#[test]
fn the_external_address_can_be_asked_for_and_one_that_is_not_there_is_told() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("f", b"octets");
    let url = server.url("f");
    let options = ["--tls", "off", "--mode", "port", "--external-address"];
    let asked = here.run(&[&options[..], &["auto", "-v", "cat", &url]].concat()).ended(0);
    assert!(asked.err.contains("> SITE SAW") && asked.err.contains("> PORT 127,0,0,1,"), "{asked:?}");
    let none = here.run(&[&options[..], &["env:FTP_NO_SUCH_VARIABLE", "cat", &url]].concat());
    assert!(none.code != 0 && none.err.contains("env:FTP_NO_SUCH_VARIABLE"), "{none:?}");
}

#[test]
fn with_write_the_doctor_uploads_too_and_leaves_nothing_behind() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["--json", "--tls", "off", "doctor", "--write", &server.url("")]).ended(0);
    let answer: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let cells = answer["cells"].as_array().expect("cells");
    assert_eq!(cells.iter().filter(|cell| cell["upload"] == true && cell["works"] == true).count(), 4);
    assert_eq!(here.run(&["--tls", "off", "ls", &server.url("")]).ended(0).out, "");
}

#[test]
fn firewall_prints_the_rules_of_active_mode() {
    let here = Place::new();
    let rules = here.run(&["--active-ports", "40000-40009", "firewall", "--for", "nftables"]).ended(0);
    assert!(rules.out.contains("tcp dport { 40000-40009 } accept comment \"ftp-client\""), "{rules:?}");
    let any = here.run(&["firewall", "--for", "list"]).ended(2);
    assert!(any.err.contains("--active-ports"), "{any:?}");
    here.run(&["--active-ports", "40000-40009", "firewall", "--for", "haproxy"]).ended(2);
}
