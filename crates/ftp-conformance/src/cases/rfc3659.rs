//! RFC 3659: MDTM, SIZE, REST, TVFS, MLST and MLSD, checklist 5.7.

use super::rfc2389::features;
use crate::case::{Case, case};
use crate::talk::{Control, Failed, Mode, Verdict, check, text};
use crate::world::{Need, World};
use ftp_proto::facts::{Entry, EntryKind, TimeVal, mlst};

pub(super) const CASES: &[Case] = &[
    case("3659-01", "0xFF in a name is doubled on the control connection", ff_is_doubled)
        .needs(&[Need::Root]),
    case("3659-02", "time values are digits in UTC, with no more precision than there is", time_values),
    case("3659-03", "MDTM is 213 and the time only", mdtm),
    case("3659-04", "FEAT has MDTM", |world| has_feature(world, "MDTM")),
    case("3659-05", "SIZE is exact under TYPE, or refused", size_is_exact),
    case("3659-07", "REST takes an offset; 0 clears it", rest_takes_an_offset),
    case("3659-08", "APPE after REST acts as STOR there, or is refused", appe_after_rest),
    case("3659-09", "FEAT has REST STREAM", |world| has_feature(world, "REST STREAM")),
    case("3659-10", "paths are TVFS paths", tvfs).needs(&[Need::Root]),
    case("3659-11", "FEAT has TVFS", |world| has_feature(world, "TVFS")),
    case("3659-12", "MLST is on the control connection, MLSD on a data connection", mlst_and_mlsd),
    case("3659-13", "MLSD of a file is 501 without a data connection", mlsd_of_a_file),
    case("3659-14", "facts end in semicolons, then a space, then the name as it is", form_of_facts),
    case("3659-15", "MLSD's names are unqualified", names_are_unqualified).needs(&[Need::Root]),
    case("3659-16", "MLST names the object as it was asked for", mlst_has_one_name),
    case("3659-17", "experimental facts begin with x.", experimental_facts),
    case("3659-18", "cdir and pdir are not shown without the type fact", no_titles_without_type),
    case("3659-19", "unique is the same for the same object only", unique_fact),
    case("3659-20", "perm is truthful", perm_is_truthful).needs(&[Need::Reader]),
    case("3659-21", "lang and media-type are not guessed", no_guesses),
    case("3659-22", "type, perm, size, unique and modify are supported", supported_facts),
    case("3659-23", "FEAT has one MLST line, and none for MLSD", feat_has_one_mlst_line),
    case("3659-24", "OPTS MLST chooses facts; REIN forgets the choice", opts_mlst),
    case("3659-25", "names in MLSx are UTF-8", utf8_names),
];

fn has_feature(world: &mut dyn World, feature: &str) -> Verdict {
    let mut control = Control::greeted(world)?;
    let features = features(&mut control)?;
    check(features.iter().any(|line| line == feature), || format!("{features:?}"))
}

fn entry(control: &mut Control, path: &str) -> Result<Entry, Failed> {
    control.cmd_expect(&format!("MLST {path}"), &[250])?;
    let lines = control.inner_lines()?;
    let entry = lines.first().and_then(|line| mlst::parse(line.strip_prefix(' ')?.as_bytes()));
    entry.ok_or_else(|| Failed(format!("not an entry: {lines:?}")))
}

fn listed(control: &mut Control, world: &mut dyn World, line: &str) -> Result<Vec<Entry>, Failed> {
    let (octets, _) = control.fetch(world, line)?;
    let lines = octets.split(|&octet| octet == b'\n').filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            mlst::parse(line)
                .ok_or_else(|| Failed(format!("not an entry: {:?}", String::from_utf8_lossy(line))))
        })
        .collect()
}

fn ff_is_doubled(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.send(b"MKD a\xff\xffb\r\n")?;
    let reply = control.expect(&[257])?;
    // This suite's decoder takes Telnet's doubling out again.
    check(reply.text().starts_with(b"\"/a\xffb\""), || format!("{:?}", reply.text()))
}

fn time_values(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.cmd_expect("MFMT 20240229120000 f", &[213])?;
    let reply = control.cmd_expect("MDTM f", &[213])?;
    check(reply.text() == b"20240229120000", || text(&reply))
}

fn mdtm(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let reply = control.cmd_expect("MDTM f", &[213])?;
    check(TimeVal::parse(reply.text()).is_some(), || text(&reply))?;
    control.cmd_expect("MDTM nothing", &[550])?;
    control.cmd_expect("MDTM", &[500, 501])?;
    Ok(())
}

