//! Some random conversations; `cargo xtask sim` plays more.

use ftp_conformance::conversation;
use proptest::prelude::*;

#[test]
fn no_conversation_is_judged_wrong() {
    for seed in 0..100 {
        if let Err(wrong) = conversation::play(seed) {
            panic!("\n{wrong}");
        }
    }
}

#[test]
fn c12_c14_no_hostile_server_has_a_client_do_what_it_must_not() {
    for seed in 0..300 {
        if let Err(wrong) = conversation::hostile::play(seed) {
            panic!("\n{wrong}");
        }
    }
}

#[test]
fn s12_the_border_to_tls_is_reached_and_crossed() {
    // AUTH TLS, the handshake, a login, CCC.
    assert!(conversation::comes_under_tls(&[0, 0, 4, 0, 1, 0, 2, 0, 4, 0, 3]));
    // What was put in behind AUTH.
    assert!(!conversation::comes_under_tls(&[0, 0, 5, 0, 20, 4, 0, 1]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    /// The body of the fuzz target `pair`.
    #[test]
    fn no_conversation_that_is_made_up_is_judged_wrong(choices in prop::collection::vec(any::<u8>(), 0..300)) {
        conversation::pair(&choices);
    }

    /// The body of the fuzz target `secured`.
    #[test]
    fn s12_nothing_crosses_the_border_to_tls(choices in prop::collection::vec(any::<u8>(), 0..100)) {
        conversation::secured(&choices);
    }
}
