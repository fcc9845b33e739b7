//! Somebody else's server, at an address.
//!
//! It must have a user who may do everything in a directory that nothing else is in: what is there is deleted before each
//! case. What needs a configuration of its own, storage that fails when told to, or time that can be let pass, is not run.

use super::{Configure, Family, Host, Listener, Login, Need, Wire, World, sockets};
use crate::case::Worlds;
use crate::talk::{Control, Failed, Mode, read_to_end};
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::memory::Operation;
use ftp_proto::data::StorageFailure;
use ftp_proto::escape::escape;
use std::io;
use std::path::{Path, PathBuf};

/// How deep below the user's directory is deleted.
const DEEPEST: usize = 100;

/// A server that is there already.
#[derive(Debug, Clone)]
pub struct External {
    /// Its name in the matrix.
    pub name: String,
    /// Where its control connections are dialled: an IPv4 address.
    pub address: SocketAddr,
    /// The user, whose directory is emptied.
    pub login: Login,
    /// The same directory on this machine, if it is there: what no server would delete is deleted there.
    pub local: Option<PathBuf>,
}

impl External {
    const fn can_do(&self, what: Need) -> bool {
        match what {
            Need::Root => self.login.directory.is_none(),
            // Every address of 127/8 is this machine: a second host is there only where the server is.
            Need::Stranger => self.address.ip().is_loopback() && self.address.is_ipv4(),
            Need::V6 | Need::Faults | Need::Config | Need::VirtualTime | Need::Reader => false,
        }
    }

    /// What is in the user's directory, before anything is deleted.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses the login.
    pub fn content(&self) -> Result<Vec<String>, Failed> {
        let names = names(&mut Control::logged_in(&mut self.clone())?, &mut self.clone())?;
        Ok(names.iter().map(|name| escape(name).to_string()).collect())
    }

    fn empty(&self) -> Result<(), Failed> {
        if let Some(directory) = &self.local {
            return remove_below(directory).map_err(|e| Failed(format!("{}: {e}", directory.display())));
        }
        let mut control = Control::logged_in(&mut self.clone())?;
        remove_all(&mut control, &mut self.clone(), DEEPEST)?;
        let _ = control.cmd("QUIT");
        Ok(())
    }
}

fn remove_below(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => std::fs::remove_dir_all(entry.path())?,
            false => std::fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

/// Deletes what is in the working directory.
fn remove_all(control: &mut Control, world: &mut dyn World, deepest: usize) -> Result<(), Failed> {
    for name in names(control, world)? {
        if done(control, "DELE", &name)? {
            continue;
        }
        if deepest > 0 && done(control, "CWD", &name)? {
            remove_all(control, world, deepest - 1)?;
            control.ok("CDUP")?;
        }
        // What resists is left: the next case may not need it gone.
        let _ = done(control, "RMD", &name)?;
    }
    Ok(())
}

/// Whether the server does it. Telnet has 0xFF doubled, but not every server knows.
fn done(control: &mut Control, verb: &str, name: &[u8]) -> Result<bool, Failed> {
    let doubled: Vec<u8> =
        name.iter().flat_map(|&octet| core::iter::repeat_n(octet, 1 + usize::from(octet == 0xff))).collect();
    for name in [&doubled[..], name] {
        control.send(&[verb.as_bytes(), b" ", name, b"\r\n"].concat())?;
        if control.reply()?.code.is_completion() {
            return Ok(true);
        }
        if doubled == name {
            break;
        }
    }
    Ok(false)
}

fn names(control: &mut Control, world: &mut dyn World) -> Result<Vec<Vec<u8>>, Failed> {
    let data = control.data(world, Mode::Pasv)?;
    let code = control.cmd("NLST")?.code.get();
    // Some servers say 450 or 550 of an empty directory.
    if !matches!(code, 125 | 150) {
        return Ok(Vec::new());
    }
    let listing = read_to_end(&mut *data.wire()?)?;
    control.reply()?;
    let names = listing.split(|&octet| octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(names.filter(|name| !matches!(*name, b"" | b"." | b"..")).map(<[u8]>::to_vec).collect())
}

impl Worlds for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn can(&self, what: Need) -> bool {
        self.can_do(what)
    }

    fn make(&self, _configure: Option<Configure>) -> io::Result<Box<dyn World>> {
        self.empty().map_err(io::Error::other)?;
        Ok(Box::new(self.clone()))
    }
}

impl World for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn can(&self, what: Need) -> bool {
        self.can_do(what)
    }

    fn login(&self) -> Login {
        self.login.clone()
    }

    fn server(&self, _family: Family) -> SocketAddr {
        self.address
    }

    fn connect(&mut self, from: Host, to: SocketAddr) -> io::Result<Box<dyn Wire>> {
        // From elsewhere than loopback the system knows best.
        if self.address.ip().is_loopback() {
            sockets::connect(from, to)
        } else {
            sockets::connect_from_any(to)
        }
    }

    fn listen(&mut self, on: Host, family: Family) -> io::Result<Box<dyn Listener>> {
        if self.address.ip().is_loopback() {
            sockets::listen(on, family)
        } else {
            sockets::listen_towards(self.address)
        }
    }

    /// Not here: the cases that need it are not run.
    fn elapse(&mut self, _time: Duration) {}

    /// Not here: the cases that need it are not run.
    fn break_storage(&mut self, _operation: Operation, _why: StorageFailure) {}
}
