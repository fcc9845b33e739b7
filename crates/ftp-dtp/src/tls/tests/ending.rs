//! How TLS ends on a control connection that goes on.

use super::pair::{End, Peer, client, control, server};
use crate::tls::Ending;
use ftp_proto::time::Instant;
use std::io::{self, Write as _};

/// The server's end, after its client has accepted CCC; and the client.
fn ending() -> (Ending, End, Peer) {
    let (here, there) = control(&client(), &server().session());
    (Ending::new(there.tls, Instant::from_origin(core::time::Duration::from_secs(2))), there.end, here)
}

fn poll(ending: &mut Ending, end: &mut End) -> io::Result<Vec<u8>> {
    ending.poll(end, Instant::ORIGIN)
}

#[test]
fn rfc4217_12_clear_octets_in_the_segment_of_the_close_notify_are_the_first_clear_line() {
    let (mut ending, mut end, mut peer) = ending();
    peer.tls.close(&mut peer.end).unwrap();
    peer.end.write_all(b"NOOP\r\n").unwrap();
    assert_eq!(poll(&mut ending, &mut end).unwrap(), b"NOOP\r\n");
}

#[test]
fn rfc4217_12_it_makes_no_difference_where_the_octets_are_cut() {
    let (_, _, mut peer) = ending();
    peer.write(b"late\r\n");
    peer.tls.close(&mut peer.end).unwrap();
    let length = {
        let (_, end, mut peer) = ending();
        peer.write(b"late\r\n");
        peer.tls.close(&mut peer.end).unwrap();
        end.take().len()
    };
    for cut in 1..length {
        let (mut ending, mut end, mut peer) = ending();
        peer.write(b"late\r\n");
        peer.tls.close(&mut peer.end).unwrap();
        peer.end.write_all(b"NOOP\r\n").unwrap();
        let all = end.take();
        peer.end.write_all(&all[..cut]).unwrap();
        let first = poll(&mut ending, &mut end);
        assert_eq!(first.unwrap_err().kind(), io::ErrorKind::WouldBlock, "cut at {cut}");
        peer.end.write_all(&all[cut..]).unwrap();
        assert_eq!(poll(&mut ending, &mut end).unwrap(), b"NOOP\r\n", "cut at {cut}");
    }
}

#[test]
fn rfc4217_12_a_peer_that_sends_no_close_notify_goes_on_in_the_clear() {
    let (mut ending, mut end, mut peer) = ending();
    peer.end.write_all(b"NOOP\r\n").unwrap();
    assert_eq!(poll(&mut ending, &mut end).unwrap(), b"NOOP\r\n");
}

#[test]
fn a_peer_that_says_nothing_is_not_waited_for_after_the_time() {
    let (mut ending, mut end, _peer) = ending();
    assert_eq!(poll(&mut ending, &mut end).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let until = ending.until();
    assert_eq!(ending.poll(&mut end, until).unwrap(), b"");
}

#[test]
fn a_close_notify_that_was_read_already_is_not_waited_for() {
    let (mut here, mut there) = control(&client(), &server().session());
    there.write(b"200 Clear from now on.\r\n");
    there.tls.close(&mut there.end).unwrap();
    assert_eq!(here.read().unwrap(), b"200 Clear from now on.\r\n");
    let mut ending = Ending::new(here.tls, Instant::ORIGIN);
    assert_eq!(poll(&mut ending, &mut here.end).unwrap(), b"");
}

#[test]
fn a_flood_of_what_is_no_record_and_no_text_is_an_error() {
    let (mut ending, mut end, mut peer) = ending();
    peer.end.write_all(&[23, 3, 3, 0xff, 0xff]).unwrap();
    peer.end.write_all(&vec![0; 70_000]).unwrap();
    assert_eq!(poll(&mut ending, &mut end).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
