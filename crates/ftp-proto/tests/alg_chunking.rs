//! An inspector sees the same however TCP cuts the streams.

use ftp_proto::data::Side;
use ftp_proto::testing::inspection_in_chunks;
use proptest::prelude::*;

const USER: [&str; 7] = [
    "PORT 192,168,0,2,4,1\r\n",
    "EPRT |1|192.168.0.2|1025|\r\n",
    "PASV\r\n",
    "EPSV\n",
    "AUTH TLS\r\n",
    "NOOP\r\n",
    "PORT 10,0,0,1,4,1\r\n",
];
const SERVER: [&str; 7] = [
    "220 ready\r\n",
    "227 Entering Passive Mode (198,51,100,7,4,1).\r\n",
    "229 Entering Extended Passive Mode (|||1025|)\r\n",
    "211-Status\r\n227 x (198,51,100,7,4,1)\r\n211 End\r\n",
    "234 go\r\n",
    "150 begun\r\n",
    "500 what?\r\n",
];

fn turn() -> impl Strategy<Value = (Side, Vec<u8>)> {
    let octets = |text: &'static str| text.as_bytes().to_vec();
    prop_oneof![
        3 => prop::sample::select(&USER[..]).prop_map(move |text| (Side::User, octets(text))),
        3 => prop::sample::select(&SERVER[..]).prop_map(move |text| (Side::Server, octets(text))),
        1 => (any::<bool>(), prop::collection::vec(any::<u8>(), 0..120))
            .prop_map(|(user, octets)| (if user { Side::User } else { Side::Server }, octets)),
    ]
}

proptest! {
    #[test]
    fn every_chunking_gives_the_same(
        plan in prop::collection::vec(any::<u8>(), 0..8),
        turns in prop::collection::vec(turn(), 0..24),
    ) {
        let turns: Vec<(Side, &[u8])> = turns.iter().map(|(side, octets)| (*side, &octets[..])).collect();
        inspection_in_chunks(&plan, &turns);
    }
}
