//! RFC 4217: TLS, checklist 5.8, and what security asks of it.

use crate::case::{Case, case};
use crate::talk::{Control, Data, Failed, Mode, Verdict, check, read_to_end, text};
use crate::world::World;
use ftp_proto::data::{DataPolicy, DataPolicyRow, RequireResumption};
use ftp_proto::server::{ServerConfig, TlsPolicy};
use std::sync::Arc;

fn offered(config: &mut ServerConfig) {
    config.tls = TlsPolicy::Offer;
}

fn required(config: &mut ServerConfig) {
    config.tls = TlsPolicy::Require;
}

fn with_ccc(config: &mut ServerConfig) {
    config.tls = TlsPolicy::Offer;
    config.allow_ccc = true;
}

fn resuming(config: &mut ServerConfig) {
    config.tls = TlsPolicy::Offer;
    let row = DataPolicyRow { resumption: RequireResumption::Require, ..DataPolicyRow::default() };
    config.data = Arc::new(DataPolicy::new(row));
}

const fn tls(id: &'static str, about: &'static str, run: fn(&mut dyn World) -> Verdict) -> Case {
    case(id, about, run).configured(offered)
}

pub(super) const CASES: &[Case] = &[
    tls("4217-01", "AUTH TLS and TLS-C in any case are 234, and TLS follows", auth),
    tls("4217-03", "FEAT lists AUTH TLS, PBSZ and PROT", features),
    tls("4217-04", "the server is the TLS server in active and in passive mode", roles),
    tls("4217-05", "PROT needs PBSZ, and PBSZ needs AUTH", order),
    tls("4217-06", "PBSZ is 200 PBSZ=0", buffer_size),
    tls("4217-07", "PROT begins at C, and stays until it is changed", level_stays),
    tls("4217-08", "PROT S and E are 536, others 504", levels),
    tls(
        "4217-09",
        "what is no handshake ends the connection without a word; another mechanism is 504",
        no_handshake,
    ),
    case("4217-10", "the transfer command is refused without PROT P, not PASV", level_is_checked_late)
        .configured(required),
    case(
        "4217-12",
        "CCC is 533 in the clear and 200 where it is allowed; then clear text, and no PBSZ nor PROT",
        ccc,
    )
    .configured(with_ccc),
    tls("4217-13", "an upload without close_notify is 426, and not kept under its name", truncated),
    tls("4217-14", "REIN is answered under TLS, and then all is clear", rein),
    tls("4217-15", "ABOR works under TLS without urgent data", abort),
    tls("4217-16", "what comes in the clear behind AUTH never acts, wherever it is cut", injection),
    tls("4217-17", "USER before AUTH is forgotten", user_is_forgotten),
    case("S9", "a data connection that resumes nothing is refused where it must, by its name", strangers_tls)
        .configured(resuming),
    tls("S13", "a login in the clear does not outlive AUTH", login_is_forgotten),
];

fn auth(world: &mut dyn World) -> Verdict {
    for line in ["AUTH TLS", "auth tls-c", "AUTH tls"] {
        let mut control = Control::greeted(world)?;
        control.cmd_expect(line, &[234])?;
        control.begin_tls()?;
        control.cmd_expect("NOOP", &[200])?;
        control.cmd_expect("AUTH TLS", &[503])?;
    }
    Ok(())
}

fn features(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("FEAT", &[211])?;
    let lines = control.inner_lines()?;
    for wanted in [" AUTH TLS", " PBSZ", " PROT"] {
        check(lines.iter().any(|line| line == wanted), || format!("no {wanted:?} in {lines:?}"))?;
    }
    Ok(())
}

fn roles(world: &mut dyn World) -> Verdict {
    let mut control = Control::protected(world)?;
    control.ok("TYPE I")?;
    for mode in [Mode::Pasv, Mode::Epsv, Mode::Port, Mode::Eprt] {
        control.give_by(world, mode, "STOR f", b"octets under TLS")?;
        let (octets, _) = control.fetch_by(world, mode, "RETR f")?;
        check(octets == b"octets under TLS", || format!("{mode:?}: {octets:?}"))?;
        let (listing, _) = control.fetch_by(world, mode, "NLST")?;
        check(listing == b"f\r\n", || format!("{mode:?}: {listing:?}"))?;
    }
    Ok(())
}

fn order(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("PBSZ 0", &[503])?;
    control.cmd_expect("PROT P", &[503])?;
    control.secure()?;
    control.cmd_expect("PROT P", &[503])?;
    control.cmd_expect("PBSZ 0", &[200])?;
    control.cmd_expect("PROT P", &[200])?;
    Ok(())
}

fn buffer_size(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.secure()?;
    let reply = control.cmd_expect("PBSZ 0", &[200])?;
    check(text(&reply).contains("PBSZ=0"), || text(&reply))
}

fn level_stays(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.secure()?;
    control.log_in()?;
    // At C, as it begins.
    control.make_file(world, "f", b"clear")?;
    control.protect()?;
    for _ in 0..2 {
        let (octets, _) = control.fetch(world, "RETR f")?;
        check(octets == b"clear", || format!("{octets:?}"))?;
    }
    Ok(())
}

