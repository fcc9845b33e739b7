//! pure-ftpd with a user of its own, from its own kind of database.

use core::time::Duration;
use std::process::Command;

use super::{NAMED, NAMED_HASH, NOBODY, Place, Server};
use crate::interop::{packages, process};

pub(crate) struct PureFtpd;

/// Makes the database with the one user. The hash that its own tool would make takes seconds at each login.
fn database(place: &Place<'_>) -> Result<String, String> {
    let (name, _) = NAMED;
    let root = place.root.display();
    let line = format!("{name}:{NAMED_HASH}:{NOBODY}:{NOBODY}::{root}/./::::::::::::\n");
    let (users, database) = (place.file("users", &line)?, place.path("users.pdb"));
    let mut make = packages::unpacked("usr/bin/pure-pw");
    make.args(["mkdb", &database, "-f", &users]);
    let finished = process::run(&mut make, "", Duration::from_secs(30))?;
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
        command.args(["-U", "133:022", "-g", &place.path("pid")]);
        if let Some(identity) = place.tls {
            // Control and data connections.
            command.args(["-Y", "3", "-2"]).arg(&identity.both);
        }
        Ok(command)
    }
}
