//! One file from the server.

use crate::driver::{self, Cause, Client};
use crate::failure::Failure;
use crate::local::{Dir, Download, FileName, Version};
use crate::out;
use crate::site::Connection;
use bytes::Bytes;
use ftp_dtp::storage::{ChunkSink, Sink, storage_failure};
use ftp_proto::client::OperationError;
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::server::OctetSpan;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// What is downloaded, and how.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    /// The remote file.
    pub(crate) from: &'a PathName,
    /// What is known of it.
    pub(crate) version: Version,
    /// Where it goes to.
    pub(crate) dir: Dir,
    /// What it is called there.
    pub(crate) name: FileName,
    /// Go on where a broken download ended.
    pub(crate) resume: bool,
    /// As text.
    pub(crate) ascii: bool,
}

/// What is done with octets that are there already.
pub(crate) type Skip<'a> = &'a (dyn Fn(u64) + Sync);

/// What happens when nothing is said for longer than a NAT remembers.
const UNCONFIRMED: &str = "All octets have come, but not the server's word that it has sent them: a router has probably forgotten \
                           the control connection, which was silent for too long. --keep-alive SECONDS keeps it.";

/// Downloads into a file, which appears under its name when it is complete. Returns how many octets were moved.
pub(crate) fn to_file(connection: &mut Connection, fetch: Fetch<'_>, skip: Skip<'_>) -> Result<u64, Failure> {
    let Fetch { from, version, dir, name, resume, ascii } = fetch;
    let target = dir.path_of(&name);
    let shown = target.display();
    let failed = |what: &str, error: &io::Error| Failure::local(format!("{what} {shown}"), error);
    let download = Download::begin(dir, name, version, resume)
        .map_err(|error| Failure::of_download(shown.to_string(), &error))?;
    let offset = download.offset();
    skip(offset);
    if offset > 0 && version.size == Some(offset) {
        download.complete(version.modify).map_err(|error| failed("completing", &error))?;
        return Ok(0);
    }
    let file = Arc::new(download.file().try_clone().map_err(|error| failed("opening", &error))?);
    let sink = Sink::File { file: Arc::clone(&file), offset };
    let is_whole =
        || !ascii && version.size.is_some() && file.metadata().ok().map(|it| it.len()) == version.size;
    let how = driver::Download { span: OctetSpan { start: offset, end: None }, ascii, size: version.size };
    match retr(connection, from, how, sink, is_whole) {
        Ok(octets) => {
            download.complete(version.modify).map_err(|error| failed("completing", &error))?;
            Ok(octets)
        }
        Err(failure) => Err(match download.keep() {
            Ok(0) => failure,
            Ok(kept) => failure.and(format_args!("{kept} octets are kept: --resume goes on from there")),
            Err(error) => failure.and(format_args!("and what came cannot be kept: {error}")),
        }),
    }
}

fn retr(
    connection: &mut Connection,
    from: &PathName,
    how: driver::Download,
    sink: Sink,
    is_whole: impl Fn() -> bool,
) -> Result<u64, Failure> {
    let Connection { client, meter, .. } = connection;
    match client.retr(from, how, sink) {
        Ok(done) => {
            meter.over(done.totals.wire);
            Ok(done.totals.stored)
        }
        Err(error) => {
            let octets = meter.stop();
            let unconfirmed = matches!(error.cause(), Cause::Operation(OperationError::Unconfirmed));
            if unconfirmed && is_whole() {
                meter.note(UNCONFIRMED);
                return Ok(octets);
            }
            Err(error.into())
        }
    }
}

/// Downloads to standard output.
pub(crate) fn to_stdout(client: &mut Client, from: &PathName, ascii: bool) -> Result<u64, Failure> {
    let sink = Stdout::default();
    let how = driver::Download { ascii, ..driver::Download::default() };
    let done = client.retr(from, how, Sink::Chunks(Box::new(sink.clone())));
    match sink.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(out::failed(&error)),
        None => Ok(done?.totals.stored),
    }
}

/// Writes what comes to standard output, and keeps why it could not.
#[derive(Debug, Clone, Default)]
struct Stdout(Arc<Mutex<Option<io::Error>>>);

impl ChunkSink for Stdout {
    fn put(&mut self, chunk: Bytes) -> Result<(), StorageFailure> {
        let mut out = io::stdout().lock();
        out.write_all(&chunk).and_then(|()| out.flush()).map_err(|error| {
            let failure = storage_failure(&error);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            failure
        })
    }
}
