//! What an application answers.

use crate::command::PathName;
use crate::data::{StorageFailure, TransferId};
use crate::facts::{Entry, EntryKind, TimeVal};
use crate::reply::{Reply, ReplyCode};
use crate::server::{Answer, Ask, Decision, Grant, LoginRefusal, LoginStage, Query};
use bytes::Bytes;
use core::time::Duration;

/// Answers as an application may, by 0 as it should; and the transfer for which something was opened.
pub(super) fn answer(ask: Ask, how: u8) -> (Decision, Option<TransferId>) {
    let decision = match ask {
        Ask::Host(ask) => match how {
            0..=7 => ask.accept(),
            8..=11 => ask.unknown(),
            _ => ask.unavailable(),
        },
        Ask::Login(ask) => match (ask.stage(), how) {
            (LoginStage::User, 0..=9) => ask.need_password(),
            (_, 10) => ask.need_account(),
            (_, 11..=13) => ask.refuse(LoginRefusal::Credentials, Duration::from_secs(1)),
            (_, 14) => ask.refuse(LoginRefusal::Banned, Duration::ZERO),
            _ => ask.accept(Grant::default()),
        },
        Ask::Name(ask) => match how {
            0..=7 => {
                let answer = apt(how, ask.query());
                ask.answer(answer)
            }
            8..=11 => ask.answer(Answer::Octets(3)),
            _ => ask.fail(StorageFailure::NotFound),
        },
        Ask::Transfer(ask) if how < 12 => {
            let opened = ask.id();
            return (ask.ready((how & 1 == 0).then_some(9)), Some(opened));
        }
        Ask::Transfer(ask) => ask.fail(StorageFailure::NotFound),
        Ask::Settle(ask) if how < 12 => ask.done(),
        Ask::Settle(ask) => ask.fail(StorageFailure::NoSpace),
        Ask::Site(ask) if how < 12 => ask.unknown(),
        Ask::Site(ask) => ask.answer(Reply::new(ReplyCode::COMMAND_OKAY, "Hello.")),
    };
    (decision, None)
}

/// The right kind of answer, with names that should not be in a reply.
fn apt(how: u8, query: &Query) -> Answer {
    match query {
        Query::Pwd | Query::Mkd(_) => Answer::Path(PathName::root()),
        Query::Size { .. } | Query::Available { .. } => Answer::Octets(how.into()),
        Query::Modified(_) => Answer::Time(TimeVal::from_seconds(1_719_835_200)),
        Query::SetFacts { facts, .. } => Answer::Facts(facts.clone()),
        Query::Facts { .. } => Answer::Entry(entry(how)),
        Query::List { .. } => Answer::Entries {
            entries: (0..how).map(entry).collect(),
            now: TimeVal::from_seconds(1_719_835_200),
        },
        Query::Hash { .. } => Answer::Digest { digest: Bytes::from_static(b"digest"), span: (0, how.into()) },
        _ => Answer::Done,
    }
}

fn entry(how: u8) -> Entry {
    const NAMES: [&[u8]; 5] = [b"f", b"two words", b"\xff\xf4", b"a\r\n226 b", b""];
    let name = NAMES.get(usize::from(how) % NAMES.len()).copied().unwrap_or_default();
    let kind = if how & 1 == 0 { EntryKind::File } else { EntryKind::Directory };
    Entry {
        name: Bytes::from_static(name),
        kind,
        owner: Some(Bytes::from_static(b"a\nb")),
        ..Entry::default()
    }
}
