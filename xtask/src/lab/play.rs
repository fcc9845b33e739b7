//! One situation: its network is built, its servers start, and every mode is tried in it.

use core::time::Duration;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::network::{self, command_in};
use super::situations::{Expected, Situation};
use crate::workspace;

/// The columns: the modes by name, and what the client does when it is told nothing.
pub(super) const MODES: [&str; 5] = ["auto", "epsv", "pasv", "eprt", "port"];

/// And what `ftp-client doctor` says to it.
pub(super) const DOCTOR: &str = "doctor";

/// Longer than any program may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A failure that is not one of a time-out is told within this time (issue: 3 s), one that is within the other.
const AT_ONCE: f64 = 3.0;
const TIMED_OUT: f64 = 11.0;
/// And a file that takes its time, and whose confirmation is waited for.
const SLOW: f64 = 30.0;

/// Nobody, who exists everywhere: the server becomes this user.
const NOBODY: u32 = 65_534;

/// What is downloaded.
fn content(situation: &Situation) -> Vec<u8> {
    b"what the server has to say\n".iter().copied().cycle().take(situation.size).collect()
}

/// What came of one mode in one situation.
pub(super) struct Cell {
    pub(super) situation: &'static str,
    pub(super) mode: &'static str,
    /// `works`, or the id of the failure.
    pub(super) outcome: String,
    pub(super) seconds: f64,
    pub(super) judged: Judged,
    /// What the programs said.
    pub(super) said: String,
}

/// Whether it came out as it has to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    AsExpected,
    Otherwise(Expected),
    /// The doctor should find these.
    OtherCauses(&'static [&'static str]),
    TooLate,
}

impl Judged {
    pub(super) fn text(&self) -> String {
        match self {
            Self::AsExpected => "as expected".to_owned(),
            Self::Otherwise(Expected::Works) => "should work".to_owned(),
            Self::Otherwise(Expected::Fails(id) | Expected::TimesOut(id)) => format!("should fail with {id}"),
            Self::OtherCauses(causes) => format!("should find {causes:?}"),
            Self::TooLate => "takes too long".to_owned(),
        }
    }
}

impl Cell {
    pub(super) fn short(&self) -> String {
        let mark = if self.judged == Judged::AsExpected { "" } else { " !" };
        let outcome = self.outcome.strip_prefix("FTP-DATA-").unwrap_or(&self.outcome);
        format!("{} {:.1} s{mark}", outcome.to_lowercase(), self.seconds)
    }
}

/// A server and its log.
struct Server {
    _process: Running,
    log: PathBuf,
}

pub(super) fn play(situation: &'static Situation, directory: &Path) -> Result<Vec<Cell>, String> {
    let base = directory.join(situation.name.replace(' ', "-"));
    let prepared = prepare(situation, &base)?;
    // Most of the time is waiting for what never comes, so all of them wait together.
    let (base, servers) = (&base, &prepared.servers[..]);
    std::thread::scope(|scope| {
        let tried: Vec<_> = MODES
            .into_iter()
            .zip(situation.expected)
            .filter_map(|(mode, expected)| Some((mode, expected?)))
            .map(|(mode, expected)| scope.spawn(move || try_mode(situation, mode, expected, base, servers)))
            .collect();
        let asked = situation.doctor.map(|causes| scope.spawn(move || ask_doctor(situation, causes, base)));
        let joined = tried.into_iter().map(|cell| cell.join().map_err(|_| "a cell panicked".to_owned())?);
        let doctor = asked.map(|cell| cell.join().map_err(|_| "the doctor panicked".to_owned())?);
        joined.chain(doctor).collect()
    })
}

/// What runs in a situation, until this is dropped.
pub(super) struct Prepared {
    servers: Vec<Server>,
    _balancer: Option<Running>,
}

/// Builds the network, and starts all but the client.
pub(super) fn prepare(situation: &'static Situation, base: &Path) -> Result<Prepared, String> {
    network::build(situation.client_side, situation.server_side, situation.rules)
        .map_err(|error| format!("{}: {error}", situation.name))?;
    let balancer =
        situation.generated.map(|generated| load_generated(situation, generated, base)).transpose()?;
    let servers = situation
        .servers
        .iter()
        .map(|host| start(host, situation, &base.join(host)))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{}: {error}", situation.name))?;
    Ok(Prepared { servers, _balancer: balancer.flatten() })
}

