//! A server that mostly does what it should, and then does not.

use super::super::chance::Chance;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use ftp_proto::address::{extended, host_port};
use ftp_sim::{Actor, Host, ListenerId, SocketId, Status};
use std::collections::VecDeque;

/// Where a hostile server would have its client connect to: a host and services that it could not reach itself.
pub(super) const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);

/// What is said instead of a proper reply.
const LIES: [&[u8]; 22] = [
    b"120 wait\r\n",
    b"150 here\r\n",
    b"125 here\r\n",
    b"200 fine\r\n",
    b"226 done\r\n",
    b"226 done\r\n226 done\r\n",
    b"226-done\r\n226 done\r\n",
    b"227 (192,0,2,66,0,80)\r\n",
    b"227 (0,0,0,0,0,0)\r\n",
    b"227 no address\r\n",
    b"229 (|||22|)\r\n",
    b"229 (||||)\r\n",
    b"234 go on\r\n",
    b"257 \"/\x1b[2J\r\0x\" is current\r\n",
    b"331 again\r\n",
    b"350 go on\r\n",
    b"421 bye\r\n",
    b"425 cannot\r\n",
    b"426 cut\r\n",
    b"500 what\r\n",
    b"550 no\r\n",
    b"999 never\r\nnot a reply at all\r\n",
];

/// What a good server says, by verb, where no data connection is concerned.
const TRUTHS: [(&[u8], &[u8]); 15] = [
    (b"USER", b"331 password\r\n"),
    (b"PASS", b"230 in\r\n"),
    (b"FEAT", b"211-Features:\r\n MLST type*;size*;\r\n REST STREAM\r\n UTF8\r\n211 End\r\n"),
    (b"OPTS", b"200 fine\r\n"),
    (b"TYPE", b"200 fine\r\n"),
    (b"MODE", b"200 fine\r\n"),
    (b"STRU", b"200 fine\r\n"),
    (b"NOOP", b"200 fine\r\n"),
    (b"REST", b"350 go on\r\n"),
    (b"CWD", b"250 there\r\n"),
    (b"PWD", b"257 \"/\" is current\r\n"),
    (b"SIZE", b"213 0\r\n"),
    (b"DELE", b"250 gone\r\n"),
    (b"ABOR", b"226 nothing to abort\r\n"),
    (b"QUIT", b"221 bye\r\n"),
];

/// What was said and done in the last transfer.
#[derive(Debug, Default)]
pub(super) struct Transfer {
    /// Every octet of the file was written, and then the end of it.
    pub(super) whole: bool,
    /// What came from the client.
    pub(super) received: Vec<u8>,
    /// The end of it came.
    pub(super) ended: bool,
    /// The server cut it.
    pub(super) cut: bool,
}

/// A data connection of its own, and what it is for.
#[derive(Debug)]
struct Data {
    socket: SocketId,
    /// Still to be written.
    octets: VecDeque<u8>,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Send the whole of it, then end.
    SendAll,
    /// Send what there is, then end, which is too early.
    SendSome,
    /// Send what there is, then reset.
    SendAndReset,
    /// Send what there is, then nothing.
    SendAndStall,
    Receive,
    ReceiveAndReset,
}

/// The server. It serves one session at a time.
#[derive(Debug)]
pub(super) struct Hostile {
    pub(super) chance: Chance,
    /// Of how many steps one is not what it should be.
    one_in: u64,
    /// What a download has to bring.
    pub(super) file: Vec<u8>,
    pub(super) transfer: Transfer,
    pub(super) commands: usize,
    /// The first line that no client of ours may send.
    pub(super) bad_line: Option<Vec<u8>>,
    address: SocketAddr,
    listener: Option<ListenerId>,
    control: Option<SocketId>,
    passive: Option<ListenerId>,
    active: Option<SocketAddr>,
    /// The transfer command that waits for its data connection.
    waiting: Option<Purpose>,
    data: Option<Data>,
    input: Vec<u8>,
    output: VecDeque<u8>,
    /// Close, or reset, once all is written.
    end: Option<End>,
}

#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    Reset,
}

impl Hostile {
    pub(super) fn new(chance: Chance, one_in: u64, address: SocketAddr, file: Vec<u8>) -> Self {
        Self {
            chance,
            one_in,
            file,
            transfer: Transfer::default(),
            commands: 0,
            bad_line: None,
            address,
            listener: None,
            control: None,
            passive: None,
            active: None,
            waiting: None,
            data: None,
            input: Vec::new(),
            output: VecDeque::new(),
            end: None,
        }
    }

