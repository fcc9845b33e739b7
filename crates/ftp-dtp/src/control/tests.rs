use super::*;
use core::net::SocketAddr;
use ftp_proto::data::{Admission, DataEvent, DataId};
use ftp_proto::io::{Deadline, Step};
use std::collections::VecDeque;

const NOW: Instant = Instant::ORIGIN;

/// Takes octets while it has room, writes what it is given to write.
#[derive(Debug, Default)]
struct Machine {
    room: usize,
    taken: Vec<u8>,
    output: Vec<u8>,
    events: Vec<&'static str>,
}

impl ControlMachine for Machine {
    type Output = ();

    fn wants_input(&self) -> bool {
        self.room > 0
    }

    fn receive(&mut self, octets: &[u8], _now: Instant) -> usize {
        let taken = octets.len().min(self.room);
        self.taken.extend_from_slice(&octets[..taken]);
        self.room -= taken;
        taken
    }

    fn pending_output(&self) -> &[u8] {
        &self.output
    }

    fn output_written(&mut self, octets: usize, _now: Instant) {
        self.output.drain(..octets);
    }

    fn handle_control(&mut self, event: ControlEvent, _now: Instant) {
        self.events.push(match event {
            ControlEvent::PeerClosed => "closed",
            ControlEvent::Reset => "reset",
            _ => "other",
        });
    }

    fn admit(&mut self, _id: DataId, _peer: SocketAddr, _now: Instant) -> Admission {
        Admission::Drop
    }

    fn handle_data(&mut self, _id: DataId, _event: DataEvent, _now: Instant) {}

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll(&mut self) -> Option<Step<()>> {
        None
    }

    fn is_finished(&self) -> bool {
        false
    }
}

/// A socket that gives these, then blocks; and counts how often it was read.
struct Socket {
    gives: VecDeque<io::Result<Vec<u8>>>,
    reads: usize,
}

impl Socket {
    fn new(gives: impl IntoIterator<Item = io::Result<Vec<u8>>>) -> Self {
        Self { gives: gives.into_iter().collect(), reads: 0 }
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        let octets = self.gives.pop_front().unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))?;
        room[..octets.len()].copy_from_slice(&octets);
        Ok(octets.len())
    }
}

/// Nothing is written here.
impl Write for Socket {
    fn write(&mut self, _octets: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A socket that is only written to.
struct Sink<W>(W);

impl<W: FnMut(&[u8]) -> io::Result<usize>> Write for Sink<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        (self.0)(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn fill(pipe: &mut ControlPipe, machine: &mut Machine, socket: &mut Socket) -> Filled {
    pipe.fill(machine, NOW, socket)
}

#[test]
fn all_that_came_is_given_to_the_machine_and_no_memory_is_held() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: 100, ..Machine::default() });
    let mut socket =
        Socket::new([Ok(b"US".to_vec()), Err(io::ErrorKind::Interrupted.into()), Ok(b"ER".to_vec())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Drained);
    assert_eq!(machine.taken, b"USER");
    assert_eq!(pipe.held.capacity(), 0);
}

#[test]
fn what_the_machine_does_not_take_is_held_and_nothing_more_is_read() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: 3, ..Machine::default() });
    let mut socket = Socket::new([Ok(b"abcdefgh".to_vec()), Ok(b"ij".to_vec())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Held);
    assert_eq!((pipe.held(), socket.reads), (5, 1));
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Held);
    assert_eq!(socket.reads, 1);

    machine.room = 2;
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Held);
    assert_eq!((pipe.held(), socket.reads), (3, 1));

    machine.room = 100;
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Drained);
    assert_eq!(machine.taken, b"abcdefghij");
    assert_eq!(pipe.held.capacity(), 0, "the memory is given back");
}

#[test]
fn a_machine_that_wants_nothing_is_not_read_for() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine::default());
    let mut socket = Socket::new([Ok(b"a".to_vec())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Held);
    assert_eq!(socket.reads, 0);
}

