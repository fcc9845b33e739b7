//! The client against everything that a server can say.

mod client_common;

use client_common::*;
use core::time::Duration;
use ftp_proto::client::*;
use ftp_proto::command::Command;
use ftp_proto::data::*;
use ftp_proto::io::*;
use ftp_proto::server::TransferVerb;
use ftp_proto::testing;
use proptest::prelude::*;

/// One reply of every kind that matters, and then some.
const REPLIES: [&str; 15] = [
    "120 soon",
    "150 begun",
    "200 ok",
    "226 done",
    "227 (192,0,2,1,195,80)",
    "229 (|||50000|)",
    "230 in",
    "331 password",
    "350 go on",
    "421 bye",
    "425 cannot",
    "450 busy",
    "500 what",
    "550 no",
    "631 protected",
];

fn operations() -> Vec<fn() -> Operation> {
    vec![
        || login("u", Some("p")),
        || Operation::Command(Command::Pwd),
        || Operation::Secure,
        || Operation::Quit,
        retr,
        stor,
        || from(5, None),
        || transfer(TransferVerb::Retr, "/f", DataMode::PORT),
        || transfer(TransferVerb::List, "", DataMode::PASV),
    ]
}

/// A driver for which everything works at once.
fn oblige(play: &mut Play) {
    while !play.actions.is_empty() {
        match play.actions.remove(0) {
            IoAction::Connect { id, .. } => play.connected(id),
            IoAction::Listen { id, .. } => {
                play.data(id, DataEvent::Listening { local: socket("192.0.2.7:45000") });
                play.connected(id);
            }
            IoAction::StartTransfer { id, .. } => play.ended(id, 5),
            IoAction::StartControlTls(_) => {
                play.client.handle_control(ControlEvent::SecureFailed, play.now);
                play.run();
            }
            IoAction::StopControlTls
            | IoAction::CloseControl
            | IoAction::StartDataTls { .. }
            | IoAction::CancelTransfer { .. }
            | IoAction::DropData { .. } => {}
        }
    }
}

/// The operation ends exactly once, whatever comes, and within the time that the timers give it.
fn ends(operation: Operation, replies: [&str; 3]) {
    let mut play = Play::greeted();
    let op = play.start(operation);
    for reply in replies {
        oblige(&mut play);
        if play.client.wants_input() {
            play.say(reply);
        }
    }
    oblige(&mut play);
    // Silence from here on.
    for _ in 0..20 {
        play.pass(Duration::from_secs(30));
        oblige(&mut play);
    }
    let done: Vec<_> = play.events.iter().filter(|event| matches!(event, ClientEvent::Done { .. })).collect();
    assert!(
        matches!(done[..], [ClientEvent::Done { op: of, .. }] if *of == op),
        "{replies:?}: {done:?} of {op:?}"
    );
    assert!(play.is_lost() || play.client.deadline().is_none(), "{replies:?}");
}

#[test]
fn rfc959_54_every_sequence_of_three_replies_ends_every_operation_once() {
    for operation in operations() {
        for first in REPLIES {
            for second in REPLIES {
                for third in REPLIES {
                    ends(operation(), [first, second, third]);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_in_whatever_order_every_operation_and_resource_ends_once(
        script in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        testing::client_session(&script);
    }

    /// A script that begins like a session, so that it comes further than noise would.
    #[test]
    fn likely_sessions_end_likewise(
        flags in 0_u8..16,
        script in prop::collection::vec((0_u8..10, any::<u8>()), 0..200)
    ) {
        let mut octets = vec![flags, 1, 0];
        octets.extend(script.into_iter().flat_map(|(what, with)| [what, with]));
        testing::client_session(&octets);
    }

    #[test]
    fn rfc1123_11_the_cuts_of_tcp_make_no_difference(cuts in prop::collection::vec(1_usize..20, 1..40)) {
        let stream = b"220-Welcome\r\n220 to us\r\n331 ?\r\n230 in\r\n211-x\r\n UTF8\r\n211 end\r\n200 ok\r\n229 (|||50000|)\r\n";
        let mut play = Play::silent(ClientConfig::default());
        play.start(login("u", Some("p")));
        play.start(retr());
        let mut rest = &stream[..];
        for cut in cuts.iter().cycle() {
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            play.octets(chunk);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(&play.written[..], &b"USER u\r\nPASS p\r\nFEAT\r\nTYPE I\r\nEPSV\r\n"[..]);
        let connects = matches!(play.actions[..], [IoAction::Connect { .. }]);
        prop_assert!(connects);
    }
}
