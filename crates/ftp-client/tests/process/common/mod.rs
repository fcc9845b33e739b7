//! The binary, a server of ours in memory, and a server that follows a script.
#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod hostile;

use ftp_backend::users::Anonymous;
use ftp_backend::{Accounts, MemoryStorage, StandardBackend};
use ftp_tokio::{Server, ServerHandle, ServerOptions, serve};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use tempfile::TempDir;

/// Our server, with the user joe, whose password is pw, and anonymous.
pub(crate) struct Ours {
    pub(crate) storage: MemoryStorage,
    pub(crate) port: u16,
    handle: ServerHandle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Ours {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// With other options than the usual.
    pub(crate) fn start_with(configure: impl FnOnce(&mut ServerOptions)) -> Self {
        let storage = MemoryStorage::new();
        let mut accounts = Accounts::new();
        accounts.add_plain("joe:pw".parse().expect("an account"));
        accounts.allow_anonymous(Anonymous::default());
        let backend = Arc::new(StandardBackend::new(accounts, storage.clone()));
        let mut options = ServerOptions::default();
        options.protocol.timeouts.penalty = core::time::Duration::from_millis(1);
        configure(&mut options);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::bind(&[address], backend, options).expect("a server");
        let (port, handle) = (server.addresses()[0].port(), server.handle());
        let thread = std::thread::spawn(move || runtime.block_on(serve(server)));
        Self { storage, port, handle, thread: Some(thread) }
    }

    pub(crate) fn put(&self, path: &str, contents: &[u8]) {
        self.storage.put(path, contents.to_vec()).expect("room");
    }

    pub(crate) fn contents(&self, path: &str) -> Option<Vec<u8>> {
        self.storage.contents(path).map(|octets| octets.to_vec())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("ftp://joe:pw@127.0.0.1:{}/{path}", self.port)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.handle.stop_now();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A place to run the binary in.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, contents: &[u8]) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, contents).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path().join(name)).ok()
    }

    /// What is there, recursively, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut left = vec![self.path().to_owned()];
        while let Some(directory) = left.pop() {
            for entry in std::fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                let name = path.strip_prefix(self.path()).expect("below").to_string_lossy().into_owned();
                names.push(name);
                if path.is_dir() && !path.is_symlink() {
                    left.push(path);
                }
            }
        }
        names.sort();
        names
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ftp-client"));
        let driver = if module_path!().starts_with("process_mio") { "mio" } else { "tokio" };
        command.args(["--driver", driver]);
        command.args(arguments).current_dir(self.path()).env("HOME", self.path()).stdin(Stdio::null());
        command.env_remove("XDG_STATE_HOME");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().expect("it runs"))
    }

    /// With `input` on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        use std::io::Write as _;
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("it reads");
        Ran::from(child.wait_with_output().expect("it ends"))
    }
}

/// How the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}
