//! What a person sees on the terminal besides the results: notices, the conversation, progress. All of it on stderr.

use crate::args::Options;
use crate::driver::Event;
use core::sync::atomic::{AtomicU64, Ordering};
use ftp_proto::client::{Attempt, Rung};
use ftp_proto::escape::escape;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// The user's terminal. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Ui(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    quiet: bool,
    verbose: bool,
    /// How data connections come about.
    explain: bool,
    progress: bool,
    bar: Mutex<Option<ProgressBar>>,
    /// Where what is said is kept, instead of being written to standard error.
    kept: Option<Mutex<String>>,
}

impl Ui {
    pub(crate) fn new(options: &Options) -> Self {
        let &Options { quiet, verbose, explain, .. } = options;
        let progress = !quiet && !verbose && std::io::stderr().is_terminal();
        Self(Arc::new(Inner { quiet, verbose, explain, progress, bar: Mutex::default(), kept: None }))
    }

    /// Says everything, and keeps it to itself.
    #[cfg(feature = "testing")]
    pub(crate) fn keeping() -> Self {
        let kept = Some(Mutex::default());
        Self(Arc::new(Inner {
            quiet: false,
            verbose: true,
            explain: true,
            progress: false,
            bar: Mutex::default(),
            kept,
        }))
    }

    /// What was kept.
    #[cfg(feature = "testing")]
    pub(crate) fn kept(&self) -> String {
        let lock = |kept: &Mutex<String>| kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.0.kept.as_ref().map(lock).unwrap_or_default()
    }

    /// Something worth knowing that is no error. `text` must be safe for a terminal.
    pub(crate) fn note(&self, text: &str) {
        if !self.0.quiet {
            self.error(text);
        }
    }

    /// Shown also with `--quiet`.
    pub(crate) fn error(&self, text: &str) {
        if let Some(kept) = &self.0.kept {
            return kept.lock().unwrap_or_else(PoisonError::into_inner).extend([text, "\n"]);
        }
        let write = || drop(writeln!(std::io::stderr(), "{text}"));
        match &*self.0.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// What the driver tells.
    pub(crate) fn hear(&self, event: &Event) {
        match event {
            Event::Trying(rung) => self.explain(|| trying(rung)),
            Event::Works(mode) => self.explain(|| format!("{mode} works, and is tried first from now on")),
            Event::FellBack { failed, next, reconnecting } if self.0.explain => {
                self.explain(|| fell_back(failed, next, *reconnecting));
            }
            Event::FellBack { failed, next, reconnecting } => {
                let anew = if *reconnecting { " on a new connection" } else { "" };
                let (mode, why) = (failed.rung.mode, failed.named.text());
                self.note(&format!(
                    "{mode} did not work: {why} ({}); trying {}{anew}",
                    failed.named, next.mode
                ));
            }
            Event::LinesSkipped { lines, first } => {
                self.note(&format!(
                    "{lines} lines of the listing were not understood, such as: {}",
                    escape(first)
                ));
            }
            event if self.0.verbose => self.converse(event),
            _ => {}
        }
    }

    /// For `--explain`.
    fn explain(&self, text: impl FnOnce() -> String) {
        if self.0.explain {
            self.error(&format!("* {}", text()));
        }
    }

    fn converse(&self, event: &Event) {
        match event {
            Event::Connecting(address) => self.error(&format!("* connecting to {address}")),
            Event::Connected { local, peer } => self.error(&format!("* connected to {peer} from {local}")),
            Event::Sent(line) => self.error(&format!("> {}", escape(line))),
            Event::Received(reply) => {
                let last = reply.lines.len().saturating_sub(1);
                for (number, line) in reply.lines.iter().enumerate() {
                    let mark = if number == last { ' ' } else { '-' };
                    self.error(&format!("< {}{mark}{}", reply.code, escape(line)));
                }
            }
            _ => {}
        }
    }

    /// Transfers of `total` octets begin; the bar is there until what is returned is dropped.
    pub(crate) fn progress(&self, total: Option<u64>, what: &str) -> Progress {
        let bar = if self.0.progress { bar(total) } else { ProgressBar::hidden() };
        bar.set_message(what.to_owned());
        if self.0.progress {
            *self.0.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        }
        Progress { bar, ui: self.clone() }
    }
}

fn trying(rung: &Rung) -> String {
    let patience = rung.patience.as_secs_f64();
    let what = match &rung.listen {
        None => "the server listens".to_owned(),
        Some(plan) => match plan.announce {
            Some(external) => format!("this machine listens, and announces {external}"),
            None => "this machine listens".to_owned(),
        },
    };
    format!("trying {}, for at most {patience:.1} s: {what}", rung.mode)
}

fn fell_back(failed: &Attempt, next: &Rung, reconnecting: bool) -> String {
    let ftp_doctor::Explanation { cause, .. } = ftp_doctor::explain(failed.named);
    let place = failed.target.or(failed.announced).map_or_else(String::new, |at| format!(" ({at})"));
    let said = failed.reply.as_ref().map_or_else(String::new, |reply| {
        format!("; the server said: {} {}", reply.code, escape(reply.text()))
    });
    let anew = if reconnecting { ", on a new control connection, since this one is out of step" } else { "" };
    format!(
        "{} did not work: {}{place} [{}]{said}\n    {cause}\n    next is {}{anew}",
        failed.rung.mode,
        failed.named.text(),
        failed.named,
        next.mode
    )
}

fn bar(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "{wide_msg} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left [{bar:20}]",
        None => "{wide_msg} {bytes} {binary_bytes_per_sec}",
    };
    let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Transfers under way. Dropped, the bar goes away.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    ui: Ui,
}

impl Progress {
    /// What is being transferred now; safe for a terminal.
    pub(crate) fn now(&self, what: impl core::fmt::Display) {
        self.bar.set_message(what.to_string());
    }

    /// What a resumed transfer need not move again.
    pub(crate) fn skip(&self, octets: u64) {
        self.bar.inc(octets);
        self.bar.reset_eta();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *self.ui.0.bar.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Counts the octets of one connection's transfers into the bar. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    ui: Ui,
    counted: Arc<AtomicU64>,
}

impl Meter {
    pub(crate) fn new(ui: Ui) -> Self {
        Self { ui, counted: Arc::default() }
    }

    /// The transfer has moved so many octets so far.
    pub(crate) fn reached(&self, octets: u64) {
        let before = self.counted.fetch_max(octets, Ordering::SeqCst);
        if let Some(bar) = &*self.ui.0.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(octets.saturating_sub(before));
        }
    }

    /// The transfer is over; the next counts from zero.
    pub(crate) fn over(&self, octets: u64) {
        self.reached(octets);
        self.stop();
    }

    /// Likewise, with as many octets as were told last.
    pub(crate) fn stop(&self) -> u64 {
        self.counted.swap(0, Ordering::SeqCst)
    }

    pub(crate) fn note(&self, text: &str) {
        self.ui.note(text);
    }
}
