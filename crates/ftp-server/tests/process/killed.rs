//! A server that is killed amid an upload: what is there afterwards is the whole old file, or the whole new one.

use crate::harness::{Start, give_away};
use rustix::process::Signal;
use std::io::Write as _;
use std::path::Path;

/// What was there before.
const OLD: &[u8] = b"the old file, whole";

/// The new file: longer than any buffer on the way.
const LENGTH: usize = 3_000_000;

fn new_content() -> Vec<u8> {
    (0..LENGTH).map(|at| (at % 251) as u8).collect()
}

/// Starts on this directory again.
fn start(root: &Path) -> crate::harness::Server {
    Start::at(root).writable().start()
}

#[test]
fn s31_killed_at_any_moment_the_name_holds_the_old_file_or_the_new_one_and_the_repeat_works() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    give_away(&root);
    let new = new_content();
    // From nothing sent to all sent, the end of the stream, and the reply.
    for sent in [0, 1, 4096, 65_536, 1_000_000, LENGTH - 1, LENGTH, LENGTH + 1, LENGTH + 2] {
        std::fs::write(root.join("file"), OLD).unwrap();
        give_away(&root.join("file"));
        let mut server = start(&root);
        let mut client = server.anonymous();
        let mut data = client.begin("STOR file");
        data.write_all(&new[..sent.min(LENGTH)]).unwrap();
        if sent > LENGTH {
            drop(data);
        }
        if sent > LENGTH + 1 {
            assert!(client.reply().starts_with("226"));
        }
        server.signal(Signal::KILL);
        server.wait();

        let found = std::fs::read(root.join("file")).unwrap();
        let whole = sent > LENGTH && found == new;
        assert!(found == OLD && sent <= LENGTH + 1 || whole, "{sent}: {} octets", found.len());

        // Nothing that was left shows, or is in the way.
        let again = start(&root);
        let mut client = again.anonymous();
        assert_eq!(client.get("NLST").0, b"file\r\n", "{sent}");
        assert!(client.put("STOR file", &new).starts_with("226"), "{sent}");
        assert!(std::fs::read(root.join("file")).unwrap() == new, "{sent}");
    }
}