    /// A new session takes the place of an old one.
    fn accept(&mut self, host: &mut Host<'_>) -> bool {
        let listener = match self.listener {
            Some(listener) => listener,
            None => match host.listen(self.address, 8) {
                Ok(listener) => *self.listener.insert(listener),
                Err(_) => return false,
            },
        };
        let Some(socket) = host.accept(listener) else { return false };
        if let Some(old) = self.control.replace(socket) {
            host.reset(old);
        }
        self.forget_data(host);
        (self.input, self.output, self.end) = (Vec::new(), VecDeque::new(), None);
        self.say_or_lie(b"220 ready\r\n");
        true
    }

    fn forget_data(&mut self, host: &mut Host<'_>) {
        if let Some(data) = self.data.take() {
            host.reset(data.socket);
        }
        if let Some(passive) = self.passive.take() {
            host.stop_listening(passive);
        }
        (self.active, self.waiting) = (None, None);
    }

    fn lies(&mut self) -> bool {
        self.chance.one_in(self.one_in)
    }

    fn say(&mut self, line: &[u8]) {
        self.output.extend(line);
    }

    fn say_or_lie(&mut self, truth: &[u8]) {
        if !self.lies() {
            return self.say(truth);
        }
        match self.chance.number(0..8) {
            // Silence.
            0 => {}
            1 => self.end = Some(End::Close),
            2 => self.end = Some(End::Reset),
            // Half of it.
            3 => self.say(&truth[..truth.len() / 2]),
            // A line without an end, and lines without end.
            4 => self.output.extend(core::iter::repeat_n(b'x', 100_000)),
            5 => (0..2000).for_each(|_| self.say(b"150 soon\r\n")),
            _ => {
                let lie = self.chance.pick(LIES);
                self.say(lie);
            }
        }
    }

