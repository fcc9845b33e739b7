//! Where the shell is: the connection, its directory, and the settings that are in force.

use crate::args::Mode;
use crate::commands;
use crate::failure::Failure;
use crate::remote;
use crate::site::{Connection, Context, Site, modes};
use crate::url::FtpUrl;
use ftp_proto::command::PathName;
use ftp_proto::escape::escape;

/// The shell's state.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) context: Context,
    there: Option<There>,
}

/// A server that the shell is connected to.
#[derive(Debug)]
pub(super) struct There {
    pub(super) site: Site,
    pub(super) connection: Connection,
    /// Where the login leads to, if the server tells.
    home: Option<PathName>,
    /// The working directory, if the server tells.
    pub(super) directory: Option<PathName>,
}

impl There {
    /// A path that means the same on other connections.
    pub(super) fn absolute(&self, path: &PathName) -> Result<PathName, Failure> {
        match &self.directory {
            Some(directory) if !path.as_bytes().starts_with(b"/") => {
                remote::join(Some(directory), path.as_bytes())
            }
            _ => Ok(path.clone()),
        }
    }

    fn look_around(&mut self) {
        // A server that does not tell where we are can be worked on all the same.
        self.directory = self.connection.client.pwd().ok();
    }
}

impl Session {
    pub(super) const fn new(context: Context) -> Self {
        Self { context, there: None }
    }

    /// The server, for commands that need one.
    pub(super) fn there(&mut self) -> Result<&mut There, Failure> {
        self.there.as_mut().ok_or_else(|| Failure::usage("not connected: open ftp://user@host"))
    }

    /// What stands before the cursor.
    pub(super) fn prompt(&self) -> String {
        match &self.there {
            Some(there) => {
                let directory = there.directory.as_ref().map_or(&b"?"[..], PathName::as_bytes);
                format!("{}:{}> ", there.site.host(), escape(directory))
            }
            None => "ftp> ".to_owned(),
        }
    }

    pub(super) fn open(&mut self, url: &FtpUrl) -> Result<(), Failure> {
        self.close();
        let site = Site::new(&self.context, url)?;
        let connection = site.connect(&self.context)?;
        let mut there = There { site, connection, home: None, directory: None };
        there.look_around();
        there.home.clone_from(&there.directory);
        self.there = Some(there);
        match &url.path {
            Some(path) => self.cd(Some(path)),
            None => Ok(()),
        }
    }

    pub(super) fn close(&mut self) {
        if let Some(there) = self.there.take() {
            there.connection.close();
        }
    }

    /// After a failure that has cost the connection: makes a new one, so that the next command finds it.
    pub(super) fn mend(&mut self) -> Result<(), Failure> {
        let Some(there) = &mut self.there else { return Ok(()) };
        there.connection.client.reconnect()?;
        self.context.ui.note("the connection was lost; there is a new one now");
        Ok(())
    }

    /// Whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.there.as_ref().is_some_and(|there| there.connection.client.is_over())
    }

    pub(super) fn cd(&mut self, path: Option<&PathName>) -> Result<(), Failure> {
        let there = self.there()?;
        let client = &mut there.connection.client;
        match (path, &there.home) {
            (Some(path), _) if path.as_bytes() == b".." => client.cdup()?,
            (Some(path), _) | (None, Some(path)) => client.cwd(path)?,
            (None, None) => {
                return Err(Failure::usage("cd needs a path: the server does not tell where home is"));
            }
        };
        there.look_around();
        Ok(())
    }

    /// Chooses the data port mode; nothing is sent (RFC 1123 §4.1.4.2).
    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.context.options.mode = mode;
        if let Some(there) = &mut self.there {
            there.connection.client.set_modes(modes(mode));
        }
    }

    /// Chooses the representation type and tells the server at once (RFC 1123 §4.1.4.2).
    pub(super) fn set_ascii(&mut self, ascii: bool) -> Result<(), Failure> {
        if let Some(there) = &mut self.there {
            there.connection.client.set_type(ascii)?;
        }
        self.context.options.ascii = ascii;
        Ok(())
    }

    /// Reads what `open` takes.
    pub(super) fn url(text: &str) -> Result<FtpUrl, Failure> {
        match FtpUrl::looks_like_one(text) {
            true => commands::url(text),
            false => commands::url(&format!("ftp://{text}")),
        }
    }
}
