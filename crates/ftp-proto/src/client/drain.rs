//! After ABOR: which replies are still to come (RFC 959 §4.1.3, RFC 1123 §4.1.4.4).
//!
//! Servers answer with 426 and 226, 226 and 226, only 226, only 225, or 426 and 225. The machine counts; where the
//! count is uncertain it sends a NOOP, whose 200 is a fence: nothing older can follow it.

use crate::reply::{ReplyClass, ReplyCode};

/// The replies that are due after ABOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drain {
    /// Final replies of the transfer and of ABOR that may still come.
    due: u8,
    /// NOOPs, sent during the transfer, that are unanswered.
    keep_alives: u16,
    fenced: bool,
    heard: bool,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DrainStep {
    /// More replies are due.
    Wait,
    /// Send NOOP.
    Fence,
    /// Every reply has come.
    InStep,
    /// The server does not answer: nobody can say what its next reply belongs to.
    OutOfStep,
}

impl Drain {
    /// ABOR was sent while a transfer command was in service.
    pub(super) const fn of_transfer(keep_alives: u16) -> Self {
        Self { due: 2, keep_alives, fenced: false, heard: false }
    }

    /// ABOR was sent with nothing in service.
    pub(super) const fn of_nothing() -> Self {
        Self { due: 1, keep_alives: 0, fenced: false, heard: false }
    }

    /// A reply came.
    pub(super) const fn reply(&mut self, code: ReplyCode) -> DrainStep {
        if matches!(code.class(), ReplyClass::Preliminary) {
            return DrainStep::Wait;
        }
        self.heard = true;
        if code.get() == 200 && self.keep_alives > 0 {
            self.keep_alives -= 1;
            return DrainStep::Wait;
        }
        if self.fenced { self.behind_fence(code) } else { self.counted(code) }
    }

    const fn counted(&mut self, code: ReplyCode) -> DrainStep {
        self.due = self.due.saturating_sub(1);
        let certain = matches!(code.class(), ReplyClass::TransientNegative | ReplyClass::PermanentNegative);
        match (self.due, self.keep_alives) {
            (0, 0) => DrainStep::InStep,
            // 426: 226 follows.
            (1.., _) if certain => DrainStep::Wait,
            (_, _) => {
                self.fenced = true;
                DrainStep::Fence
            }
        }
    }

    const fn behind_fence(&mut self, code: ReplyCode) -> DrainStep {
        if self.due == 0 || code.get() == 200 {
            return DrainStep::InStep;
        }
        self.due -= 1;
        DrainStep::Wait
    }

    /// The grace is over.
    pub(super) const fn grace_is_over(&mut self) -> DrainStep {
        if self.fenced || !self.heard {
            return DrainStep::OutOfStep;
        }
        self.fenced = true;
        DrainStep::Fence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn run(drain: &mut Drain, codes: &[u16]) -> Vec<DrainStep> {
        codes.iter().map(|&code| drain.reply(ReplyCode::new(code).expect("a code"))).collect()
    }

    #[test]
    fn rfc1123_31_every_way_in_which_servers_answer_abor_ends_in_step() {
        use DrainStep::{Fence, InStep, Wait};
        let cases: [(&[u16], &[DrainStep]); 7] = [
            (&[426, 226], &[Wait, InStep]),
            (&[426, 225], &[Wait, InStep]),
            (&[150, 426, 226], &[Wait, Wait, InStep]),
            (&[226, 226, 200], &[Fence, Wait, InStep]),
            (&[226, 200], &[Fence, InStep]),
            (&[225, 200], &[Fence, InStep]),
            (&[550, 502], &[Wait, InStep]),
        ];
        for (codes, steps) in cases {
            assert_eq!(run(&mut Drain::of_transfer(0), codes), steps, "{codes:?}");
        }
        assert_eq!(run(&mut Drain::of_nothing(), &[226]), [InStep]);
    }

    #[test]
    fn keep_alives_that_are_unanswered_are_answered_first() {
        use DrainStep::{InStep, Wait};
        assert_eq!(run(&mut Drain::of_transfer(2), &[200, 426, 200, 226]), [Wait, Wait, Wait, InStep]);
    }

    #[test]
    fn only_426_is_fenced_when_the_grace_is_over_and_silence_is_the_end() {
        let mut drain = Drain::of_transfer(0);
        assert_eq!(run(&mut drain, &[426]), [DrainStep::Wait]);
        assert_eq!(drain.grace_is_over(), DrainStep::Fence);
        assert_eq!(run(&mut drain, &[200]), [DrainStep::InStep]);
        assert_eq!(Drain::of_transfer(0).grace_is_over(), DrainStep::OutOfStep);
        let mut drain = Drain::of_transfer(0);
        assert_eq!(run(&mut drain, &[226]), [DrainStep::Fence]);
        assert_eq!(drain.grace_is_over(), DrainStep::OutOfStep);
    }
}
