//! What is installed before a run: Debian's clients, Debian's servers unpacked beside each other, pyftpdlib.
//!
//! The servers conflict as packages, and installing one would start it; so they are downloaded and unpacked below
//! `target/interop`, and only the libraries that they need are installed.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process;
use crate::workspace;

/// A program that has to be there, and the package that brings it.
const PROGRAMS: [(&str, &str); 8] = [
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/lftp", "lftp"),
    ("/usr/bin/tnftp", "tnftp"),
    ("/usr/bin/ncftpget", "ncftp"),
    ("/usr/bin/wget", "wget"),
    ("/usr/bin/python3", "python3"),
    ("/usr/share/doc/python3-venv", "python3-venv"),
    ("/usr/share/doc/ca-certificates", "ca-certificates"),
];

/// A server's package, and the file by which it is known that it is unpacked.
const SERVERS: [(&str, &str); 5] = [
    ("vsftpd", "usr/sbin/vsftpd"),
    ("proftpd-core", "usr/sbin/proftpd"),
    ("proftpd-mod-crypto", "usr/lib/proftpd/mod_tls.so"),
    ("pure-ftpd", "usr/sbin/pure-ftpd"),
    ("pure-ftpd-common", "usr/bin/pure-pw"),
];

/// With what it needs for TLS.
const PYFTPDLIB: &str = "pyftpdlib[ssl]>=2,<3";

fn base() -> PathBuf {
    workspace::target().join("interop")
}

pub(crate) fn unpacked_path(file: &str) -> PathBuf {
    base().join("unpacked").join(file)
}

/// A program of an unpacked package.
pub(crate) fn unpacked(file: &str) -> Command {
    Command::new(unpacked_path(file))
}

/// The python that has pyftpdlib.
pub(crate) fn python() -> PathBuf {
    base().join("venv/bin/python3")
}

/// Name and version of a server's package.
pub(crate) fn version_of(package: &str) -> Result<String, String> {
    let file = download_of(package).ok_or_else(|| format!("{package} has not been downloaded"))?;
    let version = super::clients::first_line("dpkg-deb", &["-f", &file.display().to_string(), "Version"])?;
    Ok(format!("{package} {version}"))
}

fn download_of(package: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(base().join("packages")).ok()?;
    let prefix = format!("{package}_");
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
}

/// Everything that a run needs is there afterwards. What is there already is left as it is.
pub(crate) fn prepare(install: bool) -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(", ");
    if !install {
        return Err(format!("not installed: {list}; run without --no-install, as root on Debian"));
    }
    eprintln!("installing: {list}");
    install_all()?;
    let missing = self::missing();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("still missing after the installation: {}", missing.join(", ")))
    }
}

fn missing() -> Vec<&'static str> {
    let programs = PROGRAMS.iter().filter(|(path, _)| !Path::new(path).exists()).map(|(_, package)| *package);
    let servers = SERVERS
        .iter()
        .filter(|(package, file)| download_of(package).is_none() || !has_its_libraries(&unpacked_path(file)));
    let mut missing: Vec<_> = programs.chain(servers.map(|(package, _)| *package)).collect();
    if quietly(Command::new(python()).args(["-c", "import pyftpdlib, OpenSSL"])).is_err() {
        missing.push("pyftpdlib");
    }
    missing
}

/// A target directory may be older than the machine: what was unpacked is there, its libraries are not.
fn has_its_libraries(program: &Path) -> bool {
    quietly(Command::new("ldd").arg(program)).is_ok_and(|output| !output.contains("not found"))
}

fn install_all() -> Result<(), String> {
    let downloads = base().join("packages");
    fs::create_dir_all(&downloads)
        .map_err(|error| format!("cannot make {}: {error}", downloads.display()))?;
    loudly(apt().args(["update", "-qq"]))?;
    let mut packages: Vec<String> = PROGRAMS.iter().map(|(_, package)| (*package).to_owned()).collect();
    packages.extend(libraries()?);
    loudly(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))?;
    for (package, _) in SERVERS {
        unpack(package, &downloads)?;
    }
    loudly(Command::new("/usr/bin/python3").args(["-m", "venv"]).arg(base().join("venv")))?;
    loudly(Command::new(python()).args(["-m", "pip", "install", "--quiet", PYFTPDLIB]))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The libraries that the servers' packages ask for.
fn libraries() -> Result<Vec<String>, String> {
    let packages = SERVERS.iter().map(|(package, _)| package);
    let listing = quietly(Command::new("apt-cache").arg("depends").args(packages))?;
    let depends = listing.lines().filter_map(|line| line.strip_prefix("  Depends: "));
    Ok(depends.filter(|name| name.starts_with("lib")).map(str::to_owned).collect())
}

fn unpack(package: &str, downloads: &Path) -> Result<(), String> {
    if download_of(package).is_none() {
        loudly(apt().args(["download", "-qq", package]).current_dir(downloads))?;
    }
    let file = download_of(package).ok_or_else(|| format!("apt-get has not left {package}"))?;
    loudly(Command::new("dpkg").arg("-x").arg(file).arg(base().join("unpacked")))
}

fn quietly(command: &mut Command) -> Result<String, String> {
    let finished = process::run(command, "", Duration::from_secs(60))?;
    if finished.status.success() { Ok(finished.stdout) } else { Err(finished.stderr) }
}

/// Runs a step of the installation; what it says is shown when it fails.
fn loudly(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let finished = process::run(command, "", Duration::from_secs(300))?;
    if finished.status.success() {
        return Ok(());
    }
    Err(format!("`{shown}` failed ({}):\n{}{}", finished.status, finished.stdout, finished.stderr))
}
