//! RFC 2428: EPRT and EPSV, checklist 5.4.

use crate::case::{Case, case};
use crate::talk::{Control, Mode, Verdict, check, text};
use crate::world::{Family, Need, World};

pub(super) const CASES: &[Case] = &[
    case("2428-02", "EPRT takes any delimiter", any_delimiter),
    case("2428-03", "EPRT's address is of its family", address_of_the_family),
    case("2428-04", "an unknown protocol is 522 with the list", unknown_protocol),
    case("2428-05", "229 has three empty fields and a port", form_of_229),
    case("2428-07", "EPSV listens in the control connection's family", epsv_over_ipv6).needs(&[Need::V6]),
    case("2428-08", "EPSV of the other family is 522", epsv_of_the_other_family),
    case("2428-10", "EPSV ALL refuses PORT, PASV and EPRT", epsv_all),
    case("2428-x1", "every mode moves a file, over IPv4", every_mode_over_ipv4),
    case("2428-x2", "EPSV and EPRT move a file, over IPv6", every_mode_over_ipv6).needs(&[Need::V6]),
];

fn any_delimiter(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["EPRT !1!127.0.0.1!50000!", "EPRT |1|127.0.0.1|50000|", "EPRT ~1~127.0.0.1~50000~"] {
        control.cmd_expect(line, &[200])?;
    }
    for line in ["EPRT |1|127.0.0.1|50000", "EPRT |1!127.0.0.1|50000|", "EPRT", "EPRT |1|127.0.0.1|70000|"] {
        control.cmd_expect(line, &[500, 501])?;
    }
    Ok(())
}

fn address_of_the_family(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("EPRT |2|127.0.0.1|50000|", &[501])?;
    control.cmd_expect("EPRT |1|::1|50000|", &[501])?;
    Ok(())
}

fn unknown_protocol(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let reply = control.cmd_expect("EPRT |9|127.0.0.1|50000|", &[522])?;
    let said = text(&reply);
    check(said.matches('(').count() == 1 && said.contains("(1"), || said)
}

fn form_of_229(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let said = text(&control.cmd_expect("EPSV", &[229])?);
    let fields = said.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    let delimiter = fields.and_then(|fields| fields.chars().next()).unwrap_or(' ');
    let fields: Vec<&str> = fields.unwrap_or_default().split(delimiter).collect();
    check(fields.len() == 5 && fields[..3] == ["", "", ""] && fields[3].parse::<u16>().is_ok(), || said)
}

fn epsv_over_ipv6(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in_over(world, Family::V6)?;
    control.make_file(world, "f", b"over IPv6")?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"over IPv6", || format!("{octets:?}"))?;
    // PASV has no IPv6 form: any refusal will do, nonsense will not.
    let reply = control.cmd("PASV")?;
    check(reply.code.get() >= 400, || format!("{} {}", reply.code, text(&reply)))
}

fn epsv_of_the_other_family(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("EPSV 1", &[229])?;
    control.cmd_expect("EPSV 2", &[522])?;
    control.cmd_expect("EPSV 7", &[501, 522])?;
    Ok(())
}

fn epsv_all(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("EPSV ALL", &[200])?;
    for line in ["PASV", "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|50000|"] {
        let reply = control.cmd(line)?;
        check(reply.code.get() >= 500, || format!("{line}: {} {}", reply.code, text(&reply)))?;
    }
    control.cmd_expect("EPSV", &[229])?;
    // It holds until the end of the session, or REIN.
    control.cmd_expect("REIN", &[220])?;
    control.log_in()?;
    control.cmd_expect("PASV", &[227])?;
    Ok(())
}

fn every_mode_over_ipv4(world: &mut dyn World) -> Verdict {
    modes_move_a_file(world, Family::V4, &[Mode::Pasv, Mode::Epsv, Mode::Port, Mode::Eprt])
}

fn every_mode_over_ipv6(world: &mut dyn World) -> Verdict {
    modes_move_a_file(world, Family::V6, &[Mode::Epsv, Mode::Eprt])
}

fn modes_move_a_file(world: &mut dyn World, family: Family, modes: &[Mode]) -> Verdict {
    let mut control = Control::logged_in_over(world, family)?;
    control.ok("TYPE I")?;
    let content: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    for &mode in modes {
        control.give_by(world, mode, "STOR f", &content)?;
        let (octets, _) = control.fetch_by(world, mode, "RETR f")?;
        check(octets == content, || format!("{mode:?}: {} octets", octets.len()))?;
        let (listing, _) = control.fetch_by(world, mode, "LIST")?;
        check(!listing.is_empty(), || format!("{mode:?}: empty listing"))?;
    }
    Ok(())
}
