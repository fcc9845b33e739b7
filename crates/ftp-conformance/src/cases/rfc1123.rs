//! RFC 1123 §4.1: the server's rows of checklist 5.2.

use crate::case::{Case, case};
use crate::talk::{Control, Mode, Verdict, check, text};
use crate::world::{Need, World};
use core::time::Duration;

pub(super) const CASES: &[Case] = &[
    case("1123-01", "TYPE T is TYPE N", type_telnet_is_type_non_print),
    case("1123-02", "text there and back is the same, by TYPE A and by STRU R", text_is_invertible),
    case("1123-04", "PASV is implemented", pasv_is_implemented),
    case("1123-05", "a data port is good for one transfer", a_data_port_for_each_transfer),
    case("1123-07", "NLST's names can be retrieved", nlst_names_can_be_retrieved).needs(&[Need::Root]),
    case("1123-08", "listings end lines in CRLF under TYPE I too", listings_are_ascii),
    case("1123-09", "STOU's 150 is FILE: and the name", stou_names_the_file),
    case("1123-10", "what no RFC knows is under SITE", extensions_are_under_site),
    case("1123-11", "segment boundaries mean nothing", segments_mean_nothing),
    case("1123-12", "only replies of the right form are sent", every_reply_has_the_right_form),
    case("1123-19", "Telnet options are refused and the command is kept", telnet_options_are_refused),
    case("1123-20", "the X commands are aliases", x_commands),
    case("1123-21", "an idle session ends, a busy one does not", idle_timeout).needs(&[Need::VirtualTime]),
    case("1123-22", "a blocked transfer does not block the control connection", no_deadlock),
    case("1123-24", "TYPE L 8 is image", type_local_8),
    case("1123-25", "the minimum of RFC 1123 is implemented", minimum_of_1123),
];

fn type_telnet_is_type_non_print(world: &mut dyn World) -> Verdict {
    Control::logged_in(world)?.cmd_expect("TYPE A T", &[200])?;
    Ok(())
}

fn text_is_invertible(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let text = b"a\r\nb\rc\r\n\r\nd";
    control.ok("TYPE A")?;
    control.give(world, "STOR t", text)?;
    let (octets, _) = control.fetch(world, "RETR t")?;
    check(octets == text, || format!("{octets:?}"))?;
    let records = b"a\xff\x01\xff\x01b\xff\xff\xff\x01\xff\x02";
    control.ok("STRU R")?;
    control.give(world, "STOR r", records)?;
    let (octets, _) = control.fetch(world, "RETR r")?;
    check(octets == records, || format!("{octets:?}"))
}

fn pasv_is_implemented(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let reply = control.cmd_expect("PASV", &[227])?;
    check(text(&reply).starts_with("Entering Passive Mode ("), || text(&reply))
}

fn a_data_port_for_each_transfer(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.fetch(world, "RETR f")?;
    control.cmd_expect("RETR f", &[425, 503])?;
    Ok(())
}

fn nlst_names_can_be_retrieved(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/one", b"1")?;
    control.make_file(world, "d/two words", b"2")?;
    for path in ["d", "/d"] {
        let (names, _) = control.fetch(world, &format!("NLST {path}"))?;
        let names = String::from_utf8_lossy(&names).into_owned();
        check(names.lines().count() == 2, || names.clone())?;
        for name in names.lines() {
            control.fetch(world, &format!("RETR {name}"))?;
        }
    }
    Ok(())
}

fn listings_are_ascii(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.ok("TYPE I")?;
    for line in ["LIST", "NLST", "MLSD"] {
        let (octets, _) = control.fetch(world, line)?;
        let bare =
            octets.split(|&octet| octet == b'\n').rev().skip(1).any(|line| line.last() != Some(&b'\r'));
        check(octets.ends_with(b"\r\n") && !bare, || {
            format!("{line}: {}", String::from_utf8_lossy(&octets))
        })?;
    }
    Ok(())
}

fn stou_names_the_file(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let (preliminary, _) = control.give(world, "STOU", b"x")?;
    let said = text(&preliminary);
    let Some(name) = said.strip_prefix("FILE: ") else { return check(false, || said) };
    control.cmd_expect(&format!("SIZE {name}"), &[213, 550])?;
    control.cmd_expect(&format!("DELE {name}"), &[250])?;
    Ok(())
}

