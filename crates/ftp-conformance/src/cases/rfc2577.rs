//! RFC 2577: security considerations, checklist 5.5.

use crate::case::{Case, case};
use crate::talk::{Control, Mode, Verdict, check, read_to_end, text};
use crate::world::{Host, Need, World};
use ftp_proto::data::{DataPolicy, DataPolicyRow};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) const CASES: &[Case] = &[
    case("2577-1", "PORT and EPRT below 1024 are refused", low_ports),
    case("2577-2", "PORT can be switched off", active_can_be_switched_off).configured(|config| {
        config.data = Arc::new(DataPolicy::new(DataPolicyRow { active: false, ..DataPolicyRow::default() }));
    }),
    case("2577-3", "a stranger gets nothing, and the right peer is still served", strangers)
        .needs(&[Need::Stranger]),
    case("2577-4", "wrong passwords wait, and the third ends the session", wrong_passwords)
        .needs(&[Need::VirtualTime]),
    case("2577-6", "an unknown user is asked for a password", unknown_user),
    case("2577-7", "passive ports cannot be guessed", ports_are_random),
    case("2577-8", "SITE runs no commands", site_runs_nothing),
];

fn low_ports(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("PORT 127,0,0,1,0,25", &[500, 501, 504])?;
    control.cmd_expect("EPRT |1|127.0.0.1|1023|", &[500, 501, 504])?;
    control.cmd_expect("EPRT |1|127.0.0.1|1024|", &[200])?;
    Ok(())
}

fn active_can_be_switched_off(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|50000|"] {
        let reply = control.cmd(line)?;
        check(reply.code.get() >= 500, || format!("{line}: {} {}", reply.code, text(&reply)))?;
    }
    control.cmd_expect("EPSV", &[229])?;
    Ok(())
}

fn strangers(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"not for strangers")?;
    let address = control.passive_address(Mode::Pasv)?;
    let stranger = world.connect(Host::Stranger, address);
    control.send(b"RETR f\r\n")?;
    if let Ok(mut stranger) = stranger {
        let stolen = read_to_end(&mut *stranger).unwrap_or_default();
        check(stolen.is_empty(), || "the stranger got the file".into())?;
    }
    let mut right =
        world.connect(Host::Client, address).map_err(|error| crate::talk::Failed(error.to_string()))?;
    control.expect(&[125, 150])?;
    let octets = read_to_end(&mut *right)?;
    check(octets == b"not for strangers", || format!("{octets:?}"))?;
    control.expect(&[226, 250])?;
    Ok(())
}

fn wrong_passwords(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    for attempt in 1..=5 {
        control.cmd_expect(&control.user_line(), &[331])?;
        control.cmd_expect("PASS wrong", &[530])?;
        if attempt >= 3 {
            return control.expect_closed();
        }
    }
    Ok(())
}

fn unknown_user(world: &mut dyn World) -> Verdict {
    let mut known = Control::greeted(world)?;
    let mut unknown = Control::greeted(world)?;
    let known_says = known.cmd_expect(&known.user_line(), &[331])?;
    let unknown_says = unknown.cmd_expect("USER nobody-of-that-name", &[331])?;
    check(text(&known_says) == text(&unknown_says), || "the texts tell them apart".into())?;
    let wrong = known.cmd_expect("PASS wrong", &[530])?;
    let nobody = unknown.cmd_expect("PASS wrong", &[530])?;
    check(text(&wrong) == text(&nobody), || "the refusals tell them apart".into())?;
    let mut right = Control::greeted(world)?;
    right.cmd_expect(&right.user_line(), &[331])?;
    right.cmd_expect(&right.pass_line(), &[230])?;
    Ok(())
}

fn ports_are_random(world: &mut dyn World) -> Verdict {
    const PORTS: usize = 1_000;
    const PARTS: i32 = 16;
    let mut control = Control::logged_in(world)?;
    let mut ports = Vec::new();
    for _ in 0..PORTS {
        ports.push(i32::from(control.passive_address(Mode::Epsv)?.port()));
    }
    // A counter has one step; random ports hardly ever the same twice.
    let steps: HashSet<i32> = ports.windows(2).map(|pair| pair[1] - pair[0]).collect();
    check(steps.len() > PORTS / 2, || format!("only {} different steps", steps.len()))?;
    // Every part of the range is used alike: chi-square with 15 degrees of freedom is over 60 once in 10^6.
    let (low, high) = ports.iter().fold((i32::MAX, 0), |(low, high), &port| (low.min(port), high.max(port)));
    let mut found = [0.0; PARTS as usize];
    for port in ports {
        found[((port - low) * PARTS / (high - low + 1)) as usize] += 1.0;
    }
    let expected = PORTS as f64 / f64::from(PARTS);
    let chi_square: f64 = found.iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
    check(chi_square < 60.0, || format!("chi-square {chi_square} over {found:?}"))
}

fn site_runs_nothing(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["SITE EXEC ls", "SITE CPFR /etc/passwd"] {
        let reply = control.cmd(line)?;
        check(reply.code.get() >= 500, || format!("{line}: {} {}", reply.code, text(&reply)))?;
    }
    Ok(())
}
