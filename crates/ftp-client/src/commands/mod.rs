//! The commands of the command line.

mod doctor;
mod firewall;
mod names;
mod show;
pub(crate) mod transfer;
pub(crate) mod trees;

use crate::args::{OnUrls, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::out;
use crate::site::{Context, FIRST_PAUSE, Sites};
use crate::ui::Ui;
use crate::url::FtpUrl;
use core::net::SocketAddr;
use ftp_proto::client::Attempt;
use ftp_proto::command::PathName;
use ftp_proto::data::FailureId;
use serde_json::{Value, json};

pub(crate) use names::{make_parents, remove_tree};
pub(crate) use show::{facts, reply_lines};

/// Carries out one command.
pub(crate) fn run(options: Options, command: OnUrls) -> Result<Exit, Failure> {
    let ui = Ui::new(&options);
    run_in(&Context { options, ui, interrupt: Interrupt::default(), pause: FIRST_PAUSE }, command)
}

/// Likewise, in this context.
pub(crate) fn run_in(context: &Context, command: OnUrls) -> Result<Exit, Failure> {
    let mut sites = Sites::default();
    let done = dispatch(context, &mut sites, command);
    sites.close();
    done
}

fn dispatch(context: &Context, sites: &mut Sites, command: OnUrls) -> Result<Exit, Failure> {
    match command {
        OnUrls::Ls(ls) => show::ls(context, sites, &ls),
        OnUrls::Cat { urls } => transfer::cat(context, sites, &urls),
        OnUrls::Get(get) if get.recursive => trees::get(context, get),
        OnUrls::Get(get) => transfer::get(context, sites, &get),
        OnUrls::Put(put) if put.recursive => trees::put(context, put),
        OnUrls::Put(put) => transfer::put(context, sites, &put),
        OnUrls::Mirror(mirror) => trees::mirror(context, mirror),
        OnUrls::Rm { recursive, urls } => names::rm(context, sites, &urls, recursive),
        OnUrls::Mkdir { parents, urls } => names::mkdir(context, sites, &urls, parents),
        OnUrls::Rmdir { urls } => names::rmdir(context, sites, &urls),
        OnUrls::Mv { from, to } => names::mv(context, sites, &from, &to),
        OnUrls::Doctor(doctor) => doctor::doctor(context, &doctor),
        OnUrls::Firewall(firewall) => firewall::firewall(context, &firewall),
        OnUrls::Stat { url } => show::stat(context, sites, &url),
        OnUrls::Quote { url, words } => show::quote(context, sites, &url, &words),
    }
}

/// Reads a URL of the command line.
pub(crate) fn url(text: &str) -> Result<FtpUrl, Failure> {
    text.parse().map_err(|error| {
        Failure::usage(format!(
            "{}: {error}; expected ftp://user@host/path",
            ftp_proto::escape::escape(text.as_bytes())
        ))
    })
}

/// The URL's path, for what cannot do without.
pub(crate) fn path_of(url: &FtpUrl) -> Result<&PathName, Failure> {
    url.path.as_ref().ok_or_else(|| Failure::usage(format!("{url}: a path is needed")))
}

/// What became of several things of which each may fail.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many were done.
    pub(crate) done: u64,
    /// Octets moved.
    pub(crate) octets: u64,
    /// Those that were not done, and why.
    pub(crate) failures: Vec<Failure>,
}

impl Tally {
    /// Notes how one thing went. Failures that concern the rest, too, come back.
    pub(crate) fn add(&mut self, context: &Context, result: Result<u64, Failure>) -> Result<(), Failure> {
        match result {
            Ok(octets) => {
                self.done += 1;
                self.octets += octets;
                Ok(())
            }
            Err(failure) if failure.concerns_one_entry() => {
                self.fail(context, failure);
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Notes a failure and tells the user.
    pub(crate) fn fail(&mut self, context: &Context, failure: Failure) {
        if !context.options.json {
            context.ui.error(&format!("ftp-client: {}", failure.text));
        }
        self.failures.push(failure);
    }

    /// How the program ends: when nothing succeeded, as the first failure says.
    pub(crate) fn exit(&self) -> Exit {
        match self.failures.first() {
            None => Exit::Ok,
            Some(first) if self.done == 0 => first.exit,
            Some(_) => Exit::Partial,
        }
    }

    /// For a program.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "files": self.done,
            "octets": self.octets,
            "failed": self.failures.iter().map(failure_json).collect::<Vec<_>>(),
        })
    }

    /// Tells a program, if one listens, and says how the program ends.
    pub(crate) fn finish(&self, context: &Context) -> Result<Exit, Failure> {
        if context.options.json {
            out::json(&self.to_json())?;
        }
        Ok(self.exit())
    }
}

/// A failure for a program.
pub(crate) fn failure_json(failure: &Failure) -> Value {
    let attempts: Vec<_> = failure.attempts.iter().map(attempt_json).collect();
    json!({
        "kind": failure.exit.name(), "exit": failure.exit.number(), "message": failure.text,
        "failure": failure.named.map(FailureId::as_str), "attempts": attempts,
    })
}

fn attempt_json(attempt: &Attempt) -> Value {
    let address = |address: Option<SocketAddr>| address.map(|address| address.to_string());
    json!({
        "mode": attempt.rung.mode.to_string(), "failure": attempt.named.as_str(),
        "announced": address(attempt.announced), "target": address(attempt.target),
        "reply": attempt.reply.as_ref().map(reply_lines),
    })
}
