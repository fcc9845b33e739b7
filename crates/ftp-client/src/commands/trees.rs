//! Commands on whole trees: mirror, get -r, put -r.

use super::transfer::{is_ascii, open, split};
use super::url;
use crate::args::{Get, Mirror, Put};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::FileName;
use crate::mirror::plan::{Excludes, Options, Replace};
use crate::mirror::{Direction, Job, Summary, run};
use crate::out;
use crate::site::{Context, Site};
use crate::url::FtpUrl;
use ftp_proto::command::PathName;
use std::path::{Path, PathBuf};

pub(super) fn mirror(context: &Context, mirror: Mirror) -> Result<Exit, Failure> {
    let is_url = |text: &str| FtpUrl::looks_like_one(text);
    let (direction, remote, local) = match (is_url(&mirror.source), is_url(&mirror.target)) {
        (true, false) if !mirror.reverse => (Direction::Down, &mirror.source, &mirror.target),
        (false, true) => (Direction::Up, &mirror.target, &mirror.source),
        (true, false) => {
            return Err(Failure::usage(
                "with --reverse the local directory is the source: mirror --reverse LOCAL URL",
            ));
        }
        _ => return Err(Failure::usage("one of the two places must be a URL, and the other one local")),
    };
    let exclude =
        Excludes::new(&mirror.exclude).map_err(|error| Failure::usage(format!("--exclude: {error}")))?;
    let replace = if mirror.only_newer { Replace::Newer } else { Replace::Different };
    let options = Options { delete: mirror.delete, replace, exclude };
    job(context, direction, &url(remote)?, local.into(), options, mirror.parallel)
}

pub(super) fn get(context: &Context, get: Get) -> Result<Exit, Failure> {
    let (urls, local) = split(&get.places)?;
    let mut exit = Exit::Ok;
    for text in urls {
        let url = url(text)?;
        let target = match local {
            Some(local) if urls.len() == 1 => local.to_owned(),
            local => local.unwrap_or_else(|| Path::new("")).join(own_name(&url)?.as_os_str()),
        };
        let one = job(context, Direction::Down, &url, target, all(), get.parallel)?;
        exit = if exit == Exit::Ok { one } else { exit };
    }
    Ok(exit)
}

/// What the tree is called on the server.
fn own_name(url: &FtpUrl) -> Result<FileName, Failure> {
    FileName::from_server(url.file_name().unwrap_or_default())
        .map_err(|error| Failure::usage(format!("{url}: {error}; say where to store it")))
}

pub(super) fn put(context: &Context, put: Put) -> Result<Exit, Failure> {
    let (Some(to), [from]) = (put.places.last(), &put.places[..put.places.len() - 1]) else {
        return Err(Failure::usage("put -r takes one directory and one URL"));
    };
    job(context, Direction::Up, &url(to)?, from.into(), all(), put.parallel)
}

/// A copy, not a comparison.
fn all() -> Options {
    Options { replace: Replace::Always, ..Options::default() }
}

fn job(
    context: &Context,
    direction: Direction,
    url: &FtpUrl,
    local: PathBuf,
    options: Options,
    parallel: u8,
) -> Result<Exit, Failure> {
    if direction == Direction::Up {
        open(&local)?;
    }
    let ends = Ends { site: Site::new(context, url)?, remote: url.path.clone(), local };
    tree(context, direction, ends, options, parallel, is_ascii(context, url))
}

/// Two trees.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) site: Site,
    /// The top on the server; `None` is where the login leads to.
    pub(crate) remote: Option<PathName>,
    pub(crate) local: PathBuf,
}

/// Makes one tree like the other, and says what came of it.
pub(crate) fn tree(
    context: &Context,
    direction: Direction,
    ends: Ends,
    options: Options,
    parallel: u8,
    ascii: bool,
) -> Result<Exit, Failure> {
    let Ends { site, remote, local } = ends;
    let context = context.clone();
    let parallel = parallel.into();
    let job = Job { context: context.clone(), site, direction, remote, local, options, parallel, ascii };
    let summary = run(job)?;
    report(&context, &summary)?;
    Ok(summary.exit())
}

fn report(context: &Context, summary: &Summary) -> Result<(), Failure> {
    match context.options.json {
        true => out::json(&summary.to_json()),
        false => {
            context.ui.note(&summary.to_string());
            Ok(())
        }
    }
}
