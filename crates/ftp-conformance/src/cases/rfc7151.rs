//! RFC 7151: HOST, checklist 5.9.

use super::rfc2389::features;
use crate::case::{Case, case};
use crate::talk::{Control, Verdict, check};
use crate::world::World;

pub(super) const CASES: &[Case] = &[
    case("7151-1", "HOST after login is 503", host_after_login),
    case("7151-2", "the last HOST wins", last_host_wins),
    case("7151-3", "a foreign address is 504, a port is 501", literals_and_ports),
    case("7151-5", "REIN forgets HOST", rein_forgets_host),
    case("7151-7", "USER without HOST is served, and a refused HOST changes nothing", host_is_optional),
    case("7151-9", "FEAT has HOST", feat_has_host),
];

fn host_after_login(world: &mut dyn World) -> Verdict {
    Control::logged_in(world)?.cmd_expect("HOST localhost", &[503])?;
    Ok(())
}

fn last_host_wins(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("HOST one.example", &[220, 504])?;
    control.cmd_expect("HOST two.example", &[220, 504])?;
    control.log_in()
}

fn literals_and_ports(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("HOST [203.0.113.200]", &[501, 504])?;
    control.cmd_expect("HOST [2001:db8::dead]", &[504])?;
    control.cmd_expect("HOST host.example:21", &[501])?;
    Ok(())
}

fn rein_forgets_host(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("REIN", &[220])?;
    control.cmd_expect("HOST one.example", &[220, 504])?;
    control.log_in()
}

fn host_is_optional(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("HOST [2001:db8::dead]", &[504])?;
    control.log_in()
}

fn feat_has_host(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let features = features(&mut control)?;
    check(features.iter().any(|line| line == "HOST"), || format!("{features:?}"))
}
