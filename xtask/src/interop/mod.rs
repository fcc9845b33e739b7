//! `cargo xtask interop`: our server under other people's clients, our client against other people's servers.
//!
//! Cases are data: a pair of peers, an operation ([`case::Operation`]), a mode and a family ([`case::Column`]). Each
//! case has directories of its own on both sides, and talks through a relay that writes down the conversation. It
//! passes when the program says so, the files on both sides are what they have to be, octet by octet, and the mode that
//! was used is the mode that was asked for.

pub(crate) mod case;
mod clients;
pub(crate) mod packages;
mod play;
pub(crate) mod process;
mod relay;
mod report;
mod samples;
pub(crate) mod servers;
pub(crate) mod tls;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::workspace;
pub(crate) use servers::{Server as Peer, foreign as foreign_servers, start};

use case::{Column, Driver, Family, Operation};
use clients::Client;
use play::{Arena, Ground};
use report::{Matrix, Report};
use servers::Server;
use tls::Identity;

/// What the task can be told.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these peers, by name (curl, vsftpd, ...); may be repeated.
    #[arg(long, value_name = "PEER")]
    only: Vec<String>,

    /// Write every cell to this file, too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Fewer operations; every peer in every mode all the same.
    #[arg(long)]
    short: bool,

    /// Fail when something is missing, instead of installing it.
    #[arg(long)]
    no_install: bool,
}

impl Options {
    fn operations(&self) -> &'static [Operation] {
        if self.short { &Operation::SHORT } else { &Operation::ALL }
    }

    fn wants(&self, (server, client): &Pair) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| *only == server.name() || *only == client.name())
    }
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let started = Instant::now();
    process::obey_interrupts()?;
    packages::prepare(!options.no_install)?;
    build()?;
    let directory = temporary_directory()?;
    let matrices = pairs(options)?
        .iter()
        .map(|(server, client)| play_pair(server.as_ref(), client.as_ref(), options, directory.path()))
        .collect::<Result<Vec<_>, _>>()?;
    let report = Report { matrices };
    print(&report.text());
    eprintln!("{:.0} s", started.elapsed().as_secs_f64());
    if let Some(file) = &options.json {
        std::fs::write(file, report.json())
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    match report.failures() {
        0 => Ok(()),
        failures => Err(format!("{failures} cases failed")),
    }
}

/// The one thing that goes to standard output.
#[expect(clippy::print_stdout, reason = "the report is what this task is for")]
fn print(text: &str) {
    println!("{text}");
}

/// A user of the server who may write, and the password.
pub(crate) fn login_at(server: &dyn Server) -> (&'static str, &'static str) {
    server.login(Column { mode: case::Mode::Pasv, family: Family::V4, tls: None })
}

/// What other people's servers need to be started by other tasks than this.
pub(crate) struct Grounds(tempfile::TempDir);

impl Grounds {
    /// Installs what is missing.
    pub(crate) fn prepare() -> Result<Self, String> {
        process::obey_interrupts()?;
        packages::prepare(true)?;
        temporary_directory().map(Self)
    }

    /// What a server serves, with what may be written to, and where its configuration goes.
    pub(crate) fn directories(&self, server: &dyn Server) -> Result<(PathBuf, PathBuf), String> {
        use std::os::unix::fs::PermissionsExt as _;
        let base = self.0.path().join(server.name());
        let (root, scratch) = (base.join("root"), base.join("server"));
        let writable = server.writable().map_or_else(|| root.clone(), |name| root.join(name));
        let made = std::fs::create_dir_all(&writable)
            .and_then(|()| std::fs::create_dir_all(&scratch))
            .and_then(|()| std::fs::set_permissions(&writable, std::fs::Permissions::from_mode(0o777)));
        made.map_err(|error| format!("cannot make {}: {error}", base.display()))?;
        Ok((root, scratch))
    }
}

fn build() -> Result<(), String> {
    let status = workspace::cargo()
        .args(["build", "--quiet", "-p", "ftp-server", "-p", "ftp-client"])
        .status()
        .map_err(|error| format!("cannot start cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("our own programs cannot be built".to_owned()) }
}

/// A directory into which servers that are not root can look.
fn temporary_directory() -> Result<tempfile::TempDir, String> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |error| format!("cannot make a temporary directory: {error}");
    let directory = tempfile::Builder::new().prefix("ftp-interop-").tempdir().map_err(failed)?;
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).map_err(failed)?;
    process::clean_up(directory.path().to_path_buf());
    Ok(directory)
}

type Pair = (Box<dyn Server>, Box<dyn Client>);

/// Our server under every client, and our client against every server, each on both drivers; ours meets ours on the other.
fn pairs(options: &Options) -> Result<Vec<Pair>, String> {
    let mut pairs: Vec<Pair> = Vec::new();
    for (driver, other) in [(Driver::Tokio, Driver::Mio), (Driver::Mio, Driver::Tokio)] {
        let under = clients::foreign().into_iter().chain([clients::ours(other)]);
        pairs.extend(under.map(|client| (servers::ours(driver), client)));
        pairs.extend(servers::foreign().into_iter().map(|server| (server, clients::ours(driver))));
    }
    pairs.retain(|pair| options.wants(pair));
    if pairs.is_empty() {
        return Err(format!("no peer is called {}", options.only.join(" or ")));
    }
    Ok(pairs)
}

fn play_pair(
    server: &dyn Server,
    client: &dyn Client,
    options: &Options,
    directory: &Path,
) -> Result<Matrix, String> {
    let mut matrix = Matrix::new(server.name(), server.version()?, client.name(), client.version()?);
    eprintln!("{} under {}", matrix.server, matrix.client);
    let identity = Identity::make(directory)?;
    for ground in Ground::ALL {
        let arena = Arena::open(server, client, ground, &identity, directory)?;
        for column in Column::ALL.into_iter().filter(|&column| Ground::of(column) == ground) {
            let fits = |operation: &&Operation| operation.is_played(ground.tls);
            for &operation in options.operations().iter().filter(fits) {
                matrix.add(operation, column, arena.play(operation, column));
            }
        }
    }
    Ok(matrix)
}