#[test]
fn a_flood_leaves_others_their_turn() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: usize::MAX, ..Machine::default() });
    let mut socket = Socket::new((0..100).map(|_| Ok(vec![b'a'; READ_AT_ONCE])));
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Again);
    assert_eq!(socket.reads, ROUNDS);
}

#[test]
fn the_end_of_stream_is_told_once_and_after_all_octets() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: 1, ..Machine::default() });
    let mut socket = Socket::new([Ok(b"ab".to_vec()), Ok(Vec::new()), Ok(Vec::new())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Held);
    assert!(machine.events.is_empty());
    machine.room = 10;
    for _ in 0..2 {
        assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Ended);
    }
    assert_eq!((&machine.taken[..], &machine.events[..]), (&b"ab"[..], &["closed"][..]));
}

#[test]
fn an_error_is_a_reset_for_the_machine() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: 9, ..Machine::default() });
    let mut socket = Socket::new([Err(io::ErrorKind::ConnectionReset.into())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Ended);
    assert_eq!(machine.events, ["reset"]);
}

#[test]
fn output_is_written_as_far_as_there_is_room() {
    let (mut pipe, mut machine) =
        (ControlPipe::new(), Machine { output: b"220 hi\r\n".to_vec(), ..Machine::default() });
    let mut wire = Vec::new();
    let mut room = 5;
    let write = |octets: &[u8]| {
        let taken = octets.len().min(3).min(room);
        room -= taken;
        wire.extend_from_slice(&octets[..taken]);
        if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    };
    assert_eq!(pipe.flush(&mut machine, NOW, &mut Sink(write)), Flushed::Blocked);
    assert_eq!((&wire[..], &machine.output[..]), (&b"220 h"[..], &b"i\r\n"[..]));
}

#[test]
fn nothing_to_write_is_all_written() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine::default());
    assert_eq!(pipe.flush(&mut machine, NOW, &mut Sink(|_: &[u8]| unreachable!())), Flushed::All);
}

#[test]
fn a_peer_that_is_gone_is_told_once_whoever_finds_out() {
    let (mut pipe, mut machine) =
        (ControlPipe::new(), Machine { room: 9, output: b"x".to_vec(), ..Machine::default() });
    let broken = |_: &[u8]| Err(io::ErrorKind::BrokenPipe.into());
    assert_eq!(pipe.flush(&mut machine, NOW, &mut Sink(broken)), Flushed::Ended);
    let mut socket = Socket::new([Err(io::ErrorKind::ConnectionReset.into())]);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Ended);
    assert_eq!(machine.events, ["reset"]);
}

#[test]
fn an_error_in_writing_is_told_also_after_the_end_of_stream_once() {
    let mut machine = Machine { room: 100, output: b"221 Goodbye.\r\n".to_vec(), ..Machine::default() };
    let mut pipe = ControlPipe::new();
    assert_eq!(fill(&mut pipe, &mut machine, &mut Socket::new([Ok(Vec::new())])), Filled::Ended);
    for _ in 0..2 {
        let write = |_: &[u8]| Err(io::ErrorKind::BrokenPipe.into());
        assert_eq!(pipe.flush(&mut machine, NOW, &mut Sink(write)), Flushed::Ended);
    }
    assert_eq!(machine.events, ["closed", "reset"]);
}

#[test]
fn where_there_is_no_tls_to_be_had_the_machine_is_told_once_and_nothing_more_is_read() {
    let (mut pipe, mut machine) = (ControlPipe::new(), Machine { room: 100, ..Machine::default() });
    let mut socket = Socket::new([Ok(b"USER injected\r\n".to_vec())]);
    pipe.start_tls(None);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Again);
    assert_eq!(fill(&mut pipe, &mut machine, &mut socket), Filled::Ended);
    assert_eq!((socket.reads, &machine.taken[..], &machine.events[..]), (0, &b""[..], &["other"][..]));
}
