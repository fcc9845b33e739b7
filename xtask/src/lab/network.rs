//! Networks of the kernel: hosts and routers are network namespaces, joined by pairs of virtual Ethernet devices.
//!
//! ```text
//! client — client-router — internet — server-router — server (and server-2)
//! ```
//!
//! Routers and hosts call their devices `lan`, `wan` and `eth0`. Each side's network behind its router has public addresses,
//! or private ones that the router must translate. IPv6 is always there, and never translated.

use std::process::Command;

/// The namespaces.
pub(super) const HOSTS: [&str; 6] =
    ["client", "client-router", "internet", "server-router", "server", "server-2"];

/// The addresses of a side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// The network behind the router, without its last octet.
    lan: &'static str,
    prefix: u8,
    /// The last octets of the host and of the router in it.
    host: u8,
    router: u8,
}

impl Side {
    pub(super) const CLIENT_PUBLIC: Self = Self { lan: "203.0.113", prefix: 25, host: 130, router: 129 };
    pub(super) const CLIENT_PRIVATE: Self = Self { lan: "192.168.0", prefix: 24, host: 2, router: 1 };
    pub(super) const SERVER_PUBLIC: Self = Self { lan: "198.51.100", prefix: 25, host: 130, router: 129 };
    pub(super) const SERVER_PRIVATE: Self = Self { lan: "10.0.0", prefix: 24, host: 2, router: 1 };

    /// The host's address.
    pub(super) fn address(self) -> String {
        format!("{}.{}", self.lan, self.host)
    }

    fn with_prefix(self, host: u8) -> String {
        format!("{}.{host}/{}", self.lan, self.prefix)
    }

    /// The whole network.
    fn network(self) -> String {
        let first = if self.prefix == 25 { 128 } else { 0 };
        format!("{}.{first}/{}", self.lan, self.prefix)
    }

    const fn is_public(self) -> bool {
        self.prefix == 25
    }
}

/// The outside of the client's router, and of the server's.
pub(super) const CLIENT_OUTSIDE: &str = "203.0.113.2";
pub(super) const SERVER_OUTSIDE: &str = "198.51.100.2";

/// Builds it anew. `rules` are rulesets of nftables, or commands for the shell, by namespace.
pub(super) fn build(client: Side, server: Side, rules: &[(&str, &str)]) -> Result<(), String> {
    let mut script = String::new();
    for host in HOSTS {
        script.push_str(&format!(
            "ip netns del {host} 2>/dev/null || true\nip netns add {host}\nip -n {host} link set lo up\n\
             ip netns exec {host} sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.accept_dad=0\n"
        ));
    }
    script.push_str(&link(("client", "eth0"), ("client-router", "lan")));
    script.push_str(&link(("client-router", "wan"), ("internet", "c")));
    script.push_str(&link(("server-router", "wan"), ("internet", "s")));
    script.push_str(&bridge("server-router", "lan", &["server", "server-2"]));
    let mut address = |host: &str, device: &str, v4: String, v6: &str| {
        script.push_str(&format!(
            "ip -n {host} addr add {v4} dev {device}\nip -n {host} addr add {v6} dev {device} nodad\n"
        ));
    };
    address("client", "eth0", client.with_prefix(client.host), "2001:db8:c::2/64");
    address("client-router", "lan", client.with_prefix(client.router), "2001:db8:c::1/64");
    address("client-router", "wan", format!("{CLIENT_OUTSIDE}/30"), "2001:db8:1::2/64");
    address("internet", "c", "203.0.113.1/30".to_owned(), "2001:db8:1::1/64");
    address("internet", "s", "198.51.100.1/30".to_owned(), "2001:db8:2::1/64");
    address("server-router", "wan", format!("{SERVER_OUTSIDE}/30"), "2001:db8:2::2/64");
    address("server-router", "lan", server.with_prefix(server.router), "2001:db8:5::1/64");
    address("server", "eth0", server.with_prefix(server.host), "2001:db8:5::2/64");
    address("server-2", "eth0", server.with_prefix(server.host + 1), "2001:db8:5::3/64");
    let mut route = |host: &str, to: &str, via: &str| {
        script.push_str(&format!("ip -n {host} route add {to} via {via}\n"));
    };
    route("client", "default", &format!("{}.{}", client.lan, client.router));
    route("client", "default", "2001:db8:c::1");
    route("client-router", "default", "203.0.113.1");
    route("client-router", "default", "2001:db8:1::1");
    route("server-router", "default", "198.51.100.1");
    route("server-router", "default", "2001:db8:2::1");
    for host in ["server", "server-2"] {
        route(host, "default", &format!("{}.{}", server.lan, server.router));
        route(host, "default", "2001:db8:5::1");
    }
    for (side, via) in [(client, CLIENT_OUTSIDE), (server, SERVER_OUTSIDE)] {
        if side.is_public() {
            route("internet", &side.network(), via);
        }
    }
    route("internet", "2001:db8:c::/64", "2001:db8:1::2");
    route("internet", "2001:db8:5::/64", "2001:db8:2::2");
    sh(&script)?;
    for (host, ruleset) in rules {
        let is_ruleset = ["table", "add"].iter().any(|word| ruleset.trim_start().starts_with(word));
        if is_ruleset { nft(host, ruleset)? } else { sh_in(host, ruleset)? }
    }
    Ok(())
}

fn link((one, its): (&str, &str), (other, others): (&str, &str)) -> String {
    format!(
        "ip -n {one} link add {its} type veth peer name {others} netns {other}\n\
         ip -n {one} link set {its} up\nip -n {other} link set {others} up\n"
    )
}

/// A switch in the router, with a port for each host.
fn bridge(router: &str, device: &str, hosts: &[&str]) -> String {
    let mut script =
        format!("ip -n {router} link add {device} type bridge\nip -n {router} link set {device} up\n");
    for (port, host) in hosts.iter().enumerate() {
        script.push_str(&link((host, "eth0"), (router, &format!("port{port}"))));
        script.push_str(&format!("ip -n {router} link set port{port} master {device}\n"));
    }
    script
}

/// Loads a ruleset.
pub(super) fn nft(host: &str, ruleset: &str) -> Result<(), String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| format!("no temporary file: {error}"))?;
    std::io::Write::write_all(&mut file, ruleset.as_bytes()).map_err(|error| error.to_string())?;
    sh(&format!("ip netns exec {host} nft -f {}", file.path().display()))
        .map_err(|error| format!("{error}\nin the rules of {host}:\n{ruleset}"))
}

/// A program in a namespace.
pub(super) fn command_in(host: &str, program: &std::path::Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host]).arg(program);
    command
}

/// Runs a script of the shell in a namespace.
pub(super) fn sh_in(host: &str, script: &str) -> Result<(), String> {
    let done = command_in(host, std::path::Path::new("sh")).args(["-ec", script]).output();
    let done = done.map_err(|error| format!("cannot start a shell: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    if done.status.success() { Ok(()) } else { Err(format!("{}\nin {host}: {script}", said.trim())) }
}

/// Runs a script of the shell, which stops at the first failure.
pub(super) fn sh(script: &str) -> Result<(), String> {
    let done = Command::new("sh").args(["-ec", script]).output();
    let done = done.map_err(|error| format!("cannot start a shell: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("{}\nin: {script}", String::from_utf8_lossy(&done.stderr).trim()))
}
