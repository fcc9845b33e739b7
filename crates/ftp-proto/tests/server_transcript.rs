//! A session is noted without its secrets, and plays again the same.

use bytes::Bytes;
use ftp_proto::data::StorageFailure;
use ftp_proto::io::{ControlEndpoints, ControlMachine as _, Step};
use ftp_proto::reply::{Reply, ReplyCode};
use ftp_proto::server::transcript::{Divergence, Entry, Event, Recording, replay};
use ftp_proto::server::{Answer, Ask, DecisionRecord, Grant, LoginStage, ServerOutput};
use ftp_proto::time::Instant;

/// What no transcript may show.
const SECRETS: [&str; 4] = ["hunter2", "s3cr3t", "0p3n", "tw0 words"];

const SCRIPT: &[u8] = b"USER alice\r\nPSAS hunter2\r\nhunter2\r\nPASS hunter2\r\nACCT s3cr3t\r\nPASStw0 words\r\n\
    PWD\r\nSITE PSWD hunter2 s3cr3t\r\nSITE hunter2\r\nSITE\r\nSITE HELP\r\npass \xff\xf4\xff\xf2tw0 words \r\n\
    P\xff\xf1ASS 0p3n\r\nSIZE there\r\nMFCT 20260102030405 there\r\nCWD nowhere\r\n hunter2\r\nSYST\r\nhunter2";

fn endpoints() -> ControlEndpoints {
    ControlEndpoints {
        local: "192.0.2.1:21".parse().unwrap(),
        peer: "192.0.2.7:40000".parse().unwrap(),
        dialled: None,
    }
}

fn answer(session: &mut Recording, ask: Ask) {
    let decision = match ask {
        Ask::Login(ask) if matches!(ask.stage(), LoginStage::User) => ask.need_password(),
        Ask::Login(ask) => ask.accept(Grant::default()),
        Ask::Name(ask) if matches!(ask.query(), ftp_proto::server::Query::Size { .. }) => {
            ask.answer(Answer::Octets(7))
        }
        Ask::Name(ask) => ask.fail(StorageFailure::NotFound),
        Ask::Site(ask) => ask.answer(Reply::new(ReplyCode::COMMAND_OKAY, "Changed.")),
        other => panic!("{other:?}"),
    };
    let _ = session.decide(decision, Instant::ORIGIN);
}

fn settle(session: &mut Recording) {
    loop {
        let pending = session.pending_output().len();
        if pending > 0 {
            session.output_written(pending, Instant::ORIGIN);
        }
        match session.poll() {
            Some(Step::App(ServerOutput::Ask(ask))) => answer(session, ask),
            Some(_) => {}
            None if session.pending_output().is_empty() => return,
            None => {}
        }
    }
}

/// The script, cut into pieces of `size` octets.
fn recorded(size: usize) -> Vec<Entry> {
    let mut session = Recording::new(Default::default(), endpoints(), Instant::ORIGIN, true);
    let mut entries = Vec::new();
    settle(&mut session);
    for piece in SCRIPT.chunks(size) {
        assert_eq!(session.receive(piece, Instant::ORIGIN), piece.len());
        settle(&mut session);
        entries.extend(core::iter::from_fn(|| session.next_entry()));
    }
    session.finish();
    entries.extend(core::iter::from_fn(|| session.next_entry()));
    entries
}

fn received(entries: &[Entry]) -> Vec<u8> {
    let pieces = entries.iter().filter_map(|entry| match &entry.event {
        Event::Received(octets) => Some(octets.to_vec()),
        _ => None,
    });
    pieces.flatten().collect()
}

#[test]
fn no_secret_is_in_a_transcript_however_it_was_split_or_mistyped() {
    for size in 1..SCRIPT.len() {
        let entries = recorded(size);
        let seen = format!("{entries:?}");
        for secret in SECRETS {
            assert!(!seen.contains(secret), "{secret} in pieces of {size}: {seen}");
        }
        let octets = received(&entries);
        assert_eq!(octets.len(), SCRIPT.len());
        let text = String::from_utf8_lossy(&octets);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in pieces of {size}: {text}");
        }
        for kept in
            ["USER alice\r\n", "PASS xxxxxxx\r\n", "SITE HELP\r\n", "SIZE there\r\n", "CWD nowhere\r\n"]
        {
            assert!(text.contains(kept), "{kept:?} in pieces of {size}: {text}");
        }
    }
}

#[test]
fn a_transcript_plays_again_the_same() {
    for size in 1..SCRIPT.len() {
        assert_eq!(replay(&recorded(size)), Ok(()), "in pieces of {size}");
    }
}

