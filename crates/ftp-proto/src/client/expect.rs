//! Whose reply is this? Replies carry no name: they are told apart by their order, and, where a server may change the
//! order, by their code.

use crate::reply::{ReplyClass, ReplyCode};

/// Keep-alives that may be unanswered at once; servers that answer them only after the transfer hold them all.
const MAX_KEEP_ALIVES: u16 = 256;

/// Whom a reply belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The command in service.
    Command,
    /// A NOOP that was sent during a transfer.
    KeepAlive,
    /// Nobody asked.
    Nobody,
}

/// The replies that are due.
#[derive(Debug, Default)]
pub(super) struct Expected {
    command: bool,
    keep_alives: u16,
}

impl Expected {
    /// A command was sent.
    pub(super) const fn command_sent(&mut self) {
        self.command = true;
    }

    /// A NOOP was sent besides the command.
    pub(super) const fn keep_alive_sent(&mut self) {
        self.keep_alives = self.keep_alives.saturating_add(1);
    }

    /// Whether another NOOP may be sent.
    pub(super) const fn may_keep_alive(&self) -> bool {
        self.keep_alives < MAX_KEEP_ALIVES
    }

    /// NOOPs whose replies have not come.
    pub(super) const fn keep_alives(&self) -> u16 {
        self.keep_alives
    }

    /// Nothing is due; or somebody else counts from here on.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// A server that has not answered them by now has swallowed them.
    pub(super) const fn forget_keep_alives(&mut self) {
        self.keep_alives = 0;
    }

    /// Whether the command's final reply is due.
    pub(super) const fn awaits_command(&self) -> bool {
        self.command
    }

    /// Finds the owner of a reply, and counts it. The reply to a NOOP may come before or after the transfer's: with one
    /// due, 200 and "not possible now" are taken for it. No server ends a transfer with them.
    pub(super) const fn take(&mut self, code: ReplyCode) -> Owner {
        let preliminary = matches!(code.class(), ReplyClass::Preliminary);
        let for_noop = matches!(code.get(), 200 | 500 | 501 | 502 | 503);
        // With no command in service only the codes of a data connection's end cannot be a NOOP's.
        let late = matches!(code.get(), 225 | 226 | 425 | 426);
        if self.keep_alives > 0 && !preliminary && (for_noop || !self.command && !late) {
            self.keep_alives -= 1;
            Owner::KeepAlive
        } else if self.command {
            self.command = preliminary;
            Owner::Command
        } else {
            Owner::Nobody
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(expected: &mut Expected, code: u16) -> Owner {
        expected.take(ReplyCode::new(code).expect("a code"))
    }

    #[test]
    fn a_preliminary_reply_leaves_the_command_in_service() {
        let mut expected = Expected::default();
        assert_eq!(take(&mut expected, 200), Owner::Nobody);
        expected.command_sent();
        assert_eq!(take(&mut expected, 150), Owner::Command);
        assert!(expected.awaits_command());
        assert_eq!(take(&mut expected, 226), Owner::Command);
        assert_eq!(take(&mut expected, 226), Owner::Nobody);
    }

    #[test]
    fn keep_alives_are_counted_before_and_after_the_transfers_own_reply() {
        for order in [[200, 200, 226], [200, 226, 200], [226, 200, 200]] {
            let mut expected = Expected::default();
            expected.command_sent();
            expected.keep_alive_sent();
            expected.keep_alive_sent();
            let owners = order.map(|code| take(&mut expected, code));
            assert_eq!(owners.iter().filter(|&&owner| owner == Owner::KeepAlive).count(), 2, "{order:?}");
            assert_eq!(expected.keep_alives(), 0);
            assert!(!expected.awaits_command());
        }
    }

    #[test]
    fn a_late_226_is_not_a_noops_reply() {
        let mut expected = Expected::default();
        expected.keep_alive_sent();
        assert_eq!(take(&mut expected, 226), Owner::Nobody);
        assert_eq!(take(&mut expected, 250), Owner::KeepAlive);
    }
}
