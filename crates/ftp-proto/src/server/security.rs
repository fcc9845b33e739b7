//! Control security: the STARTTLS boundary, PBSZ and PROT (RFC 2228, RFC 4217).
//!
//! What happens in each state stands in [`manual::security`](crate::manual::security).
//!
//! Nothing that arrived in the clear acts after the upgrade: not even octets that were buffered before the 234 was
//! written, which is how commands have been injected into other servers (CVE-2011-0411).

use super::connection::ServerConnection;
use super::gate::Service;
use super::{Notice, TlsPolicy};
use crate::command::ProtectionLevel;
use crate::data::{RequireResumption, Side, TlsFacts};
use crate::io::{IoAction, Timer};
use crate::reply::ReplyCode;
use bytes::Bytes;

/// TLS on the control connection, and what it protects.
#[derive(Debug, Default)]
pub(super) struct Security {
    state: State,
    facts: Option<TlsFacts>,
    /// PBSZ was given.
    buffer_size_known: bool,
    /// PROT P is in force.
    private: bool,
    /// A data connection has resumed this session, and the client can do so again.
    pub(super) data_resumed: bool,
    /// The data connection at hand has resumed it by a ticket of TLS 1.3, which works once for some clients: they get new
    /// ones on data connections, but not on uploads, where nobody would read them.
    pub(super) ticket_spent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Clear,
    /// The 234 is queued but not written.
    Offered,
    Handshaking,
    Protected,
    /// The reply after which TLS ends is queued but not written, or TLS is ending.
    Clearing {
        by_ccc: bool,
        stopped: bool,
    },
    ClearedByCcc,
}

impl Security {
    /// The control connection is, or was before CCC, under TLS.
    pub(super) const fn is_protected(&self) -> bool {
        matches!(self.state, State::Protected | State::Clearing { .. } | State::ClearedByCcc)
    }

    /// What comes in now was sent before TLS began, or after it ended, and must not act.
    pub(super) const fn drops_input(&self) -> bool {
        matches!(self.state, State::Offered | State::Handshaking | State::Clearing { .. })
    }

    /// Whether data connections are under TLS.
    pub(super) const fn protects_data(&self) -> bool {
        self.private
    }

    pub(super) const fn facts(&self) -> Option<&TlsFacts> {
        self.facts.as_ref()
    }

    pub(super) fn has_peer_certificate(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.peer_certificate.is_some())
    }

    /// A data connection that shows a certificate must show the control connection's. Showing none is no sign: many clients
    /// have none for data connections, and resumption or the peer's address binds those.
    pub(super) fn is_same_client(&self, data: &TlsFacts) -> bool {
        let control = self.facts.as_ref().and_then(|facts| facts.peer_certificate.as_ref());
        data.peer_certificate.as_ref().is_none_or(|shown| control == Some(shown))
    }

    /// HOST and the name asked for in TLS must be the same, if there are both (RFC 7151 §3.2.2).
    pub(super) fn agrees_with_server_name(&self, host: &[u8]) -> bool {
        let server_name = self.facts.as_ref().and_then(|facts| facts.server_name.as_ref());
        server_name.is_none_or(|name| name.eq_ignore_ascii_case(host))
    }
}

impl ServerConnection {
    /// Whether a data connection must resume the control connection's TLS session now.
    pub(super) fn must_resume(&self) -> bool {
        match self.data_row().resumption {
            RequireResumption::Off | RequireResumption::Log => false,
            RequireResumption::Auto => self.security.data_resumed,
            RequireResumption::Require => true,
        }
    }

    pub(super) fn start_implicit_tls(&mut self) {
        self.security.state = State::Handshaking;
        self.gate.service = Service::Securing;
        self.set_timer(Timer::ControlTls, self.config.timeouts.control_tls);
        self.act(IoAction::StartControlTls(Side::Server.tls_role()));
    }

    pub(super) fn auth(&mut self, mechanism: &[u8]) {
        if self.config.tls == TlsPolicy::Off {
            return self.finish_with(ReplyCode::NOT_IMPLEMENTED, "TLS is not available here.");
        }
        if self.security.state != State::Clear {
            return self.finish_with(ReplyCode::BAD_SEQUENCE, "TLS is in use already.");
        }
        if !matches!(mechanism, b"TLS" | b"TLS-C" | b"SSL") {
            return self.finish_with(ReplyCode::PARAMETER_NOT_IMPLEMENTED, "Only AUTH TLS is known.");
        }
        self.finish_with(ReplyCode::SECURITY_EXCHANGE_COMPLETE, "Begin TLS now.");
        self.gate.service = Service::Securing;
        self.security.state = State::Offered;
        self.gate.forget_lines();
        let buffered = self.lines.discard();
        self.plaintext_dropped(buffered);
    }

    /// Octets that came while TLS was being agreed on.
    pub(super) fn drop_plaintext(&mut self, octets: usize) -> usize {
        self.plaintext_dropped(octets);
        octets
    }

