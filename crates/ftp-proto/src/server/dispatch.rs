//! Which machine serves which command.

use super::connection::ServerConnection;
use super::{CloseReason, TransferVerb};
use crate::command::{Command, SiteCommand, Verb};
use crate::reply::ReplyCode;
use core::time::Duration;

impl ServerConnection {
    /// Serves a command whose gate is open and whose argument is understood.
    #[rustfmt::skip]
    pub(super) fn serve(&mut self, verb: Verb, command: Command) {
        match command {
            Command::User(name) => self.user(name.into_bytes()),
            Command::Pass(password) => self.pass(password),
            Command::Acct(account) => self.acct(account),
            Command::Rein => self.rein(),
            Command::Host(host) => self.host(host.into_bytes()),
            Command::Quit => self.quit(),

            Command::Auth(mechanism) => self.auth(mechanism.as_bytes()),
            Command::Pbsz(_) => self.pbsz(),
            Command::Prot(level) => self.prot(level),
            Command::Ccc => self.ccc(),

            Command::Port(target) => self.port(target),
            Command::Eprt(target) => self.eprt(target),
            Command::Pasv => self.pasv(),
            Command::Epsv(argument) => self.epsv(argument),

            Command::Type(data_type) => self.type_command(data_type),
            Command::Stru(structure) => self.stru(structure),
            Command::Mode(mode) => self.mode(mode),
            Command::Rest(offset) => self.rest(offset),
            Command::Rang { first, last } => self.rang(first, last),
            Command::Allo { octets, .. } => self.allo(octets),
            Command::Opts(options) => self.opts(options),
            Command::Lang(tag) => self.lang(tag.as_ref().map(AsRef::as_ref)),

            Command::Retr(path) => self.file_transfer(TransferVerb::Retr, Some(path)),
            Command::Stor(path) => self.file_transfer(TransferVerb::Stor, Some(path)),
            Command::Appe(path) => self.file_transfer(TransferVerb::Appe, Some(path)),
            Command::Stou(path) => self.file_transfer(TransferVerb::Stou, path),
            Command::Mlsd(path) => self.file_transfer(TransferVerb::Mlsd, path),
            Command::List(what) => self.begin_transfer(TransferVerb::List, what),
            Command::Nlst(what) => self.begin_transfer(TransferVerb::Nlst, what),
            Command::Abor => self.abor(),

            Command::Noop => self.finish_with(ReplyCode::COMMAND_OKAY, "Okay."),
            Command::Clnt(_) => self.finish_with(ReplyCode::COMMAND_OKAY, "Noted."),
            Command::Syst => self.finish_with(ReplyCode::SYSTEM_TYPE, "UNIX Type: L8"),
            Command::Smnt(_) => self.finish_with(ReplyCode::NOT_IMPLEMENTED, "There is nothing to mount."),
            Command::Feat => self.feat(),
            Command::Help(topic) => self.help(topic.as_ref().map(AsRef::as_ref)),
            Command::Stat(None) => { let status = self.status(); self.finish(&status); }
            Command::Site(SiteCommand::Help) => self.site_help(),
            Command::Site(SiteCommand::Idle(seconds)) => self.site_idle(seconds),
            Command::Site(SiteCommand::Saw) => { let saw = self.saw().reply(); self.finish(&saw); }
            Command::Site(SiteCommand::Other(line)) => self.ask_site(line.into_bytes()),

            about_names => self.ask_about_names(verb, about_names),
        }
    }

    fn quit(&mut self) {
        self.finish_with(ReplyCode::SERVICE_CLOSING, "Goodbye.");
        self.close(CloseReason::Quit);
    }

    /// SITE IDLE: a session may shorten its idle timeout, and lengthen it up to the operator's.
    fn site_idle(&mut self, seconds: Option<u32>) {
        let most = self.config.timeouts.idle;
        let text = match seconds.map(|seconds| Duration::from_secs(seconds.into())) {
            None => alloc::format!("The idle timeout is {} seconds.", self.idle_timeout().as_secs()),
            Some(idle) if idle.is_zero() || idle > most => {
                let text = alloc::format!("The idle timeout can be 1 to {} seconds.", most.as_secs());
                return self.finish_with(ReplyCode::ARGUMENT_SYNTAX_ERROR, text);
            }
            Some(idle) => {
                self.access.set_idle(idle);
                alloc::format!("The idle timeout is {} seconds now.", idle.as_secs())
            }
        };
        self.finish_with(ReplyCode::COMMAND_OKAY, text);
    }
}
