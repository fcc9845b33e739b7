//! RFC 2389: FEAT and OPTS, checklist 5.3.

use crate::case::{Case, case};
use crate::talk::{Control, Failed, Verdict, check, text};
use crate::world::World;

pub(super) const CASES: &[Case] = &[
    case("2389-1", "feature lines begin with one space", feature_lines),
    case("2389-3", "FEAT takes no parameter", feat_takes_no_parameter),
    case("2389-4", "the labels are those of their RFCs", labels),
    case("2389-5", "OPTS refuses what it does not know with 501", opts_of_nothing),
];

/// The lines of FEAT without their space.
pub(super) fn features(control: &mut Control) -> Result<Vec<String>, Failed> {
    control.cmd_expect("FEAT", &[211])?;
    let one_space = |line: String| match line.strip_prefix(' ') {
        Some(feature) if !feature.starts_with(' ') => Ok(feature.to_owned()),
        _ => Err(Failed(format!("not one space: {line:?}"))),
    };
    control.inner_lines()?.into_iter().map(one_space).collect()
}

fn feature_lines(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let reply = control.cmd_expect("FEAT", &[211])?;
    check(reply.lines.len() > 2, || text(&reply))?;
    let last = reply.lines.last().map_or(&b""[..], |line| &line[..]);
    check(last.eq_ignore_ascii_case(b"End"), || text(&reply))?;
    features(&mut control)?;
    Ok(())
}

fn feat_takes_no_parameter(world: &mut dyn World) -> Verdict {
    Control::greeted(world)?.cmd_expect("FEAT x", &[501])?;
    Ok(())
}

fn labels(world: &mut dyn World) -> Verdict {
    const KNOWN: &[&str] = &[
        "AUTH", "AVBL", "CLNT", "EPRT", "EPSV", "HASH", "HOST", "LANG", "MDTM", "MFCT", "MFF", "MFMT",
        "MLST", "PBSZ", "PROT", "RANG", "REST", "SIZE", "TVFS", "UTF8", "MODE", "SITE", "XCRC", "XMD5",
        "XSHA1", "XSHA256", "XSHA512", "PASV", "CCC", "CSID", "COMB",
    ];
    let mut control = Control::greeted(world)?;
    for feature in features(&mut control)? {
        let label = feature.split(' ').next().unwrap_or_default();
        check(KNOWN.contains(&label), || format!("unknown label {label}"))?;
    }
    Ok(())
}

fn opts_of_nothing(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("OPTS ZZZ", &[501])?;
    control.cmd_expect("OPTS FEAT", &[501])?;
    control.cmd_expect("OPTS UTF8 ON", &[200, 202])?;
    Ok(())
}