    fn plaintext_dropped(&mut self, octets: usize) {
        if octets > 0 {
            self.notice(Notice::PlaintextDropped { octets });
        }
    }

    /// Every reply is written: what waited for that may happen.
    pub(super) fn security_output_written(&mut self) {
        match self.security.state {
            State::Offered => {
                self.security.state = State::Handshaking;
                self.set_timer(Timer::ControlTls, self.config.timeouts.control_tls);
                self.act(IoAction::StartControlTls(Side::Server.tls_role()));
            }
            State::Clearing { by_ccc, stopped: false } => {
                self.security.state = State::Clearing { by_ccc, stopped: true };
                self.set_timer(Timer::ControlTls, self.config.timeouts.control_tls);
                self.act(IoAction::StopControlTls);
            }
            State::Clear
            | State::Handshaking
            | State::Protected
            | State::Clearing { stopped: true, .. }
            | State::ClearedByCcc => {}
        }
    }

    pub(super) fn control_secured(&mut self, facts: TlsFacts) {
        if self.security.state != State::Handshaking {
            return;
        }
        self.timers.clear(Timer::ControlTls);
        self.lines.discard();
        // A login made in the clear does not outlive AUTH (RFC 2228 §3).
        self.reset_session();
        self.gate.service = Service::Idle;
        self.security =
            Security { state: State::Protected, facts: Some(facts.clone()), ..Security::default() };
        self.notice(Notice::ControlSecured(facts));
        if self.config.implicit_tls {
            self.greet();
        }
    }

    pub(super) fn control_cleared(&mut self) {
        let State::Clearing { by_ccc, .. } = self.security.state else { return };
        self.timers.clear(Timer::ControlTls);
        self.security.state = if by_ccc { State::ClearedByCcc } else { State::Clear };
        self.gate.service = Service::Idle;
        self.notice(Notice::ControlCleared);
    }

    /// REIN goes back to the clear, except under implicit TLS (RFC 4217 §13).
    pub(super) fn end_tls_after_rein(&mut self) {
        let state = self.security.state;
        self.security.buffer_size_known = false;
        self.security.private = false;
        match state {
            State::Protected if !self.config.implicit_tls => self.stop_tls(false),
            State::ClearedByCcc => self.security = Security::default(),
            _ => {}
        }
    }

    fn stop_tls(&mut self, by_ccc: bool) {
        self.security.state = State::Clearing { by_ccc, stopped: false };
        if !by_ccc {
            self.security.facts = None;
        }
        self.gate.service = Service::Securing;
        self.gate.forget_lines();
        let buffered = self.lines.discard();
        self.plaintext_dropped(buffered);
    }

    pub(super) fn ccc(&mut self) {
        match self.security.state {
            State::Protected if !self.config.allow_ccc => {
                self.finish_with(ReplyCode::SECURITY_POLICY_REFUSES, "CCC is not allowed here.");
            }
            State::Protected => {
                self.finish_with(ReplyCode::COMMAND_OKAY, "Clear from now on.");
                self.stop_tls(true);
            }
            State::Clear
            | State::Offered
            | State::Handshaking
            | State::Clearing { .. }
            | State::ClearedByCcc => {
                self.finish_with(ReplyCode::PROTECTION_DENIED, "The control connection is not protected.");
            }
        }
    }

    /// PBSZ: TLS has no buffer size, so the answer is 0 (RFC 4217 §9).
    pub(super) fn pbsz(&mut self) {
        if self.security.state == State::ClearedByCcc {
            return self.finish_with(ReplyCode::BAD_SEQUENCE, "Not after CCC.");
        }
        self.security.buffer_size_known = true;
        self.finish_with(ReplyCode::COMMAND_OKAY, "PBSZ=0");
    }

    pub(super) fn prot(&mut self, level: ProtectionLevel) {
        if self.security.state == State::ClearedByCcc {
            return self.finish_with(ReplyCode::BAD_SEQUENCE, "Not after CCC.");
        }
        if !self.security.buffer_size_known {
            return self.finish_with(ReplyCode::BAD_SEQUENCE, "Send PBSZ 0 first.");
        }
        match level {
            ProtectionLevel::Private if self.config.tls_data() == TlsPolicy::Off => {
                self.finish_with(
                    ReplyCode::SECURITY_POLICY_REFUSES,
                    "Data connections are in the clear here.",
                );
            }
            ProtectionLevel::Clear | ProtectionLevel::Private => {
                self.security.private = level == ProtectionLevel::Private;
                let text: &'static [u8] =
                    if self.security.private { b"Data is protected." } else { b"Data is in the clear." };
                self.finish_with(ReplyCode::COMMAND_OKAY, Bytes::from_static(text));
            }
            ProtectionLevel::Safe | ProtectionLevel::Confidential => {
                self.finish_with(
                    ReplyCode::PROTECTION_LEVEL_NOT_SUPPORTED,
                    "TLS knows only PROT C and PROT P.",
                );
            }
        }
    }
}
