//! Counters for monitoring, as OpenMetrics text over HTTP.
//!
//! The table in [`Metrics::new`] is all there is. Labels come from fixed lists, never from what a client sends, so that
//! nobody can fill the memory with them.

use core::net::SocketAddr;
use core::time::Duration;
use ftp_proto::data::{DataMode, TransferFailure};
use ftp_proto::server::{CloseReason, Notice};
use ftp_service::{ServerHandle, Watcher};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many scrapes are answered at a time; others wait.
const SCRAPES: usize = 8;

/// How long a scraper may take to send its request.
const PATIENCE: Duration = Duration::from_secs(5);

/// What OpenMetrics text is called.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Labels: names and values.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// What is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    sessions: Gauge,
    closed: Family<Labels<1>, Counter>,
    logins: Family<Labels<1>, Counter>,
    data: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Histogram>,
    transfers: Family<Labels<2>, Counter>,
    octets: Family<Labels<1>, Counter>,
    refused: Family<Labels<1>, Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 1 ms to about 16 s: as long as a data connection is waited for.
        let histogram = || Histogram::new(exponential_buckets(0.001, 4.0, 8));
        let mut metrics = Self {
            registry: Registry::with_prefix("ftp"),
            sessions: Gauge::default(),
            closed: Family::default(),
            logins: Family::default(),
            data: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            transfers: Family::default(),
            octets: Family::default(),
            refused: Family::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("sessions", "Sessions that there are now", metrics.sessions.clone());
        registry.register("sessions_closed", "Sessions that are over, by reason", metrics.closed.clone());
        registry.register("logins", "Logins, by what came of them", metrics.logins.clone());
        registry.register(
            "data_connections",
            "Data connections, by mode and outcome: opened, or the id of the failure",
            metrics.data.clone(),
        );
        registry.register(
            "data_connection_seconds",
            "From the announcement of a data port, or from the first packet in active mode, to the connection",
            metrics.seconds.clone(),
        );
        registry.register("transfers", "Transfers, by command and result", metrics.transfers.clone());
        registry.register("transferred_octets", "Octets on data connections", metrics.octets.clone());
        registry.register(
            "refused",
            "Attempts that were refused: strangers on passive ports, PORT to another host or a low port",
            metrics.refused.clone(),
        );
        metrics
    }

    fn text(&self, server: &ServerHandle) -> Result<String, core::fmt::Error> {
        self.sessions.set(i64::try_from(server.sessions()).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn refuse(&self, kind: &'static str) {
        self.refused.get_or_create(&[("kind", kind)]).inc();
    }

    fn login(&self, result: &'static str) {
        self.logins.get_or_create(&[("result", result)]).inc();
    }

    fn data(&self, mode: DataMode, outcome: &'static str) {
        self.data.get_or_create(&[("mode", mode.verb()), ("outcome", outcome)]).inc();
    }
}

impl Watcher for Metrics {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::LoggedIn { .. } => self.login("accepted"),
            Notice::LoginRefused { .. } => self.login("refused"),
            Notice::DataOpened { mode, after, .. } => {
                self.data(*mode, "opened");
                self.seconds.get_or_create(&[("mode", mode.verb())]).observe(after.as_secs_f64());
            }
            Notice::DataFailed { mode, named, .. } => self.data(*mode, named.as_str()),
            Notice::TransferEnded { verb, totals, result, .. } => {
                let (verb, result) = (verb.name(), result.map_or_else(why, |()| "complete"));
                self.transfers.get_or_create(&[("verb", verb), ("result", result)]).inc();
                self.octets.get_or_create(&[("verb", verb)]).inc_by(totals.wire);
            }
            Notice::StrangerRefused { .. } => self.refuse("stranger"),
            Notice::BounceRefused { .. } => self.refuse("bounce"),
            Notice::Closed(reason) => {
                self.closed.get_or_create(&[("reason", close_reason(*reason))]).inc();
            }
            _ => {}
        }
    }
}

const fn why(failure: TransferFailure) -> &'static str {
    match failure {
        TransferFailure::Aborted => "aborted",
        TransferFailure::Storage(_) => "storage",
        TransferFailure::Connection(_) => "connection",
        TransferFailure::Truncated => "truncated",
        _ => "malformed",
    }
}

const fn close_reason(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Quit => "quit",
        CloseReason::PeerClosed => "closed",
        CloseReason::PeerReset => "reset",
        CloseReason::TimedOut(_) => "timed out",
        CloseReason::TooManyLogins => "too many logins",
        CloseReason::Refused => "refused",
        CloseReason::Shutdown => "shutdown",
        _ => "protocol",
    }
}

/// Where scrapers ask. Opened before privileges are given up.
#[derive(Debug)]
pub(crate) struct Exporter {
    listener: TcpListener,
    metrics: Arc<Metrics>,
}

impl Exporter {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, metrics: Arc::new(Metrics::new()) })
    }

    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    pub(crate) fn watcher(&self) -> Arc<dyn Watcher> {
        self.metrics.clone()
    }

    /// Answers until the program ends.
    pub(crate) async fn serve(self, server: ServerHandle) -> io::Result<()> {
        let Self { listener, metrics } = self;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let seats = Arc::new(Semaphore::new(SCRAPES));
        loop {
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return Ok(()) };
            let Ok((stream, _)) = listener.accept().await else {
                // No descriptor is left, or the scraper was gone: the next one may come through.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let (metrics, server) = (Arc::clone(&metrics), server.clone());
            tokio::spawn(async move {
                let answer = service_fn(|request| {
                    let answered = answer(&metrics, &server, &request);
                    async { answered }
                });
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).keep_alive(false);
                // A scraper that goes away is its own affair.
                let _ = http.serve_connection(TokioIo::new(stream), answer).await;
                drop(seat);
            });
        }
    }
}

fn answer<B>(
    metrics: &Metrics,
    server: &ServerHandle,
    request: &Request<B>,
) -> Result<Response<String>, hyper::http::Error> {
    let response = Response::builder();
    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => match metrics.text(server) {
            Ok(text) => response.header(header::CONTENT_TYPE, CONTENT_TYPE).body(text),
            Err(_) => response.status(StatusCode::INTERNAL_SERVER_ERROR).body(String::new()),
        },
        _ => response.status(StatusCode::NOT_FOUND).body("Ask for /metrics.\n".to_owned()),
    }
}
