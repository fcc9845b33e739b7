//! Our client and other people's, at the same work against the same server.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::processor::Account;
use super::report::Sample;
use super::servers::{self, LARGE, SMALL_FILES, Target};
use super::work::Found;
use crate::workspace;

/// A client: what a shell is told for each kind of work. `HOST`, `PORT`, `HERE` and `NAME` are replaced.
struct Client {
    name: &'static str,
    download: &'static str,
    upload: &'static str,
    /// All files of a directory, over four connections where it can.
    tree: &'static str,
}

/// The kinds of work, what is counted, and how many of it.
pub(super) const CLIENT_WORK: [(&str, &str, f64); 3] = [
    ("client: download", "MB", LARGE as f64 / 1e6),
    ("client: upload", "MB", LARGE as f64 / 1e6),
    ("client: small files", "file", SMALL_FILES as f64),
];

const CLIENTS: [Client; 5] = [
    Client {
        name: "ftp-client",
        download: "ftp-client -q --no-netrc --tls off get ftp://HOST:PORT/files/large HERE/large",
        upload: "ftp-client -q --no-netrc --tls off put HERE/large ftp://HOST:PORT/files/NAME",
        tree: "ftp-client -q --no-netrc --tls off get -r --parallel 4 ftp://HOST:PORT/files/small HERE/small",
    },
    Client {
        name: "ftp-client on mio",
        download: "ftp-client --driver mio -q --no-netrc --tls off get ftp://HOST:PORT/files/large HERE/large",
        upload: "ftp-client --driver mio -q --no-netrc --tls off put HERE/large ftp://HOST:PORT/files/NAME",
        tree: "ftp-client --driver mio -q --no-netrc --tls off get -r --parallel 4 \
               ftp://HOST:PORT/files/small HERE/small",
    },
    Client {
        name: "curl",
        download: "curl -s -o HERE/large ftp://HOST:PORT/files/large",
        upload: "curl -s -T HERE/large ftp://HOST:PORT/files/NAME",
        tree: "curl -s -Z --parallel-max 4 --create-dirs 'ftp://HOST:PORT/files/small/[0-LAST]' -o 'HERE/small/#1'",
    },
    Client {
        name: "lftp",
        download: "lftp -c 'open -u anonymous,x -p PORT HOST; get files/large -o HERE/large'",
        upload: "lftp -c 'open -u anonymous,x -p PORT HOST; put HERE/large -o files/NAME'",
        tree: "lftp -c 'open -u anonymous,x -p PORT HOST; mirror -P 4 files/small HERE/small'",
    },
    Client {
        name: "ncftp",
        download: "ncftpget -V -P PORT HOST HERE files/large",
        upload: "ncftpput -V -P PORT -C HOST HERE/large files/NAME",
        tree: "ncftpget -V -R -P PORT HOST HERE files/small",
    },
];

/// Every client in turn against vsftpd, as often as there are rounds.
pub(super) fn turns(rounds: usize, root: &Path, directory: &Path) -> Result<Vec<Sample>, String> {
    let target = Target::start(&*servers::foreign_called("vsftpd")?, root, directory, false)?;
    let mut samples = Vec::new();
    for round in 1..=rounds {
        eprintln!("round {round}");
        samples.extend(measure(&target, directory)?);
    }
    Ok(samples)
}

fn measure(target: &Target, directory: &Path) -> Result<Vec<Sample>, String> {
    // Our own client as it is shipped, others where the system has them.
    let shipped = workspace::root().join("target/release");
    let path = format!("{}:{}", shipped.display(), std::env::var("PATH").unwrap_or_default());
    let mut samples = Vec::new();
    for client in &CLIENTS {
        for ((work, _, units), words) in
            CLIENT_WORK.into_iter().zip([client.download, client.upload, client.tree])
        {
            let here = directory.join("client");
            prepare(&here, work == "client: upload").map_err(|error| format!("cannot prepare: {error}"))?;
            let account = Account::open("client")?;
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("exec {}", filled(words, target, &here, client.name)));
            let mut command = account.within(&shell);
            command.env("PATH", &path);
            command.env("HOME", &here).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let started = Instant::now();
            let status =
                command.status().map_err(|error| format!("cannot start {}: {error}", client.name))?;
            let seconds = started.elapsed().as_secs_f64();
            if !status.success() {
                eprintln!("  {} at {work}: {status}", client.name);
                continue;
            }
            let processor = account.used().as_secs_f64();
            let found = Found { units, seconds, processor, middle: seconds, memory: None };
            samples.push(Sample { work, server: client.name, found });
        }
    }
    Ok(samples)
}

/// An empty place, or one with the large file in it.
fn prepare(here: &Path, with_file: bool) -> std::io::Result<()> {
    if here.exists() {
        fs::remove_dir_all(here)?;
    }
    fs::create_dir_all(here)?;
    if with_file { fs::write(here.join("large"), vec![b'x'; LARGE]) } else { Ok(()) }
}

fn filled(words: &str, target: &Target, here: &Path, name: &str) -> String {
    words
        .replace("HOST", &target.address.ip().to_string())
        .replace("PORT", &target.address.port().to_string())
        .replace("HERE", &here.display().to_string())
        .replace("NAME", &name.replace(' ', "-"))
        .replace("LAST", &(SMALL_FILES - 1).to_string())
}
