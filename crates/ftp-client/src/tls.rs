//! TLS as the user wants it: from options, the URL and what is known of the server to whom the driver believes.

use crate::args::{Options, TlsMode};
use crate::driver::{Cause, Error, Fingerprint, Tls, TlsFailure, TlsIdentity, Trust};
use crate::failure::Failure;
use crate::known_hosts::{Known, KnownHosts};
use crate::prompt;
use crate::ui::Ui;
use crate::url::{FtpUrl, Scheme};
use ftp_proto::escape::escape;
use std::path::PathBuf;

/// Whom we believe, and why.
#[derive(Debug, Clone)]
pub(crate) enum Belief {
    /// The system's authorities. The server was seen under TLS before, or not.
    System { seen: bool },
    /// `--ca`.
    Authorities(PathBuf),
    /// `--pin`.
    Pins(Vec<Fingerprint>),
    /// `--insecure`.
    Anybody,
    /// What the user has accepted, once or just now.
    Accepted { fingerprint: Fingerprint, new: bool },
}

impl From<Belief> for Trust {
    fn from(belief: Belief) -> Self {
        match belief {
            Belief::System { .. } => Self::System,
            Belief::Authorities(path) => Self::Authorities(path),
            Belief::Pins(pins) => Self::Pinned(pins),
            Belief::Anybody => Self::Anybody,
            Belief::Accepted { fingerprint, .. } => Self::Pinned(vec![fingerprint]),
        }
    }
}

/// When there is TLS: what the URL says goes before the option's default, and must not contradict it.
pub(crate) fn wanted(options: &Options, url: &FtpUrl) -> Result<Tls, Failure> {
    let contradiction = |scheme| {
        Failure::usage(format!("{scheme}:// and --tls {} contradict each other", option_name(options.tls)))
    };
    match (url.scheme, options.tls) {
        (Scheme::Ftp, TlsMode::Auto) => Ok(Tls::Auto),
        (Scheme::Ftp, TlsMode::Off) => Ok(Tls::Off),
        (Scheme::Ftp, TlsMode::Explicit) | (Scheme::Ftpes, TlsMode::Auto | TlsMode::Explicit) => {
            Ok(Tls::Explicit)
        }
        (Scheme::Ftp, TlsMode::Implicit) | (Scheme::Ftps, TlsMode::Auto | TlsMode::Implicit) => {
            Ok(Tls::Implicit)
        }
        (Scheme::Ftpes, TlsMode::Implicit | TlsMode::Off) => Err(contradiction("ftpes")),
        (Scheme::Ftps, TlsMode::Explicit | TlsMode::Off) => Err(contradiction("ftps")),
    }
}

const fn option_name(mode: TlsMode) -> &'static str {
    match mode {
        TlsMode::Auto => "auto",
        TlsMode::Explicit => "explicit",
        TlsMode::Implicit => "implicit",
        TlsMode::Off => "off",
    }
}

/// `--cert` and `--key`.
pub(crate) fn own_certificate(options: &Options) -> Result<Option<TlsIdentity>, Failure> {
    // The command line has both or none.
    let Some((certificate, key)) = options.cert.as_deref().zip(options.key.as_deref()) else {
        return Ok(None);
    };
    TlsIdentity::from_files(certificate, key)
        .map(Some)
        .map_err(|error| Failure::usage(format!("--cert and --key cannot be used: {error}")))
}

/// Whom we believe before anything was said.
pub(crate) fn trust(options: &Options, url: &FtpUrl, known: &KnownHosts) -> Belief {
    if options.insecure {
        return Belief::Anybody;
    }
    if let Some(path) = &options.ca {
        return Belief::Authorities(path.clone());
    }
    if !options.pin.is_empty() {
        return Belief::Pins(options.pin.clone());
    }
    match known.find(&url.host, url.port) {
        Some(Known::Accepted(fingerprint)) => Belief::Accepted { fingerprint, new: false },
        Some(Known::Authorities) => Belief::System { seen: true },
        None => Belief::System { seen: false },
    }
}

/// A server that was seen under TLS is not spoken to without, whoever says that it has none.
pub(crate) const fn when(tls: Tls, belief: &Belief) -> Tls {
    match (tls, belief) {
        (Tls::Auto, Belief::System { seen: true } | Belief::Accepted { .. }) => Tls::Explicit,
        (tls, _) => tls,
    }
}

/// On a terminal the user may accept the certificate; what is to be believed then.
pub(crate) fn after_failure(
    options: &Options,
    url: &FtpUrl,
    belief: &Belief,
    error: Error,
) -> Result<Belief, Failure> {
    let Cause::Tls(TlsFailure { rejected: Some(fingerprint), why }) = error.cause() else {
        return Err(explain(belief, error));
    };
    let fingerprint = *fingerprint;
    if !matches!(belief, Belief::System { .. }) || options.json {
        return Err(explain(belief, error));
    }
    let question = format!(
        "The certificate of {} port {} cannot be verified: {}.\nIts SHA-256 fingerprint is\n  {fingerprint}\n\
         Compare it with what the server's operator says. Accept it, now and later? [y/N] ",
        url.host,
        url.port,
        escape(why.as_bytes())
    );
    match prompt::confirm(&question) {
        Ok(true) => Ok(Belief::Accepted { fingerprint, new: true }),
        Ok(false) | Err(_) => Err(explain(belief, error)),
    }
}

fn explain(belief: &Belief, error: Error) -> Failure {
    let rejected = matches!(error.cause(), Cause::Tls(TlsFailure { rejected: Some(_), .. }));
    let failure = Failure::from(error);
    match belief {
        Belief::System { .. } | Belief::Authorities(_) if rejected => failure.and(
            "say --ca FILE with the authority's certificate, --pin FINGERPRINT with this one if you know it to be right, \
             or --insecure",
        ),
        Belief::Accepted { new: false, .. } if rejected => failure.and(format_args!(
            "it is not the certificate that you accepted earlier; if the server has a new one, remove its line from {}",
            KnownHosts::of_user().name()
        )),
        Belief::System { seen: true } | Belief::Accepted { .. } => {
            failure.and("this server had TLS before, so it is not spoken to without; --tls off would do so")
        }
        _ => failure,
    }
}

/// The server was seen under TLS.
pub(crate) fn remember(ui: &Ui, known: &KnownHosts, url: &FtpUrl, belief: &Belief, fingerprint: Fingerprint) {
    let news = match belief {
        Belief::System { seen: false } => Known::Authorities,
        Belief::Accepted { new: true, .. } => Known::Accepted(fingerprint),
        // What was said for this run only is not remembered, and what is known need not be.
        Belief::System { seen: true }
        | Belief::Accepted { new: false, .. }
        | Belief::Authorities(_)
        | Belief::Pins(_)
        | Belief::Anybody => return,
    };
    if let Err(error) = known.add(&url.host, url.port, news) {
        ui.note(&format!("cannot remember this server in {}: {error}", known.name()));
    }
}
