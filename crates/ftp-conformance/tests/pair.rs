//! Our client and our server, in one simulated world: every script comes to its end, and every operation to one.

use bytes::Bytes;
use core::time::Duration;
use ftp_conformance::talk::{PASSWORD, USER};
use ftp_conformance::world::Family;
use ftp_conformance::world::sim::{Pair, Shared, octets};
use ftp_proto::address::PassiveAddress;
use ftp_proto::client::{ClientConfig, DataPlan, Operation, Rung};
use ftp_proto::command::{Command, PathName, SPECS, Secret, Text};
use ftp_proto::data::DataMode;
use ftp_proto::io::{StreamEncoding, TransmissionMode};
use ftp_proto::server::{OctetSpan, ServerConfig, TransferVerb};
use proptest::prelude::*;

fn pair(family: Family) -> Pair {
    let mut pair = Pair::new(ServerConfig::default(), ClientConfig::default(), family).unwrap();
    let login = Operation::Login {
        user: Text::new(USER).unwrap(),
        password: Some(Secret::new(PASSWORD).unwrap()),
        account: None,
    };
    let op = pair.start(login, None).unwrap();
    assert!(pair.finish(op).is_some_and(|ending| ending.is_ok()), "the login");
    pair
}

fn rung(mode: DataMode) -> Rung {
    Rung {
        mode,
        address: PassiveAddress::ControlPeer,
        listen: None,
        patience: Duration::from_secs(4),
        reply_patience: Duration::from_secs(4),
        command_first: false,
    }
}

fn transfer(
    verb: TransferVerb,
    path: Option<&'static str>,
    start: u64,
    ascii: bool,
    rung: Rung,
) -> Operation {
    Operation::Transfer {
        verb,
        path: path.map(|path| PathName::new(path).unwrap()),
        span: OctetSpan { start, end: None },
        encoding: StreamEncoding { ascii, ..StreamEncoding::PLAIN },
        size: None,
        data: DataPlan::Own(rung),
    }
}

#[test]
fn every_mode_moves_a_file_both_ways() {
    let content: Bytes = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    let modes = [
        (Family::V4, &[DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT][..]),
        (Family::V6, &[DataMode::EPSV, DataMode::EPRT]),
    ];
    for (family, modes) in modes {
        let mut pair = pair(family);
        for &mode in modes {
            for command_first in [false, true] {
                let rung = Rung { command_first, ..rung(mode) };
                let up = transfer(TransferVerb::Stor, Some("f"), 0, false, rung.clone());
                let op = pair.start(up, Some(octets(content.clone()))).unwrap();
                assert!(
                    pair.finish(op).is_some_and(|ending| ending.is_ok()),
                    "{mode} up: {:?}",
                    pair.finish(op)
                );
                let got = Shared::default();
                let down = transfer(TransferVerb::Retr, Some("f"), 0, false, rung);
                let op = pair.start(down, Some(got.sink())).unwrap();
                assert!(
                    pair.finish(op).is_some_and(|ending| ending.is_ok()),
                    "{mode} down: {:?}",
                    pair.finish(op)
                );
                assert_eq!(got.contents(), content, "{mode}");
            }
        }
    }
}

#[test]
fn every_encoding_moves_files_both_ways() {
    let content: Bytes = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let modes = [TransmissionMode::Stream, TransmissionMode::Block, TransmissionMode::Deflate { level: 3 }];
    let mut pair = pair(Family::V4);
    for mode in modes.into_iter().chain(modes) {
        for records in [false, true] {
            for (verb, path) in
                [(TransferVerb::Stor, "f"), (TransferVerb::Retr, "f"), (TransferVerb::Retr, "f")]
            {
                let got = Shared::default();
                let end = if verb.is_upload() { octets(content.clone()) } else { got.sink() };
                let operation = Operation::Transfer {
                    verb,
                    path: Some(PathName::new(path).unwrap()),
                    span: OctetSpan::default(),
                    encoding: StreamEncoding { ascii: false, records, mode },
                    size: None,
                    data: DataPlan::Own(rung(DataMode::EPSV)),
                };
                let op = pair.start(operation, Some(end)).unwrap();
                let ended = pair.finish(op);
                assert!(matches!(ended, Some(Ok(_))), "{verb:?} {mode:?} {records}: {ended:?}");
                assert!(verb.is_upload() || got.contents() == content, "{mode:?} {records}");
            }
        }
    }
    assert_eq!(pair.wrong(), None);
}

