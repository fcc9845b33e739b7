//! `ftp://user:password@host:port/path;type=a` (RFC 1738 §3.2, RFC 3986); `ftpes` and `ftps` for TLS.
//!
//! The path is relative to the directory that the login leads to; `%2F` at its beginning, or a second slash, makes it
//! absolute. CR, LF and NUL are refused wherever they come from, so that a URL cannot carry a second command.

use bytes::Bytes;
use core::fmt;
use core::str::FromStr;
use ftp_proto::command::{ArgumentError, PathName, Secret, Text};

/// The port of `ftp` (RFC 959 §8).
pub(crate) const DEFAULT_PORT: u16 = 21;

/// The port of `ftps`, where TLS comes first.
const IMPLICIT_PORT: u16 = 990;

/// What a URL says about TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `ftp`: nothing.
    Ftp,
    /// `ftpes`: AUTH TLS, always.
    Ftpes,
    /// `ftps`: TLS from the first octet.
    Ftps,
}

/// A place on a server.
#[derive(Clone)]
pub(crate) struct FtpUrl {
    /// What it says about TLS.
    pub(crate) scheme: Scheme,
    /// The user; `None` is anonymous, or whoever netrc says.
    pub(crate) user: Option<Text>,
    /// The password, if the URL has one.
    pub(crate) password: Option<Secret>,
    /// A host name or an address; IPv6 without brackets.
    pub(crate) host: String,
    /// The control connection's port.
    pub(crate) port: u16,
    /// The pathname; `None` is the directory that the login leads to.
    pub(crate) path: Option<PathName>,
    /// Whether the path ended in a slash: a directory is meant.
    pub(crate) is_directory: bool,
    /// `;type=`.
    pub(crate) representation: Option<TypeCode>,
}

/// The typecode of RFC 1738 §3.2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeCode {
    /// `a`: text.
    Ascii,
    /// `i`: octets as they are.
    Image,
    /// `d`: list the directory.
    Directory,
}

/// Why a text is not an FTP URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlError {
    /// It begins otherwise.
    #[error("a URL begins with ftp://, ftpes:// or ftps://")]
    NotFtp,
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// The host has characters that no host has.
    #[error("{0:?} is not a host name or an address")]
    BadHost(String),
    /// The port is not a number from 1 to 65535.
    #[error("{0:?} is not a port")]
    BadPort(String),
    /// A per cent sign without two hexadecimal digits.
    #[error("a per cent sign must be followed by two hexadecimal digits (a literal one is %25)")]
    BadEscape,
    /// An octet that a command cannot carry, in any part.
    #[error("{0}")]
    Argument(#[from] ArgumentError),
    /// `;type=` with another letter.
    #[error("{0:?} is not a type: a, i or d")]
    BadType(String),
}

impl FtpUrl {
    /// Whether `text` claims to be a URL, rather than a local pathname.
    #[must_use]
    pub(crate) fn looks_like_one(text: &str) -> bool {
        text.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric())
        })
    }

    /// The same server and user, with another path.
    #[must_use]
    pub(crate) fn at(&self, path: Option<PathName>) -> Self {
        Self { path, is_directory: false, ..self.clone() }
    }

    /// The last component of the path, if there is one that can be a file's name.
    #[must_use]
    pub(crate) fn file_name(&self) -> Option<&[u8]> {
        last_component(self.path.as_ref()?.as_bytes())
    }
}

/// The last component of a pathname, without trailing slashes; `None` for the root and for the empty pathname.
#[must_use]
pub(crate) fn last_component(path: &[u8]) -> Option<&[u8]> {
    path.split(|&octet| octet == b'/').rfind(|component| !component.is_empty())
}

impl FromStr for FtpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = split_scheme(text)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, server) = match authority.rsplit_once('@') {
            Some((login, server)) => (Some(login), server),
            None => (None, authority),
        };
        let (user, password) = parse_login(login)?;
        let (host, port) = parse_server(server)?;
        let port = port.unwrap_or(if scheme == Scheme::Ftps { IMPLICIT_PORT } else { DEFAULT_PORT });
        let (path, representation) = split_type(path)?;
        Ok(Self {
            scheme,
            user,
            password,
            host,
            port,
            path: parse_path(path)?,
            is_directory: path.ends_with('/') || path.to_ascii_lowercase().ends_with("%2f"),
            representation,
        })
    }
}

