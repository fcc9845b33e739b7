//! `ftp-server serve`.

use crate::config::{DataRow, Settings, TlsMode};
use crate::external::Table;
use crate::identity::Identity;
use crate::log::Transcript;
use crate::metrics::Exporter;
use crate::privileges::{self, Confinement, Needs};
use crate::{Failure, log, say, system};
use core::fmt::Write as _;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use ftp_backend::users::{Anonymous, PlainAccount};
use ftp_backend::{Accounts, LocalOptions, LocalStorage, Rights, StandardBackend};
use ftp_dtp::proxy::TrustedProxies;
use ftp_proto::data::SourcePort;
use ftp_proto::server::ServerConfig;
use ftp_service::{BindError, Server, ServerHandle, ServerOptions};
use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// What broken uploads leave is kept for so long.
const KEEP_PARTIALS: Duration = Duration::from_secs(24 * 3600);

/// Everything that is opened before the process gives up its privileges.
pub(crate) struct Prepared {
    settings: Settings,
    log: log::Device,
    identity: Option<Identity>,
    storage: LocalStorage,
    server: Server,
    exporter: Option<Exporter>,
    confinement: Confinement,
}

/// Opens files and ports, and gives up what is not needed any more. There must be no second thread yet.
pub(crate) fn prepare(settings: Settings) -> Result<Prepared, Failure> {
    let log =
        log::Device::open(settings.log_file.as_deref()).map_err(|error| cannot_log(&settings, &error))?;
    let transcript = transcript(&settings)?;
    let identity = Identity::new(&settings.tls)?;
    let storage = open_root(&settings)?;
    let exporter = exporter(&settings)?;
    let options = options(&settings, identity.as_ref(), exporter.as_ref());
    let server = bind(&settings, storage.clone(), options)?;
    let needs = Needs {
        root: &settings.root,
        account: privileges::account(settings.run_as.as_deref(), &settings.root)?,
        low_ports: uses_low_ports(&settings, server.addresses()),
        read: identity.as_ref().map(Identity::folders).unwrap_or_default(),
    };
    let confinement = privileges::give_up(&needs)?;
    if let Some(file) = transcript {
        let recorder = Transcript::start(file).map_err(|error| cannot_log(&settings, &error))?;
        server.handle().record(Arc::new(recorder));
    }
    Ok(Prepared { settings, log, identity, storage, server, exporter, confinement })
}

/// Serves until a signal ends it.
pub(crate) async fn serve(prepared: Prepared) -> Result<(), Failure> {
    let Prepared { settings, log, identity, storage, server, exporter, confinement } = prepared;
    let _guard = log.start(settings.log_format).map_err(|error| cannot_log(&settings, &error))?;
    system::prepare();
    confinement.log();
    privileges::log_what_is_out_of_reach(&settings.root, settings.writable || !settings.users.is_empty());
    let handle = server.handle();
    sweep(storage);
    let signals = tokio::spawn(obey_signals(handle.clone()));
    // Nobody is let in yet.
    let table = look_up(settings.data.clone()).await?;
    handle.set_data_policy(Arc::new(table.policy()));
    let external = table.external();
    table.keep_up(handle.clone());
    let shown = identity.as_ref().map(Identity::describe);
    if let Some(identity) = identity {
        tokio::spawn(identity.keep_up(handle));
    }
    let metrics = exporter.as_ref().and_then(Exporter::address);
    if let Some(exporter) = exporter {
        tokio::spawn(exporter.serve(server.handle()));
    }
    say(&announcement(&settings, server.addresses(), external, shown, metrics));
    let served = settings.driver.serve(server).await;
    signals.abort();
    served.map_err(|error| Failure::Running(format!("cannot serve: {error}")))
}

