//! Commands that change names: rm, mkdir, rmdir, mv.

use super::{Tally, path_of, url};
use crate::driver::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::FileName;
use crate::mirror::tree::MAX_DEPTH;
use crate::remote;
use crate::site::{Context, Sites};
use ftp_proto::command::PathName;
use ftp_proto::escape::escape;
use ftp_proto::facts::EntryKind;

pub(super) fn rm(
    context: &Context,
    sites: &mut Sites,
    urls: &[String],
    recursive: bool,
) -> Result<Exit, Failure> {
    each(context, sites, urls, |client, path| match recursive {
        true => remove_tree(client, path),
        false => client.dele(path).map(drop).map_err(Failure::from),
    })
}

/// Does the same to each path, also when it fails for one of them.
fn each(
    context: &Context,
    sites: &mut Sites,
    urls: &[String],
    work: impl Fn(&mut Client, &PathName) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let mut tally = Tally::default();
    for text in urls {
        let url = url(text)?;
        let path = path_of(&url)?;
        let client = &mut sites.at(context, &url)?.client;
        let done = work(client, path);
        tally.add(context, done.map(|()| 0))?;
    }
    tally.finish(context)
}

/// Removes a file, or a directory and all that is in it. Links are removed, not followed.
pub(crate) fn remove_tree(client: &mut Client, path: &PathName) -> Result<(), Failure> {
    let entry = remote::entry(client, path)?;
    if !entry.kind.is_directory() {
        client.dele(path)?;
        return Ok(());
    }
    // A directory is pushed again below what is in it, marked as listed.
    let mut left = vec![(path.clone(), 0, false)];
    while let Some((directory, depth, listed)) = left.pop() {
        if listed {
            client.rmd(&directory)?;
            continue;
        }
        if depth > MAX_DEPTH {
            return Err(Failure::new(Exit::Protocol, format!("more than {MAX_DEPTH} directories deep")));
        }
        left.push((directory.clone(), depth, true));
        for entry in client.list(Some(&directory))?.entries {
            let child = child(&directory, &entry.name)?;
            match entry.kind {
                EntryKind::Directory => left.push((child, depth + 1, false)),
                _ => drop(client.dele(&child)?),
            }
        }
    }
    Ok(())
}

/// A name that would lead elsewhere is never deleted.
fn child(directory: &PathName, name: &[u8]) -> Result<PathName, Failure> {
    let name = FileName::new(name).map_err(|error| {
        let text = format!("{}: nothing more is deleted: {error}", escape(name));
        Failure::new(Exit::Protocol, text)
    })?;
    remote::join(Some(directory), name.as_bytes())
}

pub(super) fn mkdir(
    context: &Context,
    sites: &mut Sites,
    urls: &[String],
    parents: bool,
) -> Result<Exit, Failure> {
    each(context, sites, urls, |client, path| match parents {
        true => make_parents(client, path),
        false => client.mkd(path).map(drop).map_err(Failure::from),
    })
}

/// Makes a directory and those above it, as far as they are not there.
pub(crate) fn make_parents(client: &mut Client, path: &PathName) -> Result<(), Failure> {
    let octets = path.as_bytes();
    let ends = (1..octets.len()).filter(|&at| octets[at] == b'/').chain([octets.len()]);
    for end in ends {
        let part = remote::join(None, &octets[..end])?;
        if let Err(error) = client.mkd(&part) {
            // What the server says to a directory that is there differs too much; whether it is one, it knows.
            let is_there = !error.is_connection_lost()
                && remote::entry(client, &part).is_ok_and(|entry| entry.kind.is_directory());
            if !is_there {
                return Err(error.into());
            }
        }
    }
    Ok(())
}

pub(super) fn rmdir(context: &Context, sites: &mut Sites, urls: &[String]) -> Result<Exit, Failure> {
    each(context, sites, urls, |client, path| client.rmd(path).map(drop).map_err(Failure::from))
}

pub(super) fn mv(context: &Context, sites: &mut Sites, from: &str, to: &str) -> Result<Exit, Failure> {
    let url = url(from)?;
    let to = PathName::new(to.to_owned())
        .map_err(|error| Failure::usage(format!("the new path cannot be sent: {error}")))?;
    sites.at(context, &url)?.client.rename(path_of(&url)?, &to)?;
    Ok(Exit::Ok)
}
