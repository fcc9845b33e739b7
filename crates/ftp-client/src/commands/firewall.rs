//! `firewall`: the rules that active mode needs.

use crate::args::Firewall;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::out;
use crate::site::Context;
use ftp_doctor::firewall::{Needs, Place, Program, Target, rules};

pub(super) fn firewall(context: &Context, what: &Firewall) -> Result<Exit, Failure> {
    let Some(ports) = context.options.active_ports else {
        return Err(Failure::usage(
            "active mode listens on any port of this machine: choose some, for all commands, with --active-ports LO-HI"
                .to_owned(),
        ));
    };
    if matches!(what.target, Target::Compose | Target::Kubernetes | Target::Haproxy | Target::Nginx) {
        return Err(Failure::usage(format!("{} passes connections on to servers", what.target.name())));
    }
    let place = match what.router {
        Some(machine) => Place::Router { machine, forwards: what.forward },
        None => Place::Host,
    };
    let needs = Needs { program: Program::Client, passive: Some(ports.0), ..Needs::default() };
    out::write(rules(what.target, &needs, place).as_bytes())?;
    Ok(Exit::Ok)
}
