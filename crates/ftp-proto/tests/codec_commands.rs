//! Command lines: what each verb takes, what it refuses, and with which reply.

use bytes::BytesMut;
use ftp_proto::command::{
    Command, CommandError, CommandSpec, EpsvArgument, ListArgument, OptsCommand, PathName, ProtectionLevel,
    SPECS, SiteCommand, Verb,
};
use ftp_proto::facts::TimeVal;
use ftp_proto::params::{DataType, FormControl, Structure, TransferMode};
use ftp_proto::reply::Reply;
use ftp_proto::wire::{CommandView, Encode};

#[track_caller]
fn parse(line: impl AsRef<[u8]>) -> Result<Command, CommandError> {
    Command::parse(&CommandView::parse(line.as_ref()).expect("a verb"))
}

/// The code with which a line is refused; 0 when it is not.
#[track_caller]
fn code(line: impl AsRef<[u8]>) -> u16 {
    parse(line).err().map_or(0, |error| error.code().get())
}

/// The line that a command is sent as.
fn sent(command: &Command) -> String {
    let mut out = BytesMut::new();
    command.encode(&mut out);
    String::from_utf8(out.to_vec()).expect("text")
}

/// Every line is understood, and sent again as the other one of the pair.
#[track_caller]
fn means(table: &[(&str, &str)]) {
    for (line, meaning) in table {
        match parse(line) {
            Ok(command) => assert_eq!(sent(&command), format!("{meaning}\r\n"), "{line:?}"),
            Err(error) => panic!("{line:?}: {error}"),
        }
    }
}

#[track_caller]
fn refused(table: &[(&str, u16)]) {
    for (line, expected) in table {
        assert_eq!(code(line), *expected, "{line:?}");
    }
}

fn path(name: &'static str) -> PathName {
    PathName::new(name).expect("a pathname")
}

#[test]
fn rfc959_11_each_kind_of_error_has_its_reply() {
    refused(&[
        ("XYZZY", 500),
        ("CWD", 501),
        ("CWD ", 501),
        ("PASV x", 501),
        ("TYPE X", 504),
        ("EPSV 3", 522),
    ]);
    let reply = Reply::from(parse("EPRT |9|x|1|").unwrap_err());
    // RFC 2428 §2: the list in parentheses, and no others.
    assert_eq!((reply.code.get(), reply.text()), (522, &b"Network protocol not supported, use (1,2)"[..]));
}

#[test]
fn s16_no_error_shows_what_was_sent() {
    for line in ["ZZTOP zztop", "TYPE zztop", "PORT zztop", "MFMT zztop", "SITE CHMOD zztop", "HOST zz/top"] {
        let text = parse(line).unwrap_err().to_string();
        assert!(!text.to_ascii_lowercase().contains("zz"), "{text}");
    }
}

#[test]
fn rfc959_10_every_verb_of_the_table_is_understood_in_any_case() {
    for spec in SPECS {
        let line = spec.name.to_ascii_lowercase();
        let argument = match parse(&line) {
            Ok(command) => Ok(command.verb()),
            Err(CommandError::Argument { .. }) => Ok(spec.verb),
            Err(error) => Err(error),
        };
        assert_eq!(argument, Ok(spec.verb), "{line}");
        assert_eq!(CommandSpec::find(spec.verb.name().as_bytes()).map(|spec| spec.verb), Some(spec.verb));
    }
}

#[test]
fn rfc1123_20_the_x_verbs_mean_the_others() {
    means(&[
        ("XCUP", "CDUP"),
        ("XCWD a", "CWD a"),
        ("XMKD a", "MKD a"),
        ("XPWD", "PWD"),
        ("XRMD a", "RMD a"),
    ]);
}

#[test]
fn rfc2389_3_verbs_without_an_argument_refuse_one_but_not_spaces() {
    for verb in ["ABOR", "CCC", "CDUP", "FEAT", "PASV", "PWD", "QUIT", "REIN", "SYST"] {
        refused(&[
            (verb, 0),
            (&format!("{verb} "), 0),
            (&format!("{verb}   "), 0),
            (&format!("{verb} x"), 501),
        ]);
    }
    means(&[("NOOP still here", "NOOP")]);
}

