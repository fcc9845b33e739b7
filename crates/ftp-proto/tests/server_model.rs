//! The server against everything that a peer can say and an application can answer.

use ftp_proto::testing;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_happens_in_whatever_order_commands_questions_and_transfers_end_once(
        script in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        testing::server_session(&script);
    }

    /// A script that only says whole commands, so that its replies are counted exactly.
    #[test]
    fn rfc959_54_likely_sessions_have_one_final_reply_for_each_command(
        flags: u8,
        script in prop::collection::vec(
            (prop_oneof![4 => 0_u8..5, 4 => 6_u8..11, 1 => Just(11)], any::<u8>()),
            0..200
        )
    ) {
        let mut octets = vec![flags | 1];
        octets.extend(script.into_iter().flat_map(|(what, with)| [what, with]));
        testing::server_session(&octets);
    }
}
