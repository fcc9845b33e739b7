//! The suite on other people's servers: the table of its README.

use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr};
use std::fs;
use std::thread;

use ftp_conformance::case::{Case, Outcome};
use ftp_conformance::cases;
use ftp_conformance::report::{self, Outcomes, count};
use ftp_conformance::world::Login;
use ftp_conformance::world::external::External;

use crate::interop::{self, Peer};

/// What the lines of the checklist are grouped by: what their ids begin with, and what that is.
const GROUPS: [(&str, &str); 9] = [
    ("959-", "RFC 959"),
    ("1123-", "RFC 1123"),
    ("2389-", "RFC 2389 (FEAT, OPTS)"),
    ("2428-", "RFC 2428 (EPSV, EPRT)"),
    ("2577-", "RFC 2577 (security)"),
    ("2640-", "RFC 2640 (UTF-8, LANG)"),
    ("3659-", "RFC 3659 (SIZE, MDTM, REST, MLSx)"),
    ("7151-", "RFC 7151 (HOST)"),
    ("", "drafts, security, bad input"),
];

/// Plays the cases on each of them, and tells it in markdown.
pub(super) fn table(wanted: impl Fn(&str) -> bool + Sync) -> Result<String, String> {
    let grounds = interop::Grounds::prepare()?;
    let peers = interop::foreign_servers();
    let played = thread::scope(|scope| {
        let all: Vec<_> = peers.iter().map(|peer| scope.spawn(|| play(&grounds, &**peer, &wanted))).collect();
        all.into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err("a run panicked".to_owned())))
            .collect::<Vec<_>>()
    });
    let played = played.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(markdown(&played))
}

type Played = (String, Outcomes);

fn play(
    grounds: &interop::Grounds,
    peer: &dyn Peer,
    wanted: &(impl Fn(&str) -> bool + Sync),
) -> Result<Played, String> {
    // "proftpd proftpd-core 1.3.8+dfsg-4+deb12u5"
    let version = peer.version()?;
    let version = version.rsplit(' ').next().unwrap_or_default();
    let name = format!("{} {version}", peer.name());
    let (root, scratch) = grounds.directories(peer)?;
    let started = interop::start(peer, IpAddr::V4(Ipv4Addr::LOCALHOST), &root, &scratch, None)?;
    let (user, password) = interop::login_at(peer);
    let directory = peer.writable().map(str::to_owned);
    let local = Some(directory.as_ref().map_or_else(|| root.clone(), |name| root.join(name)));
    let login = Login { user: user.to_owned(), password: password.to_owned(), directory };
    let server = External { name: peer.name().to_owned(), address: started.address, login, local };
    let outcomes = report::run(&server, wanted);
    // The table says what, this why.
    for failure in report::failures(&outcomes).lines() {
        eprintln!("{}: {failure}", peer.name());
    }
    drop(started);
    let _ = fs::remove_dir_all(root);
    Ok((name, outcomes))
}

fn group(id: &str) -> &'static str {
    GROUPS.iter().find(|(begins, _)| id.starts_with(begins)).map_or("", |(_, name)| name)
}

fn markdown(played: &[Played]) -> String {
    let mut out = String::from("| of the cases of |");
    for (name, _) in played {
        put(&mut out, format_args!(" {name} |"));
    }
    put(&mut out, format_args!("\n|---|{}\n", "---|".repeat(played.len())));
    for (_, name) in GROUPS {
        put(&mut out, format_args!("| {name} |"));
        for (_, outcomes) in played {
            let of_group = outcomes.iter().filter(|(case, _)| group(case.id) == name);
            let counts = count(of_group.map(|(_, outcome)| outcome));
            put(&mut out, format_args!(" {} of {} |", counts.passed, counts.passed + counts.failed));
        }
        out.push('\n');
    }
    out.push_str("\n| id | what is not so |");
    for (name, _) in played {
        put(&mut out, format_args!(" {} |", name.split(' ').next().unwrap_or_default()));
    }
    put(&mut out, format_args!("\n|---|---|{}\n", "---|".repeat(played.len())));
    for case in cases::all() {
        failures_of(case, played, &mut out);
    }
    out
}

/// A line for a case that some server fails.
fn failures_of(case: &Case, played: &[Played], out: &mut String) {
    let outcome_in = |outcomes: &Outcomes| {
        let found = outcomes.iter().find(|(played, _)| core::ptr::eq(*played, case));
        match found.map(|(_, outcome)| outcome) {
            Some(Outcome::Failed(_)) => "no",
            Some(Outcome::Passed) => "yes",
            Some(Outcome::NotRun(_)) | None => "-",
        }
    };
    let words: Vec<&str> = played.iter().map(|(_, outcomes)| outcome_in(outcomes)).collect();
    if words.contains(&"no") {
        put(out, format_args!("| {} | {} | {} |\n", case.id, case.about, words.join(" | ")));
    }
}

fn put(out: &mut String, what: core::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = out.write_fmt(what);
}
