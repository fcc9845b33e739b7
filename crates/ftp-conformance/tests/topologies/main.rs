//! Where FTP fails for people: every way in which routers stand between a client and a server, in each data port mode.
//! A transfer works, or it fails within a bounded time with the cause named on both ends.

mod scenes;

use core::time::Duration;
use ftp_conformance::talk::{PASSWORD, USER};
use ftp_conformance::world::sim::{Pair, Shared, octets};
use ftp_proto::client::{
    Attempt, DataPlan, Ladder, LadderConfig, Modes, NextStep, Operation, OperationError,
};
use ftp_proto::command::{PathName, Secret, Text};
use ftp_proto::data::{DataMode, FailureId};
use ftp_proto::io::StreamEncoding;
use ftp_proto::server::{OctetSpan, TransferVerb};
use scenes::{SCENES, Scene, plan};

const MODES: [DataMode; 4] = [DataMode::EPSV, DataMode::PASV, DataMode::EPRT, DataMode::PORT];

/// Odd seeds have a good line, even ones one that cuts every write into small pieces; delays vary more with each.
const SEEDS: core::ops::RangeInclusive<u64> = 1..=8;

/// No failure may take longer, from the transfer's start to its end.
const BOUND: Duration = Duration::from_secs(30);

/// Each topology, and what comes of EPSV, PASV, EPRT and PORT: `works`, or what the client calls the failure and what
/// the server calls it, in its reply or to its operator. `-`: there was none that it could see, since a router swallowed
/// its reply, or the client never got as far as to ask for the transfer. Ids are those of the failure catalogue, without `FTP-DATA-`.
const EXPECTED: &[(&str, [&str; 4])] = &[
    ("open network", ["works"; 4]),
    ("open network, IPv6", ["works", "MODE-REFUSED/-", "works", "ANNOUNCED-UNUSABLE/-"]),
    ("client behind a NAT", ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "PORT-PRIVATE/PORT-PRIVATE"]),
    (
        "client behind an address-dependent NAT",
        ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "PORT-PRIVATE/PORT-PRIVATE"],
    ),
    (
        "client behind a symmetric NAT",
        ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "PORT-PRIVATE/PORT-PRIVATE"],
    ),
    ("client behind a NAT, external address and forwarded range", ["works"; 4]),
    ("client behind a NAT, external address and other ports forwarded", ["works"; 4]),
    (
        "client behind a NAT, external address but nothing forwarded",
        ["works", "works", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT"],
    ),
    ("client in a DMZ", ["works"; 4]),
    ("client behind an ALG", ["works"; 4]),
    ("client behind an ALG for IPv4 only", ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "works"]),
    ("client behind an ALG that is blind to EPSV", ["works"; 4]),
    ("client behind an ALG that swallows", ["MODE-UNANSWERED/-", "works", "MODE-UNANSWERED/-", "works"]),
    (
        "client behind a firewall that drops",
        ["works", "works", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT"],
    ),
    (
        "client behind a firewall that rejects",
        ["works", "works", "CONNECT-REFUSED/CONNECT-REFUSED", "CONNECT-REFUSED/CONNECT-REFUSED"],
    ),
    ("server behind a NAT, no external address", ["works"; 4]),
    (
        "server behind a NAT, no external address, client that believes 227",
        ["works", "CONNECT-TIMED-OUT/-", "works", "works"],
    ),
    ("server behind a NAT, external address, client that believes 227", ["works"; 4]),
    ("server behind a NAT with other ports", ["works"; 4]),
    ("server behind a NAT, client inside", ["works"; 4]),
    (
        "server behind a NAT, client inside dials outside, hairpin",
        ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "PORT-PRIVATE/PORT-PRIVATE"],
    ),
    ("server behind an ALG", ["works"; 4]),
    ("server behind an ALG that is blind to EPSV", ["CONNECT-TIMED-OUT/-", "works", "works", "works"]),
    ("both behind NATs", ["works", "works", "PORT-PRIVATE/PORT-PRIVATE", "PORT-PRIVATE/PORT-PRIVATE"]),
    ("server may connect from port 20 only", ["works"; 4]),
    (
        "server may connect from port 20 only, and has no right to it",
        ["works", "works", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT", "CONNECT-TIMED-OUT/CONNECT-TIMED-OUT"],
    ),
    (
        "server must use port 20, and has no right to it",
        ["works", "works", "CONNECT-FORBIDDEN/CONNECT-FORBIDDEN", "CONNECT-FORBIDDEN/CONNECT-FORBIDDEN"],
    ),
    (
        "passive range used up",
        ["PORTS-EXHAUSTED/PORTS-EXHAUSTED", "PORTS-EXHAUSTED/PORTS-EXHAUSTED", "works", "works"],
    ),
    ("a stranger at the passive port", ["works"; 4]),
    ("a stranger at the active port", ["works"; 4]),
    ("balancer that splits sessions", ["CONNECT-REFUSED/-", "CONNECT-REFUSED/-", "works", "works"]),
    ("balancer by client", ["works"; 4]),
];

