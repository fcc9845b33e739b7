//! The fuzz targets' seeds, and what fuzzing has found, as ordinary tests: no nightly toolchain is needed.

use ftp_proto::testing;
use std::fs;
use std::path::Path;

#[track_caller]
fn replay(target: &str, body: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(&corpus).expect("the target's corpus") {
        body(&fs::read(entry.expect("a seed").path()).expect("a seed's octets"));
        seeds += 1;
    }
    assert!(seeds > 0, "no seed in {}", corpus.display());
}

#[test]
fn line_framing() {
    replay("line_framing", testing::line_framing);
}

#[test]
fn command_line() {
    replay("command_line", testing::command_line);
}

#[test]
fn reply_decoding() {
    replay("reply_decoding", testing::reply_decoding);
}

#[test]
fn addresses() {
    replay("addresses", testing::addresses);
}

#[test]
fn pathname_in_reply() {
    replay("pathname_in_reply", testing::pathname_in_reply);
}

#[test]
fn listing() {
    replay("listing", testing::listing);
}

#[test]
fn listing_line() {
    replay("listing_line", testing::listing_line);
}

#[test]
fn pattern() {
    replay("pattern", testing::pattern);
}

#[test]
fn ascii() {
    replay("ascii", testing::ascii);
}

#[test]
fn inspection() {
    replay("inspection", testing::inspection);
}

#[test]
fn framing() {
    replay("framing", testing::framing);
}

#[test]
fn server_session() {
    replay("server_session", testing::server_session);
}
