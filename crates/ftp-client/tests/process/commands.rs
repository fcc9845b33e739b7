//! The commands on URLs, against our server.

use crate::common::{Ours, Place};

#[test]
fn a_file_comes_and_goes_in_every_data_port_mode() {
    let (server, here) = (Ours::start(), Place::new());
    let octets: Vec<u8> = (0..100_000_u32).map(|n| ((n * 31) >> 3) as u8).collect();
    here.write("file", &octets);
    for mode in ["auto", "epsv", "pasv", "eprt", "port"] {
        here.run(&["put", "file", &server.url(mode), "--mode", mode]).ended(0);
        assert_eq!(server.contents(mode), Some(octets.clone()), "{mode}");
        here.run(&["--mode", mode, "get", &server.url(mode)]).ended(0);
        assert_eq!(here.read(mode), Some(octets.clone()), "{mode}");
    }
}

#[test]
fn cat_is_in_order_and_keeps_every_octet() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("a", b"first\r\n\0");
    server.put("b", b"\xff\x00second");
    let output = here.command(&["cat", &server.url("a"), &server.url("b")]).output().expect("it runs");
    assert_eq!(output.stdout, b"first\r\n\0\xff\x00second");
}

#[test]
fn names_are_made_moved_and_removed() {
    let (server, here) = (Ours::start(), Place::new());
    here.run(&["mkdir", "-p", &server.url("a/b/c")]).ended(0);
    server.put("a/b/c/file", b"x");
    here.run(&["mv", &server.url("a/b/c/file"), "a/moved"]).ended(0);
    assert_eq!(server.contents("a/moved"), Some(b"x".to_vec()));
    here.run(&["rmdir", &server.url("a/b/c")]).ended(0);
    here.run(&["rmdir", &server.url("a")]).ended(8);
    here.run(&["rm", "-r", &server.url("a")]).ended(0);
    assert_eq!(here.run(&["ls", &server.url("")]).ended(0).out, "");
}

#[test]
fn several_urls_are_all_tried_and_the_exit_code_tells_that_some_failed() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("a", b"1");
    server.put("c", b"3");
    let ran = here.run(&["get", &server.url("a"), &server.url("b"), &server.url("c")]).ended(7);
    assert!(ran.err.contains("550"), "{ran:?}");
    assert_eq!(here.names(), ["a", "c"]);
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("file", b"x");
    here.run(&["get", &server.url("nope")]).ended(4);
    here.run(&["ls", &format!("ftp://joe:wrong@127.0.0.1:{}/", server.port)]).ended(3);
    here.run(&["put", "missing", &server.url("x")]).ended(1);
    here.run(&["get", "http://h/x"]).ended(2);
    here.run(&["get", &server.url("file"), "no/such/dir"]).ended(1);
    // As anonymous nothing can be removed.
    here.run(&["rm", &format!("ftp://127.0.0.1:{}/file", server.port)]).ended(3);
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    here.run(&["ls", &format!("ftp://{free}/")]).ended(5);
}

#[test]
fn rfc1123_27_every_pathname_can_be_given() {
    let (server, here) = (Ours::start(), Place::new());
    for (name, url) in [
        ("with space", "with%20space"),
        ("\"quoted\" 'twice'", "%22quoted%22%20'twice'"),
        ("-r", "-r"),
        ("größe", "gr%C3%B6%C3%9Fe"),
        ("a;b?c#d%", "a%3Bb%3Fc%23d%25"),
    ] {
        here.write("file", name.as_bytes());
        here.run(&["put", "file", &server.url(url)]).ended(0);
        assert_eq!(server.contents(name), Some(name.as_bytes().to_vec()), "{name}");
        let ran = here.run(&["cat", &server.url(url)]).ended(0);
        assert_eq!(ran.out, name);
    }
}

#[test]
fn rfc1123_28_a_command_is_sent_as_it_is_and_its_reply_shown() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["quote", &server.url(""), "SYST"]).ended(0);
    assert!(ran.out.starts_with("215 "), "{ran:?}");
    let ran = here.run(&["quote", &server.url(""), "SITE", "NONSENSE"]).ended(8);
    assert!(ran.out.starts_with("50"), "{ran:?}");
}

