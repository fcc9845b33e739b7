//! tnftp, the BSD client: commands on its standard input.

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Family, Mode, Operation};
use crate::interop::samples::HALF;

pub(crate) struct Tnftp;

/// Words are parted at spaces. A backslash takes the next character as it is, but not between quotes.
fn quoted(text: &str) -> String {
    let octets =
        text.chars().map(|char| if " \"'\\".contains(char) { format!("\\{char}") } else { char.into() });
    octets.collect()
}

fn each(
    task: &Task<'_>,
    command: &str,
    from: impl Fn(&str) -> String,
    to: impl Fn(&str) -> String,
) -> String {
    let names = task.names();
    names.iter().map(|name| format!("{command} {} {}\n", quoted(&from(name)), quoted(&to(name)))).collect()
}

fn commands(task: &Task<'_>) -> Result<String, &'static str> {
    let remote = |name: &str| task.remote(name);
    let local = |name: &str| task.local(name);
    let get = |command| each(task, command, remote, local);
    let put = |command| each(task, command, local, remote);
    Ok(match task.operation {
        Operation::Get | Operation::GetHuge | Operation::AsciiGet => get("get"),
        Operation::Put | Operation::PutHuge | Operation::AsciiPut => put("put"),
        Operation::List => format!("ls {}\n", quoted(task.remote)),
        Operation::ResumeGet => get("reget"),
        Operation::ResumePut => format!("restart {HALF}\n{}", put("put")),
        Operation::Delete => format!("delete {}\n", quoted(&remote(OLD_NAME))),
        Operation::Rename => format!("rename {} {}\n", quoted(&remote(OLD_NAME)), quoted(&remote(NEW_NAME))),
        Operation::Mkdir => format!("mkdir {}\n", quoted(&remote(NEW_NAME))),
        Operation::Rmdir => format!("rmdir {}\n", quoted(&remote(NEW_NAME))),
        Operation::GetTree | Operation::PutTree | Operation::MirrorDown | Operation::MirrorUp => {
            return Err("tnftp moves no directories");
        }
    })
}

impl Client for Tnftp {
    fn name(&self) -> &'static str {
        "tnftp"
    }

    fn version(&self) -> Result<String, String> {
        let package = first_line("dpkg-query", &["-W", "-f", "${Version}", "tnftp"])?;
        Ok(format!("tnftp {package}"))
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        if task.column.tls.is_some() {
            return Err("tnftp has no TLS for FTP");
        }
        let direction = if task.column.mode.is_active() { "-A" } else { "-p" };
        let extended = match (task.column.mode, task.column.family) {
            (Mode::Pasv | Mode::Port, Family::V4) => "epsv4 off\n",
            _ => "",
        };
        let kind = if task.is_ascii() { "ascii" } else { "binary" };
        let login = format!("user {} {}\n{kind}\n{extended}", quoted(task.user), quoted(task.password));
        let stdin = [&login, commands(task)?.as_str(), "quit\n"].concat();
        let (host, port) = (task.server.ip().to_string(), task.server.port().to_string());
        Ok(vec![Invocation::new("tnftp", ["-n", "-i", "-v", direction, &host, &port]).with_stdin(stdin)])
    }
}
