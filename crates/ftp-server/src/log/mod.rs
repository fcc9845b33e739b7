//! Structured logs, to standard error or a file.

mod transcript;
mod writer;

use crate::config::LogFormat;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
pub(crate) use transcript::Transcript;
pub(crate) use writer::LogGuard;

/// Where log lines go.
pub(crate) enum Device {
    StandardError,
    File(File),
}

impl Device {
    /// Standard error, or a file that is appended to.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(crate) fn open(file: Option<&Path>) -> io::Result<Self> {
        match file {
            Some(path) => OpenOptions::new().append(true).create(true).open(path).map(Self::File),
            None => Ok(Self::StandardError),
        }
    }

    /// Starts logging. What is logged can be narrowed or widened with `RUST_LOG` (default: `info`).
    ///
    /// # Errors
    /// When no thread can be had.
    pub(crate) fn start(self, format: LogFormat) -> io::Result<LogGuard> {
        let lost = match format {
            LogFormat::Text => lost_text,
            LogFormat::Json => lost_json,
        };
        let (queue, guard) = match self {
            Self::File(file) => writer::start(file, lost)?,
            Self::StandardError => writer::start(io::stderr(), lost)?,
        };
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let builder = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(queue)
            .with_span_events(FmtSpan::NONE)
            .with_ansi(false)
            .log_internal_errors(false);
        match format {
            LogFormat::Text => builder.init(),
            LogFormat::Json => {
                builder.json().flatten_event(true).with_current_span(false).with_span_list(true).init()
            }
        }
        Ok(guard)
    }
}

fn lost_text(lines: u64) -> String {
    format!("{lines} log lines were dropped: the log device is full or slow\n")
}

fn lost_json(lines: u64) -> String {
    format!("{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{lines}}}\n")
}
