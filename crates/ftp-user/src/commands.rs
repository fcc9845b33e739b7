//! Everything that needs no data connection.

use crate::error::{Cause, Doing, Error};
use crate::{Client, Driver};
use core::net::IpAddr;
use ftp_proto::client::Operation;
use ftp_proto::command::{Command, PathName, SiteCommand, Text};
use ftp_proto::data::Saw;
use ftp_proto::facts::{Entry, TimeVal};
use ftp_proto::params::{DataType, FormControl};
use ftp_proto::reply::{Reply, answer};

impl<D: Driver> Client<D> {
    /// Changes the working directory.
    ///
    /// # Errors
    /// When the server refuses, or the connection is lost; so for every function here.
    pub async fn cwd(&mut self, path: &PathName) -> Result<Reply, Error> {
        let command = Command::Cwd(path.clone());
        let reply = self.command("changing to", Some(path), command.clone()).await?;
        if path.as_bytes().starts_with(b"/") {
            self.directories.clear();
        }
        self.directories.push(command);
        Ok(reply)
    }

    /// Changes to the parent directory.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn cdup(&mut self) -> Result<Reply, Error> {
        let reply = self.command("changing to the parent directory", None, Command::Cdup).await?;
        self.directories.push(Command::Cdup);
        Ok(reply)
    }

    /// The working directory.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd), and when the reply names none.
    pub async fn pwd(&mut self) -> Result<PathName, Error> {
        self.ask("asking for the working directory", None, Command::Pwd, answer::directory).await
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn mkd(&mut self, path: &PathName) -> Result<Reply, Error> {
        self.command("making directory", Some(path), Command::Mkd(path.clone())).await
    }

    /// Removes a directory.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn rmd(&mut self, path: &PathName) -> Result<Reply, Error> {
        self.command("removing directory", Some(path), Command::Rmd(path.clone())).await
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn dele(&mut self, path: &PathName) -> Result<Reply, Error> {
        self.command("deleting", Some(path), Command::Dele(path.clone())).await
    }

    /// Renames a file or directory.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn rename(&mut self, from: &PathName, to: &PathName) -> Result<Reply, Error> {
        self.command("renaming", Some(from), Command::Rnfr(from.clone())).await?;
        self.command("renaming to", Some(to), Command::Rnto(to.clone())).await
    }

    /// The size of a file in octets, as it is transferred unchanged.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd), and when the reply is no number.
    pub async fn size(&mut self, path: &PathName) -> Result<u64, Error> {
        self.ask("asking for the size of", Some(path), Command::Size(path.clone()), answer::size).await
    }

    /// The time of a file's last modification.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd), and when the reply is no time.
    pub async fn mdtm(&mut self, path: &PathName) -> Result<TimeVal, Error> {
        self.ask("asking for the time of", Some(path), Command::Mdtm(path.clone()), answer::modify).await
    }

    /// The facts about a file or directory (`None`: the working directory).
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd), and when the reply has no facts.
    pub async fn mlst(&mut self, path: Option<&PathName>) -> Result<Entry, Error> {
        self.ask("asking for the facts of", path, Command::Mlst(path.cloned()), answer::entry).await
    }

    /// Sets the time of a file's last modification.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn mfmt(&mut self, path: &PathName, time: TimeVal) -> Result<Reply, Error> {
        let command = Command::Mfmt { time, path: path.clone() };
        self.command("setting the time of", Some(path), command).await
    }

    /// The server's status, or its listing of a path over the control connection.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn stat(&mut self) -> Result<Reply, Error> {
        self.command("asking for the status", None, Command::Stat(None)).await
    }

    /// What the server saw of this session's connections (SITE SAW): compared with what was sent, it tells what is on the way.
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd); a server that is not one of ours does not know it.
    pub async fn saw(&mut self) -> Result<Saw, Error> {
        let command = Command::Site(SiteCommand::Saw);
        self.ask("asking what the server saw", None, command, Saw::read).await
    }

    /// The address that the server sees us by, if it says so: to SITE SAW, or in its status.
    ///
    /// # Errors
    /// When the control connection fails.
    pub async fn seen_as(&mut self) -> Result<Option<IpAddr>, Error> {
        match self.saw().await {
            Ok(saw) => return Ok(Some(saw.peer.ip())),
            Err(error) if self.is_over() => return Err(error),
            Err(_) => {}
        }
        match self.stat().await {
            Ok(status) => Ok(answer::client_address(&status)),
            Err(error) if self.is_over() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Sets the representation type: text (`ascii`) or octets as they are. Transfers set theirs by themselves; this is
    /// for users who want the server to be told at once (RFC 1123 §4.1.4.2).
    ///
    /// # Errors
    /// As [`cwd`](Self::cwd).
    pub async fn set_type(&mut self, ascii: bool) -> Result<Reply, Error> {
        let data_type = if ascii { DataType::Ascii(FormControl::NonPrint) } else { DataType::Image };
        self.command("setting the type", None, Command::Type(data_type)).await
    }

    /// Sends a line as it is, and returns the reply whatever its code. Verbs that need a data connection or change the
    /// state that this client keeps are refused.
    ///
    /// # Errors
    /// When the line is not allowed, or the connection is lost.
    pub async fn quote(&mut self, line: Text) -> Result<Reply, Error> {
        let doing = Doing::new("sending", "");
        match self.finish(doing, Operation::Raw(line)).await {
            Err(error) => match error.reply() {
                Some(reply) => Ok(reply.clone()),
                None => Err(error),
            },
            reply => reply,
        }
    }

    async fn ask<T>(
        &mut self,
        what: &'static str,
        path: Option<&PathName>,
        command: Command,
        read: fn(&Reply) -> Option<T>,
    ) -> Result<T, Error> {
        let reply = self.command(what, path, command).await?;
        read(&reply).ok_or_else(|| Doing::to(what, path).failed(Cause::Answer(reply)))
    }
}
