//! One timer for whatever deadline a machine has now.

use crate::clock;
use core::pin::Pin;
use core::task::{Context, Poll};
use ftp_proto::time::Instant;
use tokio::time::{Sleep, sleep_until};

/// Wakes a task at a deadline that moves with every octet. Deadlines nearly always move away, so the runtime's timer is
/// left as it is until it fires, and set anew only then, or when a deadline comes nearer.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Whether `at` has come; if not, the task is woken then, or earlier.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Instant) -> bool {
        if clock::now() >= at {
            return true;
        }
        let Some(at) = clock::to_tokio(at) else { return false };
        let sleep = match &mut self.sleep {
            Some(sleep) => {
                if sleep.is_elapsed() || at < sleep.deadline() {
                    sleep.as_mut().reset(at);
                }
                sleep
            }
            empty => empty.insert(Box::pin(sleep_until(at))),
        };
        loop {
            match sleep.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(()) if sleep.deadline() >= at => return true,
                Poll::Ready(()) => sleep.as_mut().reset(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::future::poll_fn;
    use core::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn it_fires_at_the_deadline_of_the_moment_not_at_an_earlier_one() {
        let start = clock::now();
        let mut alarm = Alarm::default();
        let mut deadline = start + Duration::from_secs(10);
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                // What was waited for first has come, but by now something else is waited for.
                deadline = start + Duration::from_secs(30);
            }
            if alarm.poll(cx, deadline) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let waited = clock::now().duration_since(start);
        assert!(waited >= Duration::from_secs(30) && waited < Duration::from_secs(31), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_nearer_deadline_is_kept() {
        let start = clock::now();
        let mut alarm = Alarm::default();
        assert!(!poll_fn(|cx| Poll::Ready(alarm.poll(cx, start + Duration::from_secs(60)))).await);
        let near = start + Duration::from_secs(1);
        poll_fn(|cx| if alarm.poll(cx, near) { Poll::Ready(()) } else { Poll::Pending }).await;
        assert!(clock::now().duration_since(start) < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_never_comes_needs_no_timer() {
        let mut alarm = Alarm::default();
        let never = Instant::from_origin(Duration::MAX);
        assert!(!poll_fn(|cx| Poll::Ready(alarm.poll(cx, never))).await);
        assert!(alarm.sleep.is_none());
    }
}
