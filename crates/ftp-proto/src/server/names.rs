//! Questions about files: each command is a [`Query`], each answer a reply. Two tables.

use super::ask::{Ask, NameAsk, SiteAsk};
use super::connection::ServerConnection;
use super::failures::refused;
use super::{Answer, AskId, HashAlgorithm, OctetSpan, Outcome, Query, SetFact};
use crate::command::{Command, DigestArgument, PathName, SiteCommand, Verb, Word};
use crate::data::StorageFailure;
use crate::facts::{Entry, Fact, FactSet, TimeVal, list, mlst};
use crate::reply::{Reply, ReplyCode, quoted_path};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};

/// setuid, setgid, sticky: never set from outside (security: S28).
const SPECIAL_MODE_BITS: u16 = 0o7000;

/// What the reply needs of the command, besides the answer.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) verb: Verb,
    query: Query,
    facts: FactSet,
}

impl ServerConnection {
    /// The commands that are one question to the application. `None`: it is not one of them, or is answered already.
    pub(super) fn ask_about_names(&mut self, verb: Verb, command: Command) {
        let query = match command {
            Command::Cwd(path) => Query::Cwd(path),
            Command::Cdup => Query::Cdup,
            Command::Pwd => Query::Pwd,
            Command::Mkd(path) | Command::Site(SiteCommand::Mkdir(path)) => Query::Mkd(path),
            Command::Rmd(path) | Command::Site(SiteCommand::Rmdir(path)) => Query::Rmd(path),
            Command::Dele(path) => Query::Dele(path),
            Command::Rnfr(path) => Query::RenameFrom(path),
            Command::Size(path) => Query::Size { path, params: self.parameters.transfer },
            Command::Mdtm(path) => Query::Modified(path),
            Command::Mfmt { time, path } | Command::Site(SiteCommand::Utime { time, path }) => {
                Query::SetModified { path, time }
            }
            Command::Mlst(path) => Query::Facts { path },
            Command::Avbl(path) => Query::Available { path },
            Command::Site(SiteCommand::Symlink { target, link }) => Query::SymbolicLink { target, link },
            Command::Site(SiteCommand::Chmod { mode, path }) => return self.chmod(verb, mode, path),
            Command::Rnto(path) => return self.rnto(verb, path),
            Command::Hash(path) => return self.hash(verb, path),
            Command::Xcrc(what) => return self.digest(verb, HashAlgorithm::Crc32, what),
            Command::Xmd5(what) => return self.digest(verb, HashAlgorithm::Md5, what),
            Command::Xsha1(what) => return self.digest(verb, HashAlgorithm::Sha1, what),
            Command::Xsha256(what) => return self.digest(verb, HashAlgorithm::Sha256, what),
            Command::Xsha512(what) => return self.digest(verb, HashAlgorithm::Sha512, what),
            Command::Mff { facts, path } => return self.mff(verb, &facts, path),
            Command::Mfct { .. } => {
                let text = "This storage keeps no creation times.";
                return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, text);
            }
            Command::Stat(Some(what)) => Query::List { what, most: self.config.limits.stat_entries },
            // The dispatcher sends nothing else here.
            _ => return self.finish_with(ReplyCode::NOT_IMPLEMENTED, "Not implemented."),
        };
        self.ask_name(verb, query);
    }

    fn ask_name(&mut self, verb: Verb, query: Query) {
        let ask = self.ids.ask();
        self.names = Some(Asked { verb, query: query.clone(), facts: self.parameters.facts });
        self.wait_for(ask, verb);
        self.ask(Ask::Name(NameAsk { ask, query }));
    }

    /// RNTO must follow RNFR directly (RFC 959 §4.1.3).
    fn rnto(&mut self, verb: Verb, to: PathName) {
        match self.parameters.rename_from.take() {
            Some(from) => self.ask_name(verb, Query::RenameTo { from, to }),
            None => self.finish_with(ReplyCode::BAD_SEQUENCE, "Send RNFR just before RNTO."),
        }
    }

    fn chmod(&mut self, verb: Verb, mode: u16, path: PathName) {
        if mode & SPECIAL_MODE_BITS == 0 {
            self.ask_name(verb, Query::ChangeMode { path, mode });
        } else {
            let text = "setuid, setgid and sticky bits cannot be set here.";
            self.finish_with(ReplyCode::FILE_UNAVAILABLE, text);
        }
    }

    fn hash(&mut self, verb: Verb, path: PathName) {
        match self.parameters.hash {
            Some(algorithm) => {
                let span = self.parameters.span.end.is_some().then(|| self.take_restart().0);
                self.ask_name(verb, Query::Hash { path, algorithm, span: span.unwrap_or_default() })
            }
            None => self.hash_is_off(),
        }
    }

    /// XCRC and its kin: each is one algorithm, whatever OPTS HASH says.
    fn digest(&mut self, verb: Verb, algorithm: HashAlgorithm, what: DigestArgument) {
        if self.config.hash.contains(&algorithm) {
            let span = OctetSpan { start: what.start, end: what.end };
            self.ask_name(verb, Query::Hash { path: what.path, algorithm, span });
        } else {
            self.finish_with(ReplyCode::NOT_IMPLEMENTED, "This algorithm is switched off here.");
        }
    }

    /// MFF: every fact is checked before any is set (draft-somers-ftp-mfxx §5).
    fn mff(&mut self, verb: Verb, facts: &[(Word, Word)], path: PathName) {
        let mut settable = Vec::with_capacity(facts.len());
        for (name, value) in facts {
            match set_fact(name.as_ref(), value.as_ref()) {
                Ok(fact) => settable.push(fact),
                Err((code, text)) => return self.finish_with(code, text),
            }
        }
        self.ask_name(verb, Query::SetFacts { path, facts: settable });
    }

    pub(super) fn name_decided(&mut self, ask: AskId, result: Result<Answer, StorageFailure>) -> Outcome {
        if self.answered(ask).is_none() {
            return Outcome::Stale(None);
        }
        let Some(asked) = self.names.take() else { return Outcome::Stale(None) };
        let reply = match result {
            Ok(answer) => Self::answer_reply(&asked, answer),
            Err(why) => refused(asked.verb, why),
        };
        if let Query::RenameFrom(path) = asked.query
            && reply.code == ReplyCode::FILE_ACTION_PENDING
        {
            self.parameters.rename_from = Some(path);
        }
        self.finish(&reply);
        Outcome::Used
    }

    fn answer_reply(asked: &Asked, answer: Answer) -> Reply {
        match (&asked.query, answer) {
            (Query::RenameFrom(_), Answer::Done) => Reply::new(ReplyCode::FILE_ACTION_PENDING, "Send RNTO."),
            (Query::Cwd(_) | Query::Cdup, Answer::Done) => done("Directory changed."),
            (Query::Rmd(_) | Query::Dele(_), Answer::Done) => done("Removed."),
            (Query::RenameTo { .. }, Answer::Done) => done("Renamed."),
            (Query::ChangeMode { .. } | Query::SymbolicLink { .. }, Answer::Done) => okay("Done."),
            (Query::SetModified { .. }, Answer::Done) if asked.verb == Verb::Site => okay("Done."),
            (Query::SetModified { path, time }, Answer::Done) => {
                let value = [SetFact::Modify(*time)];
                Reply::new(ReplyCode::FILE_STATUS, facts_in_force(&value, path))
            }
            (Query::SetFacts { path, .. }, Answer::Facts(facts)) => {
                Reply::new(ReplyCode::FILE_STATUS, facts_in_force(&facts, path))
            }
            (Query::Pwd, Answer::Path(path)) => path_reply(&path, "is the working directory."),
            (Query::Mkd(_), Answer::Path(_)) if asked.verb == Verb::Site => okay("Done."),
            (Query::Mkd(_), Answer::Path(path)) => path_reply(&path, "was made."),
            (Query::Size { .. } | Query::Available { .. }, Answer::Octets(octets)) => {
                Reply::new(ReplyCode::FILE_STATUS, format!("{octets}"))
            }
            (Query::Modified(_), Answer::Time(time)) => Reply::new(ReplyCode::FILE_STATUS, time_text(time)),
            (Query::Facts { .. }, Answer::Entry(entry)) => facts_reply(asked.facts, &entry),
            (Query::List { most, .. }, Answer::Entries { entries, now }) => {
                listing_reply(&entries, *most, now)
            }
            (Query::Hash { .. }, Answer::Digest { digest, .. }) if asked.verb != Verb::Hash => {
                Reply::new(ReplyCode::FILE_ACTION_COMPLETED, hexadecimal(&digest).to_ascii_uppercase())
            }
            (Query::Hash { path, algorithm, .. }, Answer::Digest { digest, span }) => {
                digest_reply(*algorithm, span, &digest, path)
            }
            // A bug of the application, which the peer cannot help.
            _ => Reply::new(ReplyCode::LOCAL_ERROR, "Local error of the server; its operator must act."),
        }
    }

    /// SITE commands that the core does not know.
    pub(super) fn ask_site(&mut self, line: Bytes) {
        let ask = self.ids.ask();
        self.wait_for(ask, Verb::Site);
        self.ask(Ask::Site(SiteAsk { ask, line }));
    }

    pub(super) fn site_decided(&mut self, ask: AskId, reply: Reply) -> Outcome {
        if self.answered(ask).is_none() {
            return Outcome::Stale(None);
        }
        if reply.code.is_preliminary() {
            self.finish_with(ReplyCode::LOCAL_ERROR, "Local error of the server; its operator must act.");
        } else {
            self.finish(&reply);
        }
        Outcome::Used
    }
}

