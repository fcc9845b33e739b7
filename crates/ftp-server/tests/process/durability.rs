//! When an upload is confirmed, it is on the disk: seen in the system calls.

use crate::harness::{Start, skipped, until};

#[test]
fn s32_226_comes_after_the_data_the_name_and_the_directory_are_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls");
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        return skipped("needs strace");
    }
    // As a grandchild, so that the child is the server itself.
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,write,sendto";
    let tracer = ["strace", "-D", "-f", "-e", calls, "-o", path.to_str().unwrap()];
    let server = Start::new().writable().options(&["--tls", "off"]).under(&tracer).start();
    assert!(server.anonymous().put("STOR file", b"octets").starts_with("226"));
    let order = ["fdatasync(", "renameat", "fsync(", "\"226 "];
    let places = || {
        let calls = std::fs::read_to_string(&path).unwrap_or_default();
        order.map(|call| calls.lines().position(|line| line.contains(call)))
    };
    assert!(until(|| places().iter().all(Option::is_some)), "{:?} of {order:?}", places());
    assert!(places().is_sorted(), "{:?} of {order:?}", places());
}
