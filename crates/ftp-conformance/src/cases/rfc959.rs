//! RFC 959: the server's rows of checklist 5.1.

use crate::case::{Case, case};
use crate::talk::{Control, Data, Mode, Verdict, check, read_to_end, text};
use crate::world::{Host, Need, World};
use ftp_proto::reply::Reply;

pub(super) const CASES: &[Case] = &[
    case("959-01", "the minimum commands are implemented", minimum_commands),
    case("959-02", "the defaults are TYPE A N, STRU F, MODE S", defaults_are_ascii_stream_file),
    case("959-03", "a greeting comes first", greeting_comes_first),
    case("959-06", "nothing is said that was not asked for", nothing_unasked).needs(&[Need::VirtualTime]),
    case(
        "959-07",
        "replies are three digits, a separator and lines that end in CRLF",
        replies_are_well_formed,
    ),
    case("959-08", "an inner line cannot end a reply", inner_lines_cannot_end_a_reply),
    case("959-10", "commands are known in any case", commands_in_any_case),
    case("959-11", "500, 501, 503 and 504 are told apart", errors_are_told_apart),
    case("959-20", "USER is answered with a code of its list", user_codes),
    case("959-21", "PASS without USER is 503", pass_without_user),
    case("959-22", "ACCT without need is 503 or 202", acct_without_need),
    case("959-23", "CWD to nowhere is 550", cwd_to_nowhere),
    case("959-24", "CDUP at the root stays or refuses", cdup_at_the_root).needs(&[Need::Root]),
    case("959-25", "SMNT is 202 or 502", smnt),
    case("959-26", "REIN goes back to the state after the greeting", rein_forgets_everything),
    case("959-27", "QUIT waits for the transfer in progress", quit_waits_for_the_transfer),
    case("959-28", "PORT only records the address", port_only_records),
    case("959-29", "PASV before login is refused", pasv_before_login),
    case("959-30", "what TYPE, MODE and STRU do not know is 504", unknown_parameters),
    case("959-31", "ALLO takes numbers", allo_takes_numbers),
    case("959-32", "REST is taken by the next transfer only", rest_is_taken_by_the_next_transfer_only),
    case("959-33", "STOR makes and replaces files", stor_makes_and_replaces),
    case("959-34", "STOU makes a new name each time", stou_makes_new_names),
    case("959-35", "RETR of nothing is 550 without 1yz", retr_of_nothing),
    case("959-36", "LIST and NLST of an empty directory send nothing", empty_listings),
    case("959-37", "APPE appends", appe_appends),
    case("959-38", "RNFR of nothing is 550", rnfr_of_nothing),
    case("959-39", "RNTO must follow RNFR directly", rnto_follows_rnfr),
    case("959-40", "DELE deletes", dele_deletes),
    case("959-41", "RMD removes a directory", rmd_removes),
    case("959-42", "MKD quotes the name and doubles quotes", mkd_doubles_quotes).needs(&[Need::Root]),
    case("959-43", "PWD quotes the directory", pwd_quotes).needs(&[Need::Root]),
    case("959-44", "ABOR cuts a transfer: 426, 226", abor_cuts_a_transfer),
    case("959-45", "SYST names the system", syst),
    case("959-46", "STAT is answered during a transfer", stat_during_a_transfer),
    case("959-47", "HELP works before login", help_before_login),
    case("959-48", "SITE HELP", site_help),
    case("959-49", "NOOP", noop),
    case("959-50", "without a data port there is no transfer", no_data_port_no_transfer),
    case("959-51", "a new PASV closes the old listener", new_pasv_closes_the_old),
    case("959-53", "TYPE A converts line ends both ways", type_a_converts),
];

fn minimum_commands(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in
        ["TYPE A N", "MODE S", "STRU F", "STRU R", "NOOP", "PORT 127,0,0,1,200,1", "RETR x", "STOR /no/dir/x"]
    {
        let reply = control.cmd(line)?;
        check(!matches!(reply.code.get(), 500 | 502), || format!("{line}: {} {}", reply.code, text(&reply)))?;
    }
    control.ok("QUIT")?;
    Ok(())
}