fn size_is_exact(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"one\ntwo\n")?;
    let reply = control.cmd_expect("SIZE f", &[213])?;
    check(reply.text() == b"8", || text(&reply))?;
    control.ok("TYPE A")?;
    let reply = control.cmd_expect("SIZE f", &[213, 550])?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    let exact = reply.code.get() == 550 || reply.text() == octets.len().to_string().as_bytes();
    check(exact, || format!("SIZE {}, RETR {} octets", text(&reply), octets.len()))?;
    control.ok("MKD d")?;
    control.cmd_expect("SIZE d", &[550])?;
    Ok(())
}

fn rest_takes_an_offset(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"0123456789")?;
    control.cmd_expect("REST 3", &[350])?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets == b"3456789", || format!("{octets:?}"))?;
    control.cmd_expect("REST 3", &[350])?;
    control.cmd_expect("REST 0", &[350])?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets.len() == 10, || format!("{octets:?}"))?;
    control.cmd_expect("REST 5", &[350])?;
    control.give(world, "STOR f", b"abc")?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets.starts_with(b"01234abc"), || format!("{octets:?}"))
}

fn appe_after_rest(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"0123456789")?;
    control.cmd_expect("REST 2", &[350])?;
    let data = control.data(world, Mode::Epsv)?;
    let reply = control.cmd("APPE f")?;
    if !reply.code.is_preliminary() {
        return check(reply.code.get() >= 500, || text(&reply));
    }
    let mut wire = data.wire()?;
    wire.write(b"xy").map_err(|error| Failed(error.to_string()))?;
    wire.finish();
    drop(wire);
    control.expect(&[226, 250])?;
    let (octets, _) = control.fetch(world, "RETR f")?;
    check(octets.starts_with(b"01xy"), || format!("{octets:?}"))
}

fn tvfs(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD a")?;
    control.ok("MKD a/b")?;
    control.make_file(world, "/a/b/f", b"x")?;
    for path in ["a/b/f", "/a/b/f", "a/./b/f", "a/b/../b/f", "./a//b/f", "/../a/b/f"] {
        control.cmd_expect(&format!("SIZE {path}"), &[213])?;
    }
    control.ok("CWD a/b")?;
    control.cmd_expect("SIZE f", &[213])?;
    control.ok("CWD ..")?;
    control.cmd_expect("SIZE b/f", &[213])?;
    Ok(())
}

fn mlst_and_mlsd(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/f", b"123")?;
    let reply = control.cmd_expect("MLST d/f", &[250])?;
    let inner = control.inner_lines()?;
    check(inner.len() == 1 && inner[0].starts_with(' '), || text(&reply))?;
    check(reply.lines[2].eq_ignore_ascii_case(b"End"), || text(&reply))?;
    let entries = listed(&mut control, world, "MLSD d")?;
    let file = entries.iter().find(|entry| entry.name == "f");
    check(file.is_some_and(|file| file.size == Some(3) && file.kind == EntryKind::File), || {
        format!("{entries:?}")
    })
}

fn mlsd_of_a_file(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let _data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("MLSD f", &[501])?;
    let _data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("MLSD nothing", &[501, 550])?;
    Ok(())
}

fn form_of_facts(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    let name = " ;=a  b";
    control.make_file(world, &format!("d/{name}"), b"x")?;
    let (octets, _) = control.fetch(world, "MLSD d")?;
    let listing = String::from_utf8_lossy(&octets).into_owned();
    let line = listing.lines().find(|line| line.ends_with(&format!("; {name}")));
    check(line.is_some(), || listing.clone())
}

fn names_are_unqualified(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/f", b"x")?;
    let entries = listed(&mut control, world, "MLSD /d")?;
    let own = |entry: &&Entry| entry.kind == EntryKind::File;
    check(entries.iter().filter(own).all(|entry| !entry.name.contains(&b'/')), || format!("{entries:?}"))
}

fn mlst_has_one_name(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/f", b"x")?;
    let entry = entry(&mut control, "d/f")?;
    check(entry.name.ends_with(b"f"), || format!("{entry:?}"))
}

fn experimental_facts(world: &mut dyn World) -> Verdict {
    const REGISTERED: &[&str] =
        &["type", "size", "modify", "create", "perm", "unique", "lang", "media-type", "charset"];
    let mut control = Control::greeted(world)?;
    for feature in features(&mut control)?.iter().filter_map(|line| line.strip_prefix("MLST ")) {
        for fact in feature.split(';').filter(|fact| !fact.is_empty()) {
            let fact = fact.trim_end_matches('*').to_ascii_lowercase();
            let known =
                REGISTERED.contains(&&fact[..]) || fact.starts_with("unix.") || fact.starts_with("x.");
            check(known, || format!("{fact} is neither registered nor experimental"))?;
        }
    }
    Ok(())
}

fn no_titles_without_type(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/f", b"x")?;
    control.cmd_expect("OPTS MLST size;", &[200])?;
    let entries = listed(&mut control, world, "MLSD d")?;
    check(entries.len() == 1 && entries[0].name == "f", || format!("{entries:?}"))
}