fn split_scheme(text: &str) -> Result<(Scheme, &str), UrlError> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::NotFtp)?;
    match scheme.to_ascii_lowercase().as_str() {
        "ftp" => Ok((Scheme::Ftp, rest)),
        "ftpes" => Ok((Scheme::Ftpes, rest)),
        "ftps" => Ok((Scheme::Ftps, rest)),
        _ => Err(UrlError::NotFtp),
    }
}

fn parse_login(login: Option<&str>) -> Result<(Option<Text>, Option<Secret>), UrlError> {
    let Some(login) = login else { return Ok((None, None)) };
    let (user, password) = match login.split_once(':') {
        Some((user, password)) => (user, Some(Secret::new(decode(password)?)?)),
        None => (login, None),
    };
    let user = if user.is_empty() { None } else { Some(Text::new(decode(user)?)?) };
    Ok((user, password))
}

fn parse_server(server: &str) -> Result<(String, Option<u16>), UrlError> {
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or_else(|| UrlError::BadHost(server.into()))?;
            let port = if after.is_empty() { None } else { Some(after) };
            (ipv6_host(host)?, port)
        }
        None => {
            let (host, port) = server.find(':').map_or((server, None), |colon| {
                let (host, port) = server.split_at(colon);
                (host, Some(port))
            });
            (named_host(host)?, port)
        }
    };
    Ok((host, parse_port(port)?))
}

/// `port` still has its colon. An empty port is the default one (RFC 3986 §3.2.3).
fn parse_port(port: Option<&str>) -> Result<Option<u16>, UrlError> {
    match port {
        None | Some(":") => Ok(None),
        Some(port) => port
            .strip_prefix(':')
            .filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|&port| port != 0)
            .map(Some)
            .ok_or_else(|| UrlError::BadPort(port.trim_start_matches(':').into())),
    }
}

/// An IPv6 address, with a zone after `%25` if there is one (RFC 6874 §2).
fn ipv6_host(text: &str) -> Result<String, UrlError> {
    let bad = || UrlError::BadHost(text.into());
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone.strip_prefix("25").unwrap_or(zone))),
        None => (text, None),
    };
    address.parse::<core::net::Ipv6Addr>().map_err(|_| bad())?;
    match zone {
        Some(zone) if zone.is_empty() || !zone.bytes().all(|octet| octet.is_ascii_alphanumeric()) => {
            Err(bad())
        }
        Some(zone) => Ok(format!("{address}%{zone}")),
        None => Ok(address.into()),
    }
}

fn named_host(text: &str) -> Result<String, UrlError> {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
    match text {
        "" => Err(UrlError::NoHost),
        _ if text.bytes().all(allowed) => Ok(text.into()),
        _ => Err(UrlError::BadHost(text.into())),
    }
}

fn split_type(path: &str) -> Result<(&str, Option<TypeCode>), UrlError> {
    let Some((before, parameter)) = path.rsplit_once(';') else { return Ok((path, None)) };
    let Some(code) = strip_prefix_ignoring_case(parameter, "type=") else { return Ok((path, None)) };
    let code = match code {
        "a" | "A" => TypeCode::Ascii,
        "i" | "I" => TypeCode::Image,
        "d" | "D" => TypeCode::Directory,
        _ => return Err(UrlError::BadType(code.into())),
    };
    Ok((before, Some(code)))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn parse_path(path: &str) -> Result<Option<PathName>, UrlError> {
    let decoded = decode(path)?;
    let absolute = decoded.starts_with(b"/");
    let mut components =
        decoded.split(|&octet| octet == b'/').filter(|component| !component.is_empty()).peekable();
    if components.peek().is_none() {
        return Ok(absolute.then(PathName::root));
    }
    let mut joined = Vec::with_capacity(decoded.len());
    for component in components {
        if absolute || !joined.is_empty() {
            joined.push(b'/');
        }
        joined.extend_from_slice(component);
    }
    Ok(Some(PathName::new(joined)?))
}

/// %-decoding (RFC 3986 §2.1).
fn decode(text: &str) -> Result<Bytes, UrlError> {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        out.push(match octet {
            b'%' => hex_digit(octets.next())? << 4 | hex_digit(octets.next())?,
            octet => octet,
        });
    }
    Ok(out.into())
}