#[test]
fn rfc2640_1_every_space_of_a_pathname_belongs_to_it() {
    assert!(matches!(parse("STOR  x "), Ok(Command::Stor(name)) if name.as_bytes() == b" x "));
    assert!(matches!(parse("RETR -x"), Ok(Command::Retr(name)) if name.as_bytes() == b"-x"));
}

#[test]
fn rfc2640_3_a_pathname_need_not_be_utf_8() {
    assert!(matches!(parse(b"RETR caf\xE9"), Ok(Command::Retr(name)) if name.as_bytes() == b"caf\xE9"));
}

#[test]
fn s5_cr_in_a_pathname_is_refused() {
    assert_eq!(code("DELE a\rb"), 501);
    assert_eq!(code("USER a\rb"), 501);
    assert_eq!(code("PASS a\rb"), 501);
}

#[test]
fn rfc959_21_a_password_may_be_empty_and_keeps_its_spaces() {
    for (line, password) in [("PASS", ""), ("PASS ", ""), ("PASS  a b ", " a b ")] {
        let Ok(Command::Pass(secret)) = parse(line) else { panic!("{line:?}") };
        assert_eq!(secret.expose(), password.as_bytes());
    }
    refused(&[("USER", 501), ("USER ", 501), ("USER a b", 0)]);
}

#[test]
fn s29_a_secret_is_not_in_what_is_shown() {
    for line in ["PASS hunter2", "ACCT hunter2"] {
        let command = parse(line).unwrap();
        assert_eq!(command.redacted(), [&line[..5], "****"].concat());
        assert!(!format!("{command:?}").contains("hunter2"));
        assert_eq!(sent(&command), format!("{line}\r\n"));
    }
    assert_eq!(parse("USER a").unwrap().redacted(), "USER a");
}

#[test]
fn rfc1123_24_type_takes_its_codes_in_any_case_with_their_parameter() {
    use FormControl::{CarriageControl, NonPrint, Telnet};
    let table = [
        ("TYPE A", DataType::Ascii(NonPrint)),
        ("type a n", DataType::Ascii(NonPrint)),
        ("TYPE A T", DataType::Ascii(Telnet)),
        ("TYPE A C", DataType::Ascii(CarriageControl)),
        ("TYPE E", DataType::Ebcdic(NonPrint)),
        ("TYPE E c", DataType::Ebcdic(CarriageControl)),
        ("TYPE I", DataType::Image),
        ("TYPE  i ", DataType::Image),
        ("TYPE L 8", DataType::Local(8)),
        ("TYPE l 36", DataType::Local(36)),
    ];
    for (line, expected) in table {
        assert!(matches!(parse(line), Ok(Command::Type(data_type)) if data_type == expected), "{line}");
    }
    refused(&[("TYPE", 501), ("TYPE L", 501), ("TYPE L 0", 501), ("TYPE L x", 501), ("TYPE I N", 501)]);
    refused(&[
        ("TYPE A N N", 501),
        ("TYPE AN", 501),
        ("TYPE X", 504),
        ("TYPE A X", 504),
        ("TYPE L 256", 504),
    ]);
}

#[test]
fn rfc959_30_stru_and_mode_take_their_letters() {
    for (line, expected) in
        [("STRU F", Structure::File), ("stru r", Structure::Record), ("STRU P", Structure::Page)]
    {
        assert!(matches!(parse(line), Ok(Command::Stru(structure)) if structure == expected), "{line}");
    }
    let modes = [
        ("MODE S", TransferMode::Stream),
        ("mode b", TransferMode::Block),
        ("MODE C", TransferMode::Compressed),
        ("MODE Z", TransferMode::Deflate),
    ];
    for (line, expected) in modes {
        assert!(matches!(parse(line), Ok(Command::Mode(mode)) if mode == expected), "{line}");
    }
    refused(&[
        ("STRU", 501),
        ("STRU FF", 501),
        ("STRU X", 504),
        ("MODE", 501),
        ("MODE 1", 501),
        ("MODE X", 504),
    ]);
}

