//! Structures and modes besides STRU F and MODE S: what is on the wire, octet by octet.

use crate::case::{Case, case};
use crate::talk::{Control, Failed, Mode, Verdict, check, read_to_end, text};
use crate::world::{Need, Wire, World};
use ftp_proto::server::Encodings;

pub(super) const CASES: &[Case] = &[
    case("959-52", "records and blocks are marked as the RFC has it", marks_on_the_wire),
    case("959-x1", "in block mode one data connection serves many transfers", one_connection_many_transfers),
    case("959-x2", "what breaks off before its end mark is 426", broken_off),
    case("959-x3", "structures and modes that are switched off are 504", switched_off)
        .needs(&[Need::Config])
        .configured(|config| {
            config.encodings = Encodings { records: false, block: false, deflate: false };
        }),
    case("1123-23", "a restart marker is answered with 110 and can be gone back to", restart_markers),
    case("mode-z", "MODE Z sends a zlib stream and takes one", mode_z),
];

const FILE: &[u8] = b"one\n\ntwo\xff";
const RECORDS: &[u8] = b"one\xff\x01\xff\x01two\xff\xff\xff\x02";
const BLOCKS: &[u8] = b"\x00\x00\x09one\n\ntwo\xff\x40\x00\x00";

fn marks_on_the_wire(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", FILE)?;
    control.ok("STRU R")?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == RECORDS, || format!("records: {octets:02x?}"))?;
    // What is not known is not guessed (RFC 3659 §4).
    control.cmd_expect("SIZE f", &[504, 550])?;
    control.ok("STRU F")?;
    control.ok("MODE B")?;
    let mut data = link(&mut control, world)?;
    let (octets, _) = fetch_blocks(&mut control, &mut *data, "RETR f")?;
    check(octets == BLOCKS, || format!("blocks: {octets:02x?}"))?;
    control.ok("REIN")?;
    control.log_in()?;
    control.ok("TYPE I")?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == FILE, || format!("after REIN: {octets:02x?}"))
}

fn one_connection_many_transfers(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    control.ok("MODE B")?;
    let mut data = link(&mut control, world)?;
    for name in ["a", "b"] {
        control.cmd_expect(&format!("STOR {name}"), &[125, 150])?;
        write(&mut *data, BLOCKS)?;
        control.expect(&[226, 250])?;
    }
    let (octets, code) = fetch_blocks(&mut control, &mut *data, "RETR b")?;
    check(octets == BLOCKS, || format!("{octets:02x?}"))?;
    check(code == 125, || format!("{code} for a connection that is there"))?;
    let (listing, _) = fetch_blocks(&mut control, &mut *data, "NLST")?;
    check(listing.windows(3).any(|name| name == b"a\r\n"), || format!("{listing:02x?}"))?;
    // A new data port replaces it.
    control.passive_address(Mode::Epsv)?;
    check(read_to_end(&mut *data)?.is_empty(), || "the old connection is still used".into())
}

fn broken_off(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    for (line, octets) in
        [("STRU R", &b"one\xff\x01"[..]), ("MODE B", b"\x00\x00\x09one"), ("MODE Z", b"\x78\x9c")]
    {
        control.ok(line)?;
        for (verb, octets) in [("STOR a", octets), ("STOR b", b"\x05\xff\x05")] {
            let data = control.data(world, Mode::Epsv)?;
            control.cmd_expect(verb, &[125, 150])?;
            let mut wire = data.wire()?;
            write(&mut *wire, octets)?;
            wire.finish();
            control.expect(&[426])?;
        }
        control.ok(if line == "STRU R" { "STRU F" } else { "MODE S" })?;
    }
    Ok(())
}

fn switched_off(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["STRU R", "MODE B", "MODE Z"] {
        control.cmd_expect(line, &[504])?;
    }
    control.cmd_expect("FEAT", &[211])?;
    let features = control.inner_lines()?;
    check(!features.iter().any(|line| line.contains("MODE Z")), || format!("{features:?}"))
}

fn restart_markers(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    control.ok("MODE B")?;
    let mut data = link(&mut control, world)?;
    control.cmd_expect("STOR f", &[125, 150])?;
    write(&mut *data, b"\x00\x00\x03one\x10\x00\x04here")?;
    let reply = control.expect(&[110])?;
    // RFC 959 §4.2: the text is exact.
    check(text(&reply) == "MARK here = 3", || text(&reply))?;
    write(&mut *data, b"\x00\x00\x05wrong\x40\x00\x00")?;
    control.expect(&[226, 250])?;
    control.cmd_expect("REST 3", &[350])?;
    control.cmd_expect("STOR f", &[125, 150])?;
    write(&mut *data, b"\x00\x00\x05right\x40\x00\x00")?;
    control.expect(&[226, 250])?;
    let (octets, _) = fetch_blocks(&mut control, &mut *data, "RETR f")?;
    check(octets == b"\x00\x00\x08oneright\x40\x00\x00", || format!("{octets:02x?}"))
}

fn mode_z(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", &[b'x'; 10_000])?;
    control.cmd_expect("FEAT", &[211])?;
    let features = control.inner_lines()?;
    check(features.iter().any(|line| line == " MODE Z"), || format!("{features:?}"))?;
    control.cmd_expect("OPTS MODE Z LEVEL 9", &[200])?;
    control.cmd_expect("OPTS MODE Z LEVEL 10", &[501])?;
    control.ok("MODE Z")?;
    let (zlib, _) = control.fetch(world, "RETR f")?;
    check(zlib.len() < 200 && zlib.starts_with(&[0x78]), || format!("{} octets of {zlib:02x?}", zlib.len()))?;
    control.give(world, "STOR g", &zlib)?;
    control.ok("MODE S")?;
    let (octets, _) = control.fetch(world, "RETR g")?;
    check(octets == [b'x'; 10_000], || format!("{} octets", octets.len()))
}

/// A data connection for several transfers.
fn link(control: &mut Control, world: &mut dyn World) -> Result<Box<dyn Wire>, Failed> {
    control.data(world, Mode::Epsv)?.wire()
}

/// The blocks of a transfer, to the end mark and not further; and the code of the preliminary reply.
fn fetch_blocks(control: &mut Control, data: &mut dyn Wire, line: &str) -> Result<(Vec<u8>, u16), Failed> {
    let code = control.cmd_expect(line, &[125, 150])?.code.get();
    let mut all = Vec::new();
    let mut at = 0;
    loop {
        while let [descriptor, high, low, ..] = all[at.min(all.len())..] {
            let end = at + 3 + usize::from(u16::from_be_bytes([high, low]));
            if end > all.len() {
                break;
            }
            at = end;
            if descriptor & 64 != 0 {
                control.expect(&[226, 250])?;
                return Ok((all, code));
            }
        }
        let mut chunk = [0; 4096];
        let octets = data.read(&mut chunk).map_err(|error| Failed(format!("data connection: {error}")))?;
        check(octets > 0, || format!("the data connection ended amid {all:02x?}"))?;
        all.extend_from_slice(&chunk[..octets]);
    }
}

fn write(data: &mut dyn Wire, octets: &[u8]) -> Verdict {
    data.write(octets).map_err(|error| Failed(format!("cannot write data: {error}")))
}
