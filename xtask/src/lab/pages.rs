//! The pages of the server's documentation, done as they say.
//!
//! A page's fenced blocks say in their first line what they are: `toml ftp.toml` is that file, `sh client` are commands for the
//! client's machine, `yaml compose.yaml` and `yaml ftp.yaml` are what Docker and Kubernetes would be given: those are not
//! here, and what they do with addresses, ports and arguments is.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::network::{self, Side, command_in, sh_in};
use super::play::Running;
use super::rulesets::{CLOSED, MASQUERADE};
use super::tools::Check;
use crate::workspace;

/// A page and the network that it is about.
struct Page {
    file: &'static str,
    client: Side,
    server: Side,
    rules: &'static [(&'static str, &'static str)],
    /// What is there before the page begins, for the shell on the server's router.
    before: &'static str,
    /// A server that is not the page's.
    serves: Option<&'static str>,
}

/// All that the cloud does: one address for another, both ways, and a web server that says which.
const CLOUD: &str = "nft add table ip nat
    nft add chain ip nat in '{ type nat hook prerouting priority dstnat; }'
    nft add rule ip nat in iifname wan dnat to 10.0.0.2
    ip addr add 169.254.169.254/32 dev lo
    mkdir -p latest/meta-data; echo 198.51.100.2 > latest/meta-data/public-ipv4
    python3 -m http.server --bind 169.254.169.254 80 >/dev/null 2>&1 &
    for i in $(seq 100); do ss -Hltn sport = 80 | grep -q . && exit; sleep 0.05; done; exit 1";

impl Page {
    /// A server with a private address behind a router that translates.
    const SERVER_NAT: Self = Self {
        file: "",
        client: Side::CLIENT_PUBLIC,
        server: Side::SERVER_PRIVATE,
        rules: &[("server-router", MASQUERADE)],
        before: "",
        serves: None,
    };
}

const PAGES: [Page; 6] = [
    Page {
        file: "home-router.md",
        rules: &[("server-router", CLOSED), ("server-router", MASQUERADE)],
        ..Page::SERVER_NAT
    },
    Page { file: "cloud-vm.md", before: CLOUD, ..Page::SERVER_NAT },
    Page { file: "docker.md", ..Page::SERVER_NAT },
    Page { file: "kubernetes.md", ..Page::SERVER_NAT },
    Page { file: "load-balancer.md", ..Page::SERVER_NAT },
    Page {
        file: "active-client.md",
        client: Side::CLIENT_PRIVATE,
        server: Side::SERVER_PUBLIC,
        rules: &[("client-router", CLOSED), ("client-router", LET_OUT), ("client-router", MASQUERADE)],
        // It offers active mode alone.
        serves: Some("ftp-server serve --listen 21 --modes active /srv/ftp"),
        ..Page::SERVER_NAT
    },
];

/// What every router lets through: what began inside.
const LET_OUT: &str = "add table inet filter\n\
                       add rule inet filter forward ct state established,related accept\n\
                       add rule inet filter forward iifname \"lan\" accept\n";

/// Whom the server becomes.
const NOBODY: u32 = 65_534;

const CONTENT: &str = "what the server has to say\n";

pub(super) fn check_all(directory: &Path) -> Vec<Check> {
    let check = |page: &Page| Check { name: page.file, failure: follow(page, directory).err() };
    PAGES.iter().map(check).collect()
}

/// A fenced block: its language, what comes after it, and its text.
struct Block {
    language: String,
    of: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let (language, of) = info.split_once(' ').unwrap_or((info, ""));
                open = Some(Block { language: language.to_owned(), of: of.to_owned(), text: String::new() });
            }
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    blocks
}

