//! What is logged, in one place: one event for each notice of the core.
//!
//! Octets that came from the peer are escaped, so that one event is one line; a password is never among them, since
//! no notice has one.

use core::fmt::Display;
use ftp_proto::escape::escape;
use ftp_proto::server::Notice;
use tracing::{Span, debug, field, info, warn};

/// The span of a session: every event of it says which session and whose it is.
pub(super) fn session_span(id: u64, peer: impl Display) -> Span {
    tracing::info_span!("session", id, %peer, user = field::Empty)
}

/// Logs `notice`. The session's `span` is entered already, and learns whose session it is.
pub(super) fn log(span: &Span, notice: &Notice) {
    match notice {
        Notice::LoggedIn { user } => {
            span.record("user", field::display(escape(user)));
        }
        Notice::LoggedOut => {
            span.record("user", field::Empty);
        }
        _ => {}
    }
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
        Notice::DataOpened { id, mode, local, peer } => {
            debug!(data = id.get(), %mode, %local, %peer, "data connection open");
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
        Notice::TransferEnded { id, totals, result } => match result {
            Ok(()) => info!(transfer = id.get(), octets = totals.stored, wire = totals.wire, "transferred"),
            Err(why) => {
                warn!(
                    transfer = id.get(),
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
