//! Threads for work that may block. They are started when there is work for them, and stay.

use core::fmt;
use core::panic::AssertUnwindSafe;
use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// A piece of work. A panic in it ends nothing else.
pub(crate) type Work = Box<dyn FnOnce() + Send>;

/// One for all loops. Clones are the same.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    most: usize,
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
    idle: usize,
    over: bool,
}

impl Pool {
    /// At most `most` pieces of work run at a time; the others wait in the order in which they came.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, state: Mutex::default(), more: Condvar::new() }))
    }

    /// Has `work` done by another thread; by this one if there can be no other.
    pub(crate) fn run(&self, work: Work) {
        let mut state = self.lock();
        state.waiting.push_back(work);
        if state.idle < state.waiting.len() && state.threads < self.0.most {
            self.start_thread(&mut state);
        }
        if state.threads == 0 {
            let work = state.waiting.pop_back();
            drop(state);
            work.into_iter().for_each(do_work);
            return;
        }
        drop(state);
        self.0.more.notify_one();
    }

    fn start_thread(&self, state: &mut State) {
        let pool = self.clone();
        match Builder::new().name("ftp-storage".to_owned()).spawn(move || pool.work()) {
            Ok(_detached) => state.threads += 1,
            Err(error) => tracing::warn!(%error, "no thread for storage can be started"),
        }
    }

    /// There will be no more work: the threads end with what there is. Nobody waits for them, since storage may never answer.
    pub(crate) fn close(&self) {
        self.lock().over = true;
        self.0.more.notify_all();
    }

    fn work(&self) {
        while let Some(work) = self.next() {
            do_work(work);
        }
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop_front() {
                return Some(work);
            }
            if state.over {
                return None;
            }
            state.idle += 1;
            state = self.0.more.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn do_work(work: Work) {
    // The panic hook has told of it, and who waits for the outcome sees that there is none.
    let _ = catch_unwind(AssertUnwindSafe(work));
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("most", &self.0.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    #[test]
    fn no_more_runs_at_a_time_than_is_allowed_and_nothing_is_lost() {
        let pool = Pool::new(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (done, all) = channel();
        for number in 0..50 {
            let (running, most, done) = (Arc::clone(&running), Arc::clone(&most), done.clone());
            pool.run(Box::new(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                done.send(number).unwrap();
            }));
        }
        drop(done);
        pool.close();
        let mut all: Vec<usize> = all.iter().collect();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)));
    }

    #[test]
    fn a_panic_gives_its_place_back() {
        let pool = Pool::new(1);
        let (done, outcome) = channel();
        pool.run(Box::new(|| panic!("of the test")));
        pool.run(Box::new(move || done.send(7).unwrap()));
        assert_eq!(outcome.recv(), Ok(7));
        pool.close();
    }
}
