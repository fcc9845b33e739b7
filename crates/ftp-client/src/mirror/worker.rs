//! One connection that copies file after file, and does not give up at the first broken connection.

use super::Direction;
use super::plan::Copy;
use super::run::Shared;
use crate::download::{self, Fetch};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::local::Version;
use crate::site::{Connection, Context};
use crate::upload;
use ftp_proto::facts::TimeVal;

/// How often a lost connection is made anew for the same thing.
const RETRIES: u32 = 3;

/// What is left of the tries for one thing.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    context: &'a Context,
    used: u32,
}

impl<'a> Patience<'a> {
    pub(super) const fn new(context: &'a Context) -> Self {
        Self { context, used: 0 }
    }

    /// After `failure`: makes the connection anew if that may help. Otherwise the failure comes back.
    pub(super) fn mend(&mut self, connection: &mut Connection, failure: Failure) -> Result<(), Failure> {
        let mut failure = failure;
        let interrupt = &self.context.interrupt;
        while (failure.lost || connection.client.is_over() || failure.exit == Exit::Network)
            && self.used < RETRIES
            && !interrupt.is_hit()
        {
            self.context.ui.note(&format!("{}; connecting anew", failure.text));
            interrupt.pause(self.context.pause * 2_u32.pow(self.used))?;
            self.used += 1;
            match connection.client.reconnect() {
                Ok(()) => return Ok(()),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }
}

/// Copies until nothing is left. A failure that comes back concerns the connection itself.
pub(super) fn work(shared: &Shared, connection: &mut Connection) -> Result<(), Failure> {
    while let Some(copy) = shared.next() {
        if shared.job.context.interrupt.is_hit() {
            return Err(Failure::interrupted());
        }
        shared.progress.now(&copy.path);
        match copy_patiently(shared, connection, &copy) {
            Ok(octets) => shared.copied(octets),
            Err(failure) if failure.concerns_one_entry() => shared.failed(&copy.path, failure),
            Err(failure) => {
                shared.put_back(copy);
                return Err(failure);
            }
        }
    }
    Ok(())
}

fn copy_patiently(shared: &Shared, connection: &mut Connection, copy: &Copy) -> Result<u64, Failure> {
    let mut patience = Patience::new(&shared.job.context);
    loop {
        let result = match shared.job.direction {
            Direction::Down => down(shared, connection, copy, patience.used > 0),
            Direction::Up => up(shared, connection, copy),
        };
        match result {
            Ok(octets) => return Ok(octets),
            Err(failure) => patience.mend(connection, failure)?,
        }
    }
}

/// After a break it goes on where it was: the note beside the part tells whether the file is still the same.
fn down(shared: &Shared, connection: &mut Connection, copy: &Copy, again: bool) -> Result<u64, Failure> {
    let Some((name, parents)) = copy.path.split_last() else { return Ok(0) };
    let failed = |error: std::io::Error| Failure::local(&copy.path, &error);
    let size = copy.facts.size.filter(|_| !shared.job.ascii);
    let version = Version { size, modify: copy.facts.modify.map(|stamp| stamp.seconds) };
    let from = shared.job.remote_path(&copy.path)?;
    let checkable = version != Version::default();
    let fetch = Fetch {
        from: &from,
        version,
        dir: shared.top.descend(parents).map_err(failed)?,
        name: name.clone(),
        resume: shared.job.context.options.resume || (again && checkable && !shared.job.ascii),
        ascii: shared.job.ascii,
    };
    download::to_file(connection, fetch, &|octets| {
        if !again {
            shared.progress.skip(octets)
        }
    })
}

/// After a break it begins anew: what the server has may be the beginning of this file, or an older one.
fn up(shared: &Shared, connection: &mut Connection, copy: &Copy) -> Result<u64, Failure> {
    let Some((name, parents)) = copy.path.split_last() else { return Ok(0) };
    let failed = |error: std::io::Error| Failure::local(&copy.path, &error);
    let file = shared.top.descend(parents).and_then(|dir| dir.open_file(name)).map_err(failed)?;
    let to = shared.job.remote_path(&copy.path)?;
    let resume = shared.job.context.options.resume;
    let skip = |octets| shared.progress.skip(octets);
    let octets = upload::from_file(connection, file, &to, resume, shared.job.ascii, &skip)?;
    let client = &mut connection.client;
    if let Some(modify) = copy.facts.modify
        && client.features().is_some_and(|features| features.has("MFMT"))
    {
        // A server may list it and not allow it: the file is there all the same.
        if let Err(error) = client.mfmt(&to, TimeVal::from_seconds(modify.seconds)) {
            shared.job.context.ui.note(&error.to_string());
        }
    }
    Ok(octets)
}
