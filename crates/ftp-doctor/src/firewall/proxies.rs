//! What stands before a server and passes connections on.

use super::{Needs, Place};
use ftp_proto::data::PortRange;

/// Where the server is when nobody says.
fn server(place: Place) -> String {
    match place {
        Place::Host => "ftp-server".to_owned(),
        Place::Router { machine, .. } => machine.to_string(),
    }
}

pub(super) fn compose(needs: &Needs) -> String {
    let mut text = "services:\n  ftp-server:\n    ports:\n".to_owned();
    for ports in needs.inbound("-") {
        text.push_str(&format!("      - \"{ports}:{ports}/tcp\"\n"));
    }
    text.push_str(
        "    # Docker's own proxy hides the clients' addresses; with it the server takes them all for one. Set\n\
         \x20   # \"userland-proxy\": false in /etc/docker/daemon.json, and --external-address to the host's address.\n",
    );
    text
}

/// Kubernetes has no ranges: each port is an entry.
pub(super) fn kubernetes(needs: &Needs) -> String {
    let mut text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: ftp-server\nspec:\n  type: LoadBalancer\n  \
                    # Keeps the clients' addresses, and all connections of a client with one pod.\n  \
                    externalTrafficPolicy: Local\n  sessionAffinity: ClientIP\n  selector:\n    app: ftp-server\n  ports:\n"
        .to_owned();
    let passive = needs.passive.map(|PortRange { first, last }| first..=last).into_iter().flatten();
    let named = needs.control.iter().map(|&port| ("control", port)).chain(passive.map(|port| ("data", port)));
    for (name, port) in named {
        text.push_str(&format!(
            "    - {{ name: {name}-{port}, protocol: TCP, port: {port}, targetPort: {port} }}\n"
        ));
    }
    text
}

/// What a balancer that does not say who is behind it costs.
const ALL_ARE_ONE: &str = "# The server takes all clients for one, with this machine's address: raise --max-sessions-per-ip, and \
                           only passive mode works.\n# Started with --proxy-protocol-from and this machine's address, it \
                           learns who they are; then print this again.\n";

pub(super) fn haproxy(needs: &Needs, place: Place) -> String {
    let binds: String = needs.inbound("-").iter().map(|port| format!("    bind :{port}\n")).collect();
    let (server, introduces, hint) = (
        server(place),
        if needs.proxy_protocol { " send-proxy-v2" } else { "" },
        if needs.proxy_protocol { "" } else { ALL_ARE_ONE },
    );
    format!(
        "listen ftp\n    mode tcp\n    timeout client 1h\n    timeout server 1h\n    timeout connect 10s\n\
         {binds}    # Without a port: the one that the client dialled.\n    server ftp-server {server}{introduces}\n{hint}"
    )
}

pub(super) fn nginx(needs: &Needs, place: Place) -> String {
    let listens: String =
        needs.inbound("-").iter().map(|ports| format!("        listen {ports};\n")).collect();
    let (server, introduces, hint) = (
        server(place),
        if needs.proxy_protocol { "        proxy_protocol on;\n" } else { "" },
        if needs.proxy_protocol { "" } else { ALL_ARE_ONE },
    );
    format!(
        "stream {{\n    server {{\n{listens}        proxy_pass {server}:$server_port;\n{introduces}        \
         proxy_timeout 1h;\n    }}\n}}\n{hint}"
    )
}
