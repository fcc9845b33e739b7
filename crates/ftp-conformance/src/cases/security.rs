//! Security: the server's lines that can be shown from outside. Those that need a real disk, a real process or many
//! sessions have tests in the crates that they concern; [`crate::checklist`] says where.

use crate::case::{Case, case};
use crate::talk::{Control, Failed, Mode, Verdict, check, text};
use crate::world::{Family, Need, World};
use core::time::Duration;
use ftp_backend::memory::Operation;
use ftp_proto::command::{Gate, SPECS};
use ftp_proto::data::StorageFailure;

pub(super) const CASES: &[Case] = &[
    case("S1", "no spelling of a path leaves the root", no_way_out).needs(&[Need::Root]),
    case("S5", "a name cannot make a second line", names_make_no_lines),
    case("S6", "a password with NUL and more is wrong", password_with_nul),
    case("S7", "PORT and EPRT to others, and numbers that overflow, are refused", bounces_are_refused),
    case("S10", "one listener a session, closed after use", one_listener),
    case("S11", "ABOR, QUIT and STAT are answered while a transfer waits", control_while_waiting),
    case("S16", "HTTP ends the session; bad commands are counted", foreign_protocols),
    case("S20", "before login nothing is served that needs one", nothing_before_login),
    case("S21", "a connection that does not log in is closed after a minute", login_takes_too_long)
        .needs(&[Need::VirtualTime]),
    case("S22", "an over-long line is one 500, and no part of it is a command", long_lines),
    case("S23", "100,000 pipelined commands are answered in order, and others meanwhile", pipelining),
    case("S24", "globs are bounded", globs_are_bounded),
    case("S25", "numbers that are too large are refused", large_numbers),
    case("S26", "a second transfer command waits for the first", transfers_wait),
    case("S28", "setuid, setgid and sticky bits cannot be set", no_special_bits),
    case("S34", "storage failures are told, and the session goes on", storage_failures)
        .needs(&[Need::Faults]),
    case("S43", "the greeting names no version", no_version),
    case("bad-1", "octets that are not UTF-8 are no reason to fail", any_octets),
    case("bad-2", "an upload that fails midway is told so", upload_fails_midway).needs(&[Need::Faults]),
    case("bad-3", "read-only users get 550 or 553 for every change", read_only_user).needs(&[Need::Reader]),
];

const SPELLINGS: &[&str] = &[
    "..",
    "../",
    "../..",
    "../../..",
    "/..",
    "/../",
    "/../..",
    "./..",
    "./../..",
    "d/../..",
    "d/../../..",
    "//..",
    "..//..",
    "/./../.",
    "d/./../../..",
    "../d/../..",
    "..\\..",
    "%2e%2e",
    "%2e%2e/%2e%2e",
    "..%2f..",
    "\u{c0}\u{ae}",
    "....//",
    "...",
    "~",
    "~root",
    "/etc",
    "//etc",
    "/../etc",
];

fn no_way_out(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    for spelling in SPELLINGS {
        for command in [
            "SIZE",
            "MDTM",
            "DELE",
            "RMD",
            "RNFR",
            "MLST",
            "STAT",
            "HASH",
            "CWD",
            "MFMT 20200101000000",
            "SITE CHMOD 600",
        ] {
            let reply = control.cmd(&format!("{command} {spelling}/passwd"))?;
            check(reply.code.get() >= 400, || {
                format!("{command} {spelling}/passwd: {} {}", reply.code, text(&reply))
            })?;
        }
        for command in ["RETR", "LIST", "NLST", "MLSD"] {
            let _data = control.data(world, Mode::Epsv)?;
            let reply = control.cmd(&format!("{command} {spelling}/passwd"))?;
            check(reply.code.get() >= 400, || {
                format!("{command} {spelling}/passwd: {} {}", reply.code, text(&reply))
            })?;
        }
        control.cmd(&format!("CWD {spelling}"))?;
        let pwd = text(&control.cmd_expect("PWD", &[257])?);
        check(pwd.starts_with("\"/"), || format!("after CWD {spelling}: {pwd}"))?;
        let (names, _) = control.fetch(world, "NLST /")?;
        check(String::from_utf8_lossy(&names).contains('d'), || {
            format!("after CWD {spelling}: another root")
        })?;
        control.ok("CWD /")?;
    }
    Ok(())
}

