//! What a server saw of a session's connections, for the one whose session it is: `SITE SAW`, a command of ours.
//!
//! Each end of an FTP session knows only what it sent. What arrives may be something else: a NAT changes addresses, a router
//! that reads FTP changes what commands and replies say. Compared, the two tell what is on the way.

use crate::reply::{Reply, ReplyCode};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use bytes::Bytes;
use core::net::SocketAddr;
use core::str::FromStr;

/// What the server saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saw {
    /// The client, as the server sees it.
    pub peer: SocketAddr,
    /// What the client dialled, as it arrived.
    pub dialled: SocketAddr,
    /// What the last PORT or EPRT said, as it arrived.
    pub received: Option<SocketAddr>,
    /// What the last reply to PASV or EPSV announced, as it was sent.
    pub announced: Option<SocketAddr>,
    /// Where the last active data connection was made from.
    pub source: Option<SocketAddr>,
    /// Which of the servers behind one address this is: another number for each process.
    pub instance: Option<u64>,
}

impl Saw {
    /// The reply to `SITE SAW`: a line for each, with its name.
    #[must_use]
    pub fn reply(&self) -> Reply {
        let address = |address: SocketAddr| address.to_string();
        let lines = [
            ("peer", Some(address(self.peer))),
            ("dialled", Some(address(self.dialled))),
            ("received", self.received.map(address)),
            ("announced", self.announced.map(address)),
            ("source", self.source.map(address)),
            ("instance", self.instance.map(|instance| format!("{instance:016x}"))),
        ];
        let lines: Vec<Bytes> = lines
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| Bytes::from(format!("{name} {value}"))))
            .collect();
        Reply::multi(ReplyCode::COMMAND_OKAY, "The server saw:", lines, "End.")
    }

    /// What a reply to `SITE SAW` says; `None` from a server that does not know it.
    #[must_use]
    pub fn read(reply: &Reply) -> Option<Self> {
        if reply.code != ReplyCode::COMMAND_OKAY {
            return None;
        }
        let text: Vec<String> =
            reply.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        let value =
            |name: &str| text.iter().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(' '));
        Some(Self {
            peer: address(value("peer"))?,
            dialled: address(value("dialled"))?,
            received: address(value("received")),
            announced: address(value("announced")),
            source: address(value("source")),
            instance: value("instance").and_then(|number| u64::from_str_radix(number, 16).ok()),
        })
    }
}

fn address(text: Option<&str>) -> Option<SocketAddr> {
    text.and_then(|text| SocketAddr::from_str(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_writes_the_other_reads() {
        let saw = Saw {
            peer: "203.0.113.9:40000".parse().unwrap(),
            dialled: "[2001:db8::1]:21".parse().unwrap(),
            received: Some("192.168.0.2:30000".parse().unwrap()),
            announced: None,
            source: Some("198.51.100.2:20".parse().unwrap()),
            instance: Some(7),
        };
        assert_eq!(Saw::read(&saw.reply()), Some(saw));
    }

    #[test]
    fn a_server_that_does_not_know_it_saw_nothing() {
        for (code, text) in [(ReplyCode::SYNTAX_ERROR, "What?"), (ReplyCode::COMMAND_OKAY, "Fine.")] {
            assert_eq!(Saw::read(&Reply::new(code, text)), None);
        }
    }
}