fn options(settings: &Settings, identity: Option<&Identity>, exporter: Option<&Exporter>) -> ServerOptions {
    let mut protocol = ServerConfig {
        encodings: settings.encodings.0,
        tls: settings.tls.mode.policy(),
        tls_data: settings.tls.data.map(TlsMode::policy),
        allow_ccc: settings.tls.allow_ccc,
        accept_unclean_end: settings.tls.accept_unclean_end,
        ..ServerConfig::default()
    };
    if let Some(idle) = settings.idle_timeout {
        protocol.timeouts.idle = idle;
    }
    ServerOptions {
        protocol,
        sessions: settings.sessions,
        drain: settings.drain,
        tls: identity.map(Identity::tls),
        implicit: settings.tls.listen.clone(),
        proxies: TrustedProxies::new(
            &settings.proxies.iter().map(|it| (it.address, it.prefix)).collect::<Vec<_>>(),
        ),
        share_passive_ports: settings.share_passive_ports,
        watcher: exporter.map(Exporter::watcher),
        recorder: None,
    }
}

fn exporter(settings: &Settings) -> Result<Option<Exporter>, Failure> {
    let Some(address) = settings.metrics else { return Ok(None) };
    let failed = |error| Failure::Listen(format!("cannot answer for metrics on {address}: {error}"));
    Exporter::bind(address).map(Some).map_err(failed)
}

/// Whether active data connections are to come from a port that only a privileged process can bind.
fn uses_low_ports(settings: &Settings, listens: &[SocketAddr]) -> bool {
    settings.data.iter().any(|row| match row.row.active_source {
        SourcePort::Any => false,
        SourcePort::Prefer(port) | SourcePort::Require(port) => port < 1024,
        SourcePort::PreferBelowDialled => listens.iter().any(|address| address.port() <= 1024),
    })
}

/// Name servers and web servers are waited for where that is allowed.
async fn look_up(rows: Vec<DataRow>) -> Result<Table, Failure> {
    let found = tokio::task::spawn_blocking(move || Table::find(&rows)).await;
    found.map_err(|error| Failure::Running(format!("cannot look for the external address: {error}")))?
}

fn accounts(settings: &Settings) -> Result<Accounts, Failure> {
    let mut accounts = Accounts::new();
    if settings.anonymous {
        let rights = if settings.writable { Rights::FULL } else { Rights::READ_ONLY };
        accounts.allow_anonymous(Anonymous { home: None, rights });
    }
    settings.users_file.add_to(&mut accounts).map_err(|error| Failure::Settings(error.to_string()))?;
    for (name, password) in &settings.users {
        accounts.add_plain(PlainAccount {
            name: name.clone(),
            password: password.clone(),
            home: None,
            rights: Rights::FULL,
        });
    }
    Ok(accounts)
}

/// The file of the transcript that was asked for.
fn transcript(settings: &Settings) -> Result<Option<File>, Failure> {
    let Some(path) = &settings.record else { return Ok(None) };
    Transcript::create(path).map(Some).map_err(|error| {
        Failure::Settings(format!(
            "cannot write a transcript to {}: {error}; name a file that does not exist yet",
            path.display()
        ))
    })
}

fn cannot_log(settings: &Settings, error: &io::Error) -> Failure {
    let file = settings.log_file.as_deref().unwrap_or_else(|| Path::new("standard error"));
    Failure::Settings(format!("cannot write the log to {}: {error}", file.display()))
}

fn open_root(settings: &Settings) -> Result<LocalStorage, Failure> {
    LocalStorage::open(&settings.root, LocalOptions::default())
        .map_err(|error| Failure::Settings(format!("cannot serve {}: {error}", settings.root.display())))
}

/// Removes what an earlier run left unfinished, and nobody came back for. A tree can be large: nobody waits for it.
fn sweep(storage: LocalStorage) {
    let work = move || match storage.sweep(KEEP_PARTIALS) {
        Ok(0) | Err(_) => {}
        Ok(removed) => tracing::info!(removed, "removed what broken uploads had left"),
    };
    if let Err(error) = std::thread::Builder::new().name("sweep".to_owned()).spawn(work) {
        tracing::warn!(%error, "what broken uploads left is not removed");
    }
}

