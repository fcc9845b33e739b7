#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ftp_proto::testing::server_session(data));
