//! pyftpdlib, by a small script.

use std::process::Command;

use super::{NAMED, Place, Server};
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
        Ok(command)
    }
}
