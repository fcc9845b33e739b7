//! Small questions about remote files, each asked in the best way that the server knows.

use crate::driver::{Client, Error, Listing};
use crate::failure::Failure;
use crate::local::Version;
use bytes::Bytes;
use ftp_proto::command::PathName;
use ftp_proto::facts::{Entry, EntryKind};

/// `name` in `directory` (`None`: the working directory).
pub(crate) fn join(directory: Option<&PathName>, name: &[u8]) -> Result<PathName, Failure> {
    let mut path = directory.map_or_else(Vec::new, |directory| directory.as_bytes().to_vec());
    if !path.is_empty() && !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    PathName::new(path).map_err(|error| Failure::usage(format!("this is no pathname: {error}")))
}

/// Whether asking for more makes sense: not when the connection is gone.
fn refused<T>(answer: Result<T, Error>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.reply().is_some() && !error.is_connection_lost() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Size and time of a file. That a server does not tell them does not mean that it has no such file (RFC 3659 §4.2).
pub(crate) fn version(client: &mut Client, path: &PathName) -> Result<Version, Failure> {
    let size = refused(client.size(path))?;
    let modify = refused(client.mdtm(path))?.map(|time| time.seconds_since_epoch);
    Ok(Version { size, modify })
}

/// What is known about one file or directory.
pub(crate) fn entry(client: &mut Client, path: &PathName) -> Result<Entry, Failure> {
    if client.features().is_some_and(|features| features.has("MLST")) {
        return Ok(client.mlst(Some(path))?);
    }
    let name = Bytes::copy_from_slice(path.as_bytes());
    let modify = refused(client.mdtm(path))?;
    match client.size(path) {
        Ok(size) => Ok(Entry { name, size: Some(size), modify, ..Entry::default() }),
        Err(error) if error.reply().is_some() && !error.is_connection_lost() => {
            match client.list(Some(path)) {
                Ok(listing) => Ok(listed(name, listing)),
                Err(_) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// LIST of a file names the file alone; of a directory, what is in it.
fn listed(name: Bytes, listing: Listing) -> Entry {
    let last = crate::url::last_component(&name).unwrap_or(&name).to_vec();
    match <[Entry; 1]>::try_from(listing.entries) {
        Ok([entry]) if entry.name == name || entry.name == last => Entry { name, ..entry },
        _ => Entry { name, kind: EntryKind::Directory, ..Entry::default() },
    }
}

/// What is in a directory, sorted by name; for a file, the file.
pub(crate) fn entries(client: &mut Client, path: Option<&PathName>) -> Result<Vec<Entry>, Failure> {
    let mut entries = match (client.list(path), path) {
        (Ok(listing), _) => listing.entries,
        (Err(error), Some(path)) if error.reply().is_some() && !error.is_connection_lost() => {
            match client.mlst(Some(path)) {
                Ok(entry) if !entry.kind.is_directory() => vec![entry],
                _ => return Err(error.into()),
            }
        }
        (Err(error), _) => return Err(error.into()),
    };
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
