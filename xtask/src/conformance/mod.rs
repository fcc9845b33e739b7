//! The matrix of conformance: what became of each line of the checklist.
//!
//! Cases are played in every world that is asked for. What tests of other crates show is shown by running these tests,
//! by name; of somebody else's server they show nothing, so there the matrix has cases only.

mod clients;
mod matrix;
mod named_tests;
mod peers;
mod world;

use std::io::Write as _;

use ftp_conformance::checklist::{ROWS, Row, Shown};
use ftp_conformance::report;
use ftp_conformance::talk::{PASSWORD, USER};
use ftp_proto::facts::glob::Pattern;

use matrix::Matrix;
use named_tests::Results;
use world::WorldName;

/// What is played, and how it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where cases are played: sim, tokio, mio, or server=HOST:PORT for somebody else's server; may be given several
    /// times. Default: sim, tokio and mio. client=COMMAND plays the cases for clients, with {url} and {file} in the command.
    #[arg(long = "world", value_name = "NAME")]
    worlds: Vec<WorldName>,
    /// Only lines of the checklist whose id matches, as in `959-*`.
    #[arg(long, value_name = "GLOB", default_value = "*")]
    case: String,
    /// What the simulator's choices follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Who logs in at somebody else's server.
    #[arg(long, default_value = USER)]
    user: String,
    /// The password there.
    #[arg(long, default_value = PASSWORD)]
    password: String,
    /// The directory there in which everything may be done; without it, where the login leads to.
    #[arg(long, value_name = "DIR")]
    directory: Option<String>,
    /// Delete what is in that directory, which happens before each case.
    #[arg(long)]
    wipe: bool,
    /// Play the cases on vsftpd, proftpd, pure-ftpd and pyftpdlib, and print the table of the suite's README.
    #[arg(long, conflicts_with = "worlds")]
    peers: bool,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Prints the matrix; fails if any line of it has failed. That other people's servers fail some is no failure of
/// `--peers`.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let pattern = Pattern::parse(options.case.as_bytes()).map_err(|error| format!("--case: {error}"))?;
    let wanted = |id: &str| pattern.matches(id.as_bytes());
    if let [only] = &options.worlds[..]
        && let Some(client) = only.client()
    {
        return clients::run(client, wanted, options.json);
    }
    if !ROWS.iter().any(|row| wanted(row.id)) {
        return Err(format!("no line of the checklist is called {}", options.case));
    }
    if options.peers {
        return print(&peers::table(wanted)?);
    }
    let names = if options.worlds.is_empty() { &WorldName::OURS[..] } else { &options.worlds };
    let worlds = names.iter().map(|name| name.worlds(options)).collect::<Result<Vec<_>, _>>()?;
    let played = worlds.iter().map(|worlds| (worlds.name(), report::run(&**worlds, wanted))).collect();
    let foreign = names.iter().any(WorldName::is_foreign);
    let shown = |row: &&Row| wanted(row.id) && (!foreign || row.shown == Shown::Case);
    let needed = ROWS.iter().filter(shown).filter_map(|row| match row.shown {
        Shown::Tests { named, .. } => Some(named),
        _ => None,
    });
    let tests = if foreign { Results::default() } else { named_tests::run(&needed.collect())? };
    let matrix = Matrix::new(played, &tests, |row| shown(&row));
    print(&if options.json { matrix.json() } else { matrix.table() })?;
    match matrix.failed() {
        0 => Ok(()),
        failed => Err(format!("{failed} lines of the checklist are not so")),
    }
}

fn print(text: &str) -> Result<(), String> {
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| format!("cannot print: {error}"))
}
