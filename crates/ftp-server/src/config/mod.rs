//! Settings: the command line over the configuration file over the defaults.

mod data;
mod values;

use data::DataEntry;
pub(crate) use data::{ActiveAddresses, DataKeys, DataRow, Modes, Network, PeerCheckText};
pub(crate) use values::{
    ActiveSource, ClientCertificate, DEFAULT_PORT, EncodingList, LogFormat, PassivePorts, ResumptionMode,
    Seconds, TlsMode, all_addresses, parse_listen,
};

use crate::args::Serve;
use crate::driver::Driver;
use core::net::SocketAddr;
use core::time::Duration;
use ftp_backend::limits::SessionLimits;
use ftp_backend::users::{UserEntry, UsersFile};
use ftp_external::Source;
use ftp_proto::data::{DataCondition, DataPolicyRow};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The configuration file. Every option of `serve` has its key here, of the same name; a user's password is hashed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    root: Option<PathBuf>,
    #[serde(default)]
    listen: Vec<String>,
    #[serde(default)]
    user: Vec<UserEntry>,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    writable: bool,
    passive_ports: Option<PassivePorts>,
    #[serde(default)]
    share_passive_ports: bool,
    external_address: Option<Source>,
    port_offset: Option<i32>,
    modes: Option<Modes>,
    peer_check: Option<PeerCheckText>,
    active_addresses: Option<ActiveAddresses>,
    active_source_port: Option<ActiveSource>,
    #[serde(default)]
    proxy_protocol_from: Vec<Network>,
    #[serde(default)]
    data: Vec<DataEntry>,
    max_sessions: Option<u32>,
    max_sessions_per_ip: Option<u32>,
    idle_timeout: Option<Seconds>,
    log_format: Option<LogFormat>,
    log_file: Option<PathBuf>,
    metrics: Option<SocketAddr>,
    drain: Option<Seconds>,
    encodings: Option<EncodingList>,
    driver: Option<Driver>,
    run_as: Option<String>,
    tls: Option<TlsMode>,
    tls_data: Option<TlsMode>,
    #[serde(default)]
    tls_cert: OneOrMore,
    #[serde(default)]
    tls_key: OneOrMore,
    tls_client_ca: Option<PathBuf>,
    tls_client_cert: Option<ClientCertificate>,
    #[serde(default)]
    listen_tls: Vec<String>,
    tls_resumption: Option<ResumptionMode>,
    #[serde(default)]
    allow_ccc: bool,
    #[serde(default)]
    tls_accept_unclean_end: bool,
    #[serde(default)]
    allow_clear_login: bool,
}

/// What is wrong with the settings. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("cannot read the configuration file {}: {error}", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{}, line {line}: {message}", path.display())]
    Syntax { path: PathBuf, line: usize, message: String },
    #[error("listen: {0}")]
    Listen(String),
    #[error("tls-cert and tls-key belong together: {certificates} certificates and {keys} keys were given")]
    HalfIdentity { certificates: usize, keys: usize },
    #[error("tls-client-cert needs tls-client-ca: nobody else vouches for clients")]
    NoClientAuthority,
    #[error(
        "user {0:?} has certificates, which nobody is asked for: name their authority with tls-client-ca"
    )]
    CertificatesNotAsked(String),
}

/// All that `serve` goes by.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) root: PathBuf,
    pub(crate) listen: Vec<SocketAddr>,
    /// Both families on the default port: one of them may be missing on this machine.
    pub(crate) listen_is_default: bool,
    /// From the command line, in the clear.
    pub(crate) users: Vec<(String, String)>,
    /// From the file, hashed.
    pub(crate) users_file: UsersFile,
    pub(crate) anonymous: bool,
    pub(crate) writable: bool,
    /// The table of data connections; the last row is for everybody.
    pub(crate) data: Vec<DataRow>,
    pub(crate) share_passive_ports: bool,
    /// Whose PROXY headers are believed.
    pub(crate) proxies: Vec<Network>,
    pub(crate) sessions: SessionLimits,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_file: Option<PathBuf>,
    /// Where metrics are asked for.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) run_as: Option<String>,
    pub(crate) drain: Duration,
    pub(crate) encodings: EncodingList,
    pub(crate) driver: Driver,
    pub(crate) tls: TlsSettings,
}

