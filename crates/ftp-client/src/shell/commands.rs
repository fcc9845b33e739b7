//! What the shell's commands do.

use super::args::{Command, How, Mirror, Representation};
use super::session::Session;
use crate::args::Mode;
use crate::commands::transfer::{fetch, local_target, send};
use crate::commands::trees::{Ends, tree};
use crate::commands::{Tally, facts, make_parents, remove_tree, reply_lines};
use crate::failure::Failure;
use crate::mirror::Direction;
use crate::mirror::plan::{Excludes, Options, Replace};
use crate::out::{self, Style};
use crate::remote;
use crate::site::Context;
use clap::ValueEnum as _;
use ftp_proto::command::{PathName, Text};
use ftp_proto::escape::escape;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// Carries out one command, but for those that concern the shell itself.
pub(super) fn run(session: &mut Session, command: Command) -> Result<(), Failure> {
    match command {
        Command::Open { url } => session.open(&Session::url(&url)?),
        Command::Close => {
            session.close();
            Ok(())
        }
        Command::Cd { path } => session.cd(path.map(pathname).transpose()?.as_ref()),
        Command::Pwd => pwd(session),
        Command::Lcd { path } => lcd(path),
        Command::Lpwd => lpwd(),
        Command::Ls { long, names, paths } => ls(session, Style::detect(long, names), paths),
        Command::Cat { paths } => cat(session, paths),
        Command::Get { how, remote, local } => get(session, how, vec![remote], local),
        Command::Mget { how, paths } => get(session, how, paths, None),
        Command::Put { how, local, remote } => put(session, how, vec![local], remote),
        Command::Mput { how, paths } => put(session, how, paths, None),
        Command::Mirror(mirror) => self::mirror(session, mirror),
        Command::Rm { recursive, paths } => rm(session, paths, recursive),
        Command::Mkdir { parents, paths } => mkdir(session, paths, parents),
        Command::Rmdir { paths } => rmdir(session, paths),
        Command::Mv { from, to } => {
            session.there()?.connection.client.rename(&pathname(from)?, &pathname(to)?)?;
            Ok(())
        }
        Command::Stat { path } => stat(session, path),
        Command::Quote { words } => quote(session, &words),
        Command::Mode { mode: None } => out::line(mode_name(session.context.options.mode)),
        Command::Mode { mode: Some(mode) } => {
            session.set_mode(mode);
            Ok(())
        }
        Command::Type { representation } => representation_type(session, representation),
        Command::Help { .. } | Command::Exit => Ok(()),
    }
}