fn extensions_are_under_site(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("CHMOD 644 f", &[500, 502])?;
    control.make_file(world, "f", b"x")?;
    control.cmd_expect("SITE CHMOD 600 f", &[200])?;
    Ok(())
}

fn segments_mean_nothing(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for octet in b"NOOP\r\n" {
        control.send(&[*octet])?;
    }
    control.expect(&[200])?;
    control.send(b"NOOP\r\nPWD\r\nNO")?;
    control.expect(&[200])?;
    control.expect(&[257])?;
    control.send(b"OP\r\n")?;
    control.expect(&[200])?;
    Ok(())
}

fn every_reply_has_the_right_form(world: &mut dyn World) -> Verdict {
    // The decoder of this suite is strict: it fails on anything else.
    let mut control = Control::logged_in(world)?;
    // Without a data port every transfer command has one reply.
    let ends_the_session = |name| matches!(name, "QUIT" | "REIN" | "USER" | "AUTH" | "PASV" | "EPSV");
    for spec in ftp_proto::command::SPECS.iter().filter(|spec| !ends_the_session(spec.name)) {
        control.cmd(spec.name)?;
    }
    control.cmd_expect("NOOP", &[200, 530])?;
    Ok(())
}

fn telnet_options_are_refused(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    // WILL 1 before USER: the answer is DONT 1, ahead of the reply.
    control.forget_received();
    control.send(b"\xff\xfb\x01USER anonymous\r\n")?;
    let reply = control.reply()?;
    check(matches!(reply.code.get(), 230 | 331), || format!("{} {}", reply.code, text(&reply)))?;
    check(control.received().starts_with(b"\xff\xfe\x01"), || format!("{:?}", control.received()))
}

fn x_commands(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("XMKD d", &[257])?;
    control.cmd_expect("XCWD d", &[250])?;
    control.cmd_expect("XPWD", &[257])?;
    control.cmd_expect("XCUP", &[200, 250])?;
    control.cmd_expect("XRMD d", &[250])?;
    Ok(())
}

fn idle_timeout(world: &mut dyn World) -> Verdict {
    let mut busy = Control::logged_in(world)?;
    let mut idle = Control::logged_in(world)?;
    busy.ok("TYPE I")?;
    let data = busy.data(world, Mode::Epsv)?;
    busy.cmd_expect("STOR f", &[125, 150])?;
    let mut wire = data.wire()?;
    for _ in 0..4 {
        world.elapse(Duration::from_secs(100));
        wire.write(b"octets").map_err(|error| crate::talk::Failed(format!("cut while it moves: {error}")))?;
    }
    idle.expect(&[421])?;
    idle.expect_closed()?;
    wire.finish();
    drop(wire);
    busy.expect(&[226])?;
    Ok(())
}

fn no_deadlock(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "big", &vec![0; 8 << 20])?;
    let data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("RETR big", &[125, 150])?;
    // Nobody reads the data connection.
    let wire = data.wire()?;
    control.cmd_expect("STAT", &[211])?;
    control.send(b"ABOR\r\n")?;
    control.expect(&[426])?;
    control.expect(&[225, 226])?;
    drop(wire);
    Ok(())
}

fn type_local_8(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("TYPE L 8", &[200])?;
    control.make_file(world, "f", b"a\n")?;
    control.ok("TYPE L 8")?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"a\n", || format!("{octets:?}"))
}

fn minimum_of_1123(world: &mut dyn World) -> Verdict {
    let verbs = "USER PASS CWD CDUP PORT PASV TYPE STRU MODE RETR STOR APPE RNFR RNTO DELE RMD MKD PWD LIST NLST STAT \
                 SYST HELP NOOP";
    let mut control = Control::logged_in(world)?;
    // USER would log out, and after PASV a transfer command would wait for a connection; both have cases of their own.
    for verb in verbs.split(' ').filter(|verb| !matches!(*verb, "USER" | "PASV")) {
        let reply = control.cmd(verb)?;
        check(reply.code.get() != 502, || format!("{verb}: {} {}", reply.code, text(&reply)))?;
    }
    Ok(())
}