fn levels(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.secure()?;
    control.ok("PBSZ 0")?;
    control.cmd_expect("PROT S", &[536])?;
    control.cmd_expect("PROT E", &[536])?;
    control.cmd_expect("PROT X", &[504])?;
    control.cmd_expect("PROT C", &[200])?;
    Ok(())
}

fn no_handshake(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("AUTH KERBEROS_V4", &[504])?;
    control.cmd_expect("AUTH TLS", &[234])?;
    control.forget_received();
    control.send(b"USER in the clear\r\n")?;
    control.expect_closed()?;
    // An alert, perhaps; a reply would be text.
    let said = control.received().to_vec();
    check(!said.starts_with(b"5") && !said.starts_with(b"3"), || format!("{said:?}"))
}

fn level_is_checked_late(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect(&control.user_line(), &[530])?;
    control.secure()?;
    control.log_in()?;
    control.cmd_expect("EPSV", &[229])?;
    control.cmd_expect("NLST", &[521, 522, 534])?;
    control.protect()?;
    control.fetch(world, "NLST")?;
    Ok(())
}

fn ccc(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("CCC", &[533])?;
    control.secure()?;
    control.log_in()?;
    control.protect()?;
    control.ok("TYPE I")?;
    control.give(world, "STOR f", b"octets")?;
    control.cmd_expect("CCC", &[200])?;
    control.expect_end_of_tls()?;
    control.cmd_expect("PBSZ 0", &[503])?;
    control.cmd_expect("PROT C", &[503])?;
    // What PROT said stays.
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"octets", || format!("{octets:?}"))
}

fn truncated(world: &mut dyn World) -> Verdict {
    let mut control = Control::protected(world)?;
    control.ok("TYPE I")?;
    let data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR f", &[125, 150])?;
    let mut wire = control.open(data)?;
    wire.write(b"half of it").map_err(|error| Failed(error.to_string()))?;
    // TCP's end, without TLS's.
    wire.finish_without_tls();
    drop(wire);
    control.expect(&[426, 451])?;
    let (listing, _) = control.fetch(world, "NLST")?;
    check(listing.is_empty(), || format!("it is kept: {listing:?}"))
}

fn rein(world: &mut dyn World) -> Verdict {
    let mut control = Control::protected(world)?;
    control.cmd_expect("REIN", &[220])?;
    control.expect_end_of_tls()?;
    control.cmd_expect("PWD", &[530])?;
    control.cmd_expect("PBSZ 0", &[503])?;
    control.forget_protection();
    control.secure()?;
    control.log_in()
}

fn abort(world: &mut dyn World) -> Verdict {
    let mut control = Control::protected(world)?;
    control.ok("TYPE I")?;
    let data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR f", &[125, 150])?;
    let wire = control.open(data)?;
    control.send(b"ABOR\r\n")?;
    control.expect(&[426])?;
    control.expect(&[226])?;
    drop(wire);
    Ok(())
}

/// AUTH and a command in one segment, or cut anywhere: the command is never served, in the clear or under TLS.
fn injection(world: &mut dyn World) -> Verdict {
    let octets = b"AUTH TLS\r\nMKD injected\r\nUSER injected\r\n";
    for cut in 1..octets.len() {
        let mut control = Control::greeted(world)?;
        control.send(&octets[..cut])?;
        let rest = &octets[cut..];
        if cut < b"AUTH TLS\r\n".len() {
            control.send(rest)?;
            control.expect(&[234])?;
        } else {
            control.expect(&[234])?;
            // TLS has begun: these are no handshake, and the connection ends, or they were dropped before it began.
            control.send(rest)?;
            control.expect_closed()?;
            continue;
        }
        // What came with AUTH was dropped; what came after it may have been taken for a handshake.
        if control.begin_tls().is_ok() {
            control.log_in().map_err(|Failed(why)| Failed(format!("cut at {cut}: {why}")))?;
            let (listing, _) = control.fetch(world, "NLST")?;
            check(listing.is_empty(), || format!("cut at {cut}: {listing:?}"))?;
        }
    }
    Ok(())
}

fn user_is_forgotten(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect(&control.user_line(), &[331])?;
    control.secure()?;
    control.cmd_expect(&control.pass_line(), &[503])?;
    Ok(())
}

fn login_is_forgotten(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.secure()?;
    control.cmd_expect("PWD", &[530])?;
    control.log_in()
}

fn strangers_tls(world: &mut dyn World) -> Verdict {
    let mut control = Control::protected(world)?;
    control.ok("TYPE I")?;
    control.give(world, "STOR f", b"octets")?;
    let address = control.passive_address(Mode::Epsv)?;
    control.send(b"RETR f\r\n")?;
    // The right host, and the TLS of somebody else.
    let wire =
        world.connect(crate::world::Host::Client, address).map_err(|error| Failed(error.to_string()))?;
    let met = control.open_as_stranger(Data::Linked(wire)).and_then(|mut wire| read_to_end(&mut *wire));
    check(met.as_ref().map_or(true, Vec::is_empty), || format!("the stranger has {met:?}"))?;
    let mut reply = control.reply()?;
    if reply.code.is_preliminary() {
        reply = control.reply()?;
    }
    check(text(&reply).contains("FTP-DATA-TLS-NOT-RESUMED"), || format!("{} {}", reply.code, text(&reply)))?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"octets", || format!("{octets:?}"))
}
