//! `cargo xtask sim`: whole conversations by chance, in the simulator: of our client and our server over lines that may be
//! bad, and, one in four, of our client and a hostile server.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use clap::Args;
use ftp_conformance::conversation::{self, Wrong};

/// How many, and which.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many conversations.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed; with `--seeds 1`, the one to play again.
    #[arg(long, default_value_t = 0)]
    first: u64,
}

fn play(seed: u64) -> Result<(), Box<Wrong>> {
    if seed % 4 == 3 { conversation::hostile::play(seed) } else { conversation::play(seed) }
}

/// Plays them on every core, up to the first that is wrong.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let begun = Instant::now();
    let next = AtomicU64::new(options.first);
    let end = options.first.saturating_add(options.seeds);
    let wrong = Mutex::new(None);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|&seed| seed < end) {
                    if let Err(found) = play(seed) {
                        next.store(end, Ordering::Relaxed);
                        if let Ok(mut wrong) = wrong.lock() {
                            wrong.get_or_insert(found);
                        }
                    }
                }
            });
        }
    });
    match wrong.into_inner() {
        Ok(None) => {
            eprintln!("{} conversations in {:.1?}, none judged wrong", options.seeds, begun.elapsed());
            Ok(())
        }
        Ok(Some(found)) => Err(format!("\n{found}\nagain: cargo xtask sim --first {} --seeds 1", found.seed)),
        Err(_) => Err("a conversation panicked; see above".to_owned()),
    }
}
