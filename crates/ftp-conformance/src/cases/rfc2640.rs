//! RFC 2640: names in any language, checklist 5.6.

use super::rfc2389::features;
use crate::case::{Case, case};
use crate::talk::{Control, Verdict, check};
use crate::world::World;

pub(super) const CASES: &[Case] = &[
    case("2640-1", "one space separates; further ones belong to the name", spaces_belong_to_the_name),
    case("2640-2", "CR in a name is refused, never cut", cr_in_a_name),
    case("2640-3", "names are octets, UTF-8 or not", names_are_octets),
    case("2640-4", "FEAT has UTF8", feat_has_utf8),
    case("2640-6", "LANG", lang),
    case("2640-7", "FEAT has LANG with one asterisk", feat_has_lang),
];

fn spaces_belong_to_the_name(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.ok("CWD d")?;
    control.make_file(world, "  x ", b"spaces")?;
    let (names, _) = control.fetch(world, "NLST")?;
    check(names == b"  x \r\n", || format!("{:?}", String::from_utf8_lossy(&names)))?;
    let (octets, _) = control.fetch(world, "RETR   x ")?;
    check(octets == b"spaces", || format!("{octets:?}"))
}

fn cr_in_a_name(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "a", b"x")?;
    control.send(b"DELE a\r\0b\r\n")?;
    control.expect(&[500, 501, 550, 553])?;
    control.cmd_expect("SIZE a", &[213])?;
    Ok(())
}

fn names_are_octets(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.ok("CWD d")?;
    for name in [&b"gr\xc3\xbc\xc3\x9fe"[..], b"caf\xe9", b"ff\xff\xff"] {
        let line = [b"MKD ", name, b"\r\n"].concat();
        control.send(&line)?;
        control.expect(&[257])?;
    }
    let (names, _) = control.fetch(world, "NLST")?;
    for name in [&b"gr\xc3\xbc\xc3\x9fe\r\n"[..], b"caf\xe9\r\n", b"ff\xff\r\n"] {
        check(names.windows(name.len()).any(|part| part == name), || {
            format!("{name:?} is not in {names:?}")
        })?;
    }
    Ok(())
}

fn feat_has_utf8(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let features = features(&mut control)?;
    check(features.iter().any(|feature| feature == "UTF8"), || format!("{features:?}"))
}

fn lang(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("LANG", &[200])?;
    control.cmd_expect("LANG en", &[200])?;
    control.cmd_expect("LANG xx", &[504])?;
    control.cmd_expect("LANG 12_", &[501, 504])?;
    control.cmd_expect("REIN", &[220])?;
    control.cmd_expect("LANG en", &[200])?;
    Ok(())
}

fn feat_has_lang(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    let features = features(&mut control)?;
    let lang: Vec<_> = features.iter().filter(|feature| feature.starts_with("LANG ")).collect();
    check(lang.len() == 1 && lang[0].matches('*').count() == 1, || format!("{lang:?}"))
}