#[test]
fn rfc1123_30_the_text_of_errors_is_shown_and_the_conversation_if_wanted() {
    let (server, here) = (Ours::start(), Place::new());
    let ran = here.run(&["get", &server.url("nope")]).ended(4);
    assert!(ran.err.contains("550 ") && !ran.err.contains("USER"), "{ran:?}");
    let ran = here.run(&["get", &server.url("nope"), "-v"]).ended(4);
    assert!(ran.err.contains("> USER joe") && ran.err.contains("< 220"), "{ran:?}");
    assert!(ran.err.contains("> PASS ****") && !ran.err.contains("PASS pw"), "{ran:?}");
}

#[test]
fn programs_get_json() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("dir/file", b"12345");
    let ran = here.run(&["ls", "--json", &server.url("dir")]).ended(0);
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&value[0]["name"], &value[0]["size"]), (&"file".into(), &5.into()));
    let ran = here.run(&["get", "--json", &server.url("dir/file")]).ended(0);
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&value["files"], &value["octets"]), (&1.into(), &5.into()));
    let ran = here.run(&["stat", "--json", &server.url("nope")]).ended(4);
    let value: serde_json::Value = serde_json::from_str(&ran.err).expect("JSON");
    assert_eq!(value["error"]["kind"], "NotFound");
}

#[test]
fn a_netrc_in_the_home_directory_is_used_and_an_open_one_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, here) = (Ours::start(), Place::new());
    here.write(".netrc", b"machine 127.0.0.1 login joe password pw\n");
    let netrc = here.path().join(".netrc");
    let url = format!("ftp://127.0.0.1:{}/made", server.port);
    std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o600)).expect("mine");
    here.run(&["mkdir", &url]).ended(0);
    here.run(&["rmdir", "--no-netrc", &url]).ended(3);
    std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o644)).expect("mine");
    let ran = here.run(&["rmdir", &url]).ended(3);
    assert!(ran.err.contains("chmod 600"), "{ran:?}");
    here.run(&["rmdir", "--netrc", &url]).ended(1);
}

#[test]
fn the_time_of_the_remote_file_is_kept() {
    let (server, here) = (Ours::start(), Place::new());
    server.storage.set_time(ftp_proto::facts::TimeVal::from_seconds(1_000_000_000));
    server.put("file", b"x");
    here.run(&["get", &server.url("file")]).ended(0);
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(here.path().join("file")).expect("it is there");
    assert_eq!(metadata.mtime(), 1_000_000_000);
}

#[test]
fn text_is_converted_when_it_is_asked_for() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("text", b"a\nb\n");
    for arguments in [["cat", "--ascii", "text"], ["cat", "--quiet", "text;type=a"]] {
        let ran = here.run(&[arguments[0], arguments[1], &server.url(arguments[2]), "-v"]).ended(0);
        assert_eq!(ran.out, "a\nb\n");
        assert!(ran.err.contains("> TYPE A"), "{ran:?}");
    }
}

#[test]
fn standard_input_and_output_can_be_used() {
    let (server, here) = (Ours::start(), Place::new());
    here.run_with(&["put", "-", &server.url("piped")], b"from a pipe").ended(0);
    assert_eq!(server.contents("piped"), Some(b"from a pipe".to_vec()));
    assert_eq!(here.run(&["get", &server.url("piped"), "-"]).ended(0).out, "from a pipe");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("big", &vec![b'x'; 4 << 20]);
    let mut command = here.command(&["cat", &server.url("big")]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]));
}

#[test]
fn files_go_there_and_back_in_every_transmission_mode_and_as_records() {
    let (server, here) = (Ours::start(), Place::new());
    let content = b"a line\nand another\n".repeat(5000);
    here.write("sent", &content);
    for (number, options) in
        [&["--transmission", "block"][..], &["--transmission", "deflate"], &["--records", "--ascii"]]
            .iter()
            .enumerate()
    {
        let name = format!("f{number}");
        let ran = here.run(&[options, &["-v", "put", "sent", &server.url(&name)][..]].concat());
        assert_eq!(ran.code, 0, "{options:?}: {}", ran.err);
        assert_eq!(server.contents(&name).as_deref(), Some(&content[..]), "{options:?}");
        let ran = here.run(&[options, &["-v", "get", &server.url(&name), &name][..]].concat());
        assert_eq!(ran.code, 0, "{options:?}: {}", ran.err);
        assert_eq!(here.read(&name).as_deref(), Some(&content[..]), "{options:?}");
        let agreed = ["> MODE B", "> MODE Z", "> STRU R"][number];
        assert!(ran.err.contains(agreed), "{agreed}: {}", ran.err);
    }
}