fn done(text: &'static str) -> Reply {
    Reply::new(ReplyCode::FILE_ACTION_COMPLETED, text)
}

fn okay(text: &'static str) -> Reply {
    Reply::new(ReplyCode::COMMAND_OKAY, text)
}

/// 257, with the path in quotes (RFC 959 appendix II).
fn path_reply(path: &PathName, text: &str) -> Reply {
    let line = [&quoted_path(path.as_bytes())[..], b" ", text.as_bytes()].concat();
    Reply::new(ReplyCode::PATHNAME_CREATED, line)
}

fn time_text(time: TimeVal) -> Bytes {
    let mut text = BytesMut::new();
    time.write(&mut text);
    text.freeze()
}

/// `Modify=20020717210715; name` (draft-somers-ftp-mfxx §3.1).
fn facts_in_force(facts: &[SetFact], path: &PathName) -> Bytes {
    let mut line = BytesMut::new();
    for fact in facts {
        match fact {
            SetFact::Modify(time) => {
                line.extend_from_slice(b"Modify=");
                time.write(&mut line);
            }
            SetFact::UnixMode(mode) => line.extend_from_slice(format!("UNIX.mode=0{mode:03o}").as_bytes()),
        }
        line.extend_from_slice(b";");
    }
    line.extend_from_slice(b" ");
    line.extend_from_slice(path.as_bytes());
    line.freeze()
}

