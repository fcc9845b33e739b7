//! curl: each mode by an option.

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Mode, Operation, Tls};

pub(crate) struct Curl;

fn mode(mode: Mode) -> &'static [&'static str] {
    match mode {
        Mode::Pasv => &["--disable-epsv"],
        Mode::Epsv => &[],
        Mode::Port => &["--ftp-port", "-", "--disable-eprt"],
        Mode::Eprt => &["--ftp-port", "-"],
    }
}

/// Commands without a transfer: `--head` on a directory keeps curl from listing it.
fn quote(curl: Invocation, task: &Task<'_>, commands: &[String]) -> Invocation {
    let commands = commands.iter().flat_map(|command| ["--quote".to_owned(), command.clone()]);
    curl.with(commands).with(["--head".to_owned(), task.url("")])
}

fn get(curl: Invocation, task: &Task<'_>) -> Invocation {
    let names = task.names();
    curl.with(names.iter().flat_map(|name| ["-o".to_owned(), task.local(name), task.url(name)]))
}

fn put(curl: Invocation, task: &Task<'_>) -> Invocation {
    let names = task.names();
    curl.with(names.iter().flat_map(|name| ["-T".to_owned(), task.local(name), task.url(name)]))
}

fn tls(task: &Task<'_>) -> Result<Vec<String>, &'static str> {
    let Some(tls) = task.column.tls else { return Ok(Vec::new()) };
    if task.column.mode.is_active() {
        return Err("curl 7.88 fails after the handshake of an active data connection (inet_ntop, errno 97)");
    }
    let version: &[&str] = match tls {
        Tls::V12 => &["--tls-max", "1.2"],
        Tls::V13 => &["--tlsv1.3"],
    };
    let authority = ["--ssl-reqd".to_owned(), "--cacert".to_owned(), task.certificate.display().to_string()];
    Ok(authority.into_iter().chain(version.iter().map(|word| (*word).to_owned())).collect())
}

impl Client for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn version(&self) -> Result<String, String> {
        let line = first_line("curl", &["--version"])?;
        Ok(line.split(" (").next().unwrap_or_default().to_owned())
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        let options = ["-q", "--silent", "--show-error", "--fail-early", "--max-time", "50"];
        let curl =
            Invocation::new("curl", options).with(mode(task.column.mode).iter().copied()).with(tls(task)?);
        Ok(vec![match task.operation {
            Operation::Get | Operation::GetHuge => get(curl, task),
            Operation::Put | Operation::PutHuge => put(curl, task),
            Operation::List => curl.with([task.url("")]),
            Operation::ResumeGet => get(curl.with(["-C", "-"]), task),
            Operation::ResumePut => put(curl.with(["-C", "-"]), task),
            Operation::AsciiGet => get(curl.with(["--use-ascii"]), task),
            Operation::AsciiPut => put(curl.with(["--use-ascii"]), task),
            Operation::Delete => quote(curl, task, &[format!("DELE {}", task.remote(OLD_NAME))]),
            Operation::Rename => {
                let from = format!("RNFR {}", task.remote(OLD_NAME));
                quote(curl, task, &[from, format!("RNTO {}", task.remote(NEW_NAME))])
            }
            Operation::Mkdir => quote(curl, task, &[format!("MKD {}", task.remote(NEW_NAME))]),
            Operation::Rmdir => quote(curl, task, &[format!("RMD {}", task.remote(NEW_NAME))]),
            Operation::GetTree | Operation::PutTree | Operation::MirrorDown | Operation::MirrorUp => {
                return Err("curl moves no directories");
            }
        }])
    }
}
