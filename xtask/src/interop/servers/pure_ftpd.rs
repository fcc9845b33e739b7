//! pure-ftpd with a user of its own, from its own kind of database.

use core::time::Duration;
use std::process::Command;

use super::{NAMED, NOBODY, Place, Server};
use crate::interop::{packages, process};

pub(crate) struct PureFtpd;

/// Makes the database with the one user.
fn database(place: &Place<'_>) -> Result<String, String> {
    let (name, password) = NAMED;
    let (users, database) = (place.path("users"), place.path("users.pdb"));
    // An earlier attempt to start may have left one.
    let _ = std::fs::remove_file(&users);
    let mut add = packages::unpacked("usr/bin/pure-pw");
    add.args(["useradd", name, "-u", NOBODY, "-g", NOBODY, "-d"]).arg(place.root);
    add.args(["-f", &users, "-F", &database, "-m"]);
    let finished = process::run(&mut add, &format!("{password}\n{password}\n"), Duration::from_secs(30))?;
    if finished.status.success() { Ok(database) } else { Err(format!("pure-pw: {}", finished.stderr)) }
}

impl Server for PureFtpd {
    fn name(&self) -> &'static str {
        "pure-ftpd"
    }

    fn version(&self) -> Result<String, String> {
        packages::version_of("pure-ftpd")
    }

    fn command(&self, place: &Place<'_>) -> Result<Command, String> {
        let database = database(place)?;
        let mut command = packages::unpacked("usr/sbin/pure-ftpd");
        command.arg("-S").arg(format!("{},{}", place.address.ip(), place.address.port()));
        command.arg(if place.address.is_ipv6() { "-6" } else { "-4" });
        // No anonymous users, everybody in his own root, no look-ups, no system log.
        command.args(["-l", &format!("puredb:{database}"), "-E", "-A", "-H", "-f", "none", "-u", "1"]);
        command.args(["-U", "022:022", "-g", &place.path("pid")]);
        Ok(command)
    }
}