fn set_fact(name: &[u8], value: &[u8]) -> Result<SetFact, (ReplyCode, &'static str)> {
    const BAD_VALUE: (ReplyCode, &str) =
        (ReplyCode::ARGUMENT_SYNTAX_ERROR, "The value of a fact is malformed.");
    match Fact::from_name(name) {
        Some(Fact::Modify) => TimeVal::parse(value).map(SetFact::Modify).ok_or(BAD_VALUE),
        Some(Fact::UnixMode) => {
            let digits = core::str::from_utf8(value).map_err(|_| BAD_VALUE)?;
            let mode = u16::from_str_radix(digits, 8).map_err(|_| BAD_VALUE)?;
            if mode > 0o777 {
                return Err((
                    ReplyCode::FILE_UNAVAILABLE,
                    "setuid, setgid and sticky bits cannot be set here.",
                ));
            }
            Ok(SetFact::UnixMode(mode))
        }
        _ => Err((ReplyCode::PARAMETER_NOT_IMPLEMENTED, "Only the facts modify and UNIX.mode can be set.")),
    }
}

/// MLST: one entry, indented by the space that multi-line replies have anyway (RFC 3659 §7.2).
fn facts_reply(facts: FactSet, entry: &Entry) -> Reply {
    let mut line = BytesMut::new();
    if mlst::write_entry(entry, facts, &mut line) {
        Reply::multi(ReplyCode::FILE_ACTION_COMPLETED, "Facts follow.", [line], "End")
    } else {
        refused(Verb::Mlst, StorageFailure::BadName)
    }
}

/// STAT with a path: a listing over the control connection, and so a short one.
fn listing_reply(entries: &[Entry], most: usize, now: TimeVal) -> Reply {
    let lines = entries.iter().take(most).map(|entry| {
        let mut line = BytesMut::new();
        list::write_unix_entry(entry, now, &mut line);
        line
    });
    let last = if entries.len() > most { "There is more; use LIST or MLSD." } else { "End." };
    Reply::multi(ReplyCode::FILE_STATUS, "Status follows:", lines, last)
}

/// The verb that has one algorithm only.
pub(super) const fn digest_verb(algorithm: HashAlgorithm) -> Verb {
    match algorithm {
        HashAlgorithm::Crc32 => Verb::Xcrc,
        HashAlgorithm::Md5 => Verb::Xmd5,
        HashAlgorithm::Sha1 => Verb::Xsha1,
        HashAlgorithm::Sha256 => Verb::Xsha256,
        HashAlgorithm::Sha512 => Verb::Xsha512,
    }
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `SHA-256 0-49 6ae8… name` (draft-bryan-ftpext-hash-02 §3.2).
fn digest_reply(algorithm: HashAlgorithm, (start, end): (u64, u64), digest: &[u8], path: &PathName) -> Reply {
    let mut line = BytesMut::from(format!("{} {start}-{end} ", algorithm.name()).as_bytes());
    line.extend_from_slice(hexadecimal(digest).as_bytes());
    line.extend_from_slice(b" ");
    line.extend_from_slice(path.as_bytes());
    Reply::new(ReplyCode::FILE_STATUS, line)
}