fn unique_fact(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "a", b"x")?;
    control.make_file(world, "b", b"x")?;
    let (a, b) = (entry(&mut control, "a")?, entry(&mut control, "b")?);
    control.cmd_expect("RNFR a", &[350])?;
    control.cmd_expect("RNTO c", &[250])?;
    let c = entry(&mut control, "c")?;
    check(a.unique.is_some() && a.unique == c.unique && a.unique != b.unique, || format!("{a:?} {b:?} {c:?}"))
}

/// Each letter, for a user with every right and for one who may only read: what it promises is tried.
fn perm_is_truthful(world: &mut dyn World) -> Verdict {
    let mut owner = Control::logged_in(world)?;
    owner.ok("MKD d")?;
    let mut reader = Control::greeted(world)?;
    if reader.cmd_expect("USER anonymous", &[230, 331])?.code.get() == 331 {
        reader.ok("PASS guest@example.com")?;
    }
    reader.ok("TYPE I")?;
    for control in [&mut reader, &mut owner] {
        // The last of each list removes the object, so the owner's file is made anew for each list.
        for (path, attempts) in [
            (
                "d/f",
                &[
                    ('r', "RETR d/f"),
                    ('a', "APPE d/f"),
                    ('w', "STOR d/f"),
                    ('f', "RNFR d/f"),
                    ('d', "DELE d/f"),
                ],
            ),
            (
                "d",
                &[
                    ('e', "CWD /d"),
                    ('l', "NLST /d"),
                    ('c', "STOR /d/g"),
                    ('m', "MKD /d/s"),
                    ('p', "DELE /d/g"),
                ],
            ),
        ] {
            Control::logged_in(world)?.make_file(world, "d/f", b"x")?;
            Control::logged_in(world)?.make_file(world, "d/g", b"x")?;
            control.ok("CWD /")?;
            let promised = entry(control, path)?.permissions.unwrap_or_default();
            for (letter, line) in attempts {
                let may = may(control, world, line)?;
                check(promised.allows(*letter as u8) == may, || {
                    format!("{path}: {letter}, but {line}: {may}")
                })?;
            }
        }
    }
    Ok(())
}

/// Whether a command is carried out, to its end.
fn may(control: &mut Control, world: &mut dyn World, line: &str) -> Result<bool, Failed> {
    let is_transfer = ["RETR", "NLST", "STOR", "APPE"].iter().any(|verb| line.starts_with(verb));
    let data = if is_transfer { Some(control.data(world, Mode::Epsv)?) } else { None };
    let reply = control.cmd(line)?;
    let Some(data) = data.filter(|_| reply.code.is_preliminary()) else { return Ok(reply.code.get() < 400) };
    let mut wire = data.wire()?;
    if line.starts_with("RETR") || line.starts_with("NLST") {
        crate::talk::read_to_end(&mut *wire)?;
    } else {
        wire.finish();
    }
    drop(wire);
    Ok(control.reply()?.code.is_completion())
}

fn no_guesses(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f.html", b"<html>")?;
    let said = text(&control.cmd_expect("MLST f.html", &[250])?).to_ascii_lowercase();
    check(!said.contains("lang=") && !said.contains("media-type="), || said)
}

fn supported_facts(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let line = features(&mut control)?.into_iter().find(|line| line.starts_with("MLST ")).unwrap_or_default();
    let lower = line.to_ascii_lowercase();
    check(["type", "perm", "size", "unique", "modify"].iter().all(|fact| lower.contains(fact)), || line)
}

fn feat_has_one_mlst_line(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let features = features(&mut control)?;
    let mlst = features.iter().filter(|line| line.starts_with("MLST ")).count();
    check(mlst == 1 && !features.iter().any(|line| line.starts_with("MLSD")), || format!("{features:?}"))
}

fn opts_mlst(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let reply = control.cmd_expect("OPTS MLST size;zz;TYPE;", &[200])?;
    check(text(&reply).to_ascii_lowercase().starts_with("mlst opts type;size;"), || text(&reply))?;
    let chosen = entry(&mut control, "f")?;
    check(chosen.size.is_some() && chosen.modify.is_none() && chosen.unique.is_none(), || {
        format!("{chosen:?}")
    })?;
    let reply = control.cmd_expect("OPTS MLST", &[200])?;
    check(text(&reply).to_ascii_uppercase().starts_with("MLST OPTS"), || text(&reply))?;
    control.cmd_expect("REIN", &[220])?;
    control.log_in()?;
    let forgotten = entry(&mut control, "f")?;
    check(forgotten.modify.is_some(), || format!("{forgotten:?}"))
}

fn utf8_names(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/größe", b"x")?;
    let entries = listed(&mut control, world, "MLSD d")?;
    check(entries.iter().any(|entry| entry.name == "größe".as_bytes()), || format!("{entries:?}"))
}
