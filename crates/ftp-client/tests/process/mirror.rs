//! Trees in both directions.

use crate::common::{Ours, Place};

fn served() -> Ours {
    let server = Ours::start();
    server.put("top/a", b"1");
    server.put("top/sub/b", b"22");
    server.put("top/sub/deep/c.o", b"333");
    server
}

#[test]
fn a_tree_is_copied_from_the_server_and_the_second_time_nothing_is_left_to_do() {
    let (server, here) = (served(), Place::new());
    here.run(&["mirror", "--parallel", "3", &server.url("top"), "here"]).ended(0);
    assert_eq!(
        here.names(),
        ["here", "here/a", "here/sub", "here/sub/b", "here/sub/deep", "here/sub/deep/c.o"]
    );
    assert_eq!(here.read("here/sub/deep/c.o"), Some(b"333".to_vec()));
    let ran = here.run(&["mirror", "--json", &server.url("top"), "here"]).ended(0);
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&value["files"], &value["up_to_date"]), (&0.into(), &3.into()));
}

#[test]
fn a_tree_is_copied_to_the_server_with_its_times() {
    let (server, here) = (Ours::start(), Place::new());
    here.write("from/a", b"1");
    here.write("from/sub/b", b"22");
    here.run(&["mirror", "--reverse", "from", &server.url("new/place")]).ended(0);
    assert_eq!(server.contents("new/place/sub/b"), Some(b"22".to_vec()));
    let ran = here.run(&["mirror", "--json", "from", &server.url("new/place")]).ended(0);
    let value: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&value["files"], &value["up_to_date"]), (&0.into(), &2.into()));
}

#[test]
fn what_the_source_does_not_have_is_deleted_only_when_asked_for() {
    let (server, here) = (served(), Place::new());
    here.write("here/old/x", b"");
    here.run(&["mirror", &server.url("top"), "here"]).ended(0);
    assert!(here.read("here/old/x").is_some());
    here.run(&["mirror", "--delete", &server.url("top"), "here"]).ended(0);
    assert!(!here.names().contains(&"here/old".to_owned()));
    here.write("there/a", b"1");
    here.run(&["mirror", "--delete", "there", &server.url("top")]).ended(0);
    assert_eq!(server.contents("top/sub/b"), None);
    assert_eq!(server.contents("top/a"), Some(b"1".to_vec()));
}

#[test]
fn what_is_excluded_is_left_alone_on_both_sides() {
    let (server, here) = (served(), Place::new());
    here.write("here/mine.o", b"");
    here.run(&["mirror", "-e", "-x", "*.o", &server.url("top"), "here"]).ended(0);
    assert_eq!(here.names(), ["here", "here/a", "here/mine.o", "here/sub", "here/sub/b", "here/sub/deep"]);
}

#[test]
fn get_and_put_copy_whole_trees() {
    let (server, here) = (served(), Place::new());
    here.run(&["get", "-r", &server.url("top")]).ended(0);
    assert_eq!(here.read("top/sub/b"), Some(b"22".to_vec()));
    here.run(&["put", "-r", "top", &server.url("copy")]).ended(0);
    assert_eq!(server.contents("copy/sub/deep/c.o"), Some(b"333".to_vec()));
}

#[test]
fn a_source_that_is_not_there_is_an_error_and_deletes_nothing() {
    let (server, here) = (served(), Place::new());
    here.write("here/mine", b"");
    here.run(&["mirror", "--delete", &server.url("nope"), "here"]).ended(4);
    here.run(&["mirror", "--delete", "nope", &server.url("top")]).ended(1);
    assert_eq!(here.names(), ["here", "here/mine"]);
    assert!(server.contents("top/a").is_some());
}