/// The server's own idea of what its router needs. A balancer runs until what is returned is dropped.
fn load_generated(
    situation: &Situation,
    (target, options): (&str, &[&str]),
    base: &Path,
) -> Result<Option<Running>, String> {
    let printed = Command::new(workspace::binary("ftp-server"))
        .args(["firewall", "--for", target, "--listen", "21", "--passive-ports", situation.passive_ports])
        .args(options)
        .args(situation.server)
        .output()
        .map_err(|error| format!("cannot start the server: {error}"))?;
    let rules = String::from_utf8_lossy(&printed.stdout);
    match target {
        "nftables" => network::nft("server-router", &rules).map(|()| None),
        "iptables" => network::sh_in("server-router", &rules).map(|()| None),
        balancer => balance(balancer, &rules, base).map(Some),
    }
}

/// Runs a balancer on the server's router.
fn balance(balancer: &str, rules: &str, base: &Path) -> Result<Running, String> {
    fs::create_dir_all(base).map_err(|error| format!("cannot make {}: {error}", base.display()))?;
    let (file, here) = (base.join("balancer"), base.display());
    let (before, command) = match balancer {
        "nginx" => (
            "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\nevents {}\n",
            format!("nginx -g 'pid {here}/pid;' -e {here}/errors -c"),
        ),
        _ => ("", "haproxy -q -f".to_owned()),
    };
    fs::write(&file, format!("{before}{rules}")).map_err(|error| format!("cannot write: {error}"))?;
    let process = command_in("server-router", Path::new("sh"))
        .args(["-c", &format!("exec {command} {}", file.display())])
        .spawn()
        .map_err(|error| format!("cannot start {balancer}: {error}"))?;
    network::sh_in(
        "server-router",
        "for i in $(seq 100); do ss -Hltn sport = 21 | grep -q . && exit; sleep 0.05; done; exit 1",
    )
    .map_err(|error| format!("{balancer} does not listen: {error}"))?;
    Ok(Running(process))
}

/// A program that is ended when this is dropped.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // First politely: it may have children. It may have ended by itself.
        if let Some(id) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _ = self.0.wait();
    }
}

fn start(host: &str, situation: &Situation, base: &Path) -> Result<Server, String> {
    let io = |error: std::io::Error| format!("cannot prepare {}: {error}", base.display());
    let (root, state, log) = (base.join("root"), base.join("state"), base.join("log"));
    for folder in [&root, &state] {
        fs::create_dir_all(folder).map_err(io)?;
    }
    for folder in base.ancestors().take(4) {
        // Only what is ours can be changed.
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o755));
    }
    fs::write(root.join("file"), content(situation)).map_err(io)?;
    chown(&root, Some(NOBODY), Some(NOBODY)).map_err(io)?;
    let mut process = command_in(host, &workspace::binary("ftp-server"))
        .args(["serve", "--listen", "21", "--log-format", "json"])
        .args(["--passive-ports", situation.passive_ports])
        .args(situation.server)
        .arg(&root)
        .env("XDG_STATE_HOME", &state)
        .env("RUST_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&log).map_err(io)?)
        .spawn()
        .map_err(|error| format!("cannot start the server: {error}"))?;
    let mut line = String::new();
    if let Some(said) = process.stdout.take() {
        BufReader::new(said).read_line(&mut line).map_err(io)?;
    }
    if line.is_empty() {
        return Err(format!("the server does not start: {}", fs::read_to_string(&log).unwrap_or_default()));
    }
    Ok(Server { _process: Running(process), log })
}

fn try_mode(
    situation: &'static Situation,
    mode: &'static str,
    expected: Expected,
    base: &Path,
    servers: &[Server],
) -> Result<Cell, String> {
    let home = base.join("client").join(mode);
    fs::create_dir_all(&home).map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    let mut command = command_in(situation.from, &workspace::binary("ftp-client"));
    command
        .args(["--json", "--verbose", "--no-netrc", "--mode", mode])
        .args(situation.client)
        .args(["get", &format!("ftp://{}/file", situation.server_address()), "here"])
        .current_dir(&home)
        .env("HOME", &home)
        .env_remove("XDG_STATE_HOME");
    let started = Instant::now();
    let done = finish(&mut command)?;
    let seconds = started.elapsed().as_secs_f64();
    let outcome = match done.code {
        Some(0) if fs::read(home.join("here")).is_ok_and(|octets| octets == content(situation)) => {
            "works".to_owned()
        }
        Some(0) => "succeeds without the file".to_owned(),
        None => "hangs".to_owned(),
        Some(code) => id_in(&done.said).unwrap_or_else(|| format!("exit {code}")),
    };
    let judged = judge(expected, &outcome, seconds, situation.size > 1_000_000);
    let logs: String =
        servers.iter().map(|server| fs::read_to_string(&server.log).unwrap_or_default()).collect();
    let last: Vec<_> = logs.lines().rev().take(12).collect();
    let said = format!(
        "{}\nthe server's log:\n{}",
        done.said,
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    );
    Ok(Cell { situation: situation.name, mode, outcome, seconds, judged, said })
}

