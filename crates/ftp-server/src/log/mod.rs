//! Structured logs, to standard error or a file.

mod transcript;
mod writer;

use crate::config::LogFormat;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;
pub(crate) use transcript::Transcript;
pub(crate) use writer::LogGuard;

/// Starts logging. What is logged can be narrowed or widened with `RUST_LOG` (default: `info`).
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn start(format: LogFormat, file: Option<&Path>) -> io::Result<LogGuard> {
    let lost = match format {
        LogFormat::Text => lost_text,
        LogFormat::Json => lost_json,
    };
    let (queue, guard) = match file {
        Some(path) => writer::start(OpenOptions::new().append(true).create(true).open(path)?, lost)?,
        None => writer::start(io::stderr(), lost)?,
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
            builder.json().flatten_event(true).with_current_span(true).with_span_list(false).init()
        }
    }
    Ok(guard)
}

fn lost_text(lines: u64) -> String {
    format!("{lines} log lines were dropped: the log device is full or slow\n")
}

fn lost_json(lines: u64) -> String {
    format!("{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{lines}}}\n")
}
