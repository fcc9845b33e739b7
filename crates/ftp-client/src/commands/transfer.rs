//! Commands that move single files: cat, get, put.

use super::{Tally, path_of, url};
use crate::args::{Get, Put};
use crate::download::{self, Fetch};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::{Dir, FileName, Version};
use crate::remote;
use crate::site::{Context, Sites};
use crate::upload;
use crate::url::{FtpUrl, TypeCode};
use ftp_proto::command::PathName;
use ftp_proto::escape::escape;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(super) fn cat(context: &Context, sites: &mut Sites, urls: &[String]) -> Result<Exit, Failure> {
    for text in urls {
        let url = url(text)?;
        let client = &mut sites.at(context, &url)?.client;
        download::to_stdout(client, path_of(&url)?, is_ascii(context, &url))?;
    }
    Ok(Exit::Ok)
}

pub(super) fn get(context: &Context, sites: &mut Sites, get: &Get) -> Result<Exit, Failure> {
    let (urls, local) = split(&get.places)?;
    let mut tally = Tally::default();
    for text in urls {
        let url = url(text)?;
        let done = get_one(context, sites, &url, local, urls.len() > 1);
        tally.add(context, done)?;
    }
    tally.finish(context)
}

/// URLs, and what is behind them if it is none.
pub(super) fn split(places: &[String]) -> Result<(&[String], Option<&Path>), Failure> {
    match places.split_last() {
        Some((last, urls)) if !FtpUrl::looks_like_one(last) && !urls.is_empty() => {
            Ok((urls, Some(Path::new(last))))
        }
        Some((last, [])) if !FtpUrl::looks_like_one(last) => {
            Err(Failure::usage(format!("{last} is no URL; expected ftp://user@host/path")))
        }
        _ => Ok((places, None)),
    }
}

fn get_one(
    context: &Context,
    sites: &mut Sites,
    url: &FtpUrl,
    local: Option<&Path>,
    several: bool,
) -> Result<u64, Failure> {
    let from = path_of(url)?;
    let ascii = is_ascii(context, url);
    if url.is_directory || url.representation == Some(TypeCode::Directory) {
        return Err(Failure::usage(format!("{url} is a directory: use ls, or get -r")));
    }
    if local == Some(Path::new("-")) {
        let client = &mut sites.at(context, url)?.client;
        return download::to_stdout(client, from, ascii);
    }
    let (dir, name) = local_target(url.file_name(), local, several)?;
    let connection = sites.at(context, url)?;
    fetch(context, connection, from, (dir, name), ascii)
}

/// Downloads one file, with its size and time from the server.
pub(crate) fn fetch(
    context: &Context,
    connection: &mut crate::site::Connection,
    from: &PathName,
    (dir, name): (Dir, FileName),
    ascii: bool,
) -> Result<u64, Failure> {
    let version = remote::version(&mut connection.client, from)?;
    // As text, a file has another size here than there.
    let version = if ascii { Version { size: None, ..version } } else { version };
    let progress = context.ui.progress(version.size, &name.to_string());
    let fetch = Fetch { from, version, dir, name, resume: context.options.resume, ascii };
    download::to_file(connection, fetch, &|octets| progress.skip(octets))
}

/// A directory and the name in it, for a file that is called `remote` on the server.
pub(crate) fn local_target(
    remote: Option<&[u8]>,
    local: Option<&Path>,
    several: bool,
) -> Result<(Dir, FileName), Failure> {
    let (directory, name) = match local {
        Some(local) if several || local.is_dir() || local.as_os_str().as_bytes().ends_with(b"/") => {
            (local.to_owned(), None)
        }
        Some(local) => (local.parent().map_or_else(PathBuf::new, Path::to_owned), local.file_name()),
        None => (PathBuf::new(), None),
    };
    let name = match name {
        Some(name) => FileName::new(name.as_bytes()),
        None => FileName::from_server(remote.unwrap_or_default()),
    };
    let name = name.map_err(|error| Failure::usage(format!("{error}: say where to store it")))?;
    Ok((open(&directory)?, name))
}

/// Opens a directory that the user named.
pub(crate) fn open(directory: &Path) -> Result<Dir, Failure> {
    Dir::open(directory).map_err(|error| Failure::local(directory.display(), &error))
}

pub(super) fn put(context: &Context, sites: &mut Sites, put: &Put) -> Result<Exit, Failure> {
    let Some((to, files)) = put.places.split_last() else { return Ok(Exit::Ok) };
    let url = url(to)?;
    let as_directory = url.is_directory || url.path.is_none();
    if files.len() > 1 && !as_directory {
        return Err(Failure::usage(format!("{url}: for several files it must end in a slash")));
    }
    let mut tally = Tally::default();
    for file in files {
        let to = if as_directory { remote_name(&url, Path::new(file))? } else { path_of(&url)?.clone() };
        let connection = sites.at(context, &url)?;
        let ascii = is_ascii(context, &url);
        let done = match file.as_str() {
            "-" => upload::from_stdin(connection, &to, ascii),
            file => send(context, connection, Path::new(file), &to, ascii),
        };
        tally.add(context, done)?;
    }
    tally.finish(context)
}

fn remote_name(url: &FtpUrl, file: &Path) -> Result<PathName, Failure> {
    let name = file.file_name().filter(|_| file.as_os_str() != "-");
    let name =
        name.ok_or_else(|| Failure::usage(format!("{}: say what to call it there", file.display())))?;
    remote::join(url.path.as_ref(), name.as_bytes())
}

/// Uploads one file that the user named.
pub(crate) fn send(
    context: &Context,
    connection: &mut crate::site::Connection,
    from: &Path,
    to: &PathName,
    ascii: bool,
) -> Result<u64, Failure> {
    let failed = |error: &std::io::Error| Failure::local(from.display(), error);
    let file = File::open(from).map_err(|error| failed(&error))?;
    let facts = file.metadata().map_err(|error| failed(&error))?;
    if facts.is_dir() {
        return Err(Failure::usage(format!("{} is a directory: use put -r", from.display())));
    }
    let progress = context.ui.progress(Some(facts.len()), &escape(from.as_os_str().as_bytes()).to_string());
    upload::from_file(connection, file, to, context.options.resume, ascii, &|octets| progress.skip(octets))
}

pub(super) fn is_ascii(context: &Context, url: &FtpUrl) -> bool {
    context.options.ascii || url.representation == Some(TypeCode::Ascii)
}