#[test]
fn rfc3659_07_s25_rest_takes_a_decimal_number_of_at_most_63_bits() {
    let table = [("REST 0", 0), ("REST 5", 5), ("REST 9223372036854775807", i64::MAX as u64)];
    for (line, expected) in table {
        assert!(matches!(parse(line), Ok(Command::Rest(octets)) if octets == expected), "{line}");
    }
    for argument in ["", " x", " -1", " +1", " 0x10", " 1 2", " 9223372036854775808", " 18446744073709551616"]
    {
        assert_eq!(code(format!("REST{argument}")), 501, "{argument}");
    }
    assert_eq!(code(format!("REST {}", "9".repeat(2000))), 501);
}

#[test]
fn rfc959_31_s25_allo_takes_a_number_and_perhaps_a_record_size() {
    means(&[("ALLO 10", "ALLO 10"), ("ALLO 10 R 5", "ALLO 10 R 5"), ("allo 10 r 5", "ALLO 10 R 5")]);
    for argument in ["", " x", " -1", " 1 2", " 1 R", " 1 R x", " 1 R 2 3", " 9223372036854775808"] {
        assert_eq!(code(format!("ALLO{argument}")), 501, "{argument}");
    }
}

#[test]
fn rfc2428_08_10_epsv_takes_nothing_a_protocol_or_all() {
    let table = [
        ("EPSV", EpsvArgument::None),
        ("EPSV ", EpsvArgument::None),
        ("EPSV 1", EpsvArgument::V4),
        ("EPSV 2", EpsvArgument::V6),
        ("epsv all", EpsvArgument::All),
    ];
    for (line, expected) in table {
        assert!(matches!(parse(line), Ok(Command::Epsv(argument)) if argument == expected), "{line}");
    }
    refused(&[("EPSV 3", 522), ("EPSV 0", 522), ("EPSV x", 501), ("EPSV 1 2", 501), ("EPSV ALLO", 501)]);
}

#[test]
fn s7_port_takes_six_numbers_and_nothing_else() {
    means(&[
        ("PORT 192,0,2,7,200,10", "PORT 192,0,2,7,200,10"),
        ("PORT 127,0,0,1,0,0 ", "PORT 127,0,0,1,0,0"),
    ]);
    let bad = [
        "",
        " 1,2,3,4,5",
        " 1,2,3,4,5,6,7",
        " 256,0,0,1,4,5",
        " 127,0,0,1,256,5",
        " 4294967423,0,0,1,4,5",
        " 127,0,0,1,4,4294967301",
        " -1,0,0,1,4,5",
        " 127,0,0,1,4,",
        " 127,0,0,1,4,x5",
        " 127.0.0.1.4.5",
        " (127,0,0,1,4,5)",
        " 127, 0,0,1,4,5",
        " 0127,0,0,1,4,5",
    ];
    for argument in bad {
        assert_eq!(code(format!("PORT{argument}")), 501, "{argument}");
    }
}

#[test]
fn rfc2428_02_03_04_eprt_takes_any_delimiter_and_an_address_of_its_family() {
    means(&[
        ("EPRT |1|132.235.1.2|6275|", "EPRT |1|132.235.1.2|6275|"),
        ("EPRT |2|1080::8:800:200C:417A|5282|", "EPRT |2|1080::8:800:200c:417a|5282|"),
        ("EPRT !1!127.0.0.1!5000!", "EPRT |1|127.0.0.1|5000|"),
        ("EPRT ~2~::1~5000~", "EPRT |2|::1|5000|"),
        // What a dual-stack host may send.
        ("EPRT |2|::ffff:127.0.0.1|5000|", "EPRT |1|127.0.0.1|5000|"),
    ]);
    refused(&[("EPRT |9|x|1|", 522), ("EPRT |0|127.0.0.1|5000|", 522)]);
    let bad = [
        "",
        " |",
        " ||||",
        " |2|1.2.3.4|1|",
        " |1|::1|1|",
        " |x|1.2.3.4|1|",
        " |1|1.2.3.4|65536|",
        " |1|1.2.3.4|-1|",
        " |1|1.2.3.4||",
        " |1|1.2.3.4|1",
        " |1|1.2.3.4|1|x",
        " |1|1.2.3.4|1!",
        " |1|1.2.3|1|",
        " |1|host|1|",
        " |2|fe80::1%eth0|1|",
        " \u{7f}1\u{7f}1.2.3.4\u{7f}1\u{7f}",
    ];
    for argument in bad {
        assert_eq!(code(format!("EPRT{argument}")), 501, "{argument}");
    }
}

