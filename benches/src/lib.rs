//! Benchmarks of the protocol core: `cargo bench -p ftp-benches`.
//!
//! Each says how many octets or commands a second go through; a number means something beside the others of the same run,
//! and beside the same one of another revision on the same machine.

/// Text of about that many octets, in lines of different lengths.
#[must_use]
pub fn text(octets: usize) -> Vec<u8> {
    let lines = (0..).map(|nth: usize| format!("{:>width$}\n", nth, width = 1 + nth * 7 % 90));
    let mut text = Vec::with_capacity(octets + 100);
    for line in lines {
        if text.len() >= octets {
            break;
        }
        text.extend_from_slice(line.as_bytes());
    }
    text
}
