//! The servers, each in its best honest configuration, and the tree that all of them serve.

use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::processor::Account;
use super::work::Work;
use crate::interop::case::{Column, Driver};
use crate::interop::process::Running;
use crate::interop::servers::{Login, Place, Server, foreign, ours};
use crate::interop::tls::Identity;
use crate::workspace;

/// What large transfers move, in octets.
pub(super) const LARGE: usize = 256 * 1024 * 1024;
/// What small ones move.
pub(super) const SMALL: usize = 4096;
/// Files that small downloads take turns with.
pub(super) const SMALL_FILES: usize = 100;
/// All of it is below this directory: vsftpd lets nobody write to the root.
pub(super) const FOLDER: &str = "files";

/// Whose the files are: those of the user as whom most of the servers serve them.
const NOBODY: u32 = 65_534;

const READY_WITHIN: Duration = Duration::from_secs(20);

pub(super) fn all(peers: bool) -> Vec<Box<dyn Server>> {
    let mut all = vec![ours(Driver::Tokio), ours(Driver::Mio)];
    if peers {
        all.extend(foreign());
    }
    all
}

/// Somebody else's server.
pub(super) fn foreign_called(name: &str) -> Result<Box<dyn Server>, String> {
    foreign().into_iter().find(|server| server.name() == name).ok_or_else(|| format!("there is no {name}"))
}

/// The tree that is served, with as much in it as the work needs.
pub(super) fn root(directory: &Path, work: &[&Work]) -> Result<PathBuf, String> {
    let root = directory.join("root");
    make_tree(&root, work).map_err(|error| format!("cannot make {}: {error}", root.display()))?;
    Ok(root)
}

fn make_tree(root: &Path, work: &[&Work]) -> std::io::Result<()> {
    let files = root.join(FOLDER);
    let own = |path: &Path| chown(path, Some(NOBODY), Some(NOBODY));
    fs::create_dir_all(files.join("small"))?;
    for folder in [files.clone(), files.join("small")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777))?;
    }
    fs::write(files.join("large"), vec![b'x'; LARGE])?;
    for number in 0..SMALL_FILES {
        fs::write(files.join(format!("small/{number}")), vec![b'x'; SMALL])?;
    }
    for entries in work.iter().filter_map(|work| work.entries) {
        let folder = files.join(format!("list-{entries}"));
        if !folder.exists() {
            fs::create_dir(&folder)?;
            own(&folder)?;
            for number in 0..entries {
                let file = folder.join(format!("file number {number:07}.txt"));
                fs::write(&file, [])?;
                own(&file)?;
            }
        }
    }
    Ok(())
}

/// A server that runs, and what it uses.
pub(super) struct Target {
    /// The server's, without spaces.
    pub(super) name: String,
    pub(super) address: SocketAddr,
    pub(super) login: Login,
    pub(super) account: Account,
    pub(super) tls: bool,
    /// Ended before the account is closed.
    running: Option<Running>,
}

impl Target {
    pub(super) fn start(
        server: &dyn Server,
        root: &Path,
        directory: &Path,
        tls: bool,
    ) -> Result<Self, String> {
        let short = server.name().replace(' ', "-");
        let scratch = directory.join(&short);
        fs::create_dir_all(&scratch)
            .map_err(|error| format!("cannot make {}: {error}", scratch.display()))?;
        let identity = Identity::make(directory)?;
        let address = free_port()?;
        let place = Place { address, root, scratch: &scratch, tls: tls.then_some(&identity) };
        let account = Account::open(&short)?;
        let mut command = account.within(&in_release(server.command(&place)?));
        let log = fs::File::create(scratch.join("log")).map_err(|error| error.to_string())?;
        let too = log.try_clone().map_err(|error| error.to_string())?;
        // As the others, which log no transfers either.
        command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(log).stderr(too);
        let running = Running::start(&mut command)?;
        let login = server.login(Column::ALL[1]);
        let target = Self { name: short, address, login, account, tls, running: Some(running) };
        let until = Instant::now() + READY_WITHIN;
        while std::net::TcpStream::connect(address).is_err() {
            if Instant::now() > until {
                return Err(format!("{} does not listen", server.name()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(target)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.running.take();
    }
}

fn free_port() -> Result<SocketAddr, String> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| format!("no port can be had: {error}"))
}

/// Our own server as it is shipped, and with as many sessions as it is asked for.
fn in_release(command: Command) -> Command {
    if command.get_program() != workspace::binary("ftp-server") {
        return command;
    }
    let mut release = Command::new(workspace::root().join("target/release/ftp-server"));
    release.args(command.get_args()).args(["--max-sessions", "0"]);
    release
}
