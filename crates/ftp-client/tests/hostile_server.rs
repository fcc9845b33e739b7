//! The body of the fuzz target `client_program`, by chance.

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn c1_whatever_a_server_does_the_program_ends_and_writes_nowhere_else(
        command in any::<u8>(),
        // Good replies more often than not, so that most servers are heard for long.
        choices in prop::collection::vec(prop_oneof![3 => 0_u8..10, 1 => any::<u8>()], 0..300),
    ) {
        let mut choices = choices;
        choices.insert(0, command);
        ftp_client::testing::program(&choices);
    }
}