#[test]
fn rfc959_36_ls_options_before_a_pathname_are_split_off() {
    let none = ListArgument::default();
    let table = [
        ("LIST", none.clone()),
        ("LIST ", none.clone()),
        ("LIST dir", ListArgument { path: Some(path("dir")), ..none.clone() }),
        ("LIST -l", none.clone()),
        ("LIST -la", ListArgument { all: true, ..none.clone() }),
        ("LIST -A dir", ListArgument { all: true, path: Some(path("dir")), ..none.clone() }),
        ("LIST -a -R", ListArgument { all: true, recursive: true, ..none.clone() }),
        ("LIST -d x y", ListArgument { directory: true, path: Some(path("x y")), ..none.clone() }),
        ("LIST -l  x", ListArgument { path: Some(path(" x")), ..none.clone() }),
        ("LIST dir -a", ListArgument { path: Some(path("dir -a")), ..none.clone() }),
        ("LIST -- -a", ListArgument { path: Some(path("-a")), ..none.clone() }),
        ("LIST -", ListArgument { path: Some(path("-")), ..none.clone() }),
        ("LIST -name", ListArgument { path: Some(path("-name")), ..none.clone() }),
        ("LIST ./-a", ListArgument { path: Some(path("./-a")), ..none.clone() }),
        ("LIST *.txt", ListArgument { path: Some(path("*.txt")), ..none }),
    ];
    for (line, expected) in table {
        assert!(matches!(parse(line), Ok(Command::List(argument)) if argument == expected), "{line}");
    }
    // Options without end are a pathname that does not exist, and cost no more than any other line.
    let line = format!("LIST {}", "-l ".repeat(1000));
    assert!(matches!(parse(line), Ok(Command::List(ListArgument { path: Some(_), .. }))));
}

#[test]
fn rfc1123_27_a_listing_of_a_name_with_a_dash_is_asked_for_so_that_no_server_takes_it_for_options() {
    let argument = ListArgument { path: Some(path("-rf")), ..ListArgument::default() };
    assert_eq!(sent(&Command::List(argument.clone())), "LIST ./-rf\r\n");
    assert_eq!(sent(&Command::Nlst(ListArgument { all: true, ..argument })), "NLST -a ./-rf\r\n");
}

#[test]
fn rfc959_46_stat_of_the_session_and_of_the_working_directory_differ() {
    assert!(matches!(parse("STAT"), Ok(Command::Stat(None))));
    assert!(matches!(parse("STAT "), Ok(Command::Stat(None))));
    assert!(matches!(parse("STAT -l"), Ok(Command::Stat(Some(_)))));
    assert_eq!(sent(&Command::Stat(None)), "STAT\r\n");
    assert_eq!(sent(&Command::Stat(Some(ListArgument::default()))), "STAT .\r\n");
}

#[test]
fn mfxx_1_times_that_do_not_exist_are_refused() {
    means(&[
        ("MFMT 20240229000000 a b", "MFMT 20240229000000 a b"),
        ("MFCT 20020717212230.5 a", "MFCT 20020717212230.5 a"),
    ]);
    let bad = [
        "",
        " 20240229000000",
        " 20230229000000 a",
        " 20231301000000 a",
        " 202301010000 a",
        " a 20230101000000",
    ];
    for argument in bad {
        assert_eq!(code(format!("MFMT{argument}")), 501, "{argument}");
    }
}