fn bind(settings: &Settings, storage: LocalStorage, options: ServerOptions) -> Result<Server, Failure> {
    let backend = StandardBackend::new(accounts(settings)?, storage);
    let clear = settings.tls.mode == TlsMode::Off || settings.tls.allow_clear_login;
    let backend = Arc::new(if clear { backend } else { backend.refusing_clear_logins() });
    let mut addresses = settings.listen.clone();
    let bound = Server::bind(&addresses, backend.clone(), options.clone());
    match bound {
        // A machine without IPv6 serves IPv4.
        Err(BindError::Listen { address, source })
            if settings.listen_is_default && has_no_family(&source) =>
        {
            addresses.retain(|&other| other != address);
            Server::bind(&addresses, backend, options).map_err(bind_failed)
        }
        other => other.map_err(bind_failed),
    }
}

fn has_no_family(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

fn bind_failed(error: BindError) -> Failure {
    let BindError::Listen { address, source } = &error else { return Failure::Settings(error.to_string()) };
    let advice = match source.kind() {
        io::ErrorKind::AddrInUse => {
            format!(
                "port {} on {} is in use by another program; choose another with --listen",
                address.port(),
                address.ip()
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            "port {} needs privilege (CAP_NET_BIND_SERVICE); choose one from 1024 with --listen",
            address.port()
        ),
        _ => error.to_string(),
    };
    Failure::Listen(advice)
}

/// The first signal drains, the second ends.
async fn obey_signals(server: ServerHandle) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be handled: the server ends at once when it is told to");
        return;
    };
    let mut drained = false;
    loop {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        if drained {
            server.stop_now();
        } else {
            tracing::info!("told to end: running transfers finish, everybody else is sent away");
            server.drain();
            drained = true;
        }
    }
}

/// What a person needs to know: a URL to paste, the ports to open, the address that is announced.
fn announcement(
    settings: &Settings,
    addresses: &[SocketAddr],
    external: Option<IpAddr>,
    identity: Option<String>,
    metrics: Option<SocketAddr>,
) -> String {
    let mut text = String::new();
    let ports = settings.everybody().ports;
    let who = if settings.anonymous && settings.writable {
        "anyone may read and write"
    } else if settings.anonymous {
        "anyone may read"
    } else {
        "users only"
    };
    let announces =
        external.map_or_else(|| "the address that the client dialled".to_owned(), |ip| ip.to_string());
    let url = addresses.first().map_or_else(String::new, |&address| url(address));
    if settings.log_format == crate::config::LogFormat::Json {
        let listening: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let ports = format!("{}-{}", ports.first, ports.last);
        let line = serde_json::json!({
            "url": url, "listen": listening, "root": settings.root.display().to_string(),
            "passive_ports": ports, "announces": announces, "access": who,
            "tls": settings.tls.mode.name(), "certificate": identity,
            "metrics": metrics.map(|address| address.to_string()),
        });
        return format!("{line}\n");
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "{url}");
    let _ = writeln!(text, "  serves         {} ({who})", settings.root.display());
    for address in addresses {
        let _ = writeln!(text, "  listens on     {address}");
    }
    let _ = writeln!(text, "  passive ports  {}-{}", ports.first, ports.last);
    let _ = writeln!(text, "  announces      {announces}");
    let _ = write!(text, "  TLS            {}", settings.tls.mode.name());
    let _ = writeln!(text, "{}", identity.map_or_else(String::new, |identity| format!(", {identity}")));
    if let Some(address) = metrics {
        let _ = writeln!(text, "  metrics        http://{address}/metrics");
    }
    text
}

/// A URL that works on this machine and, where there is a network, beyond it.
fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if ip.is_unspecified() => own_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        ip => ip,
    };
    match address.port() {
        21 if ip.is_ipv4() => format!("ftp://{ip}/"),
        port => format!("ftp://{}/", SocketAddr::new(ip, port)),
    }
}

/// The address that this machine would use towards others. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // TEST-NET-1 (RFC 5737): connecting a datagram socket only chooses a route.
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}
