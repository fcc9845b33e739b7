//! The address that others see a machine by, when it does not know it itself: behind a NAT.
//!
//! A server announces it in passive replies, a client in PORT and EPRT. [`Source`] says where it comes from.
//!
//! ```
//! use ftp_external::Source;
//!
//! let source: Source = "203.0.113.5".parse()?;
//! assert_eq!(source.find()?, Some("203.0.113.5".parse()?));
//! assert!("http://192.0.2.1/public-ipv4".parse::<Source>()?.may_change());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use core::time::Duration;
use std::io;

/// A web server that tells the address answers within this time.
const ANSWER: Duration = Duration::from_secs(5);

/// Where an external address comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(try_from = "String"))]
pub enum Source {
    /// `dialled`: there is none; the address that the client dialled is announced.
    Dialled,
    /// An address.
    Address(IpAddr),
    /// A host name, or an address on one's own machine by another name.
    Host(String),
    /// `interface:NAME`: the address of a network interface of this machine.
    Interface(String),
    /// `env:NAME`: what this variable says when the server starts.
    Environment(String),
    /// `http://…`: what a web server answers, in plain text: the metadata service of a cloud, or one that tells who asks.
    Url(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            _ if text == "dialled" => Ok(Self::Dialled),
            _ if text.parse::<IpAddr>().is_ok() => {
                Ok(Self::Address(text.parse().map_err(|_| String::new())?))
            }
            Some(("interface", name)) if !name.is_empty() => Ok(Self::Interface(name.to_owned())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            Some(("http", _)) => Ok(Self::Url(text.to_owned())),
            None if !text.is_empty() && !text.contains(char::is_whitespace) => {
                Ok(Self::Host(text.to_owned()))
            }
            _ => Err(format!(
                "{text:?} is not an address, a host name, interface:NAME, env:NAME, http://... or dialled"
            )),
        }
    }
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dialled => f.write_str("dialled"),
            Self::Address(ip) => ip.fmt(f),
            Self::Host(text) | Self::Url(text) => f.write_str(text),
            Self::Interface(name) => write!(f, "interface:{name}"),
            Self::Environment(name) => write!(f, "env:{name}"),
        }
    }
}

impl Source {
    /// Whether it can be another one later.
    #[must_use]
    pub const fn may_change(&self) -> bool {
        matches!(self, Self::Host(_) | Self::Interface(_) | Self::Url(_))
    }

    /// The address now; `None` for [`Source::Dialled`]. Blocks for as long as a name server or a web server takes.
    ///
    /// # Errors
    /// When there is no such name, interface or variable, or what was asked answers no address.
    pub fn find(&self) -> io::Result<Option<IpAddr>> {
        match self {
            Self::Dialled => Ok(None),
            Self::Address(ip) => Ok(Some(*ip)),
            Self::Host(host) => look_up(host).map(Some),
            Self::Interface(name) => of_interface(name).map(Some),
            Self::Environment(name) => {
                let text = std::env::var(name).map_err(|_| io::Error::other("there is no such variable"))?;
                parse(&text).map(Some)
            }
            Self::Url(url) => ask(url).map(Some),
        }
    }
}

fn parse(text: &str) -> io::Result<IpAddr> {
    text.trim().parse().map_err(|_| io::Error::other(format!("{:.60?} is no address", text.trim())))
}

/// Looks a host name up; IPv4 first, since only 227 has an address.
fn look_up(host: &str) -> io::Result<IpAddr> {
    use std::net::ToSocketAddrs as _;
    let found: Vec<_> = (host, 0).to_socket_addrs()?.map(|address| address.ip()).collect();
    first_v4(found).ok_or_else(|| io::Error::other("the name has no address"))
}

fn first_v4(found: Vec<IpAddr>) -> Option<IpAddr> {
    found.iter().find(|ip| ip.is_ipv4()).or_else(|| found.first()).copied()
}

fn of_interface(name: &str) -> io::Result<IpAddr> {
    let all = nix::ifaddrs::getifaddrs()?.filter(|interface| interface.interface_name == name);
    let ip = |interface: nix::ifaddrs::InterfaceAddress| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    first_v4(all.filter_map(ip).collect())
        .ok_or_else(|| io::Error::other("there is no such interface, or it has no address"))
}

fn ask(url: &str) -> io::Result<IpAddr> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(ANSWER)).build().into();
    let mut answer = agent.get(url).call().map_err(io::Error::other)?;
    // An address is short; whatever else comes is none.
    let text = answer.body_mut().with_config().limit(256).read_to_string().map_err(io::Error::other)?;
    parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn a_source_is_an_address_a_name_an_interface_a_variable_or_a_url() {
        for (text, source) in [
            ("dialled", Source::Dialled),
            ("2001:db8::1", Source::Address("2001:db8::1".parse().unwrap())),
            ("ftp.example.com", Source::Host("ftp.example.com".to_owned())),
            ("interface:eth0", Source::Interface("eth0".to_owned())),
            ("env:ADDRESS", Source::Environment("ADDRESS".to_owned())),
            ("http://192.0.2.1/ip", Source::Url("http://192.0.2.1/ip".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(source.clone()));
            assert_eq!(source.to_string(), text);
        }
        for bad in ["", "two words", "interface:", "env:", "host:21"] {
            assert!(bad.parse::<Source>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_interface_and_a_variable_are_looked_into() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(Source::Interface("lo".to_owned()).find().unwrap(), Some(loopback));
        assert!(Source::Interface("no such".to_owned()).find().is_err());
        assert!(Source::Environment("PATH".to_owned()).find().is_err());
    }

    #[test]
    fn a_web_server_tells_the_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/public-ipv4", listener.local_addr().unwrap());
        let serve = std::thread::spawn(move || {
            for answer in ["203.0.113.77\n", "<html>"] {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                let length = answer.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                stream.write_all((head + answer).as_bytes()).unwrap();
            }
        });
        let source = Source::Url(url);
        assert_eq!(source.find().unwrap(), Some("203.0.113.77".parse().unwrap()));
        assert!(source.find().is_err());
        serve.join().unwrap();
    }
}
