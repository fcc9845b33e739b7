//! What is logged, in one place: one event for each notice of the core.
//!
//! Octets that came from the peer are escaped, so that one event is one line; a password is never among them, since
//! no notice has one.

use ftp_proto::escape::escape;
use ftp_proto::io::ControlEndpoints;
use ftp_proto::server::Notice;
use tracing::{Span, debug, field, info, warn};

/// What is logged of one session.
#[derive(Debug)]
pub(super) struct Log {
    /// Every event of the session says which it is, whose it is, and between which ends.
    session: Span,
    /// Those of the data connection at hand have its ends, too.
    transfer: Option<Span>,
}

impl Log {
    pub(super) fn new(id: u64, ends: ControlEndpoints) -> Self {
        let ControlEndpoints { peer, local, .. } = ends;
        Self {
            session: tracing::info_span!("session", id, %peer, %local, user = field::Empty),
            transfer: None,
        }
    }

    /// What is logged from now on belongs to the session.
    pub(super) fn session(&self) -> Span {
        self.session.clone()
    }

    /// Logs `notice`. The session's span is entered already, and learns whose session it is.
    pub(super) fn log(&mut self, notice: &Notice) {
        match notice {
            Notice::LoggedIn { user } => {
                self.session.record("user", field::display(escape(user)));
            }
            Notice::LoggedOut => {
                self.session.record("user", field::Empty);
            }
            Notice::DataOpened { mode, local, peer, .. } => {
                self.transfer = Some(tracing::info_span!("transfer", %mode, %local, %peer));
            }
            _ => {}
        }
        match &self.transfer {
            Some(transfer) if is_about_data(notice) => transfer.in_scope(|| log(notice)),
            _ => log(notice),
        }
        if matches!(notice, Notice::TransferEnded { .. } | Notice::DataFailed { .. }) {
            self.transfer = None;
        }
    }
}

const fn is_about_data(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::DataOpened { .. }
            | Notice::DataSecured { .. }
            | Notice::DataFailed { .. }
            | Notice::TransferEnded { .. }
    )
}

fn log(notice: &Notice) {
    match notice {
        Notice::LoggedIn { user } => info!(user = %escape(user), "logged in"),
        Notice::LoginRefused { user } => warn!(user = %escape(user), "login refused"),
        Notice::LoggedOut => info!("logged out"),
        Notice::Served { verb, argument, code } => {
            let argument = argument.as_deref().map(|octets| field::display(escape(octets)));
            debug!(verb, argument, code = code.get(), "served");
        }
        Notice::Closed(reason) => info!(?reason, "session over"),
        other => log_data_or_security(other),
    }
}

fn log_data_or_security(notice: &Notice) {
    match notice {
        Notice::ControlSecured(facts) => {
            info!(tls13 = facts.tls13, resumption = ?facts.resumption, "control connection under TLS");
        }
        Notice::ControlCleared => info!("control connection in the clear"),
        Notice::DataOpened { id, after, .. } => {
            debug!(data = id.get(), after = ?after, "data connection open");
        }
        Notice::DataSecured { id, resumed } => debug!(data = id.get(), resumed, "data connection under TLS"),
        Notice::DataFailed { id, mode, during, why, named, announced } => {
            let announced = announced.map(field::display);
            warn!(data = id.get(), failure = %named, %mode, ?during, ?why, announced, "{}", named.text());
        }
        Notice::PlaintextDropped { octets } => warn!(octets, "octets in the clear ahead of TLS dropped"),
        Notice::StrangerRefused { peer } => warn!(%peer, "another host connected to a passive port: refused"),
        Notice::BounceRefused { target } => {
            warn!(%target, "a data connection to another host or a low port was asked for: refused");
        }
        Notice::TransferEnded { id, verb, totals, result } => match result {
            Ok(()) => {
                let (verb, octets, wire) = (verb.name(), totals.stored, totals.wire);
                info!(transfer = id.get(), verb, octets, wire, "transferred");
            }
            Err(why) => {
                warn!(
                    transfer = id.get(),
                    verb = verb.name(),
                    octets = totals.stored,
                    wire = totals.wire,
                    ?why,
                    "transfer failed"
                );
            }
        },
        other => debug!(notice = ?other, "notice"),
    }
}