fn defaults_are_ascii_stream_file(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "a", b"a\n")?;
    let mut fresh = Control::logged_in(world)?;
    let (octets, _) = fresh.fetch(world, "RETR a")?;
    check(octets == b"a\r\n", || format!("{octets:02x?}"))
}

fn greeting_comes_first(world: &mut dyn World) -> Verdict {
    let mut control = Control::dial(world, crate::world::Family::V4)?;
    control.expect(&[220, 120, 421])?;
    Ok(())
}

fn nothing_unasked(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    world.elapse(core::time::Duration::from_secs(240));
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn replies_are_well_formed(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["SYST", "HELP", "FEAT", "STAT", "PWD", "MLST", "NONSENSE"] {
        let reply = control.cmd(line)?;
        check(reply.lines.iter().all(|line| !line.contains(&b'\r')), || {
            format!("{line}: CR inside of a reply")
        })?;
    }
    Ok(())
}

fn inner_lines_cannot_end_a_reply(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/226 x", b"")?;
    control.cmd_expect("MLST d/226 x", &[250])?;
    control.cmd_expect("STAT d", &[211, 212, 213])?;
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn commands_in_any_case(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("noop", &[200])?;
    control.cmd_expect("nOoP", &[200])?;
    Ok(())
}

fn errors_are_told_apart(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for (line, codes) in [
        ("NONSENSE", &[500, 502][..]),
        ("TYPE", &[501]),
        ("RNTO x", &[503]),
        ("MODE C", &[504]),
        ("REST x", &[501]),
    ] {
        control.cmd_expect(line, codes)?;
    }
    Ok(())
}

fn user_codes(world: &mut dyn World) -> Verdict {
    for name in [&*world.login().user, "nobody-of-that-name", "anonymous"] {
        let mut control = Control::greeted(world)?;
        control.cmd_expect(&format!("USER {name}"), &[230, 331, 332, 530])?;
    }
    let mut control = Control::greeted(world)?;
    control.cmd_expect("USER", &[500, 501])?;
    Ok(())
}

fn pass_without_user(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect(&control.pass_line(), &[503])?;
    Ok(())
}

fn acct_without_need(world: &mut dyn World) -> Verdict {
    Control::greeted(world)?.cmd_expect("ACCT x", &[503])?;
    Control::logged_in(world)?.cmd_expect("ACCT x", &[202, 503])?;
    Ok(())
}

fn cwd_to_nowhere(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("CWD nowhere", &[550])?;
    control.ok("MKD d")?;
    control.cmd_expect("CWD d", &[250])?;
    Ok(())
}

fn cdup_at_the_root(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("CDUP", &[200, 250, 550])?;
    let reply = control.cmd_expect("PWD", &[257])?;
    check(reply.text().starts_with(b"\"/\""), || text(&reply))
}

fn smnt(world: &mut dyn World) -> Verdict {
    Control::logged_in(world)?.cmd_expect("SMNT x", &[202, 250, 502, 550])?;
    Ok(())
}

fn rein_forgets_everything(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    control.cmd_expect("REIN", &[220])?;
    control.cmd_expect("PWD", &[530])?;
    control.log_in()?;
    control.ok("MKD d")?;
    let reply = control.cmd_expect("STAT", &[211])?;
    check(text(&reply).contains("ASCII"), || format!("TYPE outlived REIN: {}", text(&reply)))
}

fn quit_waits_for_the_transfer(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let content = vec![7; 300_000];
    control.make_file(world, "big", &content)?;
    let data = control.data(world, Mode::Epsv)?;
    control.send(b"RETR big\r\nQUIT\r\n")?;
    control.expect(&[125, 150])?;
    let octets = read_to_end(&mut *data.wire()?)?;
    check(octets == content, || format!("{} octets", octets.len()))?;
    control.expect(&[226, 250])?;
    control.expect(&[221])?;
    control.expect_closed()
}

fn port_only_records(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let closed = world.listen(Host::Client, crate::world::Family::V4).map(|listener| listener.local());
    let [high, low] = closed.map_or(50_000, |at| at.port()).to_be_bytes();
    control.cmd_expect(&format!("PORT 127,0,0,1,{high},{low}"), &[200])?;
    Ok(())
}

fn pasv_before_login(world: &mut dyn World) -> Verdict {
    Control::greeted(world)?.cmd_expect("PASV", &[530])?;
    Ok(())
}

fn unknown_parameters(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["MODE C", "STRU P", "TYPE E", "TYPE L 7"] {
        control.cmd_expect(line, &[504])?;
    }
    for line in ["MODE", "STRU", "TYPE I X"] {
        control.cmd_expect(line, &[501])?;
    }
    Ok(())
}

fn allo_takes_numbers(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for line in ["ALLO 100", "ALLO 100 R 10"] {
        control.cmd_expect(line, &[200, 202])?;
    }
    control.cmd_expect("ALLO x", &[501])?;
    Ok(())
}

fn rest_is_taken_by_the_next_transfer_only(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"0123456789")?;
    control.cmd_expect("REST 5", &[350])?;
    let (tail, _) = control.fetch(world, "RETR f")?;
    let (whole, _) = control.fetch(world, "RETR f")?;
    check(tail == b"56789" && whole == b"0123456789", || format!("{tail:?}, then {whole:?}"))?;
    control.cmd_expect("REST 5", &[350])?;
    let _ = control.data(world, Mode::Epsv)?;
    control.cmd_expect("RETR nothing", &[550])?;
    let (whole, _) = control.fetch(world, "RETR f")?;
    check(whole.len() == 10, || "REST outlived a refused transfer".into())
}

fn stor_makes_and_replaces(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    for content in [&b"first and longer"[..], b"second", b""] {
        control.make_file(world, "f", content)?;
        let (octets, _) = control.fetch(world, "RETR f")?;
        check(octets == content, || format!("{octets:?}"))?;
    }
    let _ = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR /no/such/dir/f", &[550, 553])?;
    Ok(())
}

fn unique_name(preliminary: &Reply) -> Option<String> {
    text(preliminary).strip_prefix("FILE: ").map(str::to_owned)
}

fn stou_makes_new_names(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    let (first, _) = control.give(world, "STOU", b"one")?;
    let (second, _) = control.give(world, "STOU", b"two")?;
    let names = (unique_name(&first), unique_name(&second));
    let (Some(first), Some(second)) = names else {
        return Err(crate::talk::Failed(format!("no names in {} and {}", text(&first), text(&second))));
    };
    check(first != second, || format!("both are {first}"))?;
    let (octets, _) = control.fetch(world, &format!("RETR {first}"))?;
    check(octets == b"one", || format!("{octets:?}"))
}

fn retr_of_nothing(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let _data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("RETR nothing", &[550])?;
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn empty_listings(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD empty")?;
    control.ok("CWD empty")?;
    for line in ["LIST", "NLST"] {
        let (octets, _) = control.fetch(world, line)?;
        check(octets.is_empty(), || format!("{line}: {octets:?}"))?;
    }
    Ok(())
}

fn appe_appends(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"head")?;
    control.give(world, "APPE f", b" and tail")?;
    control.give(world, "APPE new", b"new")?;
    let (f, _) = control.fetch(world, "RETR f")?;
    let (new, _) = control.fetch(world, "RETR new")?;
    check(f == b"head and tail" && new == b"new", || format!("{f:?}, {new:?}"))
}

fn rnfr_of_nothing(world: &mut dyn World) -> Verdict {
    Control::logged_in(world)?.cmd_expect("RNFR nothing", &[450, 550])?;
    Ok(())
}

fn rnto_follows_rnfr(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "a", b"x")?;
    control.cmd_expect("RNTO b", &[503])?;
    control.cmd_expect("RNFR a", &[350])?;
    control.cmd_expect("NOOP", &[200])?;
    control.cmd_expect("RNTO b", &[503])?;
    control.cmd_expect("RNFR a", &[350])?;
    control.cmd_expect("RNTO b", &[250])?;
    control.cmd_expect("SIZE b", &[213])?;
    control.cmd_expect("SIZE a", &[550])?;
    Ok(())
}

