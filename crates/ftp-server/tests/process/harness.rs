//! The server as a process, and a client that is only a socket, so that it can do what no well-behaved client does.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ftp-server");

/// Nothing here takes so long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody, who exists everywhere.
const NOBODY: u32 = 65_534;

/// How a server is to be started.
pub(crate) struct Start {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    shell: Vec<String>,
    namespace: bool,
    user: Option<u32>,
    log_level: &'static str,
    state: Option<PathBuf>,
    root: Option<PathBuf>,
    under: Vec<String>,
}

impl Start {
    /// On a loopback port that is free, serving an empty directory.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            arguments: Vec::new(),
            shell: Vec::new(),
            namespace: false,
            user: None,
            log_level: "info",
            state: None,
            root: None,
            under: Vec::new(),
        }
    }

    /// Likewise, serving a directory that is there already, and stays.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: Some(root.to_owned()), ..Self::new() }
    }

    /// Started by this command, which becomes the server.
    pub(crate) fn under(mut self, command: &[&str]) -> Self {
        self.under.extend(command.iter().map(|&word| word.to_owned()));
        self
    }

    /// With these options of `serve`.
    pub(crate) fn options(mut self, options: &[&str]) -> Self {
        self.arguments.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    /// Anyone may read and write.
    pub(crate) fn writable(self) -> Self {
        self.options(&["--anonymous", "--writable"])
    }

    /// After this line of shell, in the process that becomes the server. `$ROOT` is the served directory.
    pub(crate) fn after(mut self, line: &str) -> Self {
        self.shell.push(line.to_owned());
        self
    }

    /// In a mount namespace of its own, which goes with it. `None`, and a reason on standard error, when there is none.
    pub(crate) fn in_namespace(mut self) -> Option<Self> {
        let works = Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
        if !works.is_ok_and(|done| done.status.success()) {
            skipped("needs root and a mount namespace of its own");
            return None;
        }
        self.namespace = true;
        Some(self)
    }

    /// As another user than root, who owns the served directory. `None`, with a reason, when this is not root.
    pub(crate) fn by_nobody(mut self) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            skipped("needs root, to become somebody else");
            return None;
        }
        self.user = Some(NOBODY);
        std::os::unix::fs::chown(self.root(), self.user, self.user).unwrap();
        std::os::unix::fs::chown(self.folder.path(), self.user, self.user).unwrap();
        Some(self)
    }

    pub(crate) fn log_level(mut self, level: &'static str) -> Self {
        self.log_level = level;
        self
    }

    /// Keeps its state in this directory, which others may use, too.
    pub(crate) fn state(mut self, folder: &Path) -> Self {
        self.state = Some(folder.to_owned());
        self
    }

    /// The directory that will be served.
    pub(crate) fn root(&self) -> PathBuf {
        if let Some(root) = &self.root {
            return root.clone();
        }
        let root = self.folder.path().join("root");
        std::fs::create_dir_all(&root).unwrap();
        give_away(&root);
        root
    }

    fn command(&self) -> Command {
        let root = self.root();
        let listens = self.arguments.iter().any(|argument| argument == "--listen" || argument == "--config");
        let mut script: String = self.shell.iter().map(|line| format!("{line} || exit 99\n")).collect();
        script.push_str("exec \"$@\"");
        let mut command = if self.namespace {
            let mut command = Command::new("unshare");
            command.args(["-m", "sh", "-c"]);
            command
        } else {
            let mut command = Command::new("sh");
            command.arg("-c");
            command
        };
        command
            .arg(script)
            .arg("sh")
            .args(&self.under)
            .arg(PROGRAM)
            .arg("serve")
            .arg(&root)
            .args(&self.arguments);
        command.args(["--driver", if module_path!().starts_with("process_mio") { "mio" } else { "tokio" }]);
        if !listens {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(user);
        }
        command
            .env("XDG_STATE_HOME", self.state.as_deref().unwrap_or_else(|| self.folder.path()))
            .env("ROOT", &root)
            .env("RUST_LOG", self.log_level)
            .env("NO_COLOR", "1");
        command
    }

    /// Runs it to its end, for what ends at once: the exit code, and what it said on standard error.
    pub(crate) fn fails(self) -> (Option<i32>, String) {
        let done = self.command().output().unwrap();
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    }

    pub(crate) fn start(self) -> Server {
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let said = Stream::follow(child.stdout.take().unwrap());
        let log = Stream::follow(child.stderr.take().unwrap());
        let mut server =
            Server { root: self.root(), child, said, log, address: unspecified(), _folder: self.folder };
        let listening = |text: &str| first_address(text).is_some();
        assert!(server.said.wait_for(listening), "it did not start: {}", server.log.text());
        server.address = first_address(&server.said.text()).unwrap();
        server
    }
}

