//! Replies written, and read from servers that keep the rules and from those that do not.

use bytes::{Bytes, BytesMut};
use ftp_proto::reply::{Reply, ReplyCode, parse_quoted_path};
use ftp_proto::wire::{Encode, LineError, Quirks, ReplyDecoder, ReplyError, ReplyLimits};

fn encoded(reply: &Reply) -> Bytes {
    let mut out = BytesMut::new();
    reply.encode(&mut out);
    out.freeze()
}

fn decoded_with(quirks: Quirks, octets: &[u8]) -> Vec<Result<(u16, Vec<Bytes>), ReplyError>> {
    let mut decoder = ReplyDecoder::new(ReplyLimits::default());
    decoder.set_quirks(quirks);
    assert_eq!(decoder.push(octets), octets.len());
    core::iter::from_fn(|| decoder.next_reply())
        .map(|reply| reply.map(|reply| (reply.code.get(), reply.lines)))
        .collect()
}

fn decoded(octets: &[u8]) -> Vec<Result<(u16, Vec<Bytes>), ReplyError>> {
    decoded_with(Quirks::default(), octets)
}

fn reply(code: u16, lines: &[&'static str]) -> Result<(u16, Vec<Bytes>), ReplyError> {
    Ok((code, lines.iter().map(|line| Bytes::from_static(line.as_bytes())).collect()))
}

#[test]
fn rfc959_07_a_reply_is_three_digits_a_space_text_and_crlf() {
    let reply = Reply::new(ReplyCode::SERVICE_READY, "Ready.");
    assert_eq!(encoded(&reply), "220 Ready.\r\n");
    assert_eq!(encoded(&Reply::new(ReplyCode::COMMAND_OKAY, "")), "200 \r\n");
    assert_eq!(encoded(&Reply { code: ReplyCode::COMMAND_OKAY, lines: Vec::new() }), "200 \r\n");
}

#[test]
fn rfc959_08_no_line_between_can_end_the_reply() {
    let lines = ["226 x", "211 End", "211-", "", " indented"];
    let sent = encoded(&Reply::multi(ReplyCode::SYSTEM_STATUS, "Status:", lines, "End"));
    assert_eq!(sent, "211-Status:\r\n 226 x\r\n 211 End\r\n 211-\r\n \r\n  indented\r\n211 End\r\n");
    let all = ["Status:", "226 x", "211 End", "211-", "", " indented", "End"];
    assert_eq!(decoded(&sent), [reply(211, &all)]);
}

#[test]
fn rfc2389_1_feature_lines_begin_with_one_space_and_2_no_feature_is_one_line() {
    let some = Reply::multi(ReplyCode::SYSTEM_STATUS, "Features:", ["MDTM", "REST STREAM"], "End");
    assert_eq!(encoded(&some), "211-Features:\r\n MDTM\r\n REST STREAM\r\n211 End\r\n");
    assert_eq!(encoded(&Reply::new(ReplyCode::SYSTEM_STATUS, "No features")), "211 No features\r\n");
}

#[test]
fn s5_a_name_with_a_line_end_makes_no_second_line() {
    let name = "a\r\n226 done\r\n\0b";
    let one = Reply::new(ReplyCode::FILE_UNAVAILABLE, name);
    assert_eq!(encoded(&one), "550 a??226 done???b\r\n");
    let many = Reply::multi(ReplyCode::FILE_STATUS, "Status:", [name], "End");
    assert_eq!(decoded(&encoded(&many)), [reply(213, &["Status:", "a??226 done???b", "End"])]);
}

#[test]
fn rfc3659_01_0xff_in_a_text_is_doubled() {
    let sent = encoded(&Reply::new(ReplyCode::PATHNAME_CREATED, &b"caf\xFF"[..]));
    assert_eq!(sent, &b"257 caf\xFF\xFF\r\n"[..]);
    assert_eq!(decoded(&sent), [Ok((257, vec![Bytes::from_static(b"caf\xFF")]))]);
}

#[test]
fn rfc1123_15_multi_line_replies_are_read_in_every_form_that_servers_use() {
    let forms: [&[u8]; 6] = [
        b"230-Welcome\r\n230-to this\r\n230 server\r\n",
        b"230-Welcome\r\n to this\r\n230 server\r\n",
        b"230-Welcome\r\nto this\r\n230 server\r\n",
        b"230-Welcome\nto this\n230 server\n",
        b"230-Welcome\r\n230-to this\n230 server\r\n",
        b"230-\xFF\xFD\x01Welcome\r\nto this\r\n230 server\r\n",
    ];
    for form in forms {
        assert_eq!(decoded(form), [reply(230, &["Welcome", "to this", "server"])], "{form:?}");
    }
}

#[test]
fn rfc2389_7_a_line_with_another_code_is_text() {
    let octets = b"211-a\r\n226 b\r\n150-c\r\n999 d\r\n211x\r\n2112 e\r\n211 f\r\n226 g\r\n";
    let first = reply(211, &["a", "226 b", "150-c", "999 d", "211x", "2112 e", "f"]);
    assert_eq!(decoded(octets), [first, reply(226, &["g"])]);
}

#[test]
fn a_code_alone_is_a_whole_reply_and_ends_one() {
    assert_eq!(decoded(b"220\r\n"), [reply(220, &[""])]);
    assert_eq!(decoded(b"220-a\r\n220\r\n"), [reply(220, &["a", ""])]);
    assert_eq!(decoded(b"220 \r\n"), [reply(220, &[""])]);
}

#[test]
fn nul_in_a_reply_is_an_octet_like_another() {
    assert_eq!(decoded(b"220 a\0b\r\0c\r\n"), [reply(220, &["a\0b\rc"])]);
}

#[test]
fn quirk_a_reply_that_ends_with_another_code_ends_where_that_is_tolerated() {
    let octets = b"553-no\r\n150 more\r\n226 done\r\n";
    assert_eq!(decoded(octets), []);
    let quirks = Quirks { end_with_any_code: true, ..Quirks::default() };
    assert_eq!(decoded_with(quirks, octets), [reply(553, &["no", "more"]), reply(226, &["done"])]);
}

#[test]
fn quirk_text_without_a_separator_is_a_reply_where_that_is_tolerated() {
    let octets = b"220ready\r\n2200 x\r\n";
    assert_eq!(decoded(octets), [Err(ReplyError::NotAReply), Err(ReplyError::NotAReply)]);
    let quirks = Quirks { no_separator: true, ..Quirks::default() };
    assert_eq!(decoded_with(quirks, octets), [reply(220, &["ready"]), Err(ReplyError::NotAReply)]);
}

#[test]
fn quirk_a_stray_line_is_reported_and_passed_over_where_that_is_tolerated() {
    let octets = b"ld.so: warning\r\n\r\n999 x\r\n220 ready\r\n";
    let error = || Err(ReplyError::NotAReply);
    assert_eq!(decoded(octets), [error(), error(), error(), reply(220, &["ready"])]);
    let quirks = Quirks { stray_lines: true, ..Quirks::default() };
    assert_eq!(decoded_with(quirks, octets), [reply(220, &["ready"])]);
}

/// Pushes `octets` over and over, `times` times, and returns what came and the most that was buffered.
fn flood(octets: &[u8], times: usize) -> (Vec<Result<Reply, ReplyError>>, usize) {
    let mut decoder = ReplyDecoder::new(ReplyLimits::default());
    let (mut replies, mut most) = (Vec::new(), 0);
    for _ in 0..times {
        let mut rest = octets;
        while !rest.is_empty() {
            rest = &rest[decoder.push(rest)..];
            most = most.max(decoder.residue());
            replies.extend(core::iter::from_fn(|| decoder.next_reply()));
        }
    }
    (replies, most)
}

#[test]
fn c5_an_endless_line_is_an_error_in_bounded_memory() {
    let (replies, most) = flood(&[b'x'; 4096], 1000);
    assert_eq!(replies, [Err(ReplyError::Line(LineError::TooLong { limit: 8192 }))]);
    assert!(most <= 2 * 8192);
}

#[test]
fn c5_an_endless_reply_is_an_error() {
    let (replies, _) = flood(b"220-again\r\n", 1000);
    assert_eq!(replies, [Err(ReplyError::TooManyLines { limit: 256 })]);
    let (replies, _) = flood(&[b"220-".as_slice(), &[b'x'; 8000], b"\r\n"].concat(), 100);
    assert_eq!(replies, [Err(ReplyError::TooLarge { limit: 64 * 1024 })]);
}

#[test]
fn c5_a_reply_of_the_limits_is_a_reply() {
    let lines: Vec<_> = (0..254).map(|_| Bytes::from(vec![b'x'; 257])).collect();
    let reply = Reply::multi(ReplyCode::SYSTEM_STATUS, "a", lines, "z");
    let mut decoder = ReplyDecoder::new(ReplyLimits::default());
    let sent = encoded(&reply);
    let mut rest = &sent[..];
    let mut received = Vec::new();
    while !rest.is_empty() {
        rest = &rest[decoder.push(rest)..];
        received.extend(core::iter::from_fn(|| decoder.next_reply()));
    }
    assert_eq!(received, [Ok(reply)]);
}

#[test]
fn c5_nothing_is_read_after_an_error_that_loses_step() {
    let mut decoder = ReplyDecoder::new(ReplyLimits { max_line: 8, ..ReplyLimits::default() });
    let octets = b"220-a long line\r\n226 done\r\n";
    assert!(decoder.push(octets) > 0);
    assert!(matches!(decoder.next_reply(), Some(Err(ReplyError::Line(_)))));
    assert_eq!(decoder.push(b"226 done\r\n"), 10);
    assert_eq!(decoder.next_reply(), None);
    decoder.discard();
    assert_eq!(decoder.push(b"220 ok\r\n"), 8);
    assert!(matches!(decoder.next_reply(), Some(Ok(_))));
}

#[test]
fn c9_nothing_that_was_received_outlives_discard() {
    let mut decoder = ReplyDecoder::new(ReplyLimits::default());
    let octets = b"230-in the clear\r\n230 half";
    assert_eq!(decoder.push(octets), octets.len());
    assert_eq!(decoder.next_reply(), None);
    assert!(!decoder.is_empty());
    assert!(decoder.discard() > 0);
    assert!(decoder.is_empty());
    assert_eq!(decoder.push(b"220 ok\r\n"), 8);
    assert_eq!(decoder.next_reply().unwrap().unwrap().lines, ["ok"]);
}

#[test]
fn rfc959_42_a_pathname_is_found_in_the_257_of_every_server() {
    let table: [(&[u8], Option<&[u8]>); 14] = [
        (br#""/home" is the current directory"#, Some(b"/home")),
        (br#""/a ""b"" c" created"#, Some(br#"/a "b" c"#)),
        (br#"Directory "/x y" and "z""#, Some(b"/x y")),
        (br#""'HLQ.X.'" is the working directory name prefix."#, Some(b"'HLQ.X.'")),
        (br#""DISK$:[DIR.SUB]" is default directory."#, Some(b"DISK$:[DIR.SUB]")),
        (b"/home/user", Some(b"/home/user")),
        (b"/home/user is current directory.", Some(b"/home/user")),
        (b"Current directory is /srv", Some(b"/srv")),
        (b"DISK$:[DIR] is default", Some(b"DISK$:[DIR]")),
        (br"A:\x is current directory", Some(br"A:\x")),
        (b"created", Some(b"created")),
        (b"all done", None),
        (br#""unterminated"#, None),
        (br#""" is nothing"#, None),
    ];
    for (text, path) in table {
        assert_eq!(parse_quoted_path(text).as_deref(), path, "{}", String::from_utf8_lossy(text));
    }
}