fn hex_digit(octet: Option<u8>) -> Result<u8, UrlError> {
    let digit = octet.and_then(|octet| char::from(octet).to_digit(16)).ok_or(UrlError::BadEscape)?;
    u8::try_from(digit).map_err(|_| UrlError::BadEscape)
}

/// Without the password.
impl fmt::Display for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ftp://")?;
        if let Some(user) = &self.user {
            write!(f, "{}@", Encoded(user.as_bytes(), b""))?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]", self.host.replace('%', "%25"))?;
        } else {
            f.write_str(&self.host)?;
        }
        if self.port != DEFAULT_PORT {
            write!(f, ":{}", self.port)?;
        }
        f.write_str("/")?;
        if let Some(path) = &self.path {
            let path = path.as_bytes();
            match path.strip_prefix(b"/") {
                Some(rest) => write!(f, "%2F{}", Encoded(rest, b"/"))?,
                None => write!(f, "{}", Encoded(path, b"/"))?,
            }
        }
        if self.is_directory && self.path.as_ref().is_some_and(|path| path.as_bytes() != b"/") {
            f.write_str("/")?;
        }
        Ok(())
    }
}

impl fmt::Debug for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FtpUrl({self})")
    }
}

/// Octets %-encoded, but for the unreserved characters (RFC 3986 §2.3) and those of the second field.
struct Encoded<'a>(&'a [u8], &'a [u8]);