#[test]
fn every_topology_gives_what_it_must_in_every_mode() {
    let mut wrong = String::new();
    assert_eq!(SCENES.len(), EXPECTED.len());
    for seed in SEEDS {
        wrong += &differences(seed);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Where the world with this seed is not as expected, with the transcript's end.
fn differences(seed: u64) -> String {
    let mut wrong = String::new();
    for (scene, (name, expected)) in SCENES.iter().zip(EXPECTED) {
        assert_eq!(scene.0, *name, "the two tables have the same order");
        let seen = MODES.map(|mode| play(scene.1(plan(seed)), mode));
        if seen.each_ref().map(|(outcome, _)| outcome.as_str()) != *expected {
            let outcomes = seen.each_ref().map(|(outcome, _)| outcome);
            wrong += &format!("{name}, seed {seed}:\n  expected {expected:?}\n  seen     {outcomes:?}\n");
            let differs = seen.iter().zip(expected).find(|(seen, expected)| seen.0 != **expected);
            wrong += &differs.map_or_else(String::new, |(seen, _)| tail(&seen.1));
        }
    }
    wrong
}

/// The end of a transcript.
fn tail(transcript: &str) -> String {
    const LINES: usize = 40;
    let lines: Vec<&str> = transcript.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n") + "\n"
}

/// Uploads and downloads a file; what came of it, and the transcript.
fn play(scene: Scene, mode: DataMode) -> (String, String) {
    let ladder = LadderConfig {
        modes: Modes::Only(mode),
        passive_address: scene.passive_address,
        active: scene.active,
        ..LadderConfig::new(scene.server.1.ip(), scene.client_address)
    };
    let mut pair = Pair::on(scene.sim, scene.server, scene.client).expect("the control connection");
    log_in(&mut pair);
    let mut ladder = Ladder::new(ladder);
    let up = transfer(TransferVerb::Stor, DataPlan::Own(ladder.first()));
    let outcome = match run(&mut pair, up, octets(&b"content"[..])) {
        Ok(()) => {
            let got = Shared::default();
            let down = transfer(TransferVerb::Retr, DataPlan::Own(ladder.first()));
            let outcome = run(&mut pair, down, got.sink());
            assert!(outcome.is_err() || got.contents() == b"content"[..], "{mode}: another content came");
            outcome
        }
        failed => failed,
    };
    let text = match outcome {
        Ok(()) => "works".to_owned(),
        Err(OperationError::Data(attempt)) => {
            let server = pair.server.borrow().failures().last().copied().or_else(|| told(&attempt));
            format!("{}/{}", short(attempt.named), server.map_or("-", short))
        }
        Err(error) => error.to_string(),
    };
    (text, pair.sim.transcript().to_string())
}

/// The id that the server's reply carries.
fn told(attempt: &Attempt) -> Option<FailureId> {
    let text = attempt.reply.as_ref()?.lines.concat();
    let text = String::from_utf8_lossy(&text);
    FailureId::ALL.iter().copied().find(|id| text.contains(&format!("[{id}]")))
}

fn short(id: FailureId) -> &'static str {
    id.as_str().trim_start_matches("FTP-DATA-")
}

fn run(pair: &mut Pair, operation: Operation, end: ftp_dtp::pump::LocalEnd) -> Result<(), OperationError> {
    let begun = pair.sim.now();
    let op = pair.start(operation, Some(end)).expect("the machine takes it");
    let ending = pair.finish(op).expect("every operation ends");
    assert!(pair.sim.now().duration_since(begun) < BOUND, "took too long");
    ending.map(drop)
}

fn log_in(pair: &mut Pair) {
    let login = Operation::Login {
        user: Text::new(USER).unwrap(),
        password: Some(Secret::new(PASSWORD).unwrap()),
        account: None,
    };
    let op = pair.start(login, None).unwrap();
    assert!(pair.finish(op).is_some_and(|ending| ending.is_ok()), "{}", pair.sim.transcript());
}

fn transfer(verb: TransferVerb, data: DataPlan) -> Operation {
    Operation::Transfer {
        verb,
        path: Some(PathName::new("f").unwrap()),
        span: OctetSpan { start: 0, end: None },
        encoding: StreamEncoding::PLAIN,
        size: None,
        data,
    }
}

/// An upload that takes longer than the NAT remembers a silent control connection.
fn long_upload(keep_alive: Duration) -> (Result<(), OperationError>, String) {
    let scene = scenes::slow_line_behind_a_forgetful_nat(keep_alive);
    let mut ladder = Ladder::new(LadderConfig::new(scene.server.1.ip(), scene.client_address));
    let mut pair = Pair::on(scene.sim, scene.server, scene.client).expect("the control connection");
    log_in(&mut pair);
    ladder.set_round_trip(pair.round_trip().expect("there were replies"));
    let up = transfer(TransferVerb::Stor, DataPlan::Own(ladder.first()));
    let op = pair.start(up, Some(octets(vec![b'x'; 100_000]))).unwrap();
    let ending = pair.finish(op).expect("every operation ends");
    (ending.map(drop), pair.sim.transcript().to_string())
}

#[test]
fn keep_alive_holds_the_control_connection_through_a_long_transfer() {
    let (ending, transcript) = long_upload(Duration::from_secs(30));
    assert!(ending.is_ok(), "{ending:?}\n{}", tail(&transcript));
}

#[test]
fn without_keep_alive_the_upload_is_named_unconfirmed_and_does_not_hang() {
    let (ending, transcript) = long_upload(Duration::MAX);
    assert!(matches!(ending, Err(OperationError::Unconfirmed)), "{ending:?}\n{}", tail(&transcript));
}

#[test]
fn the_same_topology_gives_the_same_transcript() {
    let transcript = || play((SCENES[9].1)(plan(2)), DataMode::PORT).1;
    assert_eq!(transcript(), transcript());
}

/// With every mode allowed, the ladder finds one that works wherever there is one.
#[test]
fn the_ladder_finds_a_way_wherever_there_is_one() {
    for (name, scene) in SCENES {
        let scene = scene(plan(1));
        let config = LadderConfig {
            passive_address: scene.passive_address,
            active: scene.active,
            ..LadderConfig::new(scene.server.1.ip(), scene.client_address)
        };
        assert!(climb(scene, Ladder::new(config)), "{name}");
    }
}

/// Tries what the ladder says, at most as many rungs as there are.
fn climb(scene: Scene, mut ladder: Ladder) -> bool {
    let mut pair = Pair::on(scene.sim, scene.server, scene.client).expect("the control connection");
    log_in(&mut pair);
    ladder.set_round_trip(pair.round_trip().expect("there were replies"));
    let mut rung = ladder.first();
    for _ in 0..8 {
        let up = transfer(TransferVerb::Stor, DataPlan::Own(rung.clone()));
        match run(&mut pair, up, octets(&b"content"[..])) {
            Ok(()) => return true,
            Err(OperationError::Data(attempt)) => match ladder.failed(&attempt) {
                NextStep::Try(next) => rung = next,
                NextStep::Reconnect(next) => {
                    pair.reconnect().expect("a fresh control connection");
                    log_in(&mut pair);
                    rung = next;
                }
                NextStep::GiveUp => return false,
            },
            Err(_) => return false,
        }
    }
    false
}
