//! Some random conversations; `cargo xtask sim` plays more.

use ftp_conformance::conversation;

#[test]
fn no_conversation_is_judged_wrong() {
    for seed in 0..100 {
        if let Err(wrong) = conversation::play(seed) {
            panic!("\n{wrong}");
        }
    }
}