#[test]
fn mfxx_2_facts_are_name_and_value_each_ended_by_a_semicolon() {
    let line = "MFF Modify=20240229000000;UNIX.mode=644; a b";
    means(&[(line, line)]);
    let Ok(Command::Mff { facts, path }) = parse(line) else { panic!("not MFF") };
    let facts: Vec<_> = facts.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    assert_eq!(facts, [(&b"Modify"[..], &b"20240229000000"[..]), (b"UNIX.mode", b"644")]);
    assert_eq!(path.as_bytes(), b"a b");
    let bad =
        ["", " a", " x=1 a", " x; a", " x=; a", " =1; a", " x=1;; a", " x=1;", " create=20230229000000; a"];
    for argument in bad {
        assert_eq!(code(format!("MFF{argument}")), 501, "{argument}");
    }
}

#[test]
fn rfc3659_03_a_time_in_mdtm_is_part_of_the_pathname() {
    assert!(matches!(
        parse("MDTM 20240229000000 a"),
        Ok(Command::Mdtm(name)) if name.as_bytes() == b"20240229000000 a"
    ));
}

#[test]
fn rfc7151_3_host_takes_no_port() {
    let table = [
        ("HOST ftp.Example.COM", &b"ftp.example.com"[..]),
        ("HOST 192.0.2.1", b"192.0.2.1"),
        ("HOST [2001:DB8::1]", b"2001:db8::1"),
    ];
    for (line, expected) in table {
        let Ok(Command::Host(host)) = parse(line) else { panic!("{line}") };
        assert_eq!(host.as_bytes(), expected);
    }
    assert_eq!(sent(&parse("HOST [::1]").unwrap()), "HOST [::1]\r\n");
    let bad = [
        "",
        " h:21",
        " 192.0.2.1:21",
        " [::1]:21",
        " ::1",
        " []",
        " [h]",
        " a b",
        " ftp://h/",
        " [192.0.2.1]",
    ];
    for argument in bad {
        assert_eq!(code(format!("HOST{argument}")), 501, "{argument}");
    }
}