#[test]
fn a_machine_that_does_otherwise_is_noticed() {
    let mut entries = recorded(SCRIPT.len());
    let written = entries.iter().position(|entry| matches!(entry.event, Event::Written(_))).unwrap();
    entries[written].event = Event::Written(Bytes::from_static(b"220 Another server.\r\n"));
    let Divergence { entry, expected, found } = replay(&entries).unwrap_err();
    assert_eq!(entry, written + 1);
    assert_eq!(expected, r"220 Another server.\r\n");
    assert!(found.starts_with("220 "), "{found}");
}

#[test]
fn an_answer_to_another_question_is_noticed() {
    let mut entries = recorded(SCRIPT.len());
    let decided: Vec<usize> = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| matches!(entry.event, Event::Decided(_)).then_some(at))
        .collect();
    let last = entries[*decided.last().unwrap()].clone();
    entries[decided[0]] = last;
    assert!(replay(&entries).unwrap_err().expected.starts_with("a question for"));
}

#[test]
fn every_call_is_noted_and_made_again() {
    let mut session = Recording::new(Default::default(), endpoints(), Instant::ORIGIN, true);
    session.set_data_policy(Default::default());
    session.turn_away(Instant::ORIGIN);
    settle(&mut session);
    session.finish();
    let entries: Vec<Entry> = core::iter::from_fn(|| session.next_entry()).collect();
    let noted = |what: fn(&Event) -> bool| entries.iter().any(|entry| what(&entry.event));
    assert!(
        noted(|event| matches!(event, Event::PolicySet(_)))
            && noted(|event| matches!(event, Event::TurnedAway))
    );
    assert_eq!(replay(&entries), Ok(()));
}

#[test]
fn a_transcript_begins_with_its_opening_and_has_one() {
    let mut entries = recorded(SCRIPT.len());
    assert!(replay(&entries[1..]).unwrap_err().expected.contains("opening"));
    assert!(replay(&[]).is_err());
    entries.insert(1, entries[0].clone());
    assert_eq!(replay(&entries).unwrap_err().expected, "no second opening");
}

#[test]
fn an_answer_of_another_kind_is_noticed() {
    let mut entries = recorded(SCRIPT.len());
    let decided = entries.iter().position(|entry| matches!(entry.event, Event::Decided(_))).unwrap();
    let record = r#"{"ask":1,"verdict":{"Settle":{"Ok":null}}}"#;
    entries[decided].event = Event::Decided(serde_json::from_str(record).unwrap());
    let divergence = replay(&entries).unwrap_err();
    assert!(divergence.found.contains("LoginAsk"), "{divergence}");
}

#[test]
fn a_secret_that_is_no_text_is_masked_too() {
    let mut session = Recording::new(Default::default(), endpoints(), Instant::ORIGIN, true);
    let _ = session.receive(b"PASS \xc3\xa4\xf5\xff\xff1\r\n", Instant::ORIGIN);
    let entries: Vec<Entry> = core::iter::from_fn(|| session.next_entry()).collect();
    assert_eq!(received(&entries), b"PASS \x80\x80\xf0\xff\xffx\r\n");
}

#[test]
fn a_transcript_can_be_written_and_read() {
    let entries = recorded(SCRIPT.len());
    let written: Vec<String> = entries
        .iter()
        .map(|entry| serde_json::to_string(entry).expect("an entry that can be written"))
        .collect();
    assert!(
        written.iter().any(|line| line.contains(r#""received":"USER alice\r\nxxxx xxxxxxx\r\n"#)),
        "{written:?}"
    );
    let read: Vec<Entry> =
        written.iter().map(|line| serde_json::from_str(line).expect("an entry that can be read")).collect();
    assert_eq!(format!("{read:?}"), format!("{entries:?}"));
    assert_eq!(replay(&read), Ok(()));
}

#[test]
fn what_cannot_be_constructed_cannot_be_read() {
    let line = r#"{"Name":{"Ok":{"Path":"a\r\nb"}}}"#;
    let record = format!(r#"{{"ask":1,"verdict":{line}}}"#);
    let error = serde_json::from_str::<DecisionRecord>(&record).unwrap_err();
    assert!(error.to_string().contains("0x0d"), "{error}");
}

#[test]
fn what_is_not_recorded_costs_nothing_and_says_nothing() {
    let mut session = Recording::new(Default::default(), endpoints(), Instant::ORIGIN, false);
    assert_eq!(session.receive(SCRIPT, Instant::ORIGIN), SCRIPT.len());
    session.finish();
    assert!(session.next_entry().is_none());
}

#[test]
fn a_word_that_never_ends_does_not_hold_back_entries_for_ever() {
    let mut session = Recording::new(Default::default(), endpoints(), Instant::ORIGIN, true);
    let _ = session.receive(b"hunt", Instant::ORIGIN);
    for _ in 0..2000 {
        session.handle_timeout(Instant::ORIGIN);
    }
    let entries: Vec<Entry> = core::iter::from_fn(|| session.next_entry()).collect();
    assert_eq!(entries.len(), 2002);
    assert_eq!(received(&entries), b"xxxx");
}
