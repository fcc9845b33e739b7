//! Values of single settings, as they are written on the command line and in the configuration file.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::num::NonZeroU16;
use core::str::FromStr;
use core::time::Duration;
use ftp_proto::data::{PortRange, RequireResumption, SourcePort};
use ftp_proto::server::{Encodings, TlsPolicy};
use serde::Deserialize;

/// Where the server listens when nothing else is said. Ports below 1024 need privilege.
pub(crate) const DEFAULT_PORT: u16 = 2121;

/// Both families; each is a listener of its own.
pub(crate) fn all_addresses(port: u16) -> Vec<SocketAddr> {
    vec![
        SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port),
        SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port),
    ]
}

/// Reads `PORT` (all addresses), `ADDRESS` (the default port) or `ADDRESS:PORT`. Port 0 lets the system choose.
pub(crate) fn parse_listen(text: &str) -> Result<Vec<SocketAddr>, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(all_addresses(port));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(vec![address]);
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().map(|ip| vec![SocketAddr::new(ip, DEFAULT_PORT)]).map_err(|_| {
        format!(
            "{text:?} is not PORT, ADDRESS or ADDRESS:PORT (an IPv6 address with a port is [ADDRESS]:PORT)"
        )
    })
}

/// The ports of passive data connections, `LO-HI` or one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PassivePorts(pub(crate) PortRange);

impl Default for PassivePorts {
    /// Above the range from which Linux takes ports of its own (32768 to 60999), so that the two never collide.
    fn default() -> Self {
        Self(PortRange { first: 61_000, last: u16::MAX })
    }
}

impl FromStr for PassivePorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let port = |text: &str| text.trim().parse::<u16>().ok();
        port(low)
            .zip(port(high))
            .and_then(|(low, high)| PortRange::new(low, high))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not LO-HI with ports from 1 to 65535, the lower first"))
    }
}

impl TryFrom<String> for PassivePorts {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The local port of active data connections: `N`, `prefer:N` or `any`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub(crate) struct ActiveSource(pub(crate) SourcePort);

impl FromStr for ActiveSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |text: &str| text.parse::<NonZeroU16>().ok().map(NonZeroU16::get);
        let source = match text.strip_prefix("prefer:") {
            Some(preferred) => port(preferred).map(SourcePort::Prefer),
            None if text == "any" => Some(SourcePort::Any),
            None => port(text).map(SourcePort::Require),
        };
        source
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a port from 1 to 65535, `prefer:PORT` or `any`"))
    }
}

impl TryFrom<NumberOrText> for ActiveSource {
    type Error = String;

    fn try_from(value: NumberOrText) -> Result<Self, String> {
        value.into_text().parse()
    }
}

/// When there is TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TlsMode {
    /// Never.
    Off,
    /// When the client asks for it.
    #[default]
    Offer,
    /// Always: no login and no transfer without it.
    Require,
}

impl TlsMode {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Offer => "offered",
            Self::Require => "required",
        }
    }

    pub(crate) const fn policy(self) -> TlsPolicy {
        match self {
            Self::Off => TlsPolicy::Off,
            Self::Offer => TlsPolicy::Offer,
            Self::Require => TlsPolicy::Require,
        }
    }
}

/// Whether clients must have a certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientCertificate {
    /// Who has none logs in with a password.
    #[default]
    Optional,
    /// Who has none is turned away in the handshake.
    Require,
}

/// Whether data connections must resume the control connection's TLS session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ResumptionMode {
    /// Nobody looks.
    Off,
    /// It is logged.
    Log,
    /// From the first that has.
    #[default]
    Auto,
    /// Always.
    Require,
}

impl ResumptionMode {
    pub(crate) const fn policy(self) -> RequireResumption {
        match self {
            Self::Off => RequireResumption::Off,
            Self::Log => RequireResumption::Log,
            Self::Auto => RequireResumption::Auto,
            Self::Require => RequireResumption::Require,
        }
    }
}

/// A time: seconds, or a number with `s`, `m` or `h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "NumberOrText")]
pub(crate) struct Seconds(pub(crate) Duration);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match &text[digits.len()..] {
            "" | "s" => Some(1),
            "m" => Some(60),
            "h" => Some(3600),
            _ => None,
        };
        factor
            .zip(digits.parse::<u64>().ok())
            .and_then(|(factor, number)| number.checked_mul(factor))
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| format!("{text:?} is not a time such as 90, 90s, 5m or 1h"))
    }
}

impl TryFrom<NumberOrText> for Seconds {
    type Error = String;

    fn try_from(value: NumberOrText) -> Result<Self, String> {
        value.into_text().parse()
    }
}

/// What is offered besides streams of octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EncodingList(pub(crate) Encodings);

impl FromStr for EncodingList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut encodings = Encodings { records: false, block: false, deflate: false };
        for word in text.split(',').map(str::trim).filter(|word| *word != "none") {
            match word {
                "records" => encodings.records = true,
                "block" => encodings.block = true,
                "deflate" => encodings.deflate = true,
                _ => {
                    return Err(format!(
                        "expected a list of records, block and deflate, or none; not {word:?}"
                    ));
                }
            }
        }
        Ok(Self(encodings))
    }
}

impl TryFrom<String> for EncodingList {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// TOML lets a port or a time stand as a number, and one with a unit needs quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number or a text")]
pub(crate) enum NumberOrText {
    Number(u64),
    Text(String),
}

impl NumberOrText {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_has_three_forms() {
        let one = |text: &str| {
            parse_listen(text).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(one("21").unwrap(), ["0.0.0.0:21", "[::]:21"]);
        assert_eq!(one("192.0.2.1").unwrap(), ["192.0.2.1:2121"]);
        assert_eq!(one("::1").unwrap(), ["[::1]:2121"]);
        assert_eq!(one("[::1]").unwrap(), ["[::1]:2121"]);
        assert_eq!(one("[::1]:0").unwrap(), ["[::1]:0"]);
        for bad in ["", "host", "1.2.3", "192.0.2.1:99999", "70000", "[::1"] {
            assert!(parse_listen(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passive_ports_are_a_range_that_is_not_empty() {
        assert_eq!("50000-50010".parse(), Ok(PassivePorts(PortRange { first: 50_000, last: 50_010 })));
        assert_eq!("50000".parse(), Ok(PassivePorts(PortRange { first: 50_000, last: 50_000 })));
        for bad in ["", "0-10", "10-9", "a-b", "1-65536", "1-2-3"] {
            assert!(bad.parse::<PassivePorts>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_source_port_is_required_unless_it_is_preferred() {
        assert_eq!("20".parse(), Ok(ActiveSource(SourcePort::Require(20))));
        assert_eq!("prefer:20".parse(), Ok(ActiveSource(SourcePort::Prefer(20))));
        assert_eq!("any".parse(), Ok(ActiveSource(SourcePort::Any)));
        for bad in ["", "0", "prefer:", "prefer:0", "65536", "some"] {
            assert!(bad.parse::<ActiveSource>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_time_may_have_a_unit() {
        for (text, seconds) in [("0", 0), ("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200)] {
            assert_eq!(text.parse(), Ok(Seconds(Duration::from_secs(seconds))), "{text}");
        }
        for bad in ["", "s", "-1", "1d", "1.5", "5 m", "99999999999999999999h", "18446744073709551615h"] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad:?}");
        }
    }
}