/// What concerns TLS.
#[derive(Debug)]
pub(crate) struct TlsSettings {
    pub(crate) mode: TlsMode,
    /// On data connections, if it is another.
    pub(crate) data: Option<TlsMode>,
    /// Certificates and keys; when there are none, the server makes its own.
    pub(crate) files: Vec<(PathBuf, PathBuf)>,
    /// Who vouches for clients, and whether each must have a certificate.
    pub(crate) clients: Option<(PathBuf, ClientCertificate)>,
    /// Where TLS comes first.
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) allow_ccc: bool,
    pub(crate) accept_unclean_end: bool,
    pub(crate) allow_clear_login: bool,
}

impl File {
    /// Reads a configuration file.
    pub(crate) fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::Read { path: path.to_owned(), error })?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            // The error's own form prints the line, which may hold a password's hash.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let (line, message) = (before.matches('\n').count() + 1, error.message().to_owned());
            SettingsError::Syntax { path: path.to_owned(), line, message }
        })
    }
}

impl Settings {
    /// The row of the table that is for everybody.
    pub(crate) fn everybody(&self) -> DataPolicyRow {
        self.data.last().map_or_else(DataPolicyRow::default, |last| last.row.clone())
    }

    /// The command line, over the file that it names, over the defaults.
    ///
    /// # Errors
    /// When the file cannot be read or means nothing.
    pub(crate) fn new(mut line: Serve) -> Result<Self, SettingsError> {
        let mut file = line.config.as_deref().map_or_else(|| Ok(File::default()), File::read)?;
        let listen = listen(&line.listen, &file.listen)?;
        let limits = SessionLimits::default();
        let number = |line: Option<u32>, file: Option<u32>, default: usize| {
            line.or(file).map_or(default, |number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        let data = data_rows(&mut line, &mut file);
        let nobody = line.users.is_empty() && file.user.is_empty();
        Ok(Self {
            root: line.root.or(file.root).unwrap_or_else(|| PathBuf::from(".")),
            listen_is_default: listen.is_empty(),
            listen: if listen.is_empty() { all_addresses(DEFAULT_PORT) } else { listen },
            users: line.users,
            // Nobody could log in otherwise.
            anonymous: line.anonymous || file.anonymous || nobody,
            writable: line.writable || file.writable,
            data,
            share_passive_ports: line.share_passive_ports || file.share_passive_ports,
            proxies: if line.proxy_protocol_from.is_empty() {
                file.proxy_protocol_from
            } else {
                line.proxy_protocol_from
            },
            sessions: SessionLimits {
                total: number(line.max_sessions, file.max_sessions, limits.total),
                per_address: number(line.max_sessions_per_ip, file.max_sessions_per_ip, limits.per_address),
            },
            idle_timeout: line.idle_timeout.or(file.idle_timeout).map(|Seconds(time)| time),
            log_format: line.log_format.or(file.log_format).unwrap_or_default(),
            log_file: line.log_file.or(file.log_file),
            metrics: line.metrics.or(file.metrics),
            record: line.record,
            run_as: line.run_as.or(file.run_as),
            tls: TlsSettings {
                mode: line.tls.or(file.tls).unwrap_or_default(),
                data: line.tls_data.or(file.tls_data),
                clients: clients(
                    line.tls_client_ca.or(file.tls_client_ca),
                    line.tls_client_cert.or(file.tls_client_cert),
                    &file.user,
                )?,
                files: pairs(file.tls_cert.under(line.tls_cert), file.tls_key.under(line.tls_key))?,
                listen: self::listen(&line.listen_tls, &file.listen_tls)?,
                allow_ccc: line.allow_ccc || file.allow_ccc,
                accept_unclean_end: line.tls_accept_unclean_end || file.tls_accept_unclean_end,
                allow_clear_login: line.allow_clear_login || file.allow_clear_login,
            },
            encodings: line.encodings.or(file.encodings).unwrap_or_default(),
            driver: line.driver.or(file.driver).unwrap_or_default(),
            users_file: UsersFile { anonymous: None, users: file.user },
            drain: line.drain.or(file.drain).map_or(Duration::from_secs(30), |Seconds(time)| time),
        })
    }
}

/// The table of data connections. What concerns everybody is its last row.
fn data_rows(line: &mut Serve, file: &mut File) -> Vec<DataRow> {
    let everybody = DataKeys {
        external_address: line.external_address.take(),
        passive_ports: line.passive_ports,
        port_offset: line.port_offset,
        modes: line.modes,
        peer_check: line.peer_check,
        active_addresses: line.active_addresses,
        active_source_port: line.active_source_port,
        tls_resumption: line.tls_resumption,
    }
    .over(&DataKeys {
        external_address: file.external_address.take(),
        passive_ports: file.passive_ports,
        port_offset: file.port_offset,
        modes: file.modes,
        peer_check: file.peer_check,
        active_addresses: file.active_addresses,
        active_source_port: file.active_source_port,
        tls_resumption: file.tls_resumption,
    });
    let mut data: Vec<_> =
        core::mem::take(&mut file.data).into_iter().map(|entry| entry.row(&everybody)).collect();
    data.push(everybody.row(DataCondition::default()));
    data
}

/// In the file: one, or a list.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    #[default]
    None,
    One(PathBuf),
    More(Vec<PathBuf>),
}

impl OneOrMore {
    /// What the command line says goes before.
    fn under(self, line: Vec<PathBuf>) -> Vec<PathBuf> {
        match self {
            _ if !line.is_empty() => line,
            Self::None => Vec::new(),
            Self::One(path) => vec![path],
            Self::More(paths) => paths,
        }
    }
}

fn pairs(certificates: Vec<PathBuf>, keys: Vec<PathBuf>) -> Result<Vec<(PathBuf, PathBuf)>, SettingsError> {
    if certificates.len() == keys.len() {
        return Ok(certificates.into_iter().zip(keys).collect());
    }
    Err(SettingsError::HalfIdentity { certificates: certificates.len(), keys: keys.len() })
}

/// Who vouches for clients. A user who is to log in by a certificate must be able to.
fn clients(
    authorities: Option<PathBuf>,
    needed: Option<ClientCertificate>,
    users: &[UserEntry],
) -> Result<Option<(PathBuf, ClientCertificate)>, SettingsError> {
    match (authorities, needed, users.iter().find(|user| !user.certificates.is_empty())) {
        (Some(authorities), needed, _) => Ok(Some((authorities, needed.unwrap_or_default()))),
        (None, Some(_), _) => Err(SettingsError::NoClientAuthority),
        (None, None, Some(user)) => Err(SettingsError::CertificatesNotAsked(user.name.clone())),
        (None, None, None) => Ok(None),
    }
}

/// The addresses of the command line, else those of the file.
fn listen(line: &[Vec<SocketAddr>], file: &[String]) -> Result<Vec<SocketAddr>, SettingsError> {
    let given = line.concat();
    if !given.is_empty() {
        return Ok(given);
    }
    let listed: Result<Vec<_>, _> = file.iter().map(|text| parse_listen(text)).collect();
    Ok(listed.map_err(SettingsError::Listen)?.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ftp_proto::data::{ForeignTarget, RequireResumption};

    fn settings(file: &str, line: Serve) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ftp.toml");
        std::fs::write(&path, file).unwrap();
        Settings::new(Serve { config: Some(path), ..line })
    }

    #[test]
    fn without_anything_anyone_may_read_and_nobody_write() {
        let settings = Settings::new(Serve::default()).unwrap();
        assert!(settings.anonymous && !settings.writable && settings.users.is_empty());
        assert_eq!(settings.listen, all_addresses(DEFAULT_PORT));
        assert_eq!(settings.sessions.per_address, 50);
    }

    #[test]
    fn a_user_that_is_given_ends_anonymous_access() {
        let users = vec![("alice".to_owned(), "secret".to_owned())];
        let settings = Settings::new(Serve { users, ..Serve::default() }).unwrap();
        assert!(!settings.anonymous);
    }

    #[test]
    fn every_key_of_the_file_is_understood_and_the_command_line_wins() {
        let file = r#"
            root = "/srv/ftp"
            listen = ["127.0.0.1:21", "::1"]
            anonymous = true
            writable = true
            passive-ports = "62000-62010"
            external-address = "203.0.113.5"
            share-passive-ports = true
            active-source-port = 20
            port-offset = -10000
            modes = "passive,active"
            peer-check = "network:24"
            active-addresses = "substitute"
            proxy-protocol-from = ["10.0.0.0/8", "::1"]
            max-sessions = 10
            max-sessions-per-ip = 0
            idle-timeout = "10m"
            log-format = "json"
            log-file = "/var/log/ftp.log"
            metrics = "127.0.0.1:9121"
            drain = 5
            encodings = "block"
            driver = "mio"
            run-as = "ftp:ftp"
            tls = "require"
            tls-data = "offer"
            tls-client-ca = "/etc/ftp/clients.pem"
            tls-client-cert = "require"
            tls-cert = ["/etc/ftp/one.pem", "/etc/ftp/other.pem"]
            tls-key = ["/etc/ftp/one.key", "/etc/ftp/other.key"]
            listen-tls = ["127.0.0.1:990"]
            tls-resumption = "require"
            allow-ccc = true
            tls-accept-unclean-end = true
            allow-clear-login = true
            [[data]]
            client = "10.0.0.0/8"
            tls = true
            external-address = "dialled"
        "#;
        let line = Serve { root: Some("/elsewhere".into()), ..Serve::default() };
        let settings = settings(file, line).unwrap();
        assert_eq!(settings.root, PathBuf::from("/elsewhere"));
        assert_eq!(settings.listen.len(), 2);
        assert!(settings.anonymous && settings.writable);
        assert_eq!(settings.everybody().ports.first, 62_000);
        assert_eq!(settings.everybody().announced_port_offset, -10_000);
        assert_eq!(settings.everybody().foreign_target, ForeignTarget::SubstitutePrivate);
        assert_eq!((settings.data.len(), settings.proxies.len(), settings.share_passive_ports), (2, 2, true));
        assert_eq!(settings.sessions, SessionLimits { total: 10, per_address: 0 });
        assert_eq!(settings.idle_timeout, Some(Duration::from_secs(600)));
        assert_eq!(settings.encodings, "block".parse().unwrap());
        assert_eq!(settings.run_as.as_deref(), Some("ftp:ftp"));
        assert_eq!(
            (settings.tls.mode, settings.everybody().resumption),
            (TlsMode::Require, RequireResumption::Require)
        );
        assert_eq!(settings.tls.listen.len(), 1);
        assert!(settings.tls.files.len() == 2 && settings.tls.allow_ccc && settings.tls.allow_clear_login);
        assert!(settings.tls.accept_unclean_end);
        assert_eq!(settings.tls.data, Some(TlsMode::Offer));
        assert_eq!(settings.tls.clients, Some(("/etc/ftp/clients.pem".into(), ClientCertificate::Require)));
        assert_eq!((settings.drain, settings.driver), (Duration::from_secs(5), Driver::Mio));
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let error = settings("tls-cert = \"/etc/ftp/cert.pem\"\n", Serve::default()).unwrap_err();
        assert!(matches!(error, SettingsError::HalfIdentity { certificates: 1, keys: 0 }), "{error}");
    }

    #[test]
    fn certificates_of_clients_need_an_authority() {
        let user = "[[user]]\nname = \"robot\"\ncertificates = [\"robot\"]\n";
        let error = settings(user, Serve::default()).unwrap_err().to_string();
        assert!(error.contains("robot") && error.contains("tls-client-ca"), "{error}");
        let error = settings("tls-client-cert = \"require\"\n", Serve::default()).unwrap_err();
        assert!(matches!(error, SettingsError::NoClientAuthority), "{error}");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_line() {
        let error =
            settings("anonymous = true\nwriteable = true\n", Serve::default()).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("writeable"), "{error}");
    }
}
