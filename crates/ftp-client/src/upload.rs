//! One file to the server.

use crate::download::Skip;
use crate::driver::{Place, Upload};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::site::Connection;
use bytes::Bytes;
use ftp_dtp::storage::{ChunkSource, Source, storage_failure};
use ftp_proto::command::PathName;
use ftp_proto::data::StorageFailure;
use ftp_proto::escape::escape;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

/// Uploads a file. Returns how many octets were moved.
///
/// With `resume` the server's file is taken for the beginning of ours, which only its size can tell.
pub(crate) fn from_file(
    connection: &mut Connection,
    file: File,
    to: &PathName,
    resume: bool,
    ascii: bool,
    skip: Skip<'_>,
) -> Result<u64, Failure> {
    let length = file.metadata().map_err(|error| Failure::local("reading the file", &error))?.len();
    let begun = if resume { begun(connection, to, length)? } else { 0 };
    skip(begun);
    if begun > 0 && begun == length {
        return Ok(0);
    }
    let place = match begun {
        0 => Place::Whole,
        octet if connection.client.features().is_none_or(|features| features.has("REST")) => {
            Place::From(octet)
        }
        _ => Place::End,
    };
    let source = Source::File { file: Arc::new(file), offset: begun, length: Some(length - begun) };
    stor(connection, to, Upload { place, ascii }, source)
}

/// Uploads what comes on standard input.
pub(crate) fn from_stdin(connection: &mut Connection, to: &PathName, ascii: bool) -> Result<u64, Failure> {
    let source = Source::Chunks(Box::new(Stdin));
    stor(connection, to, Upload { place: Place::Whole, ascii }, source)
}

fn stor(connection: &mut Connection, to: &PathName, how: Upload, source: Source) -> Result<u64, Failure> {
    let Connection { client, meter, .. } = connection;
    let done = client.stor(to, how, source);
    meter.over(done.as_ref().map_or(0, |done| done.totals.wire));
    Ok(done?.totals.stored)
}

/// How much of the file the server has.
fn begun(connection: &mut Connection, to: &PathName, length: u64) -> Result<u64, Failure> {
    let name = escape(to.as_bytes());
    match connection.client.size(to) {
        Ok(size) if size <= length => Ok(size),
        Ok(size) => Err(Failure::new(
            Exit::Changed,
            format!(
                "{name}: the server has {size} octets, which is more than the {length} here: \
                 it is another file; upload it anew without --resume"
            ),
        )),
        Err(error) if error.is_connection_lost() || error.reply().is_none() => Err(error.into()),
        // Not there, or a server without SIZE: from the beginning.
        Err(_) => Ok(0),
    }
}

/// Standard input, as it comes.
struct Stdin;

impl ChunkSource for Stdin {
    fn next_chunk(&mut self, max: usize) -> Result<Option<Bytes>, StorageFailure> {
        let mut room = vec![0; max];
        loop {
            match io::stdin().lock().read(&mut room) {
                Ok(0) => return Ok(None),
                Ok(length) => {
                    room.truncate(length);
                    return Ok(Some(room.into()));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(storage_failure(&error)),
            }
        }
    }
}
