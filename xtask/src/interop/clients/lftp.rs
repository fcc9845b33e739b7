//! lftp: a script on its command line.

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Family, Mode, Operation, Tls};

pub(crate) struct Lftp;

/// One failure is the end, and nothing is tried in another mode.
const SETTINGS: &str = "set cmd:fail-exit yes; set net:timeout 20; set net:max-retries 1; \
    set ftp:auto-passive-mode no; set ftp:charset UTF-8; set file:charset UTF-8; ";

fn mode(task: &Task<'_>) -> Result<&'static str, &'static str> {
    match (task.column.mode, task.column.family) {
        (Mode::Pasv, _) => Ok("set ftp:passive-mode yes; set ftp:prefer-epsv no; "),
        (Mode::Epsv, _) => Ok("set ftp:passive-mode yes; set ftp:prefer-epsv yes; "),
        (Mode::Port, _) | (Mode::Eprt, Family::V6) => Ok("set ftp:passive-mode no; "),
        (Mode::Eprt, Family::V4) => Err("lftp uses PORT on IPv4"),
    }
}

fn tls(task: &Task<'_>) -> String {
    let priority = match task.column.tls {
        None => return "set ftp:ssl-allow no; ".to_owned(),
        Some(Tls::V12) => "NORMAL:-VERS-ALL:+VERS-TLS1.2",
        Some(Tls::V13) => "NORMAL:-VERS-ALL:+VERS-TLS1.3",
    };
    format!(
        "set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set ssl:priority {priority}; set ssl:ca-file {}; ",
        quoted(&task.certificate.display().to_string())
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `get` and `put` take the name on the other side after `-o`.
fn each(
    task: &Task<'_>,
    command: &str,
    from: impl Fn(&str) -> String,
    to: impl Fn(&str) -> String,
) -> String {
    let names = task.names();
    let lines =
        names.iter().map(|name| format!("{command} {} -o {};", quoted(&from(name)), quoted(&to(name))));
    lines.collect()
}

fn script(task: &Task<'_>) -> String {
    let remote = |name: &str| task.remote(name);
    let local = |name: &str| task.local(name);
    let get = |command| each(task, command, remote, local);
    let put = |command| each(task, command, local, remote);
    match task.operation {
        Operation::Get | Operation::GetHuge => get("get"),
        Operation::Put | Operation::PutHuge => put("put"),
        Operation::List => format!("ls {}", quoted(task.remote)),
        Operation::ResumeGet => get("get -c"),
        Operation::ResumePut => put("put -c"),
        Operation::AsciiGet => get("get -a"),
        Operation::AsciiPut => put("put -a"),
        Operation::GetTree | Operation::MirrorDown => {
            format!("mirror {} {}", quoted(&remote("tree")), quoted(&local("tree")))
        }
        Operation::PutTree | Operation::MirrorUp => {
            format!("mirror -R {} {}", quoted(&local("tree")), quoted(&remote("tree")))
        }
        Operation::Delete => format!("rm {}", quoted(&remote(OLD_NAME))),
        Operation::Rename => format!("mv {} {}", quoted(&remote(OLD_NAME)), quoted(&remote(NEW_NAME))),
        Operation::Mkdir => format!("mkdir {}", quoted(&remote(NEW_NAME))),
        Operation::Rmdir => format!("rmdir {}", quoted(&remote(NEW_NAME))),
    }
}

impl Client for Lftp {
    fn name(&self) -> &'static str {
        "lftp"
    }

    fn version(&self) -> Result<String, String> {
        let line = first_line("lftp", &["--version"])?;
        let version = line.split("Version ").nth(1).and_then(|rest| rest.split(' ').next());
        Ok(format!("lftp {}", version.unwrap_or(&line)))
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        let login = format!("{},{}", task.user, task.password);
        let open = format!("open -u {} ftp://{}; ", quoted(&login), task.server);
        let script = [SETTINGS, mode(task)?, &tls(task), &open, &script(task)].concat();
        Ok(vec![Invocation::new("lftp", ["--norc", "-c", &script])])
    }
}
