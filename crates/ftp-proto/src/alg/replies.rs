//! Which reply answers what: as much of it as keeps a text from being taken for a 227.

use crate::reply::{ReplyClass, ReplyCode};
use crate::wire::{CommandView, ReplyLineView};
use alloc::collections::VecDeque;

/// Commands whose replies have not come. A client has to wait for replies; one that sends more than this ahead is
/// out of step until its next PASV or EPSV is answered.
const MAX_PENDING: usize = 256;

/// What a line of a reply is for a middlebox.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A line of a 227 or 229 that was asked for.
    Passive(ReplyCode),
    /// 234: TLS follows.
    TlsFollows,
    Other,
}

#[derive(Debug, Default)]
pub(super) struct Replies {
    /// For each command that waits for its reply: whether it asks for a passive port.
    pending: VecDeque<bool>,
    greeted: bool,
    /// The multi-line reply whose end has not come, and whether it was asked for.
    open: Option<(ReplyCode, bool)>,
}

impl Replies {
    pub(super) fn command(&mut self, line: &[u8]) {
        if self.pending.len() == MAX_PENDING {
            self.pending.pop_front();
        }
        let verb = CommandView::parse(line).map_or(&[][..], |view| view.verb());
        self.pending.push_back(verb.eq_ignore_ascii_case(b"PASV") || verb.eq_ignore_ascii_case(b"EPSV"));
    }

    pub(super) fn line(&mut self, line: &[u8]) -> Meaning {
        let view = ReplyLineView::parse(line).ok();
        let code = view.and_then(|view| view.code());
        let last = view.is_some_and(|view| view.is_last());
        let (code, expected) = match (self.open, code) {
            (Some((open, expected)), code) => {
                if last && code == Some(open) {
                    self.open = None;
                }
                (open, expected)
            }
            (None, Some(code)) => {
                let expected = self.answered(code);
                self.open = (!last).then_some((code, expected));
                (code, expected)
            }
            (None, None) => return Meaning::Other,
        };
        match code {
            ReplyCode::ENTERING_PASSIVE_MODE | ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE if expected => {
                Meaning::Passive(code)
            }
            // The reply may have more lines; they are text, and TLS begins after the last.
            ReplyCode::SECURITY_EXCHANGE_COMPLETE if self.open.is_none() => Meaning::TlsFollows,
            _ => Meaning::Other,
        }
    }

    /// A reply with this code begins: whether it is one that announces a port, to a command that asked for one.
    fn answered(&mut self, code: ReplyCode) -> bool {
        if code.class() == ReplyClass::Preliminary {
            return false;
        }
        if !core::mem::replace(&mut self.greeted, true) {
            return false;
        }
        let announces =
            matches!(code, ReplyCode::ENTERING_PASSIVE_MODE | ReplyCode::ENTERING_EXTENDED_PASSIVE_MODE);
        if !announces {
            self.pending.pop_front();
            return false;
        }
        // Back in step, should replies have gone missing or come twice.
        let Some(at) = self.pending.iter().position(|&passive| passive) else { return false };
        self.pending.drain(..=at);
        true
    }
}