#[test]
fn rfc959_48_site_knows_the_common_subcommands() {
    means(&[
        ("SITE help", "SITE HELP"),
        ("SITE chmod 644 a b", "SITE CHMOD 644 a b"),
        ("SITE CHMOD 7 a", "SITE CHMOD 007 a"),
        ("SITE CHMOD 1777 a", "SITE CHMOD 1777 a"),
        ("SITE UTIME 202402290000 a b", "SITE UTIME 20240229000000 a b"),
        ("SITE UTIME 20240229000001 a", "SITE UTIME 20240229000001 a"),
        ("SITE UTIME a b 20240101000000 20240229000001 20240101000000 UTC", "SITE UTIME 20240229000001 a b"),
        ("SITE SYMLINK a b c", "SITE SYMLINK a b c"),
        (r#"SITE SYMLINK "a ""b""" c d"#, r#"SITE SYMLINK "a ""b""" c d"#),
        (r#"SITE SYMLINK "a" b"#, "SITE SYMLINK a b"),
        ("SITE MKDIR a", "SITE MKDIR a"),
        ("SITE RMDIR a", "SITE RMDIR a"),
        ("SITE IDLE", "SITE IDLE"),
        ("SITE IDLE 300", "SITE IDLE 300"),
        ("SITE UMASK 022", "SITE UMASK 022"),
    ]);
    let bad = [
        "",
        " CHMOD",
        " CHMOD 644",
        " CHMOD 888 a",
        " CHMOD 10644 a",
        " CHMOD u+x a",
        " UTIME a",
        " UTIME 202302290000 a",
        " UTIME a 20240101000000 20230229000000 20240101000000 UTC",
        " UTIME a 20240101000000 20240229000000 20240101000000 CET",
        " SYMLINK a",
        r#" SYMLINK "" b"#,
        " MKDIR",
        " IDLE soon",
        " IDLE 4294967296",
    ];
    for argument in bad {
        assert_eq!(code(format!("SITE{argument}")), 501, "{argument}");
    }
    let Ok(Command::Site(SiteCommand::Utime { time, .. })) = parse("SITE UTIME 197001010001 a") else {
        panic!("not UTIME")
    };
    assert_eq!(time, TimeVal::from_seconds(60));
}

#[test]
fn rfc2389_5_opts_knows_its_subcommands_and_refuses_others() {
    means(&[
        ("OPTS MLST type;size;", "OPTS MLST type;size;"),
        ("OPTS mlst Type;x.y", "OPTS MLST Type;x.y;"),
        ("OPTS MLST", "OPTS MLST"),
        ("OPTS UTF8 ON", "OPTS UTF8 ON"),
        ("OPTS utf-8", "OPTS UTF8 ON"),
        ("OPTS UTF8 off", "OPTS UTF8 OFF"),
        ("OPTS HASH", "OPTS HASH"),
        ("OPTS HASH SHA-256", "OPTS HASH SHA-256"),
    ]);
    refused(&[("OPTS", 501), ("OPTS ZZZ", 501), ("OPTS FEAT", 501), ("OPTS UTF8 maybe", 501)]);
    refused(&[("OPTS MLST type size", 501), ("OPTS HASH a b", 501)]);
    assert!(matches!(parse("OPTS MLST"), Ok(Command::Opts(OptsCommand::Mlst(names))) if names.is_empty()));
}

#[test]
fn rfc4217_01_08_security_verbs_take_their_codes() {
    means(&[("AUTH tls-c", "AUTH TLS-C"), ("PBSZ 0", "PBSZ 0"), ("PBSZ 4294967295", "PBSZ 4294967295")]);
    refused(&[("AUTH", 501), ("AUTH T L S", 501), ("PBSZ", 501), ("PBSZ x", 501), ("PBSZ 4294967296", 501)]);
    let levels = [
        ("PROT C", ProtectionLevel::Clear),
        ("PROT S", ProtectionLevel::Safe),
        ("PROT E", ProtectionLevel::Confidential),
        ("prot p", ProtectionLevel::Private),
    ];
    for (line, expected) in levels {
        assert!(matches!(parse(line), Ok(Command::Prot(level)) if level == expected), "{line}");
    }
    refused(&[("PROT", 501), ("PROT X", 504), ("PROT PP", 504)]);
}

#[test]
fn rfc2640_6_lang_takes_a_tag_or_nothing() {
    means(&[("LANG", "LANG"), ("LANG en-US", "LANG en-US"), ("LANG fr", "LANG fr")]);
    refused(&[("LANG e_n", 501), ("LANG en-", 501), ("LANG en us", 501), ("LANG abcdefghi", 501)]);
}

#[test]
fn rfc3659_01_0xff_in_an_argument_is_doubled() {
    let command = Command::Retr(PathName::new(&b"caf\xFF"[..]).unwrap());
    let mut out = BytesMut::new();
    command.encode(&mut out);
    assert_eq!(out, &b"RETR caf\xFF\xFF\r\n"[..]);
}

#[test]
fn a_verb_knows_its_name() {
    assert_eq!(Verb::Cwd.name(), "CWD");
    assert!(SPECS.iter().all(|spec| !spec.verb.name().is_empty()));
}

#[test]
fn what_is_parsed_is_written_as_it_came() {
    for line in [
        "EPSV 1",
        "EPSV 2",
        "EPSV ALL",
        "TYPE A T",
        "TYPE A C",
        "TYPE E",
        "TYPE L 36",
        "STRU P",
        "MODE C",
        "PROT S",
        "PROT E",
        "OPTS MODE Z",
        "OPTS MODE Z LEVEL 9",
    ] {
        assert_eq!(sent(&parse(line).expect("a command")), format!("{line}\r\n"));
    }
}
