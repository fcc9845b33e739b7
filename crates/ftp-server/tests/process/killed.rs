//! A server that is killed amid an upload: what is there afterwards is the whole old file, or the whole new one.

use crate::harness::{Start, give_away};
use core::time::Duration;
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

/// How many times: a few, or what this variable says.
fn kills() -> u64 {
    std::env::var("FTP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

#[test]
fn s31_killed_at_a_random_instant_nothing_is_lost_or_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    give_away(&root);
    let (new, seed) = (new_content(), fastrand::u64(..));
    let (mut random, mut told, mut replaced) = (fastrand::Rng::with_seed(seed), 0, 0);
    for kill in 0..kills() {
        std::fs::write(root.join("file"), OLD).unwrap();
        give_away(&root.join("file"));
        let mut server = start(&root);
        let mut client = server.anonymous();
        let mut data = client.begin("STOR file");
        // About as long as an upload takes here, to its 226 and beyond.
        let life = Duration::from_micros(random.u64(0..15_000));
        let said = std::thread::scope(|scope| {
            let upload = scope.spawn(|| {
                let _ = data.write_all(&new);
                drop(data);
                client.reply()
            });
            // No event marks a random instant.
            std::thread::sleep(life);
            server.signal(Signal::KILL);
            server.wait();
            upload.join().unwrap()
        });
        let found = std::fs::read(root.join("file")).unwrap();
        let whole = found == new;
        assert!(whole || found == OLD, "kill {kill} of seed {seed}: {} octets", found.len());
        // What was told to be there is there.
        assert!(whole || !said.starts_with("226"), "kill {kill} of seed {seed}: {said}");
        told += u64::from(said.starts_with("226"));
        replaced += u64::from(whole);
    }
    let again = start(&root);
    assert_eq!(again.anonymous().get("NLST").0, b"file\r\n");
    let _ = writeln!(
        std::io::stderr(),
        "S31: {} kills, seed {seed}: {replaced} times the new file, {told} times with its 226; nothing lost",
        kills()
    );
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
