//! The legal reply sequences of RFC 959 §5.4, seen from outside: a box on the server's border that reads along.

use core::cell::RefCell;
use core::net::SocketAddr;
use ftp_sim::boxes::{Context, Middlebox, Verdict};
use ftp_sim::{Packet, Payload};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

const CONTROL_PORT: u16 = 21;

/// Reads the control connections of a server.
#[derive(Debug, Default)]
pub(super) struct Judge {
    sessions: BTreeMap<SocketAddr, Session>,
    /// The first thing that was wrong.
    pub(super) wrong: Option<String>,
}

/// The box.
pub(super) struct Tap(pub(super) Rc<RefCell<Judge>>);

#[derive(Debug, Default)]
struct Session {
    commands: Vec<u8>,
    replies: Vec<u8>,
    /// Verbs that wait for their final reply.
    pending: VecDeque<String>,
    greeted: bool,
    /// The verb at the head has had its preliminary reply.
    begun: bool,
    /// The code of a multi-line reply that has not ended.
    open: Option<String>,
}

impl Middlebox for Tap {
    fn outbound(&mut self, packet: &mut Packet, _context: &mut Context<'_>) -> Verdict {
        if packet.from.port() == CONTROL_PORT {
            self.0.borrow_mut().see(packet.to, &packet.what, Session::server_said);
        }
        Verdict::Pass
    }

    fn inbound(&mut self, packet: &mut Packet, _context: &mut Context<'_>) -> Verdict {
        if packet.to.port() == CONTROL_PORT {
            self.0.borrow_mut().see(packet.from, &packet.what, Session::client_said);
        }
        Verdict::Pass
    }
}

impl Judge {
    fn see(
        &mut self,
        client: SocketAddr,
        what: &Payload,
        said: fn(&mut Session, &[u8]) -> Result<(), String>,
    ) {
        match what {
            Payload::Syn => drop(self.sessions.insert(client, Session::default())),
            Payload::Data { octets, .. } => {
                let judged = self.sessions.get_mut(&client).map_or(Ok(()), |session| said(session, octets));
                self.wrong = self.wrong.take().or_else(|| judged.err());
            }
            Payload::SynAck | Payload::Credit(_) | Payload::Fin | Payload::Reset => {}
        }
    }
}

impl Session {
    fn client_said(&mut self, octets: &[u8]) -> Result<(), String> {
        self.commands.extend_from_slice(octets);
        while let Some(line) = take_line(&mut self.commands) {
            let verb = line.split(' ').next().unwrap_or_default();
            self.pending.push_back(verb.to_ascii_uppercase());
        }
        Ok(())
    }

    fn server_said(&mut self, octets: &[u8]) -> Result<(), String> {
        self.replies.extend_from_slice(octets);
        while let Some(line) = take_line(&mut self.replies) {
            let (code, rest) = line.split_at_checked(3).unwrap_or((&line, ""));
            match &self.open {
                Some(open) if open == code && rest.starts_with(' ') => self.open = None,
                Some(_) => continue,
                None if rest.starts_with('-') => {
                    self.open = Some(code.to_owned());
                    continue;
                }
                None => {}
            }
            self.replied(code).map_err(|why| format!("\"{line}\": {why}"))?;
        }
        Ok(())
    }

    fn replied(&mut self, code: &str) -> Result<(), String> {
        if code.len() != 3 || !code.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err("not a reply".to_owned());
        }
        if !core::mem::replace(&mut self.greeted, true) {
            return if matches!(code, "220" | "120" | "421") {
                Ok(())
            } else {
                Err("no greeting".to_owned())
            };
        }
        let Some(verb) = self.pending.front() else {
            // The only reply that answers nothing.
            return if code == "421" { Ok(()) } else { Err("a reply to no command".to_owned()) };
        };
        let class = code.as_bytes()[0];
        if !may_follow(verb, class, self.begun) {
            return Err(format!(
                "a reply that {verb} cannot have{}",
                if self.begun { " after 1yz" } else { "" }
            ));
        }
        self.begun = class == b'1';
        if !self.begun {
            self.pending.pop_front();
        }
        Ok(())
    }
}

/// The diagrams of RFC 959 §6, by the first digit.
fn may_follow(verb: &str, class: u8, begun: bool) -> bool {
    match (verb, class) {
        (_, b'4' | b'5') => true,
        ("APPE" | "LIST" | "MLSD" | "NLST" | "RETR" | "STOR" | "STOU", b'1') => !begun,
        ("APPE" | "LIST" | "MLSD" | "NLST" | "RETR" | "STOR" | "STOU", b'2') => begun,
        ("USER" | "PASS", b'2' | b'3') | ("RNFR" | "REST", b'3') => true,
        ("RNFR" | "REST", _) => false,
        (_, b'2') => true,
        _ => false,
    }
}

/// The next line, without its end and without Telnet commands.
fn take_line(buffer: &mut Vec<u8>) -> Option<String> {
    let end = buffer.iter().position(|&octet| octet == b'\n')?;
    let line: Vec<u8> =
        buffer.drain(..=end).filter(|&octet| octet < 0xF0 && octet != b'\r' && octet != b'\n').collect();
    Some(String::from_utf8_lossy(&line).into_owned())
}