/// Sessions are not root's: what they may write to is of whom owns the served directory.
pub(crate) fn give_away(path: &Path) {
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

/// Whether it comes to that, sooner or later.
pub(crate) fn until(is_so: impl Fn() -> bool) -> bool {
    let started = std::time::Instant::now();
    while !is_so() {
        if started.elapsed() > PATIENCE {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

pub(crate) fn skipped(reason: &str) {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(io::stderr(), "{name}: skipped: {reason}");
}

fn unspecified() -> SocketAddr {
    SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0)
}

/// The address in the first URL of `text`.
pub(crate) fn first_address(text: &str) -> Option<SocketAddr> {
    let (_, rest) = text.split_once("ftp://")?;
    rest.split_once('/')?.0.parse().ok()
}

/// A server that runs; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) root: PathBuf,
    pub(crate) said: Stream,
    pub(crate) log: Stream,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Connected and greeted.
    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Logged in as anonymous.
    pub(crate) fn anonymous(&self) -> Client {
        let mut client = self.connect();
        client.login("anonymous", "nobody@example.org");
        client
    }

    /// A connection that is refused with 421.
    pub(crate) fn refused(&self) -> Client {
        let (client, greeting) = Client::greeted(self.address);
        assert!(greeting.starts_with("421"), "{greeting}");
        client
    }

    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What the system knows of the process, by file in /proc.
    pub(crate) fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.child.id().to_string()).join(file)
    }

    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Its sockets of TCP: listeners and connections. What an event loop needs for itself is not among them, and may come
    /// after the first session.
    pub(crate) fn sockets(&self) -> usize {
        let tables = ["net/tcp", "net/tcp6"].map(|table| std::fs::read_to_string(self.proc(table)).unwrap());
        let inode = |line: &str| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?));
        let all: Vec<_> = tables.iter().flat_map(|table| table.lines().skip(1).filter_map(inode)).collect();
        let links = std::fs::read_dir(self.proc("fd")).unwrap().flatten();
        let name = |link: std::fs::DirEntry| std::fs::read_link(link.path()).ok();
        links.filter_map(name).filter(|name| all.iter().any(|socket| name.as_os_str() == &**socket)).count()
    }

    /// A line of /proc/PID/status that counts kB.
    pub(crate) fn memory(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Processor time so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets this process have so many descriptors. False, with a reason on standard error, when it cannot have them.
pub(crate) fn allow_descriptors(wanted: u64) -> bool {
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < wanted) {
        skipped("the system allows too few file descriptors (ulimit -Hn)");
        return false;
    }
    if limit.current.is_some_and(|most| most < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).unwrap();
    }
    true
}

/// What a process writes, as it comes.
#[derive(Clone)]
pub(crate) struct Stream(Arc<(Mutex<(String, bool)>, Condvar)>);

impl Stream {
    fn follow(from: impl Read + Send + 'static) -> Self {
        let stream = Self(Arc::default());
        let ours = stream.clone();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(from);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|octets| octets > 0) {
                ours.change(|(text, _)| text.push_str(&String::from_utf8_lossy(&line)));
                line.clear();
            }
            ours.change(|(_, ended)| *ended = true);
        });
        stream
    }

    fn change(&self, change: impl FnOnce(&mut (String, bool))) {
        change(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.1.notify_all();
    }

    pub(crate) fn text(&self) -> String {
        self.0.0.lock().unwrap().0.clone()
    }

    /// Waits until `is_there` says so; false when the stream ends, or patience does, before.
    pub(crate) fn wait_for(&self, is_there: impl Fn(&str) -> bool) -> bool {
        let (lock, changed) = &*self.0;
        let state = lock.lock().unwrap();
        let waits = |(text, ended): &mut (String, bool)| !is_there(text) && !*ended;
        let (state, _) = changed.wait_timeout_while(state, PATIENCE, waits).unwrap();
        is_there(&state.0)
    }

    /// All of it, once it has ended.
    pub(crate) fn whole(&self) -> String {
        let (lock, changed) = &*self.0;
        let state = lock.lock().unwrap();
        changed.wait_timeout_while(state, PATIENCE, |(_, ended)| !*ended).unwrap().0.0.clone()
    }
}

