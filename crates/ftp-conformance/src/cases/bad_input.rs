//! Bad input and bad peers: each gets a clear answer, and nobody else loses anything.

use crate::case::{Case, case};
use crate::talk::{Control, Data, Failed, Mode, Verdict, check, text};
use crate::world::{Need, Wire, World};

pub(super) const CASES: &[Case] = &[
    case("bad-4", "CR, LF and NUL in odd places are one reply a line", odd_line_ends),
    case("bad-5", "Telnet commands anywhere lose no command", telnet_anywhere),
    case("bad-6", "a client that vanishes in any state takes nobody with it", vanishing_clients),
    case("bad-7", "a client that never reads stops itself only", client_that_never_reads)
        .needs(&[Need::VirtualTime]),
    case("bad-8", "two sessions at one name: one of the uploads is there, whole", races_for_names),
];

fn odd_line_ends(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "f", b"kept")?;
    for line in [
        &b"DELE f\0\r\n"[..],
        b"DELE f\0g\r\n",
        b"\0DELE f\r\n",
        b"DELE f\rRMD d\r\n",
        b"DELE f\r\r\0\r\n",
        b"\r\n",
        b" \r\n",
        b" DELE f\r\n",
        b"\r\r\r\n",
        b"DELE\tf\r\n",
    ] {
        control.send(line)?;
        let reply = control.reply()?;
        check(reply.code.get() >= 500, || format!("{line:?}: {} {}", reply.code, text(&reply)))?;
        control.cmd_expect("NOOP", &[200])?;
    }
    control.cmd_expect("CWD d", &[250])?;
    control.cmd_expect("SIZE ../f", &[213])?;
    Ok(())
}

fn telnet_anywhere(world: &mut dyn World) -> Verdict {
    const NEGOTIATIONS: &[&[u8]] = &[
        b"\xff\xf4\xff\xf2",         // IP, DM
        b"\xff\xf1",                 // NOP
        b"\xff\xfc\x01\xff\xfe\x03", // WONT, DONT: not answered
    ];
    let mut control = Control::logged_in(world)?;
    for telnet in NEGOTIATIONS {
        for at in 0..=b"PWD\r\n".len() {
            let (before, after) = b"PWD\r\n".split_at(at);
            let line = [before, *telnet, after].concat();
            // However TCP cuts it.
            for octet in line {
                control.send(&[octet])?;
            }
            control.expect(&[257])?;
        }
    }
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

/// Where a client can be when it vanishes: what it has said, and what is open then.
const STATES: &[&[&str]] = &[
    &[],
    &["USER case"],
    &["LOGIN"],
    &["LOGIN", "RNFR f"],
    &["LOGIN", "REST 1"],
    &["LOGIN", "EPSV"],
    &["LOGIN", "EPSV", "RETR f"],
    &["LOGIN", "EPSV", "STOR f"],
    &["LOGIN", "EPSV", "LIST"],
    &["LOGIN", "PASV", "RETR f", "STAT"],
    &["LOGIN", "DATA", "RETR f"],
    &["LOGIN", "DATA", "STOR f"],
    &["LOGIN", "DATA", "APPE f"],
    &["LOGIN", "DATA", "STOU"],
    &["LOGIN", "DATA", "MLSD"],
    &["LOGIN", "PORT 127,0,0,1,200,1"],
    &["LOGIN", "DATA", "STOR f", "ABOR"],
    &["LOGIN", "REIN"],
    &["LOGIN", "QUIT"],
];

fn vanishing_clients(world: &mut dyn World) -> Verdict {
    let mut other = Control::logged_in(world)?;
    other.make_file(world, "f", b"the old contents")?;
    for state in STATES {
        let data = vanish_in(world, state)?;
        // The upload never came to its end, so it has never replaced the file.
        let (octets, _) = other.fetch(world, "RETR f")?;
        check(octets == b"the old contents", || format!("{state:?}: {octets:?}"))?;
        drop(data);
        other.cmd_expect("NOOP", &[200])?;
        Control::logged_in(world)?.cmd_expect("NOOP", &[200])?;
    }
    Ok(())
}

/// Brings a session into a state and drops its control connection. Its data connection is still there.
fn vanish_in(world: &mut dyn World, state: &[&str]) -> Result<Option<Box<dyn Wire>>, Failed> {
    let mut control = Control::greeted(world)?;
    let mut data = None;
    for step in state {
        match *step {
            "LOGIN" => control.log_in()?,
            "DATA" => data = Some(control.data(world, Mode::Epsv)?),
            "ABOR" | "QUIT" => control.send(format!("{step}\r\n").as_bytes())?,
            command => {
                let reply = control.cmd(command)?;
                check(reply.code.get() < 400, || format!("{command}: {} {}", reply.code, text(&reply)))?;
            }
        }
    }
    drop(control);
    data.map(Data::wire).transpose()
}

fn client_that_never_reads(world: &mut dyn World) -> Verdict {
    let mut deaf = Control::logged_in(world)?;
    let mut other = Control::logged_in(world)?;
    let many = b"HELP\r\n".repeat(1_000);
    let mut stopped = false;
    for _ in 0..1_000 {
        stopped = stopped || deaf.send(&many).is_err();
        other.cmd_expect("NOOP", &[200])?;
        if stopped {
            return Ok(());
        }
    }
    Err(Failed("6 MB of commands were taken without a reply being read".into()))
}

fn races_for_names(world: &mut dyn World) -> Verdict {
    let (mut one, mut two) = (Control::logged_in(world)?, Control::logged_in(world)?);
    let (first, second) = (one.data(world, Mode::Epsv)?, two.data(world, Mode::Epsv)?);
    one.ok("TYPE I")?;
    two.ok("TYPE I")?;
    one.send(b"STOR f\r\n")?;
    two.send(b"STOR f\r\n")?;
    let mut came_through = Vec::new();
    for (control, data, contents) in [(&mut one, first, b'1'), (&mut two, second, b'2')] {
        if control.reply()?.code.is_preliminary() {
            let mut wire = data.wire()?;
            let _ = wire.write(&[contents; 20_000]);
            wire.finish();
            drop(wire);
            if control.reply()?.code.is_completion() {
                came_through.push(contents);
            }
        }
    }
    let (octets, _) = one.fetch(world, "RETR f")?;
    let whole = |by: &u8| octets == vec![*by; 20_000];
    check(came_through.iter().any(whole), || "neither upload is there as a whole".into())?;
    // One renames it while the other has asked to.
    two.cmd_expect("RNFR f", &[350])?;
    one.cmd_expect("RNFR f", &[350])?;
    one.cmd_expect("RNTO g", &[250])?;
    two.cmd_expect("RNTO h", &[450, 550, 553])?;
    two.cmd_expect("SIZE g", &[213])?;
    Ok(())
}