fn names_make_no_lines(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    for name in [&b"a\r\0b"[..], b"a\0b", b"a\x01b\x1b[31m"] {
        control.send(&[b"MKD d/", name, b"\r\n"].concat())?;
        let reply = control.reply()?;
        check(reply.lines.len() == 1, || text(&reply))?;
    }
    for line in ["LIST d", "NLST d", "MLSD d"] {
        let (octets, _) = control.fetch(world, line)?;
        let lines = octets.split(|&octet| octet == b'\n').filter(|line| !line.is_empty());
        check(
            lines.clone().all(|line| line.ends_with(b"\r") && !line[..line.len() - 1].contains(&b'\r')),
            || format!("{line}: {octets:?}"),
        )?;
    }
    control.cmd_expect("STAT d", &[211, 212, 213])?;
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn password_with_nul(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect(&control.user_line(), &[331])?;
    control.send(format!("{}\0more\r\n", control.pass_line()).as_bytes())?;
    let reply = control.reply()?;
    check(reply.code.get() >= 500, || format!("{} {}", reply.code, text(&reply)))?;
    control.cmd_expect("PWD", &[530])?;
    Ok(())
}

fn bounces_are_refused(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in [
        "PORT 10,1,2,3,200,1",
        "PORT 127,0,0,1,0,22",
        "PORT 127,0,0,1,4294967423,1",
        "PORT 127,0,0,1,256,1",
        "PORT 127,0,0,1,200",
        "PORT 127,0,x,0,1,200,1",
        "EPRT |1|10.1.2.3|50000|",
        "EPRT |1|127.0.0.1|4294967423|",
    ] {
        let reply = control.cmd(line)?;
        check(reply.code.get() >= 500, || format!("{line}: {} {}", reply.code, text(&reply)))?;
    }
    Ok(())
}

fn one_listener(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let address = control.passive_address(Mode::Epsv)?;
    let mut wire =
        world.connect(crate::world::Host::Client, address).map_err(|error| Failed(error.to_string()))?;
    control.cmd_expect("RETR f", &[125, 150])?;
    crate::talk::read_to_end(&mut *wire)?;
    control.expect(&[226])?;
    check(world.connect(crate::world::Host::Client, address).is_err(), || "still open after use".into())
}

fn control_while_waiting(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.passive_address(Mode::Epsv)?;
    control.cmd_expect("RETR f", &[150])?;
    control.cmd_expect("STAT", &[211])?;
    control.send(b"ABOR\r\n")?;
    control.expect(&[425, 426])?;
    control.expect(&[225, 226])?;
    control.passive_address(Mode::Epsv)?;
    control.cmd_expect("RETR f", &[150])?;
    control.send(b"QUIT\r\n")?;
    control.expect(&[425])?;
    control.expect(&[221])?;
    control.expect_closed()
}

fn foreign_protocols(world: &mut dyn World) -> Verdict {
    for line in ["GET / HTTP/1.1", "POST / HTTP/1.1", "EHLO mail.example"] {
        let mut control = Control::greeted(world)?;
        let said = text(&control.cmd_expect(line, &[421, 500, 502, 530])?);
        check(!said.contains("HTTP") && !said.contains("mail.example"), || format!("reflected: {said}"))?;
        control.expect_closed()?;
    }
    let mut control = Control::logged_in(world)?;
    for _ in 0..100 {
        if control.cmd("NONSENSE")?.code.get() == 421 {
            return control.expect_closed();
        }
    }
    Err(Failed("100 bad commands were served".into()))
}

fn nothing_before_login(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    for spec in SPECS.iter().filter(|spec| spec.gate == Gate::NeedsLogin) {
        control.cmd_expect(&format!("{} x", spec.name), &[530])?;
        control.cmd_expect(spec.name, &[530])?;
    }
    Ok(())
}

fn login_takes_too_long(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    for _ in 0..5 {
        world.elapse(Duration::from_secs(11));
        control.cmd_expect("NOOP", &[200])?;
    }
    world.elapse(Duration::from_secs(11));
    control.expect(&[421])?;
    control.expect_closed()
}

fn long_lines(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    let long = [&b"SIZE "[..], &vec![b'a'; 100_000], b"\r\n"].concat();
    control.send(&long)?;
    control.expect(&[500, 501])?;
    // The tail, too, is no command.
    let tail = [&vec![b'a'; 65_536][..], b" RMD d\r\n"].concat();
    control.send(&tail)?;
    control.expect(&[500, 501])?;
    control.cmd_expect("CWD d", &[250])?;
    Ok(())
}

fn pipelining(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let mut other = Control::logged_in(world)?;
    for _ in 0..100 {
        control.send(&b"NOOP\r\nPWD\r\n".repeat(500))?;
        other.cmd_expect("NOOP", &[200])?;
        for _ in 0..500 {
            control.expect(&[200])?;
            control.expect(&[257])?;
        }
    }
    Ok(())
}

fn globs_are_bounded(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    for name in ["aaaa.txt", "aab.txt", "b.dat"] {
        control.make_file(world, &format!("d/{name}"), b"x")?;
    }
    let (names, _) = control.fetch(world, "NLST d/*.txt")?;
    check(String::from_utf8_lossy(&names).lines().count() == 2, || {
        String::from_utf8_lossy(&names).into_owned()
    })?;
    let _data = control.data(world, Mode::Epsv)?;
    let reply = control.cmd("NLST d/*a*a*a*a*a*a*a*b")?;
    if reply.code.is_preliminary() {
        control.expect(&[226, 250, 426, 450, 550])?;
    }
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn large_numbers(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in
        ["REST 18446744073709551616", "REST 9223372036854775808", "REST -1", "ALLO 99999999999999999999999"]
    {
        control.cmd_expect(line, &[501])?;
    }
    control.make_file(world, "f", b"0123456789")?;
    control.cmd_expect("REST 1000000000000", &[350])?;
    let _data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR f", &[550, 554])?;
    let reply = control.cmd_expect("SIZE f", &[213])?;
    check(reply.text() == b"10", || text(&reply))
}

fn transfers_wait(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let data = control.data(world, Mode::Epsv)?;
    control.send(b"STOR g\r\nRETR f\r\nNOOP\r\n")?;
    control.expect(&[125, 150])?;
    let mut wire = data.wire()?;
    wire.write(b"uploaded").map_err(|error| Failed(error.to_string()))?;
    wire.finish();
    drop(wire);
    control.expect(&[226])?;
    control.expect(&[425, 503])?;
    control.expect(&[200])?;
    let (octets, _) = control.fetch(world, "RETR g")?;
    check(octets == b"uploaded", || format!("{octets:?}"))
}

fn no_special_bits(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    for mode in ["4755", "2755", "1777", "7777"] {
        let reply = control.cmd(&format!("SITE CHMOD {mode} f"))?;
        check(reply.code.get() >= 500, || format!("{mode}: {} {}", reply.code, text(&reply)))?;
        let reply = control.cmd(&format!("MFF UNIX.mode={mode}; f"))?;
        check(reply.code.get() >= 500, || format!("{mode}: {} {}", reply.code, text(&reply)))?;
    }
    Ok(())
}

fn storage_failures(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    for (why, codes) in [
        (StorageFailure::NoSpace, &[452, 552][..]),
        (StorageFailure::QuotaExceeded, &[552]),
        (StorageFailure::ReadOnly, &[550, 553]),
        (StorageFailure::Denied, &[550, 553]),
        (StorageFailure::Busy, &[450]),
        (StorageFailure::Local, &[451]),
    ] {
        world.break_storage(Operation::Create, why);
        let _data = control.data(world, Mode::Epsv)?;
        control.cmd_expect("STOR f", codes)?;
        control.cmd_expect("NOOP", &[200])?;
    }
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"x", || "a refused upload has changed the file".into())
}

fn upload_fails_midway(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    for (operation, why, codes) in [
        (Operation::Write, StorageFailure::NoSpace, &[452, 552][..]),
        (Operation::Write, StorageFailure::Local, &[451]),
        (Operation::Commit, StorageFailure::Local, &[451]),
    ] {
        world.break_storage(operation, why);
        let data = control.data(world, Mode::Epsv)?;
        control.cmd_expect("STOR g", &[125, 150])?;
        let mut wire = data.wire()?;
        let _ = wire.write(&[0; 10_000]);
        wire.finish();
        drop(wire);
        control.expect(codes)?;
        control.cmd_expect("NOOP", &[200])?;
    }
    Ok(())
}

fn no_version(world: &mut dyn World) -> Verdict {
    let mut control = Control::dial(world, Family::V4)?;
    let greeting = text(&control.expect(&[220])?);
    check(!greeting.chars().any(|c| c.is_ascii_digit()), || greeting)
}

fn any_octets(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for first in 1..=254_u8 {
        if matches!(first, b'\r' | b'\n') {
            continue;
        }
        control.send(&[b'S', b'I', b'Z', b'E', b' ', first, 0x80, 0xfe, b'\r', b'\n'])?;
        control.expect(&[500, 501, 550])?;
    }
    Ok(())
}

fn read_only_user(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    if control.cmd_expect("USER anonymous", &[230, 331])?.code.get() == 331 {
        control.ok("PASS guest@example.com")?;
    }
    for line in ["MKD d", "RMD d", "DELE f", "RNFR f", "SITE CHMOD 600 f", "MFMT 20200101000000 f"] {
        control.cmd_expect(line, &[550])?;
    }
    let _data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR f", &[550, 553])?;
    control.fetch(world, "LIST")?;
    Ok(())
}
