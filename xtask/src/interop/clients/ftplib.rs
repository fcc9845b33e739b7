//! Python's ftplib, by a small script.

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Operation, Tls};
use crate::interop::samples::HALF;

pub(crate) struct Ftplib;

const SCRIPT: &str = include_str!("ftplib.py");

/// The system's own python, not one that a version manager has put in front of it.
const PYTHON: &str = "/usr/bin/python3";

impl Client for Ftplib {
    fn name(&self) -> &'static str {
        "ftplib"
    }

    fn version(&self) -> Result<String, String> {
        Ok(format!("ftplib of {}", first_line(PYTHON, &["--version"])?))
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        let (operation, names) = match task.operation {
            Operation::Get | Operation::GetHuge => ("get", task.names()),
            Operation::Put | Operation::PutHuge => ("put", task.names()),
            Operation::List => ("list", Vec::new()),
            Operation::ResumeGet => ("resume-get", task.names()),
            Operation::ResumePut => ("resume-put", task.names()),
            Operation::AsciiGet => ("ascii-get", task.names()),
            Operation::AsciiPut => ("ascii-put", task.names()),
            Operation::Delete => ("delete", vec![OLD_NAME]),
            Operation::Rename => ("rename", vec![OLD_NAME, NEW_NAME]),
            Operation::Mkdir => ("mkdir", vec![NEW_NAME]),
            Operation::Rmdir => ("rmdir", vec![NEW_NAME]),
            Operation::GetTree | Operation::PutTree | Operation::MirrorDown | Operation::MirrorUp => {
                return Err("ftplib moves no directories");
            }
        };
        let (host, port) = (task.server.ip().to_string(), task.server.port().to_string());
        let tls = match task.column.tls {
            None => "clear",
            Some(Tls::V12) => "1.2",
            Some(Tls::V13) => "1.3",
        };
        let certificate = task.certificate.display().to_string();
        let site = [&host, &port, task.user, task.password, task.column.mode.verb(), tls, &certificate];
        let place = [task.remote.to_owned(), task.local.display().to_string(), HALF.to_string()];
        let python = Invocation::new(PYTHON, ["-", operation]).with(site.map(String::from)).with(place);
        Ok(vec![python.with(names).with_stdin(SCRIPT.to_owned())])
    }
}