impl fmt::Display for Encoded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &octet in self.0 {
            if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) || self.1.contains(&octet) {
                write!(f, "{}", char::from(octet))?;
            } else {
                write!(f, "%{octet:02X}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> FtpUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn path(text: &str) -> Option<Vec<u8>> {
        url(text).path.map(|path| path.as_bytes().to_vec())
    }

    fn refused(text: &str) -> UrlError {
        text.parse::<FtpUrl>().expect_err(text)
    }

    #[test]
    fn every_part_is_read() {
        let url = url("ftp://joe:s%40crt@files.example.org:2121/pub/read%20me.txt;type=a");
        assert_eq!(url.user.as_ref().map(Text::as_bytes), Some(&b"joe"[..]));
        assert_eq!(url.password.as_ref().map(|secret| secret.expose()), Some(&b"s@crt"[..]));
        assert_eq!((url.host.as_str(), url.port), ("files.example.org", 2121));
        assert_eq!(url.path.as_ref().map(PathName::as_bytes), Some(&b"pub/read me.txt"[..]));
        assert_eq!(url.representation, Some(TypeCode::Ascii));
        assert_eq!(url.file_name(), Some(&b"read me.txt"[..]));
        assert!(!url.is_directory);
    }

    #[test]
    fn paths_are_relative_to_the_login_directory_unless_they_begin_with_an_encoded_slash() {
        assert_eq!(path("ftp://h"), None);
        assert_eq!(path("ftp://h/"), None);
        assert_eq!(path("ftp://h/etc/motd"), Some(b"etc/motd".to_vec()));
        assert_eq!(path("ftp://h/%2Fetc/motd"), Some(b"/etc/motd".to_vec()));
        assert_eq!(path("ftp://h/%2fetc/motd"), Some(b"/etc/motd".to_vec()));
        assert_eq!(path("ftp://h//etc/motd"), Some(b"/etc/motd".to_vec()));
        assert_eq!(path("ftp://h/%2F"), Some(b"/".to_vec()));
        assert_eq!(path("ftp://h/a//b/"), Some(b"a/b".to_vec()));
    }

    #[test]
    fn rfc1123_27_any_octet_but_cr_lf_and_nul_can_be_in_a_path() {
        assert_eq!(path("ftp://h/%2Da"), Some(b"-a".to_vec()));
        assert_eq!(path("ftp://h/a%22b'c%20d"), Some(b"a\"b'c d".to_vec()));
        assert_eq!(path("ftp://h/%ff%e9%3B"), Some(b"\xff\xe9;".to_vec()));
        assert_eq!(path("ftp://h/a?b#c"), Some(b"a?b#c".to_vec()));
        assert_eq!(path("ftp://h/größe"), Some("größe".as_bytes().to_vec()));
    }

    #[test]
    fn c3_cr_lf_and_nul_are_refused_in_every_part() {
        for octet in [b'\r', b'\n', 0] {
            for text in ["ftp://u%XX@h/", "ftp://u:p%XX@h/", "ftp://h/a%XXDELE%20b"] {
                let text = text.replace("XX", &format!("{octet:02x}"));
                assert_eq!(refused(&text), UrlError::Argument(ArgumentError::Forbidden { octet }), "{text}");
            }
        }
        assert_eq!(
            refused("ftp://h/a\r\nDELE b"),
            UrlError::Argument(ArgumentError::Forbidden { octet: b'\r' })
        );
        assert!(matches!(refused("ftp://h%0d/"), UrlError::BadHost(_)));
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        assert_eq!(url("ftp://127.0.0.1:2121/").host, "127.0.0.1");
        let v6 = url("ftp://[::1]:2121/x");
        assert_eq!((v6.host.as_str(), v6.port), ("::1", 2121));
        assert_eq!(url("ftp://[fe80::1%25eth0]/").host, "fe80::1%eth0");
        assert_eq!(refused("ftp:///x"), UrlError::NoHost);
        for bad in ["ftp://[::1/", "ftp://[zz]/", "ftp://a b/", "ftp://h\u{1b}/", "ftp://[fe80::1%25]/"] {
            assert!(matches!(refused(bad), UrlError::BadHost(_)), "{bad}");
        }
    }

    #[test]
    fn ports_are_1_to_65535() {
        assert_eq!(url("ftp://h/").port, 21);
        assert_eq!(url("ftp://h:/").port, 21);
        for bad in ["ftp://h:0/", "ftp://h:65536/", "ftp://h:+1/", "ftp://h:x/", "ftp://[::1]x/"] {
            assert!(matches!(refused(bad), UrlError::BadPort(_)), "{bad}");
        }
    }

    #[test]
    fn escapes_types_and_schemes_are_checked() {
        for bad in ["ftp://h/%", "ftp://h/%2", "ftp://h/%zz"] {
            assert_eq!(refused(bad), UrlError::BadEscape, "{bad}");
        }
        assert_eq!(refused("ftp://h/a;type=x"), UrlError::BadType("x".into()));
        assert_eq!(url("ftp://h/a;TYPE=I").representation, Some(TypeCode::Image));
        assert_eq!(path("ftp://h/a;b"), Some(b"a;b".to_vec()));
        assert_eq!(refused("http://h/"), UrlError::NotFtp);
        assert_eq!(refused("h/x"), UrlError::NotFtp);
        let scheme = |text: &str| text.parse().map(|url: FtpUrl| (url.scheme, url.port));
        assert_eq!(scheme("ftps://h/"), Ok((Scheme::Ftps, 990)));
        assert_eq!(scheme("FTPES://h/"), Ok((Scheme::Ftpes, 21)));
        assert_eq!(scheme("ftps://h:21/"), Ok((Scheme::Ftps, 21)));
    }

    #[test]
    fn a_password_may_hold_an_at_sign_and_an_empty_user_is_none() {
        let url = url("ftp://u:p@ss@h/");
        assert_eq!(url.password.as_ref().map(|secret| secret.expose()), Some(&b"p@ss"[..]));
        assert_eq!("ftp://:x@h/".parse::<FtpUrl>().map(|url| url.user), Ok(None));
    }

    #[test]
    fn it_is_shown_without_the_password_and_reads_back() {
        for text in ["ftp://h/", "ftp://u@h:2121/a%20b/", "ftp://[::1]/%2Fetc/x", "ftp://h/%2F"] {
            assert_eq!(url(text).to_string(), text);
        }
        let secret = url("ftp://u:hunter2@h/");
        assert!(!format!("{secret} {secret:?}").contains("hunter2"));
    }

    #[test]
    fn urls_are_told_from_local_pathnames() {
        assert!(FtpUrl::looks_like_one("ftp://h/"));
        assert!(FtpUrl::looks_like_one("http://h/"));
        for local in ["dir/file", "./ftp:/x", "/abs", "a:b", "://x"] {
            assert!(!FtpUrl::looks_like_one(local), "{local}");
        }
    }
}