fn follow(page: &Page, directory: &Path) -> Result<(), String> {
    let path = workspace::root().join("crates/ftp-server/docs").join(page.file);
    let text =
        fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    network::build(page.client, page.server, page.rules)?;
    let here = directory.join(page.file);
    prepare(&here)?;
    let place = Place { here: &here };
    place.run("server-router", page.before)?;
    let mut running: Vec<_> =
        page.serves.map(|command| place.serve(command)).transpose()?.into_iter().collect();
    let blocks = blocks(&text);
    for block in &blocks {
        match (&*block.language, &*block.of) {
            ("toml", name) => write(&here.join(name), &block.text)?,
            ("yaml", _) => running.push(place.orchestrate(&block.text)?),
            ("sh", "server") if block.text.contains("serve ") => running.push(place.serve(&block.text)?),
            ("sh", "router") => place.run("server-router", &block.text)?,
            ("sh", host) => place.run(host, &block.text)?,
            _ => {}
        }
    }
    // Balancers run on by themselves, and end with the lab.
    let got = fs::read_to_string(here.join("file")).unwrap_or_default();
    if got == CONTENT { Ok(()) } else { Err(format!("the client did not get the file, but {got:?}")) }
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// The directory of a page, and `/srv/ftp`, which nobody outside of the lab sees.
fn prepare(here: &Path) -> Result<(), String> {
    network::sh("mountpoint -q /srv || mount -t tmpfs none /srv; mkdir -p /srv/ftp")?;
    write(Path::new("/srv/ftp/file"), CONTENT)?;
    chown("/srv/ftp", Some(NOBODY), Some(NOBODY)).map_err(|error| error.to_string())?;
    fs::create_dir_all(here).map_err(|error| format!("cannot make {}: {error}", here.display()))
}

struct Place<'a> {
    here: &'a Path,
}

impl Place<'_> {
    fn command(&self, host: &str, script: &str) -> Command {
        let programs = workspace::binary("ftp-server");
        let folder = programs.parent().unwrap_or_else(|| Path::new(".")).display().to_string();
        let mut command = command_in(host, Path::new("sh"));
        command
            .args(["-ec", script])
            .current_dir(self.here)
            .env("PATH", format!("{folder}:/usr/sbin:/usr/bin:/sbin:/bin"))
            .env("HOME", self.here)
            .env("XDG_STATE_HOME", self.here)
            .stdin(Stdio::null());
        command
    }

    fn run(&self, host: &str, script: &str) -> Result<(), String> {
        let said = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let out = || said.reopen().map_err(|error| error.to_string());
        let status = self.command(host, script).stdout(out()?).stderr(out()?).status();
        if status.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        let said = fs::read_to_string(said.path()).unwrap_or_default();
        Err(format!("on {host}:\n{script}\nsaid:\n{said}"))
    }

    /// Runs a server until what is returned is dropped.
    fn serve(&self, script: &str) -> Result<Running, String> {
        let process = self
            .command("server", &format!("exec {script}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start the server: {error}"))?;
        sh_in(
            "server",
            "for i in $(seq 100); do ss -Hltn sport = 21 | grep -q . && exit; sleep 0.05; done; exit 1",
        )
        .map_err(|error| format!("the server does not listen: {error}"))?;
        Ok(Running(process))
    }

    /// What Docker and Kubernetes do: the arguments are the server's, the ports are forwarded to it.
    fn orchestrate(&self, yaml: &str) -> Result<Running, String> {
        let documents = as_json(yaml)?;
        let mut arguments = Vec::new();
        let mut forwards = Vec::new();
        for document in documents.as_array().into_iter().flatten() {
            let compose = &document["services"]["ftp-server"];
            let pod = &document["spec"]["template"]["spec"]["containers"][0];
            arguments.extend(texts(&compose["command"]).chain(texts(&pod["args"])));
            for published in texts(&compose["ports"]) {
                forwards.push(published.split([':', '/']).next().unwrap_or_default().to_owned());
            }
            for port in document["spec"]["ports"].as_array().into_iter().flatten() {
                if port["port"] != port["targetPort"] {
                    return Err(format!("{port}: passive ports are announced as they are"));
                }
                forwards.extend(port["port"].as_u64().map(|port| port.to_string()));
            }
        }
        let rule = format!("iifname wan tcp dport {{ {} }} dnat to 10.0.0.2", forwards.join(", "));
        sh_in(
            "server-router",
            &format!(
                "nft add chain ip nat in '{{ type nat hook prerouting priority dstnat; }}'\nnft add rule ip nat in '{rule}'"
            ),
        )?;
        self.serve(&format!("ftp-server {}", arguments.join(" ")))
    }
}

fn texts(list: &Value) -> impl Iterator<Item = String> + '_ {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned)
}

fn as_json(yaml: &str) -> Result<Value, String> {
    let script = "import sys, json, yaml; print(json.dumps(list(yaml.safe_load_all(sys.argv[1]))))";
    let done = Command::new("python3")
        .args(["-c", script, yaml])
        .output()
        .map_err(|error| format!("cannot start python3: {error}"))?;
    serde_json::from_slice(&done.stdout)
        .map_err(|_| format!("not YAML: {}", String::from_utf8_lossy(&done.stderr)))
}
