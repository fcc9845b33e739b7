//! What a case is, and how it is run.

use crate::talk::{Failed, Verdict};
use crate::world::{Configure, Need, World};

/// One requirement, played against a server.
#[derive(Clone, Copy)]
pub struct Case {
    /// The id in the checklist.
    pub id: &'static str,
    /// What must be so.
    pub about: &'static str,
    /// What it needs of its world.
    pub needs: &'static [Need],
    /// What it changes about the server before it starts.
    pub configure: Option<Configure>,
    /// Plays it.
    pub run: fn(&mut dyn World) -> Verdict,
}

impl core::fmt::Debug for Case {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Case").field("id", &self.id).field("about", &self.about).finish_non_exhaustive()
    }
}

/// A case that any world can play.
pub(crate) const fn case(id: &'static str, about: &'static str, run: fn(&mut dyn World) -> Verdict) -> Case {
    Case { id, about, needs: &[], configure: None, run }
}

impl Case {
    /// The case with needs.
    pub(crate) const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    /// The case with a configuration of its own; `needs` must say so.
    pub(crate) const fn configured(mut self, configure: Configure) -> Self {
        self.configure = Some(configure);
        self
    }
}

/// What became of a case in a world.
#[derive(Debug)]
pub enum Outcome {
    /// It is so.
    Passed,
    /// It is not so.
    Failed(Failed),
    /// The world cannot play it.
    NotRun(&'static str),
}

/// Makes worlds: each case gets one of its own.
pub trait Worlds {
    /// The name in the matrix.
    fn name(&self) -> &str;

    /// Whether its worlds can do this.
    fn can(&self, what: Need) -> bool;

    /// A fresh world, with a server configured so.
    ///
    /// # Errors
    /// When it cannot be made.
    fn make(&self, configure: Option<Configure>) -> std::io::Result<Box<dyn World>>;
}

/// Plays a case in a world of these.
#[must_use]
pub fn play(case: &Case, worlds: &dyn Worlds) -> Outcome {
    let configured = case.configure.map(|_| Need::Config);
    if let Some(missing) = case.needs.iter().copied().chain(configured).find(|&need| !worlds.can(need)) {
        return Outcome::NotRun(missing.missing());
    }
    let verdict = worlds
        .make(case.configure)
        .map_err(|error| Failed(format!("no world: {error}")))
        .and_then(|mut world| (case.run)(&mut *world));
    match verdict {
        Ok(()) => Outcome::Passed,
        Err(failed) => Outcome::Failed(failed),
    }
}
