//! Drafts that have become common: MFMT, MFF, HASH, AVBL, CLNT, SITE; checklist 5.9 and the issue's own list.

use super::rfc2389::features;
use crate::case::{Case, case};
use crate::talk::{Control, Verdict, check, text};
use crate::world::World;
use ftp_proto::command::SPECS;

pub(super) const CASES: &[Case] = &[
    case("mfxx-1", "MFMT sets the time and refuses impossible ones", mfmt),
    case("mfxx-2", "MFF sets all or nothing", mff_is_atomic),
    case("1579-1", "passive mode works without any setting", passive_by_default),
    case("5797", "only registered commands are known", only_registered_commands),
    case("hash", "HASH tells the algorithm, the range, the digest and the name", hash),
    case("rang", "RANG cuts the next RETR and HASH, and nothing else", rang),
    case(
        "x-digests",
        "XCRC, XMD5, XSHA1, XSHA256 and XSHA512 tell a digest of a file or a part of it",
        x_digests,
    ),
    case("avbl", "AVBL tells octets", avbl),
    case("clnt", "CLNT is noted", clnt),
    case("site", "SITE CHMOD, UTIME, SYMLINK, MKDIR, RMDIR, IDLE", site),
];

fn mfmt(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    let reply = control.cmd_expect("MFMT 20020717210715 f", &[213])?;
    check(text(&reply).eq_ignore_ascii_case("Modify=20020717210715; f"), || text(&reply))?;
    control.cmd_expect("MFMT 20230229000000 f", &[501])?;
    control.cmd_expect("MFMT 20020717210715 nothing", &[500, 550])?;
    let reply = control.cmd_expect("MDTM f", &[213])?;
    check(reply.text() == b"20020717210715", || text(&reply))
}

fn mff_is_atomic(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.cmd_expect("MFMT 20020717210715 f", &[213])?;
    control.cmd_expect("MFF modify=20100101000000;zz=1; f", &[501, 504])?;
    let reply = control.cmd_expect("MDTM f", &[213])?;
    check(reply.text() == b"20020717210715", || "a refused MFF has changed the time".into())?;
    let reply = control.cmd_expect("MFF modify=20100101000000;UNIX.mode=0640; f", &[213])?;
    let said = text(&reply).to_ascii_lowercase();
    check(said.contains("modify=20100101000000;") && said.contains("unix.mode="), || said)
}

fn passive_by_default(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.fetch(world, "LIST")?;
    Ok(())
}

fn only_registered_commands(world: &mut dyn World) -> Verdict {
    // RFC 5797's registry, and what has been registered since.
    const REGISTERED: &str = "ABOR ACCT ALLO APPE AUTH CCC CDUP CWD DELE EPRT EPSV FEAT HELP HOST LANG LIST MDTM MFCT \
                              MFF MFMT MKD MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST \
                              RETR RMD RNFR RNTO SITE SIZE SMNT STAT STOR STOU STRU SYST TYPE USER XCUP XCWD XMKD XPWD \
                              XRMD";
    // Drafts that the issue asks for.
    const DRAFTS: &str = "AVBL CLNT HASH RANG XCRC XMD5 XSHA1 XSHA256 XSHA512";
    let mut control = Control::greeted(world)?;
    control.cmd_expect("HELP", &[211, 214])?;
    for spec in SPECS {
        let known = |list: &str| list.split_whitespace().any(|verb| verb == spec.name);
        check(known(REGISTERED) || known(DRAFTS), || format!("{} is not registered", spec.name))?;
    }
    Ok(())
}

fn hash(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"abc")?;
    let digests = [
        ("SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
        ("CRC32", "352441c2"),
    ];
    for (algorithm, digest) in digests {
        control.cmd_expect(&format!("OPTS HASH {algorithm}"), &[200])?;
        let reply = control.cmd_expect("HASH f", &[213])?;
        let expected = format!("{algorithm} 0-3 {digest} f");
        check(text(&reply).eq_ignore_ascii_case(&expected), || text(&reply))?;
    }
    let features = features(&mut control)?;
    check(features.iter().any(|line| line.starts_with("HASH ") && line.contains("CRC32*")), || {
        format!("{features:?}")
    })?;
    control.cmd_expect("OPTS HASH ROT13", &[501, 504])?;
    control.cmd_expect("HASH nothing", &[550])?;
    Ok(())
}

