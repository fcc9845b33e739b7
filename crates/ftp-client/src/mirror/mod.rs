//! `mirror`, `get -r` and `put -r`: make one tree like another.
//!
//! Both sides are [scanned](scan) into a [tree], [`plan`] compares them without any I/O, and [`mod@run`] carries out what it
//! says, the copies on several connections.

pub(crate) mod plan;
mod run;
mod scan;
mod summary;
pub(crate) mod tree;
mod worker;

pub(crate) use run::run;
pub(crate) use summary::Summary;

use crate::failure::Failure;
use crate::remote;
use crate::site::{Context, Site};
use ftp_proto::command::PathName;
use std::path::PathBuf;
use tree::RelPath;

/// Which side is the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The server.
    Down,
    /// This machine.
    Up,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) context: Context,
    pub(crate) site: Site,
    pub(crate) direction: Direction,
    /// The top of the remote tree; `None` is where the login leads to.
    pub(crate) remote: Option<PathName>,
    /// The top of the local tree.
    pub(crate) local: PathBuf,
    pub(crate) options: plan::Options,
    /// Connections at a time.
    pub(crate) parallel: usize,
    pub(crate) ascii: bool,
}

impl Job {
    /// Where an entry is on the server.
    fn remote_path(&self, path: &RelPath) -> Result<PathName, Failure> {
        remote::join(self.remote.as_ref(), &path.to_octets())
    }
}
