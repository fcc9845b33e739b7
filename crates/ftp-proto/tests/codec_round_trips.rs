//! What is written is read as itself.

use bytes::Bytes;
use core::net::{IpAddr, SocketAddr, SocketAddrV4};
use ftp_proto::command::{
    Command, DigestArgument, EpsvArgument, ListArgument, OptsCommand, PathName, ProtectionLevel, SPECS,
    Secret, SiteCommand, Text, Word,
};
use ftp_proto::facts::TimeVal;
use ftp_proto::params::{DataType, FormControl, Structure, TransferMode};
use ftp_proto::reply::{Reply, ReplyCode};
use ftp_proto::testing;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Octets that break something somewhere are frequent.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![select(&b"  -\"/;=\xFF\xF4\xFB\r\n\0a1\xC3\xA9"[..]), any::<u8>()];
    vec(octet, 1..12)
}

fn path() -> impl Strategy<Value = PathName> {
    octets().prop_filter_map("no pathname", |octets| PathName::new(octets).ok())
}

fn text() -> impl Strategy<Value = Text> {
    octets().prop_filter_map("no text", |octets| Text::new(octets).ok())
}

/// Text of which a command does not care for the SP, or a control character, at either end.
fn trimmed_text() -> impl Strategy<Value = Text> {
    let trimmed = |text: &Text| text.as_bytes().trim_ascii() == text.as_bytes();
    text().prop_filter("trimmed", trimmed)
}

fn word() -> impl Strategy<Value = Word> {
    "[A-Za-z0-9.-]{1,8}".prop_filter_map("no word", |text| Word::new(text).ok())
}

fn secret() -> impl Strategy<Value = Secret> {
    octets().prop_filter_map("no secret", |octets| Secret::new(octets).ok())
}

fn time() -> impl Strategy<Value = TimeVal> {
    (TimeVal::MIN.seconds_since_epoch..=TimeVal::MAX.seconds_since_epoch).prop_map(TimeVal::from_seconds)
}

fn listing() -> impl Strategy<Value = ListArgument> {
    (any::<[bool; 3]>(), option::of(path())).prop_map(|([all, recursive, directory], path)| ListArgument {
        all,
        recursive,
        directory,
        path,
    })
}

fn octet_count() -> impl Strategy<Value = u64> {
    0..=i64::MAX as u64
}

fn bare() -> impl Strategy<Value = Command> {
    select(vec![
        Command::Abor,
        Command::Ccc,
        Command::Cdup,
        Command::Feat,
        Command::Noop,
        Command::Pasv,
        Command::Pwd,
        Command::Quit,
        Command::Rein,
        Command::Syst,
    ])
}

fn with_path() -> impl Strategy<Value = Command> {
    let constructors: Vec<fn(PathName) -> Command> = vec![
        Command::Appe,
        Command::Cwd,
        Command::Dele,
        Command::Hash,
        Command::Mdtm,
        Command::Mkd,
        Command::Retr,
        Command::Rmd,
        Command::Rnfr,
        Command::Rnto,
        Command::Size,
        Command::Smnt,
        Command::Stor,
    ];
    (select(constructors), path()).prop_map(|(command, path)| command(path))
}

fn with_digest() -> impl Strategy<Value = Command> {
    let constructors: Vec<fn(DigestArgument) -> Command> =
        vec![Command::Xcrc, Command::Xmd5, Command::Xsha1, Command::Xsha256, Command::Xsha512];
    let argument = (path(), octet_count(), option::of(octet_count())).prop_map(|(path, start, length)| {
        DigestArgument { path, start, end: length.map(|length| (start + length).min(i64::MAX as u64)) }
    });
    (select(constructors), argument).prop_map(|(command, what)| command(what))
}

fn with_optional_path() -> impl Strategy<Value = Command> {
    let constructors: Vec<fn(Option<PathName>) -> Command> =
        vec![Command::Avbl, Command::Mlsd, Command::Mlst, Command::Stou];
    (select(constructors), option::of(path())).prop_map(|(command, path)| command(path))
}

fn parameters() -> impl Strategy<Value = Command> {
    let form = || select(vec![FormControl::NonPrint, FormControl::Telnet, FormControl::CarriageControl]);
    let data_type = prop_oneof![
        form().prop_map(DataType::Ascii),
        form().prop_map(DataType::Ebcdic),
        Just(DataType::Image),
        (1..=u8::MAX).prop_map(DataType::Local),
    ];
    let modes =
        vec![TransferMode::Stream, TransferMode::Block, TransferMode::Compressed, TransferMode::Deflate];
    let levels = vec![
        ProtectionLevel::Clear,
        ProtectionLevel::Safe,
        ProtectionLevel::Confidential,
        ProtectionLevel::Private,
    ];
    let epsv = vec![EpsvArgument::None, EpsvArgument::V4, EpsvArgument::V6, EpsvArgument::All];
    prop_oneof![
        data_type.prop_map(Command::Type),
        select(vec![Structure::File, Structure::Record, Structure::Page]).prop_map(Command::Stru),
        select(modes).prop_map(Command::Mode),
        select(levels).prop_map(Command::Prot),
        select(epsv).prop_map(Command::Epsv),
        any::<SocketAddrV4>().prop_map(Command::Port),
        address().prop_map(Command::Eprt),
        any::<u32>().prop_map(Command::Pbsz),
        octet_count().prop_map(Command::Rest),
        (octet_count(), octet_count())
            .prop_map(|(one, other)| Command::Rang { first: one.min(other), last: one.max(other) }),
        Just(Command::Rang { first: 1, last: 0 }),
        (octet_count(), option::of(octet_count()))
            .prop_map(|(octets, record)| Command::Allo { octets, record }),
    ]
}

