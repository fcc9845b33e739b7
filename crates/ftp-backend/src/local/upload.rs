//! A file that is being written.

use super::root::{Place as Name, Root, failure};
use super::{LocalOptions, facts, must_be_a_file, names, rename};
use crate::path::VirtualPath;
use crate::storage::{Place, Upload, UploadPlan};
use ftp_dtp::storage::Sink;
use ftp_proto::data::StorageFailure;
use rustix::fd::OwnedFd;
use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags, Statx};
use rustix::io::Errno;
use std::fs::File;
use std::sync::Arc;

/// What a new file may be at the most; the process's umask takes from it.
const NEW_FILE: u32 = 0o666;

#[derive(Debug)]
struct LocalUpload {
    file: Arc<File>,
    /// The directory of the final name, with `O_PATH`.
    directory: OwnedFd,
    name: Vec<u8>,
    how: How,
    /// Octets before the first that comes.
    start: u64,
    durable: bool,
    ended: bool,
}

#[derive(Debug)]
enum How {
    /// Written where it belongs. `cut`: the file ends with what came last.
    InPlace { cut: bool },
    /// Written where it belongs, under a name that was made for it.
    Made,
    /// Written under another name. `kept`: the name under which it is kept if it breaks off.
    Aside { name: Vec<u8>, replace: bool, kept: Option<Vec<u8>> },
}

/// A file that was there before.
struct Existing {
    file: OwnedFd,
    facts: Statx,
}

pub(super) fn begin(
    root: &Root,
    options: LocalOptions,
    path: &VirtualPath,
    plan: &UploadPlan<'_>,
) -> Result<Box<dyn Upload>, StorageFailure> {
    let at =
        root.place(path).map_err(|why| if path.is_root() { StorageFailure::IsADirectory } else { why })?;
    let (existing, linked) = existing(root, path, &at)?;
    check_room(&at, plan.announced)?;
    let (file, how, start) = match (plan.place, existing) {
        (Place::New | Place::Whole { replace: false }, Some(_)) => return Err(StorageFailure::Exists),
        (Place::Whole { .. }, Some(existing)) => replace(&at, existing, options.atomic && !linked, plan)?,
        (Place::End, Some(existing)) => {
            let size = existing.facts.stx_size;
            (existing.file, How::InPlace { cut: false }, size)
        }
        (Place::At(start), Some(existing)) => {
            if start > existing.facts.stx_size {
                return Err(StorageFailure::BadOffset);
            }
            (existing.file, How::InPlace { cut: true }, start)
        }
        (Place::New, None) => (make(&at, &at.name, NEW_FILE)?, How::Made, 0),
        (Place::Whole { replace }, None) if options.atomic => aside(&at, replace, NEW_FILE, plan)?,
        (Place::Whole { .. }, None) => (make(&at, &at.name, NEW_FILE)?, How::Made, 0),
        (Place::End, None) => go_on(&at, None, plan)?,
        (Place::At(start), None) => go_on(&at, Some(start), plan)?,
    };
    Ok(Box::new(LocalUpload {
        file: Arc::new(File::from(file)),
        directory: at.directory,
        name: at.name,
        how,
        start,
        durable: options.durable,
        ended: false,
    }))
}

/// Opens for writing what has the name, and tells whether it is behind a link.
fn existing(root: &Root, path: &VirtualPath, at: &Name) -> Result<(Option<Existing>, bool), StorageFailure> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let facts = match facts::of_name(&at.directory, &at.name) {
        Err(Errno::NOENT) => return Ok((None, false)),
        facts => facts.map_err(failure)?,
    };
    let linked = fs::FileType::from_raw_mode(facts.stx_mode.into()) == fs::FileType::Symlink;
    let file = if linked {
        root.open(path, flags, Mode::empty())
    } else {
        // A device must not even be opened.
        must_be_a_file(&facts)?;
        fs::openat(&at.directory, &at.name[..], flags | OFlags::NOFOLLOW, Mode::empty())
    };
    let file = file.map_err(failure)?;
    // Between the look and the opening it may have become something else.
    let facts = facts::of_open(&file).map_err(failure)?;
    must_be_a_file(&facts)?;
    Ok((Some(Existing { file, facts }), linked))
}

/// Whether what is announced fits; nothing is set aside for it.
fn check_room(at: &Name, announced: Option<u64>) -> Result<(), StorageFailure> {
    let Some(announced) = announced else { return Ok(()) };
    let room = fs::fstatvfs(&at.directory).map_err(failure)?;
    if announced > room.f_bavail.saturating_mul(room.f_frsize) {
        return Err(StorageFailure::NoSpace);
    }
    Ok(())
}

type Begun = (OwnedFd, How, u64);

/// Makes a file under a name that is free.
fn make(at: &Name, name: &[u8], mode: u32) -> Result<OwnedFd, StorageFailure> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    fs::openat(&at.directory, name, flags, Mode::from_raw_mode(mode)).map_err(failure)
}

