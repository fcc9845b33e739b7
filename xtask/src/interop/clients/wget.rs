//! wget: downloads only.

use super::{Client, Invocation, Plan, Task, first_line};
use crate::interop::case::{Family, Mode, Operation};

pub(crate) struct Wget;

fn mode(task: &Task<'_>) -> Result<&'static str, &'static str> {
    match (task.column.mode, task.column.family) {
        (Mode::Pasv, _) | (Mode::Epsv, Family::V6) => Ok("--passive-ftp"),
        (Mode::Port, _) | (Mode::Eprt, Family::V6) => Ok("--no-passive-ftp"),
        (Mode::Epsv | Mode::Eprt, Family::V4) => Err("wget uses PASV and PORT on IPv4"),
    }
}

impl Client for Wget {
    fn name(&self) -> &'static str {
        "wget"
    }

    fn version(&self) -> Result<String, String> {
        let line = first_line("wget", &["--version"])?;
        Ok(line.split(" built").next().unwrap_or_default().to_owned())
    }

    fn plan(&self, task: &Task<'_>) -> Plan {
        if task.column.tls.is_some() {
            return Err("wget has no TLS for FTP");
        }
        let names = task.names();
        let local = task.local.display().to_string();
        let options = ["--no-config", "-nv", "--tries=1", "--timeout=20", "--restrict-file-names=nocontrol"];
        let wget = Invocation::new("wget", options).with([mode(task)?, "-P", &local]);
        Ok(vec![match task.operation {
            Operation::Get | Operation::GetHuge => wget.with(names.iter().map(|name| task.url(name))),
            // The listing itself is kept beside the page that wget makes of it.
            Operation::List => wget.with(["--no-remove-listing".to_owned(), task.url("")]),
            Operation::ResumeGet => wget.with(["-c".to_owned(), task.url(names[0])]),
            Operation::GetTree => {
                wget.with(["-r", "-l", "inf", "-nH", "--cut-dirs=1"]).with([task.url("tree/")])
            }
            Operation::AsciiGet => wget.with([format!("{};type=a", task.url(names[0]))]),
            Operation::MirrorDown => return Err("wget -r stands in the row get -r"),
            _ => return Err("wget changes nothing on a server"),
        }])
    }

    fn stores_text_unchanged(&self) -> bool {
        true
    }
}