/// One step of a script.
#[derive(Debug, Clone)]
enum Step {
    Put { verb: TransferVerb, path: &'static str, octets: usize, mode: DataMode, ascii: bool, abort: bool },
    Get { path: &'static str, start: u64, mode: DataMode, ascii: bool, abort: bool },
    List { verb: TransferVerb, mode: DataMode },
    Say(Command),
}

const PATHS: [&str; 4] = ["a", "b", "d/c", "nowhere/x"];

fn any_path() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&PATHS[..])
}

fn any_mode() -> impl Strategy<Value = DataMode> {
    prop::sample::select(vec![DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT])
}

/// Commands that end the login or the session have no place amid a script.
const LAST_COMMANDS: [&str; 6] = ["QUIT", "REIN", "USER", "PASS", "HOST", "AUTH"];

/// What some verb or other takes; most verbs refuse most of it.
const ARGUMENTS: [Option<&str>; 20] = [
    None,
    Some("a"),
    Some("b"),
    Some("d"),
    Some("d/c"),
    Some("nowhere/x"),
    Some("0"),
    Some("7"),
    Some("20200101000000 a"),
    Some("Modify=20200101000000; a"),
    Some("HELP"),
    Some("CHMOD 600 a"),
    Some("MLST size;"),
    Some("UTF8 ON"),
    Some("HASH MD5"),
    Some("en"),
    Some("S"),
    Some("F"),
    Some("I"),
    Some("-la *"),
];

/// Any command of the table, with any argument that makes it one.
fn any_command() -> impl Strategy<Value = Command> {
    let specs: Vec<_> = SPECS.iter().filter(|spec| !LAST_COMMANDS.contains(&spec.name)).collect();
    (prop::sample::select(specs), prop::sample::select(&ARGUMENTS[..]))
        .prop_filter_map("not its argument", |(spec, argument)| {
            Command::parse_argument(spec, argument.map(str::as_bytes)).ok()
        })
}

fn any_step() -> impl Strategy<Value = Step> {
    let verb = prop::sample::select(vec![TransferVerb::List, TransferVerb::Nlst, TransferVerb::Mlsd]);
    let upload = prop::sample::select(vec![TransferVerb::Stor, TransferVerb::Appe, TransferVerb::Stou]);
    prop_oneof![
        (upload, any_path(), 0..200_000_usize, any_mode(), any::<bool>(), any::<bool>()).prop_map(
            |(verb, path, octets, mode, ascii, abort)| Step::Put { verb, path, octets, mode, ascii, abort }
        ),
        (any_path(), 0..300_u64, any_mode(), any::<bool>(), any::<bool>())
            .prop_map(|(path, start, mode, ascii, abort)| Step::Get { path, start, mode, ascii, abort }),
        (verb, any_mode()).prop_map(|(verb, mode)| Step::List { verb, mode }),
        any_command().prop_map(Step::Say),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_script_comes_to_its_end(steps in prop::collection::vec(any_step(), 1..20)) {
        let mut pair = pair(Family::V4);
        for step in steps {
            let (operation, end, abort) = match step.clone() {
                Step::Put { verb, path, octets: n, mode, ascii, abort } => {
                    let path = (verb != TransferVerb::Stou).then_some(path);
                    let up = transfer(verb, path, 0, ascii, rung(mode));
                    (up, Some(octets(vec![b'\n'; n])), abort)
                }
                Step::Get { path, start, mode, ascii, abort } => {
                    let down = transfer(TransferVerb::Retr, Some(path), start, ascii, rung(mode));
                    (down, Some(Shared::default().sink()), abort)
                }
                Step::List { verb, mode } => {
                    (transfer(verb, None, 0, true, rung(mode)), Some(Shared::default().sink()), false)
                }
                Step::Say(command) => (Operation::Command(command), None, false),
            };
            // What the machine does itself, or what would confuse it, it does not take.
            let Ok(op) = pair.start(operation, end) else {
                prop_assert!(matches!(step, Step::Say(_)), "{step:?} was not taken");
                continue;
            };
            if abort {
                let _ = pair.abort(op);
            }
            prop_assert!(pair.finish(op).is_some(), "{step:?} does not end");
            prop_assert_eq!(pair.wrong(), None);
        }
        // The conversation is still in step.
        let noop = pair.start(Operation::Command(Command::Noop), None).unwrap();
        prop_assert!(pair.finish(noop).is_some_and(|ending| ending.is_ok()));
        let quit = pair.start(Operation::Quit, None).unwrap();
        prop_assert!(pair.finish(quit).is_some_and(|ending| ending.is_ok()));
    }
}
