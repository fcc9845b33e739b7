//! Our own server, as `cargo build` has left it.

use std::process::Command;

use super::{ANONYMOUS, Login, NAMED, Place, Server};
use crate::interop::case::{Column, Driver};
use crate::interop::clients::first_line;
use crate::interop::tls::Identity;
use crate::workspace;

pub(crate) struct Ours(pub(crate) Driver);

impl Server for Ours {
    fn name(&self) -> &'static str {
        match self.0 {
            Driver::Tokio => "ftp-server",
            Driver::Mio => "ftp-server on mio",
        }
    }

    fn version(&self) -> Result<String, String> {
        first_line(&workspace::binary("ftp-server").display().to_string(), &["--version"])
    }

    fn command(&self, place: &Place<'_>) -> Result<Command, String> {
        let mut command = Command::new(workspace::binary("ftp-server"));
        command.arg("serve").arg(place.root).args(["--listen", &place.address.to_string()]);
        let (name, password) = NAMED;
        command.args(["--anonymous", "--writable", "--user", &format!("{name}:{password}")]);
        // All clients come from one address, and some leave their sessions to the idle timeout.
        match place.tls {
            None => command.args(["--tls", "off"]),
            Some(Identity { certificate, key, .. }) => {
                command.args(["--tls", "require", "--tls-cert"]).arg(certificate).arg("--tls-key").arg(key)
            }
        };
        command.args(["--max-sessions-per-ip", "0", "--driver", self.0.name()]);
        Ok(command)
    }

    /// Both kinds of user in every family: passive modes anonymously, active modes by name.
    fn login(&self, column: Column) -> Login {
        if column.mode.is_active() { NAMED } else { ANONYMOUS }
    }
}
