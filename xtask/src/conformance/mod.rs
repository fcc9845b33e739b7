//! The matrix of conformance: what became of each line of the checklist.
//!
//! Cases are played in every world that is asked for. What tests of other crates show is shown by running these tests,
//! by name. Worlds to come are rows of [`WorldName`].

mod matrix;
mod named_tests;

use std::io::Write as _;

use clap::ValueEnum;
use ftp_conformance::case::Worlds;
use ftp_conformance::checklist::{ROWS, Shown};
use ftp_conformance::report;
use ftp_conformance::world::loopback::Driver;
use ftp_conformance::world::sim::Simulator;
use ftp_proto::facts::glob::Pattern;

use matrix::Matrix;

/// What is played, and how it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where cases are played; may be given several times. Default: everywhere.
    #[arg(long = "world", value_name = "NAME")]
    worlds: Vec<WorldName>,
    /// Only lines of the checklist whose id matches, as in `959-*`.
    #[arg(long, value_name = "GLOB", default_value = "*")]
    case: String,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WorldName {
    /// The simulated driver and network, in simulated time.
    Sim,
    /// The tokio driver on loopback.
    Tokio,
    /// The mio driver on loopback.
    Mio,
}

impl WorldName {
    fn worlds(self) -> Box<dyn Worlds> {
        match self {
            Self::Sim => Box::new(Simulator { seed: 1 }),
            Self::Tokio => Box::new(Driver::Tokio),
            Self::Mio => Box::new(Driver::Mio),
        }
    }
}

/// Prints the matrix; fails if any line of it has failed.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let pattern = Pattern::parse(options.case.as_bytes()).map_err(|error| format!("--case: {error}"))?;
    let wanted = |id: &str| pattern.matches(id.as_bytes());
    if !ROWS.iter().any(|row| wanted(row.id)) {
        return Err(format!("no line of the checklist is called {}", options.case));
    }
    let names = if options.worlds.is_empty() { WorldName::value_variants() } else { &options.worlds };
    let worlds: Vec<_> = names.iter().map(|name| name.worlds()).collect();
    let played = worlds.iter().map(|worlds| (worlds.name(), report::run(&**worlds, wanted))).collect();
    let needed = ROWS.iter().filter(|row| wanted(row.id)).filter_map(|row| match row.shown {
        Shown::Tests { named, .. } => Some(named),
        _ => None,
    });
    let tests = named_tests::run(&needed.collect())?;
    let matrix = Matrix::new(played, &tests, wanted);
    let text = if options.json { matrix.json() } else { matrix.table() };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot print: {error}"))?;
    match matrix.failed() {
        0 => Ok(()),
        failed => Err(format!("{failed} lines of the checklist are not so")),
    }
}