/// Puts another file in the place of one that is there; it gets that one's permission bits.
fn replace(at: &Name, old: Existing, atomic: bool, plan: &UploadPlan<'_>) -> Result<Begun, StorageFailure> {
    let mode = u32::from(old.facts.stx_mode & 0o777);
    if atomic {
        match aside(at, true, mode, plan) {
            // A directory that cannot be written to may hold a file that can.
            Err(StorageFailure::Denied) => {}
            Ok((file, how, start)) => {
                let _ = fs::fchmod(&file, Mode::from_raw_mode(mode));
                return Ok((file, how, start));
            }
            Err(why) => return Err(why),
        }
    }
    fs::ftruncate(&old.file, 0).map_err(failure)?;
    Ok((old.file, How::InPlace { cut: true }, 0))
}

/// Begins a file under a name that nobody sees.
fn aside(at: &Name, replace: bool, mode: u32, plan: &UploadPlan<'_>) -> Result<Begun, StorageFailure> {
    let name = names::temporary().map_err(failure)?;
    let file = make(at, &name, mode)?;
    let kept = plan.owner.map(|owner| names::kept(owner, &at.name));
    Ok((file, How::Aside { name, replace, kept }, 0))
}

/// Goes on with what is kept of an upload to a name that is free. Taking it from its name first means that two cannot go on
/// with it at once.
fn go_on(at: &Name, start: Option<u64>, plan: &UploadPlan<'_>) -> Result<Begun, StorageFailure> {
    let kept = plan.owner.map(|owner| names::kept(owner, &at.name));
    let claimed = kept.as_ref().and_then(|kept| {
        let name = names::temporary().ok()?;
        let (from, to) = (&at.directory, &at.directory);
        fs::renameat_with(from, &kept[..], to, &name[..], RenameFlags::NOREPLACE).ok()?;
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = fs::openat(&at.directory, &name[..], flags, Mode::empty()).ok()?;
        Some((name, file))
    });
    let Some((name, file)) = claimed else {
        return match start {
            None | Some(0) => aside(at, false, NEW_FILE, plan),
            Some(_) => Err(StorageFailure::BadOffset),
        };
    };
    let size = facts::of_open(&file).map_err(failure)?.stx_size;
    let how = How::Aside { name, replace: false, kept };
    if start.is_some_and(|start| start > size) {
        give_back(&at.directory, &how);
        return Err(StorageFailure::BadOffset);
    }
    Ok((file, how, start.unwrap_or(size)))
}

/// Puts an upload under the name for what is kept, or removes it when there is no such name.
fn give_back(directory: &OwnedFd, how: &How) {
    if let How::Aside { name, kept, .. } = how {
        let is_kept = kept
            .as_ref()
            .is_some_and(|kept| fs::renameat(directory, &name[..], directory, &kept[..]).is_ok());
        if !is_kept {
            let _ = fs::unlinkat(directory, &name[..], AtFlags::empty());
        }
    }
}

impl Upload for LocalUpload {
    fn sink(&mut self) -> Sink {
        Sink::File { file: self.file.clone(), offset: self.start }
    }

    fn commit(mut self: Box<Self>, stored: u64) -> Result<(), StorageFailure> {
        let end = self.start.saturating_add(stored);
        self.finish(end).map_err(failure)?;
        self.ended = true;
        Ok(())
    }

    fn abandon(mut self: Box<Self>, keep: bool) {
        self.end(keep);
    }
}

impl LocalUpload {
    /// Cuts off what is left of the old contents, writes everything to disk, takes the name.
    fn finish(&self, end: u64) -> Result<(), Errno> {
        let cut = match self.how {
            How::InPlace { cut } => cut,
            How::Made => false,
            // What is kept of an earlier attempt may have been longer.
            How::Aside { .. } => true,
        };
        if cut && facts::of_open(&self.file)?.stx_size > end {
            fs::ftruncate(&self.file, end)?;
        }
        if self.durable {
            fs::fdatasync(&self.file)?;
        }
        if let How::Aside { name, replace, kept } = &self.how {
            rename((&self.directory, name), (&self.directory, &self.name), *replace)?;
            if let Some(kept) = kept {
                // It is whole now: what an earlier attempt left is of no use.
                let _ = fs::unlinkat(&self.directory, &kept[..], AtFlags::empty());
            }
        }
        if self.durable && !matches!(self.how, How::InPlace { .. }) {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            match fs::openat(&self.directory, c".", flags, Mode::empty()) {
                Ok(directory) => fs::fsync(directory)?,
                // A drop box that may be written to but not read: its name is synced with the next of the directory.
                Err(Errno::ACCESS) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    fn end(&mut self, keep: bool) {
        if core::mem::replace(&mut self.ended, true) {
            return;
        }
        match &mut self.how {
            // Octets that were there are gone or changed already; those that came can be followed by others.
            How::InPlace { .. } => {}
            How::Made => {
                let _ = fs::unlinkat(&self.directory, &self.name[..], AtFlags::empty());
            }
            How::Aside { kept, .. } => {
                // What was kept before stays kept.
                if !keep && self.start == 0 {
                    *kept = None;
                }
                give_back(&self.directory, &self.how);
            }
        }
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        self.end(false);
    }
}