/// What `ftp-client doctor` finds.
fn ask_doctor(
    situation: &'static Situation,
    causes: &'static [&'static str],
    base: &Path,
) -> Result<Cell, String> {
    let home = base.join("client").join(DOCTOR);
    fs::create_dir_all(&home).map_err(|error| format!("cannot make {}: {error}", home.display()))?;
    let mut options: Vec<_> = situation.client.to_vec();
    // It chooses by itself when there is TLS.
    if let Some(at) = options.iter().position(|&option| option == "--tls") {
        options.drain(at..at + 2);
    }
    options.retain(|&option| option != "--ccc" && option != "--insecure");
    let mut command = command_in(situation.from, &workspace::binary("ftp-client"));
    command
        .args(["--json", "--no-netrc", "--insecure"])
        .args(options)
        .args(["doctor", &format!("ftp://{}/", situation.server_address())])
        .env("HOME", &home)
        .env_remove("XDG_STATE_HOME");
    let started = Instant::now();
    let done = finish(&mut command)?;
    let seconds = started.elapsed().as_secs_f64();
    let found = causes_in(&done.out);
    let outcome = if found.is_empty() { "nothing".to_owned() } else { found.join(" ") };
    let judged = match () {
        () if found != causes => Judged::OtherCauses(causes),
        () if seconds > TIMED_OUT => Judged::TooLate,
        () => Judged::AsExpected,
    };
    let said = format!("{}\n{}", done.out, done.said);
    Ok(Cell { situation: situation.name, mode: DOCTOR, outcome, seconds, judged, said })
}

fn causes_in(out: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(out).unwrap_or_default();
    let findings = answer["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().filter_map(|finding| Some(finding["cause"].as_str()?.to_owned())).collect()
}

fn judge(expected: Expected, outcome: &str, seconds: f64, slow: bool) -> Judged {
    let (wanted, limit) = match expected {
        Expected::Works => ("works", if slow { SLOW } else { TIMED_OUT }),
        Expected::Fails(id) => (id, AT_ONCE),
        Expected::TimesOut(id) => (id, TIMED_OUT),
    };
    match () {
        () if wanted != outcome => Judged::Otherwise(expected),
        () if seconds > limit => Judged::TooLate,
        () => Judged::AsExpected,
    }
}

/// `"failure":"FTP-DATA-…"` of the error that a client prints for programs.
fn id_in(said: &str) -> Option<String> {
    let error = said.lines().rev().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())?;
    Some(error["error"]["failure"].as_str()?.to_owned())
}

struct Done {
    /// `None`: it had to be ended.
    code: Option<i32>,
    out: String,
    said: String,
}

fn finish(command: &mut Command) -> Result<Done, String> {
    let cannot = |error: std::io::Error| format!("cannot run a client: {error}");
    let said = tempfile::NamedTempFile::new().map_err(cannot)?;
    let out = tempfile::NamedTempFile::new().map_err(cannot)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(out.reopen().map_err(cannot)?)
        .stderr(said.reopen().map_err(cannot)?)
        .spawn()
        .map_err(cannot)?;
    let started = Instant::now();
    let code = loop {
        match child.try_wait().map_err(cannot)? {
            Some(status) => break status.code(),
            None if started.elapsed() > LIMIT => {
                child.kill().map_err(cannot)?;
                child.wait().map_err(cannot)?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let text = |file: &tempfile::NamedTempFile| {
        fs::read(file.path()).map(|octets| String::from_utf8_lossy(&octets).into_owned()).map_err(cannot)
    };
    Ok(Done { code, out: text(&out)?, said: text(&said)? })
}