fn rang(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"0123456789")?;
    for (range, octets) in [
        ("2 4", &b"234"[..]),
        ("0 0", b"0"),
        ("7 99", b"789"),
        ("1 0", b"0123456789"),
        ("0 9", b"0123456789"),
    ] {
        control.cmd_expect(&format!("RANG {range}"), &[350])?;
        let (found, _) = control.fetch(world, "RETR f")?;
        check(found == octets, || format!("RANG {range}: {found:?}"))?;
        let (whole, _) = control.fetch(world, "RETR f")?;
        check(whole == b"0123456789", || format!("the RETR after RANG {range}: {whole:?}"))?;
    }
    control.cmd_expect("RANG 2 4", &[350])?;
    let reply = control.cmd_expect("HASH f", &[213])?;
    check(text(&reply).starts_with("SHA-256 2-5 "), || text(&reply))?;
    control.cmd_expect("RANG 2 4", &[350])?;
    control.cmd_expect("REST 8", &[350])?;
    let (rest, _) = control.fetch(world, "RETR f")?;
    check(rest == b"89", || format!("REST after RANG: {rest:?}"))?;
    control.cmd_expect("RANG 2 4", &[350])?;
    control.cmd_expect("STOR f", &[501, 504])?;
    for line in ["RANG", "RANG 1", "RANG 4 2", "RANG a b", "RANG 1 2 3"] {
        control.cmd_expect(line, &[501])?;
    }
    let features = features(&mut control)?;
    check(features.iter().any(|line| line == "RANG STREAM"), || format!("{features:?}"))
}

fn x_digests(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "two words", b"xabcx")?;
    control.make_file(world, "f", b"abc")?;
    let digests = [
        ("XCRC", "352441C2"),
        ("XMD5", "900150983CD24FB0D6963F7D28E17F72"),
        ("XSHA1", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
        ("XSHA256", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
    ];
    let features = features(&mut control)?;
    for (verb, digest) in digests {
        for argument in ["f", "\"f\"", "\"two words\" 1 4"] {
            let reply = control.cmd_expect(&format!("{verb} {argument}"), &[250])?;
            check(text(&reply) == digest, || format!("{verb} {argument}: {}", text(&reply)))?;
        }
        check(features.iter().any(|line| line == verb), || format!("{features:?}"))?;
    }
    let reply = control.cmd_expect("XSHA512 two words", &[250])?;
    check(text(&reply).len() == 128, || text(&reply))?;
    control.cmd_expect("XCRC \"f\" 4 2", &[501])?;
    control.cmd_expect("XCRC nothing", &[550])?;
    Ok(())
}

fn avbl(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let reply = control.cmd_expect("AVBL", &[213])?;
    check(text(&reply).parse::<u64>().is_ok(), || text(&reply))
}

fn clnt(world: &mut dyn World) -> Verdict {
    Control::greeted(world)?.cmd_expect("CLNT conformance suite", &[200])?;
    Ok(())
}

fn site(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("SITE MKDIR d", &[200, 250, 257])?;
    control.make_file(world, "d/f", b"x")?;
    control.cmd_expect("SITE CHMOD 600 d/f", &[200])?;
    control.cmd_expect("SITE UTIME 20200101000000 d/f", &[200])?;
    let reply = control.cmd_expect("MDTM d/f", &[213])?;
    check(reply.text() == b"20200101000000", || text(&reply))?;
    control.cmd_expect("SITE SYMLINK f d/link", &[200])?;
    let (octets, _) = control.fetch(world, "RETR d/link")?;
    check(octets == b"x", || format!("{octets:?}"))?;
    control.cmd_expect("DELE d/link", &[250])?;
    control.cmd_expect("DELE d/f", &[250])?;
    control.cmd_expect("SITE RMDIR d", &[200, 250])?;
    control.cmd_expect("SITE IDLE", &[200])?;
    control.cmd_expect("SITE IDLE 60", &[200])?;
    control.cmd_expect("SITE IDLE 999999", &[501])?;
    control.cmd_expect("SITE NONSENSE", &[500, 501, 502, 504])?;
    Ok(())
}