/// A control connection, octet by octet.
pub(crate) struct Client {
    lines: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let (client, greeting) = Self::greeted(address);
        assert!(greeting.starts_with("220"), "{greeting}");
        client
    }

    /// Connected, whatever the greeting is.
    pub(crate) fn greeted(address: SocketAddr) -> (Self, String) {
        let mut client = Self::over(TcpStream::connect(address).unwrap());
        let greeting = client.reply();
        (client, greeting)
    }

    /// On a connection whose greeting is still to come.
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { lines: BufReader::new(stream) }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.lines.get_ref()
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.lines.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// A whole reply, its lines joined by LF; empty at the end of the connection.
    pub(crate) fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap_or(0) == 0 {
                return reply;
            }
            let is_last = line.len() > 3
                && line.as_bytes()[..3].iter().all(u8::is_ascii_digit)
                && line.as_bytes()[3] == b' '
                && (reply.is_empty() || reply.starts_with(&line[..3]));
            reply.push_str(line.trim_end());
            if is_last {
                return reply;
            }
            reply.push('\n');
        }
    }

    pub(crate) fn command(&mut self, line: &str) -> String {
        self.send(line);
        self.reply()
    }

    /// Sends a command whose reply must begin so.
    pub(crate) fn expect(&mut self, line: &str, begins: &str) -> String {
        let reply = self.command(line);
        assert!(reply.starts_with(begins), "{line:.80}: {reply}");
        reply
    }

    pub(crate) fn login(&mut self, user: &str, password: &str) {
        self.expect(&format!("USER {user}"), "331");
        self.expect(&format!("PASS {password}"), "230");
        self.expect("TYPE I", "200");
    }

    /// The address of the passive listener that PASV opens.
    pub(crate) fn pasv(&mut self) -> SocketAddr {
        let reply = self.expect("PASV", "227");
        let numbers: Vec<u8> = reply[reply.find('(').unwrap() + 1..reply.find(')').unwrap()]
            .split(',')
            .map(|number| number.parse().unwrap())
            .collect();
        let ip = Ipv4Addr::new(numbers[0], numbers[1], numbers[2], numbers[3]);
        SocketAddr::new(ip.into(), u16::from(numbers[4]) * 256 + u16::from(numbers[5]))
    }

    /// The data connection of a transfer command that has begun.
    pub(crate) fn begin(&mut self, command: &str) -> TcpStream {
        let data = TcpStream::connect(self.pasv()).unwrap();
        data.set_read_timeout(Some(PATIENCE)).unwrap();
        data.set_write_timeout(Some(PATIENCE)).unwrap();
        self.expect(command, "1");
        data
    }

    /// What comes by a transfer command, and the final reply.
    pub(crate) fn get(&mut self, command: &str) -> (Vec<u8>, String) {
        let mut data = self.begin(command);
        let mut octets = Vec::new();
        // A reset is one of the things that are looked for: the reply tells.
        let _ = data.read_to_end(&mut octets);
        (octets, self.reply())
    }

    /// The reply to a transfer command that is refused, with a data connection at hand.
    pub(crate) fn get_refused(&mut self, command: &str) -> String {
        let _data = TcpStream::connect(self.pasv()).unwrap();
        let reply = self.command(command);
        if reply.starts_with('1') { self.reply() } else { reply }
    }

    pub(crate) fn into_stream(self) -> TcpStream {
        self.lines.into_inner()
    }

    /// The final reply to sending `octets` by a transfer command, or the first one if the server does not want them.
    pub(crate) fn put(&mut self, command: &str, octets: &[u8]) -> String {
        let data = TcpStream::connect(self.pasv()).unwrap();
        let first = self.command(command);
        if !first.starts_with('1') {
            return first;
        }
        // A server that cannot store them closes: the reply says why.
        let _ = (&data).write_all(octets);
        let _ = data.shutdown(Shutdown::Write);
        self.reply()
    }
}

/// A range of ports that are free now, outside the range that the system chooses from, and another each time.
pub(crate) fn free_ports(count: u16) -> (u16, u16) {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id() * 101 + CALLS.fetch_add(1, Ordering::Relaxed) * 1009;
    for attempt in 0..1000 {
        let first = 20_000 + u16::try_from((start + attempt * 37) % 10_000).unwrap();
        let free = |port: u16| TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), port)).ok();
        if (first..first + count).map(free).collect::<Option<Vec<_>>>().is_some() {
            return (first, first + count - 1);
        }
    }
    panic!("no {count} ports in a row are free")
}
