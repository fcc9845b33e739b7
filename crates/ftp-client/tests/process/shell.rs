//! The shell, with its commands from a pipe.

use crate::common::{Ours, Place};

fn shell(server: &Ours, here: &Place, script: &str) -> crate::common::Ran {
    here.run_with(&["-v", "shell", &server.url("")], script.as_bytes())
}

#[test]
fn errors_do_not_end_it_and_the_first_one_decides_the_exit_code() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("dir/file", b"contents");
    let ran = shell(&server, &here, "cat nope\nnonsense\ncd dir\npwd\ncat file\n").ended(4);
    assert_eq!(ran.out, "/dir\ncontents");
}

#[test]
fn patterns_stand_for_names_on_both_sides() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("a.txt", b"1");
    server.put("b.txt", b"2");
    server.put("c.bin", b"3");
    here.write("x.up", b"4");
    here.write("y.up", b"5");
    shell(&server, &here, "get *.txt\nmput *.up\nrm *.bin\n").ended(0);
    assert_eq!(here.names(), ["a.txt", "b.txt", "x.up", "y.up"]);
    assert_eq!(server.contents("y.up"), Some(b"5".to_vec()));
    assert_eq!(server.contents("c.bin"), None);
    shell(&server, &here, "get *.nope\n").ended(4);
}

#[test]
fn rfc1123_27_every_pathname_can_be_typed() {
    let (server, here) = (Ours::start(), Place::new());
    let script = "mkdir 'a \"b\"'\ncd a\\ \\\"b\\\"\npwd\ncd ..\nmkdir -- -dash\ncd ./-dash\npwd\n";
    let ran = shell(&server, &here, script).ended(0);
    assert_eq!(ran.out, "/a \"b\"\n/-dash\n");
}

#[test]
fn rfc1123_29_choosing_a_mode_sends_nothing_and_choosing_a_type_does() {
    let (server, here) = (Ours::start(), Place::new());
    let ran =
        shell(&server, &here, "quote NOOP\nmode port\nmode pasv\nmode\ntype ascii\nquote NOOP\n").ended(0);
    let sent: Vec<_> = ran.err.lines().filter(|line| line.starts_with('>')).collect();
    let first = sent.iter().position(|line| *line == "> NOOP").expect("it was sent");
    assert_eq!(sent[first..], ["> NOOP", "> TYPE A", "> NOOP", "> QUIT"]);
    assert!(ran.out.contains("pasv"), "{ran:?}");
}

#[test]
fn trees_can_be_moved_from_the_working_directory() {
    let (server, here) = (Ours::start(), Place::new());
    server.put("top/sub/file", b"x");
    shell(&server, &here, "cd top\nget -r sub copy\nmirror sub again\nput -r copy there\n").ended(0);
    assert_eq!(here.read("copy/file"), Some(b"x".to_vec()));
    assert_eq!(here.read("again/file"), Some(b"x".to_vec()));
    assert_eq!(server.contents("top/there/file"), Some(b"x".to_vec()));
}
