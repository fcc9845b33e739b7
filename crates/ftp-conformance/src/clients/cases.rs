//! The table.

use super::anything;
use super::server::{Data, Heard, Twist};

/// What a server does, and what a client must make of it.
#[derive(Debug)]
pub struct ClientCase {
    /// The id in the checklist.
    pub id: &'static str,
    /// What must be so.
    pub about: &'static str,
    pub(super) twist: Twist,
    pub(super) expected: Expected,
    /// What the client must have sent.
    pub(super) check: fn(&Heard) -> Result<(), String>,
}

/// What becomes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// It is there, and the exit code is 0.
    Whole,
    /// The exit code is not 0.
    Failure,
    /// Either.
    Anything,
}

const fn whole(id: &'static str, about: &'static str, twist: Twist) -> ClientCase {
    ClientCase { id, about, twist, expected: Expected::Whole, check: anything }
}

const fn failure(id: &'static str, about: &'static str, twist: Twist) -> ClientCase {
    ClientCase { id, about, twist, expected: Expected::Failure, check: anything }
}

const KIND: Twist = Twist::NONE;

/// Every case for clients.
pub const CASES: &[ClientCase] = &[
    ClientCase {
        check: nothing_before_the_greeting,
        ..whole("959-04", "waits for the greeting", Twist { holds_greeting: true, ..KIND })
    },
    whole(
        "959-09",
        "a code that it does not know means what its first digit says",
        Twist {
            answers: &[("TYPE", "259 Fine.\r\n"), ("USER", "339 And?\r\n")],
            finally: "259 Done.\r\n",
            ..KIND
        },
    ),
    whole(
        "1123-06",
        "227 without parentheses",
        Twist { answers: &[("EPSV", NOT_KNOWN)], bare_227: true, ..KIND },
    ),
    whole(
        "1123-15",
        "replies of many lines, anywhere",
        Twist {
            greeting: "220-Welcome\r\n230 is not the end of\r\n 220 it\r\n220-\r\n220 Ready.\r\n",
            answers: &[("USER", "331-One\r\n500 two\r\n331 three\r\n"), ("PASS", "230-\r\n230 In.\r\n")],
            preliminary: "150-Opening\r\n226 not yet\r\n150 Here it comes.\r\n",
            finally: "226-All\r\n  of it\r\n226 sent.\r\n",
            ..KIND
        },
    ),
    failure("1123-16", "421 instead of a greeting", Twist { greeting: "421 Too many users.\r\n", ..KIND }),
    ClientCase {
        check: epsv_first,
        ..whole(
            "2428-11",
            "asks for EPSV, and for PASV where that is not known",
            Twist { answers: &[("EPSV", NOT_KNOWN)], ..KIND },
        )
    },
    whole(
        "3659-06",
        "550 to SIZE and MDTM says nothing about RETR",
        Twist { answers: &[("SIZE", "550 No.\r\n"), ("MDTM", "550 No.\r\n")], ..KIND },
    ),
    whole("chunks", "replies that come octet by octet", Twist { octet_by_octet: true, ..KIND }),
    whole("early-226", "the last reply before the last octet", Twist { data: Data::ReplyFirst, ..KIND }),
    whole("125", "125 instead of 150", Twist { preliminary: "125 Already open.\r\n", ..KIND }),
    ClientCase {
        expected: Expected::Anything,
        check: one_line_each,
        ..whole(
            "C3",
            "a line break in a URL is no second command",
            Twist { file: "file%0d%0aDELE%20file", ..KIND },
        )
    },
    whole(
        "C4",
        "the address in 227 is not followed",
        Twist { answers: &[("EPSV", NOT_KNOWN)], foreign_227: true, ..KIND },
    ),
    failure(
        "C12-cut",
        "451 after half of the file is no success",
        Twist { data: Data::Half, finally: "451 Cannot read on.\r\n", ..KIND },
    ),
    failure("C12-short", "less than SIZE said is no success", Twist { data: Data::Half, ..KIND }),
    failure(
        "C12-refused",
        "550 to RETR is no success",
        Twist { answers: &[("RETR", "550 No.\r\n")], ..KIND },
    ),
    failure(
        "C12-lost",
        "a control connection that is lost before the last reply is no success",
        Twist { finally: "", data: Data::Half, ..KIND },
    ),
    failure("login", "530 to PASS is no success", Twist { answers: &[("PASS", "530 Wrong.\r\n")], ..KIND }),
];

const NOT_KNOWN: &str = "500 Not known.\r\n";

fn nothing_before_the_greeting(heard: &Heard) -> Result<(), String> {
    if heard.before_greeting { Err("it does not wait for the greeting".to_owned()) } else { Ok(()) }
}

fn epsv_first(heard: &Heard) -> Result<(), String> {
    let modes: Vec<&str> =
        heard.verbs().filter(|verb| matches!(*verb, "EPSV" | "PASV" | "PORT" | "EPRT")).collect();
    match modes.first() {
        Some(&"EPSV") => Ok(()),
        _ => Err(format!("its modes were {modes:?}")),
    }
}

fn one_line_each(heard: &Heard) -> Result<(), String> {
    if heard.verbs().any(|verb| verb == "DELE") { Err("it sent DELE".to_owned()) } else { Ok(()) }
}
