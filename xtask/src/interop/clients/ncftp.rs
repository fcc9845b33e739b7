//! ncftp: ncftpget, ncftpput and ncftpls for transfers, ncftp itself for the rest.

use super::{Client, Invocation, NEW_NAME, OLD_NAME, Plan, Task, first_line};
use crate::interop::case::{Family, Mode, Operation};

pub(crate) struct Ncftp;

fn mode(task: &Task<'_>) -> Result<&'static str, &'static str> {
    match (task.column.mode, task.column.family) {
        (_, Family::V6) => Err("ncftp knows no IPv6"),
        (Mode::Pasv, _) => Ok("-F"),
        (Mode::Port, _) => Ok("-E"),
        (Mode::Epsv | Mode::Eprt, _) => Err("ncftp knows neither EPSV nor EPRT"),
    }
}

fn program(task: &Task<'_>, name: &str) -> Result<Invocation, &'static str> {
    let port = task.server.port().to_string();
    let ncftp = Invocation::new(name, ["-u", task.user, "-p", task.password, "-P", &port, mode(task)?]);
    Ok(ncftp.with(["-t", "20", "-r", "1"]))
}

fn get(task: &Task<'_>, options: &[&str], names: &[&str]) -> Plan {
    let get = program(task, "ncftpget")?.with(["-V"]).with(options.iter().copied());
    let get = get.with([task.server.ip().to_string(), task.local.display().to_string()]);
    Ok(vec![get.with(names.iter().map(|name| task.remote(name)))])
}

fn put(task: &Task<'_>, options: &[&str], names: &[&str]) -> Plan {
    let put = program(task, "ncftpput")?.with(["-V"]).with(options.iter().copied());
    let put = put.with([task.server.ip().to_string(), task.remote.to_owned()]);
    Ok(vec![put.with(names.iter().map(|name| task.local(name)))])
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Commands that need no data connection.
fn talk(task: &Task<'_>, command: String) -> Plan {
    mode(task)?;
    let port = task.server.port().to_string();
    let host = task.server.ip().to_string();
    let ncftp = Invocation::new("ncftp", ["-u", task.user, "-p", task.password, "-P", &port, &host]);
    Ok(vec![ncftp.with_stdin(format!("cd {}\n{command}\nquit\n", task.remote))])
}

impl Client for Ncftp {
    fn name(&self) -> &'static str {
        "ncftp"
    }

    fn version(&self) -> Result<String, String> {
        first_line("ncftpget", &["--version"])
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        if task.column.tls.is_some() {
            return Err("ncftp has no TLS for FTP");
        }
        let names = task.names();
        match task.operation {
            Operation::Get | Operation::GetHuge => get(task, &["-Z"], &names),
            Operation::Put | Operation::PutHuge => put(task, &["-Z"], &names),
            Operation::List => {
                let path = format!("ftp://{}{}/", task.server.ip(), task.remote);
                Ok(vec![program(task, "ncftpls")?.with(["-l", &path])])
            }
            Operation::ResumeGet => get(task, &["-z"], &names),
            Operation::ResumePut => Err("ncftp 3.2.6 sends REST, and then the file from its beginning"),
            Operation::GetTree => get(task, &["-R", "-T"], &["tree"]),
            Operation::PutTree => put(task, &["-R"], &["tree"]),
            Operation::AsciiGet => get(task, &["-a"], &names),
            Operation::AsciiPut => put(task, &["-a"], &names),
            Operation::Delete => talk(task, format!("rm {}", quoted(OLD_NAME))),
            Operation::Rename => talk(task, format!("rename {} {}", quoted(OLD_NAME), quoted(NEW_NAME))),
            Operation::Mkdir => talk(task, format!("mkdir {}", quoted(NEW_NAME))),
            Operation::Rmdir => talk(task, format!("rmdir {}", quoted(NEW_NAME))),
            Operation::MirrorDown | Operation::MirrorUp => Err("ncftp does not mirror"),
        }
    }
}