    fn read_control(&mut self, host: &mut Host<'_>) -> bool {
        let Some(control) = self.control else { return false };
        let mut room = [0; 2048];
        match host.read(control, &mut room) {
            Ok(octets) if octets > 0 => {
                self.input.extend_from_slice(&room[..octets]);
                while let Some(end) = self.input.iter().position(|&octet| octet == b'\n') {
                    let line: Vec<u8> = self.input.drain(..=end).collect();
                    self.hear(&line, host);
                }
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => false,
            Ok(_) | Err(_) => {
                host.close(control);
                self.control = None;
                self.forget_data(host);
                true
            }
        }
    }

    fn hear(&mut self, line: &[u8], host: &mut Host<'_>) {
        self.commands += 1;
        // Telnet's Synch goes before ABOR.
        let line: Vec<u8> = line.iter().copied().skip_while(|octet| *octet >= 0xf0).collect();
        let Some(command) = line.strip_suffix(b"\r\n").filter(|command| !has_line_end(command)) else {
            self.bad_line.get_or_insert(line);
            return;
        };
        let verb = command.split(|&octet| octet == b' ').next().unwrap_or_default();
        let argument = command.get(verb.len() + 1..).unwrap_or_default();
        match verb {
            b"EPSV" | b"PASV" => self.listen(verb, host),
            b"EPRT" => self.connect_later(extended::parse_eprt(argument).ok()),
            b"PORT" => self.connect_later(host_port::parse_argument(argument).ok().map(SocketAddr::from)),
            b"RETR" | b"STOR" | b"LIST" | b"NLST" | b"MLSD" => self.begin(verb, host),
            _ => {
                let truth = TRUTHS.iter().find(|(known, _)| *known == verb);
                self.say_or_lie(truth.map_or(b"502 no\r\n", |(_, reply)| reply));
            }
        }
    }

    fn listen(&mut self, verb: &[u8], host: &mut Host<'_>) {
        self.forget_data(host);
        let Ok(listener) = host.listen(SocketAddr::new(self.address.ip(), 0), 8) else { return };
        self.passive = Some(listener);
        let port = host.listener_address(listener).map_or(0, |at| at.port());
        let IpAddr::V4(ip) = self.address.ip() else { return };
        let ([a, b, c, d], [high, low]) = (ip.octets(), port.to_be_bytes());
        let truth = match verb {
            b"EPSV" => format!("229 (|||{port}|)\r\n"),
            _ => format!("227 ({a},{b},{c},{d},{high},{low})\r\n"),
        };
        self.say_or_lie(truth.as_bytes());
    }

    fn connect_later(&mut self, target: Option<SocketAddr>) {
        self.active = target;
        self.say_or_lie(b"200 fine\r\n");
    }

    fn begin(&mut self, verb: &[u8], host: &mut Host<'_>) {
        self.transfer = Transfer::default();
        let honest = !self.lies();
        self.waiting = Some(match (verb, honest) {
            (b"STOR", true) => Purpose::Receive,
            (b"STOR", false) => Purpose::ReceiveAndReset,
            (_, true) => Purpose::SendAll,
            (_, false) => self.chance.pick([Purpose::SendSome, Purpose::SendAndReset, Purpose::SendAndStall]),
        });
        self.say_or_lie(b"150 here\r\n");
        if let Some(target) = self.active.take()
            && let Ok(socket) = host.connect(SocketAddr::new(self.address.ip(), 0), target)
        {
            self.open(socket);
        }
    }

    fn open(&mut self, socket: SocketId) {
        let Some(purpose) = self.waiting.take() else { return };
        let octets = match purpose {
            Purpose::SendAll => self.file.clone(),
            Purpose::SendSome | Purpose::SendAndReset | Purpose::SendAndStall => {
                let some = self.chance.size(0..self.file.len().max(1));
                self.file[..some].to_vec()
            }
            Purpose::Receive | Purpose::ReceiveAndReset => Vec::new(),
        };
        self.data = Some(Data { socket, octets: octets.into(), purpose });
    }

    fn accept_data(&mut self, host: &mut Host<'_>) -> bool {
        let Some(listener) = self.passive.filter(|_| self.waiting.is_some()) else { return false };
        let Some(socket) = host.accept(listener) else { return false };
        self.open(socket);
        true
    }

    fn move_data(&mut self, host: &mut Host<'_>) -> bool {
        let Some(mut data) = self.data.take() else { return false };
        match host.status(data.socket) {
            Status::Connecting => {
                self.data = Some(data);
                return false;
            }
            Status::Failed(_) => {
                self.say_or_lie(b"425 cannot\r\n");
                return true;
            }
            Status::Connected => {}
        }
        match data.purpose {
            Purpose::Receive | Purpose::ReceiveAndReset => self.receive(data, host),
            _ if data.octets.is_empty() => self.sent(data, host),
            _ => {
                let moved = write(host, data.socket, &mut data.octets);
                self.data = Some(data);
                moved
            }
        }
    }

    fn sent(&mut self, data: Data, host: &mut Host<'_>) -> bool {
        match data.purpose {
            Purpose::SendAndStall => {
                self.data = Some(data);
                return false;
            }
            Purpose::SendAndReset => host.reset(data.socket),
            _ => host.close(data.socket),
        }
        self.transfer.whole = data.purpose == Purpose::SendAll;
        self.confirm();
        true
    }

    fn receive(&mut self, data: Data, host: &mut Host<'_>) -> bool {
        let mut room = [0; 4096];
        match host.read(data.socket, &mut room) {
            Ok(0) => {
                host.close(data.socket);
                self.transfer.ended = true;
                self.confirm();
            }
            Ok(octets) => {
                self.transfer.received.extend_from_slice(&room[..octets]);
                if data.purpose == Purpose::ReceiveAndReset && self.chance.one_in(4) {
                    host.reset(data.socket);
                    self.transfer.cut = true;
                    self.confirm();
                } else {
                    self.data = Some(data);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                self.data = Some(data);
                return false;
            }
            Err(_) => self.say_or_lie(b"426 cut\r\n"),
        }
        true
    }

    /// The end of a transfer, as if all had gone well.
    fn confirm(&mut self) {
        self.say_or_lie(b"226 done\r\n");
    }

    fn write_control(&mut self, host: &mut Host<'_>) -> bool {
        let Some(control) = self.control else { return false };
        if !self.output.is_empty() {
            return write(host, control, &mut self.output);
        }
        let Some(end) = self.end.take() else { return false };
        match end {
            End::Close => host.close(control),
            End::Reset => host.reset(control),
        }
        self.control = None;
        true
    }
}

fn has_line_end(command: &[u8]) -> bool {
    command.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
}

fn write(host: &mut Host<'_>, socket: SocketId, octets: &mut VecDeque<u8>) -> bool {
    match host.write(socket, octets.make_contiguous()) {
        Ok(written) => {
            octets.drain(..written);
            written > 0
        }
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => false,
        Err(_) => {
            // Nobody listens any more.
            octets.clear();
            true
        }
    }
}

impl Actor for Hostile {
    fn step(&mut self, host: &mut Host<'_>) -> bool {
        let steps = [
            Self::accept(self, host),
            self.read_control(host),
            self.accept_data(host),
            self.move_data(host),
            self.write_control(host),
        ];
        steps.contains(&true)
    }
}