fn session() -> impl Strategy<Value = Command> {
    let host = prop_oneof!["[a-z0-9.-]{1,20}", any::<core::net::Ipv6Addr>().prop_map(|ip| ip.to_string()),];
    prop_oneof![
        text().prop_map(Command::User),
        secret().prop_map(Command::Pass),
        secret().prop_map(Command::Acct),
        text().prop_map(Command::Clnt),
        option::of(trimmed_text()).prop_map(Command::Help),
        host.prop_filter_map("no host", |host| Text::new(host).ok()).prop_map(Command::Host),
        option::of("[a-z]{1,8}(-[A-Z0-9]{1,8})?")
            .prop_map(|tag| Command::Lang(tag.map(|tag| Word::new(tag).expect("a word")))),
        "[A-Z0-9-]{1,8}".prop_map(|name| Command::Auth(Word::new(name).expect("a word"))),
    ]
}

fn listings() -> impl Strategy<Value = Command> {
    prop_oneof![
        listing().prop_map(Command::List),
        listing().prop_map(Command::Nlst),
        option::of(listing()).prop_map(Command::Stat),
    ]
}

fn facts() -> impl Strategy<Value = Command> {
    let opts = prop_oneof![
        vec(word(), 0..4).prop_map(OptsCommand::Mlst),
        any::<bool>().prop_map(|on| OptsCommand::Utf8 { on }),
        option::of(1_u8..=9).prop_map(|level| OptsCommand::ModeZ { level }),
        option::of(word()).prop_map(OptsCommand::Hash),
    ];
    let fact = (word(), word()).prop_map(|(name, value)| (name, value));
    prop_oneof![
        opts.prop_map(Command::Opts),
        (time(), path()).prop_map(|(time, path)| Command::Mfmt { time, path }),
        (time(), path()).prop_map(|(time, path)| Command::Mfct { time, path }),
        (vec(fact, 1..4), path()).prop_map(|(facts, path)| Command::Mff { facts, path }),
    ]
}

fn site() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(SiteCommand::Help),
        (0..=0o7777_u16, path()).prop_map(|(mode, path)| SiteCommand::Chmod { mode, path }),
        (time(), path()).prop_map(|(time, path)| SiteCommand::Utime { time, path }),
        (path(), path()).prop_map(|(target, link)| SiteCommand::Symlink { target, link }),
        path().prop_map(SiteCommand::Mkdir),
        path().prop_map(SiteCommand::Rmdir),
        option::of(any::<u32>()).prop_map(SiteCommand::Idle),
        Just(SiteCommand::Saw),
        text().prop_map(SiteCommand::Other),
    ]
    .prop_map(Command::Site)
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        bare(),
        with_path(),
        with_digest(),
        with_optional_path(),
        parameters(),
        session(),
        listings(),
        facts(),
        site()
    ]
}

/// Addresses of every kind are frequent.
fn address() -> impl Strategy<Value = SocketAddr> {
    let known =
        vec!["127.0.0.1", "10.0.0.1", "192.0.2.1", "0.0.0.0", "::1", "fe80::1", "::", "::ffff:10.0.0.1"];
    let known = select(known).prop_map(|text| text.parse().expect("an address"));
    (prop_oneof![known, any::<IpAddr>()], any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn reply() -> impl Strategy<Value = Reply> {
    let line =
        prop_oneof![octets(), "[0-9]{3}[ -]?[a-z]{0,3}".prop_map(String::into_bytes), Just(Vec::new())];
    (100..700_u16, vec(line.prop_map(Bytes::from), 1..6))
        .prop_map(|(code, lines)| Reply { code: ReplyCode::new(code).expect("a code"), lines })
}

proptest! {
    #[test]
    fn c3_a_command_is_one_line_and_is_read_as_itself(command in command()) {
        testing::command_round_trip(&command);
    }

    #[test]
    fn a_command_line_that_is_understood_is_sent_as_one_that_means_the_same(
        row in 0..SPECS.len(),
        argument in octets(),
    ) {
        testing::command_line(&[SPECS[row].name.as_bytes(), b" ", &argument].concat());
        testing::command_line(&argument);
    }

    #[test]
    fn rfc959_08_s5_a_reply_is_read_as_itself(reply in reply()) {
        testing::reply_round_trip(&reply);
    }

    #[test]
    fn rfc959_42_a_pathname_comes_back_from_a_257(octets in octets()) {
        testing::pathname_in_reply(&octets);
    }

    #[test]
    fn rfc1123_06_an_address_comes_back_from_a_227(address in any::<SocketAddrV4>()) {
        testing::passive_address(address);
    }

    #[test]
    fn s7_no_text_is_read_as_an_address_that_cannot_be_written(
        text in prop_oneof!["[0-9,()| .:=!-]{0,40}", "[(|][0-9]?[|][0-9a-f:.]{0,12}[|][0-9]{1,6}[|]"],
    ) {
        testing::addresses(text.as_bytes());
    }

    #[test]
    fn s7_c4_the_rules_for_trusting_addresses_hold_for_every_pair(
        peer in address(),
        target in address(),
    ) {
        testing::target_address(peer.ip(), target);
    }
}