fn mode_name(mode: Mode) -> String {
    mode.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn pathname(word: OsString) -> Result<PathName, Failure> {
    PathName::new(word.into_vec())
        .map_err(|error| Failure::usage(format!("this path cannot be sent: {error}")))
}

fn pwd(session: &mut Session) -> Result<(), Failure> {
    let path = session.there()?.connection.client.pwd()?;
    out::line(escape(path.as_bytes()))
}

fn lcd(path: Option<PathBuf>) -> Result<(), Failure> {
    let path = path.or_else(|| std::env::var_os("HOME").map(PathBuf::from)).unwrap_or_default();
    std::env::set_current_dir(&path).map_err(|error| Failure::local(path.display(), &error))
}

fn lpwd() -> Result<(), Failure> {
    let path = std::env::current_dir().map_err(|error| Failure::local("the directory here", &error))?;
    out::line(path.display())
}

fn ls(session: &mut Session, style: Style, paths: Vec<OsString>) -> Result<(), Failure> {
    let several = paths.len() > 1;
    let paths = paths.into_iter().map(|path| pathname(path).map(Some)).collect::<Result<Vec<_>, _>>()?;
    for path in if paths.is_empty() { vec![None] } else { paths } {
        let entries = remote::entries(&mut session.there()?.connection.client, path.as_ref())?;
        if let Some(path) = path.filter(|_| several) {
            out::line(format_args!("{}:", escape(path.as_bytes())))?;
        }
        out::write(&out::table(&entries, style))?;
    }
    Ok(())
}

fn cat(session: &mut Session, paths: Vec<OsString>) -> Result<(), Failure> {
    let ascii = session.context.options.ascii;
    for path in paths {
        let client = &mut session.there()?.connection.client;
        crate::download::to_stdout(client, &pathname(path)?, ascii)?;
    }
    Ok(())
}

/// Several things; the first failure is told at the end, the others meanwhile.
fn outcome(tally: Tally) -> Result<(), Failure> {
    match tally.failures.len() {
        0 => Ok(()),
        failed => {
            Err(Failure::new(tally.exit(), format!("{failed} of {} failed", tally.done + failed as u64)))
        }
    }
}

/// The settings for this command.
fn with(context: &Context, how: How) -> Context {
    let mut context = context.clone();
    context.options.resume |= how.resume;
    context
}

fn get(session: &mut Session, how: How, paths: Vec<OsString>, local: Option<PathBuf>) -> Result<(), Failure> {
    let context = with(&session.context, how);
    if let ([path], false) = (&paths[..], how.recursive) {
        return get_file(session, &context, path.clone(), local.as_deref()).map(drop);
    }
    let mut tally = Tally::default();
    for path in paths {
        let done = match how.recursive {
            true => get_any(session, &context, path, local.clone()),
            false => get_file(session, &context, path, local.as_deref()),
        };
        tally.add(&context, done)?;
    }
    outcome(tally)
}

fn get_file(
    session: &mut Session,
    context: &Context,
    path: OsString,
    local: Option<&Path>,
) -> Result<u64, Failure> {
    let from = pathname(path)?;
    let target = local_target(crate::url::last_component(from.as_bytes()), local, false)?;
    fetch(context, &mut session.there()?.connection, &from, target, context.options.ascii)
}

fn get_any(
    session: &mut Session,
    context: &Context,
    path: OsString,
    local: Option<PathBuf>,
) -> Result<u64, Failure> {
    let from = pathname(path.clone())?;
    let entry = remote::entry(&mut session.there()?.connection.client, &from)?;
    if !entry.kind.is_directory() {
        return get_file(session, context, path, local.as_deref());
    }
    let (_, name) = local_target(crate::url::last_component(from.as_bytes()), None, false)?;
    let local = local.unwrap_or_else(|| name.as_os_str().into());
    move_tree(session, context, Direction::Down, Some(&from), local, all(), 2)
}

fn put(
    session: &mut Session,
    how: How,
    paths: Vec<PathBuf>,
    remote: Option<OsString>,
) -> Result<(), Failure> {
    let context = with(&session.context, how);
    let remote = remote.map(pathname).transpose()?;
    if let ([path], false) = (&paths[..], how.recursive) {
        return put_one(session, &context, path, remote, false).map(drop);
    }
    let mut tally = Tally::default();
    for path in &paths {
        tally.add(&context, put_one(session, &context, path, remote.clone(), how.recursive))?;
    }
    outcome(tally)
}

fn put_one(
    session: &mut Session,
    context: &Context,
    from: &Path,
    to: Option<PathName>,
    recursive: bool,
) -> Result<u64, Failure> {
    let name = from.file_name().map_or(&[][..], OsStr::as_bytes);
    let to = match to {
        Some(to) => to,
        None => remote::join(None, name)?,
    };
    if recursive && from.is_dir() {
        return move_tree(session, context, Direction::Up, Some(&to), from.to_owned(), all(), 2);
    }
    send(context, &mut session.there()?.connection, from, &to, context.options.ascii)
}

fn all() -> Options {
    Options { replace: Replace::Always, ..Options::default() }
}

fn mirror(session: &mut Session, mirror: Mirror) -> Result<(), Failure> {
    let exclude =
        Excludes::new(&mirror.exclude).map_err(|error| Failure::usage(format!("--exclude: {error}")))?;
    let replace = if mirror.only_newer { Replace::Newer } else { Replace::Different };
    let options = Options { delete: mirror.delete, replace, exclude };
    let (direction, remote, local) = match mirror.reverse {
        false => {
            let local = mirror.target.map_or_else(|| last_of(&mirror.source), PathBuf::from);
            (Direction::Down, mirror.source, local)
        }
        true => {
            let remote = mirror.target.unwrap_or_else(|| last_of(&mirror.source).into());
            (Direction::Up, remote, mirror.source.into())
        }
    };
    let context = session.context.clone();
    let remote = pathname(remote)?;
    move_tree(session, &context, direction, Some(&remote), local, options, mirror.parallel).map(drop)
}

fn last_of(path: &OsStr) -> PathBuf {
    Path::new(path).file_name().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

fn move_tree(
    session: &mut Session,
    context: &Context,
    direction: Direction,
    remote: Option<&PathName>,
    local: PathBuf,
    options: Options,
    parallel: u8,
) -> Result<u64, Failure> {
    let there = session.there()?;
    let remote = remote.map(|path| there.absolute(path)).transpose()?;
    let ends = Ends { site: there.site.clone(), remote, local };
    let exit = tree(context, direction, ends, options, parallel, context.options.ascii)?;
    match exit {
        crate::exit::Exit::Ok => Ok(0),
        exit => Err(Failure::new(exit, "not everything was copied")),
    }
}

fn rm(session: &mut Session, paths: Vec<OsString>, recursive: bool) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for path in paths {
        let (path, client) = (pathname(path)?, &mut session.there()?.connection.client);
        let done = match recursive {
            true => remove_tree(client, &path),
            false => client.dele(&path).map(drop).map_err(Failure::from),
        };
        tally.add(&session.context, done.map(|()| 0))?;
    }
    outcome(tally)
}

fn mkdir(session: &mut Session, paths: Vec<OsString>, parents: bool) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for path in paths {
        let (path, client) = (pathname(path)?, &mut session.there()?.connection.client);
        let done = match parents {
            true => make_parents(client, &path),
            false => client.mkd(&path).map(drop).map_err(Failure::from),
        };
        tally.add(&session.context, done.map(|()| 0))?;
    }
    outcome(tally)
}

fn rmdir(session: &mut Session, paths: Vec<OsString>) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for path in paths {
        let done = session.there()?.connection.client.rmd(&pathname(path)?);
        tally.add(&session.context, done.map(|_| 0).map_err(Failure::from))?;
    }
    outcome(tally)
}

fn stat(session: &mut Session, path: Option<OsString>) -> Result<(), Failure> {
    let client = &mut session.there()?.connection.client;
    match path {
        Some(path) => out::write(facts(&remote::entry(client, &pathname(path)?)?).as_bytes()),
        None => out::write(reply_lines(&client.stat()?).as_bytes()),
    }
}

fn quote(session: &mut Session, words: &[OsString]) -> Result<(), Failure> {
    let line = words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>().join(&b' ');
    let line =
        Text::new(line).map_err(|error| Failure::usage(format!("the command cannot be sent: {error}")))?;
    let reply = session.there()?.connection.client.quote(line)?;
    out::write(reply_lines(&reply).as_bytes())
}

fn representation_type(session: &mut Session, wanted: Option<Representation>) -> Result<(), Failure> {
    match wanted {
        Some(representation) => session.set_ascii(representation == Representation::Ascii),
        None => out::line(if session.context.options.ascii { "ascii" } else { "binary" }),
    }
}