fn dele_deletes(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.make_file(world, "f", b"x")?;
    control.cmd_expect("DELE f", &[250])?;
    control.cmd_expect("DELE f", &[550])?;
    Ok(())
}

fn rmd_removes(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD d")?;
    control.make_file(world, "d/f", b"x")?;
    control.cmd_expect("RMD d", &[550])?;
    control.ok("DELE d/f")?;
    control.cmd_expect("RMD d", &[250])?;
    control.cmd_expect("RMD d", &[550])?;
    Ok(())
}

fn mkd_doubles_quotes(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let reply = control.cmd_expect("MKD a\"b", &[257])?;
    check(reply.text().starts_with(b"\"/a\"\"b\""), || text(&reply))?;
    control.cmd_expect("MKD a\"b", &[521, 550])?;
    Ok(())
}

fn pwd_quotes(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("MKD q\"")?;
    control.ok("CWD q\"")?;
    let reply = control.cmd_expect("PWD", &[257])?;
    check(reply.text().starts_with(b"\"/q\"\"\""), || text(&reply))
}

fn abor_cuts_a_transfer(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("ABOR", &[225, 226])?;
    // An upload that we do not end is in progress until it is cut.
    let data = control.data(world, Mode::Epsv)?;
    control.ok("TYPE I")?;
    control.cmd_expect("STOR f", &[125, 150])?;
    let mut wire = data.wire()?;
    let _ = wire.write(b"part");
    control.send(b"ABOR\r\n")?;
    control.expect(&[426])?;
    control.expect(&[225, 226])?;
    // The data connection is closed.
    check(!matches!(wire.read(&mut [0; 1]), Ok(1..)), || "the data connection is still open".into())?;
    control.cmd_expect("NOOP", &[200])?;
    // While the server waits for the data connection.
    let data = control.data(world, Mode::Eprt)?;
    let Data::Waiting(listener) = data else { return Ok(()) };
    control.make_file(world, "g", b"content")?;
    drop(listener);
    control.passive_address(Mode::Epsv)?;
    control.cmd_expect("RETR g", &[125, 150])?;
    control.send(b"ABOR\r\n")?;
    control.expect(&[425, 426])?;
    control.expect(&[225, 226])?;
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn syst(world: &mut dyn World) -> Verdict {
    let reply = Control::logged_in(world)?.cmd_expect("SYST", &[215])?;
    check(reply.text().starts_with(b"UNIX Type: L8"), || text(&reply))
}

fn stat_during_a_transfer(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE I")?;
    let data = control.data(world, Mode::Epsv)?;
    control.cmd_expect("STOR f", &[125, 150])?;
    let mut wire = data.wire()?;
    let _ = wire.write(b"part");
    control.cmd_expect("STAT", &[211])?;
    wire.finish();
    drop(wire);
    control.expect(&[226, 250])?;
    control.cmd_expect("STAT f", &[211, 212, 213])?;
    Ok(())
}

fn help_before_login(world: &mut dyn World) -> Verdict {
    let mut control = Control::greeted(world)?;
    control.cmd_expect("HELP", &[211, 214])?;
    control.cmd_expect("HELP RETR", &[211, 214])?;
    Ok(())
}

fn site_help(world: &mut dyn World) -> Verdict {
    Control::logged_in(world)?.cmd_expect("SITE HELP", &[200, 214])?;
    Ok(())
}

fn noop(world: &mut dyn World) -> Verdict {
    Control::greeted(world)?.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn no_data_port_no_transfer(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.cmd_expect("LIST", &[425, 503])?;
    control.cmd_expect("NOOP", &[200])?;
    Ok(())
}

fn new_pasv_closes_the_old(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    let old = control.passive_address(Mode::Epsv)?;
    let new = control.passive_address(Mode::Epsv)?;
    let refused = old == new || world.connect(Host::Client, old).is_err();
    check(refused, || format!("{old} still accepts"))?;
    world.connect(Host::Client, new).map_err(|error| crate::talk::Failed(format!("{new}: {error}")))?;
    Ok(())
}

fn type_a_converts(world: &mut dyn World) -> Verdict {
    let mut control = Control::logged_in(world)?;
    control.ok("TYPE A")?;
    control.give(world, "STOR text", b"one\r\ntwo\rthree\r\n")?;
    let (network, _) = control.fetch(world, "RETR text")?;
    control.ok("TYPE I")?;
    let (stored, _) = control.fetch(world, "RETR text")?;
    check(stored == b"one\ntwo\rthree\n", || format!("stored: {stored:?}"))?;
    check(network == b"one\r\ntwo\rthree\r\n", || format!("sent: {network:?}"))
}
