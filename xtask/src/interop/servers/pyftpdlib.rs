//! pyftpdlib, by a small script.

use std::process::Command;

use super::{NAMED, Place, Server};
use crate::interop::case::Column;
use crate::interop::clients::first_line;
use crate::interop::packages;

pub(crate) struct Pyftpdlib;

const SCRIPT: &str = include_str!("pyftpdlib.py");

impl Server for Pyftpdlib {
    fn name(&self) -> &'static str {
        "pyftpdlib"
    }

    fn version(&self) -> Result<String, String> {
        let print = "import pyftpdlib; print('pyftpdlib', pyftpdlib.__ver__)";
        first_line(&packages::python().display().to_string(), &["-c", print])
    }

    fn command(&self, place: &Place<'_>) -> Result<Command, String> {
        let (name, password) = NAMED;
        let script = place.file("server.py", SCRIPT)?;
        let (ip, port) = (place.address.ip().to_string(), place.address.port().to_string());
        let mut command = Command::new(packages::python());
        command.args([&script, &ip, &port, name, password]).arg(place.root);
        command.args(place.tls.map(|identity| &identity.both));
        Ok(command)
    }

    /// In active mode pyftpdlib 2.2.0 stops listening to a session whose descriptor a data connection had before.
    fn sessions_at_once(&self, column: Column) -> u8 {
        if column.mode.is_active() { 1 } else { 2 }
    }
}
