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

pub(super) fn haproxy(needs: &Needs, place: Place) -> String {
    let binds = |ports: &[String]| ports.iter().map(|port| format!("    bind :{port}\n")).collect::<String>();
    let server = server(place);
    let ports = needs.inbound("-");
    format!(
        "listen ftp\n    mode tcp\n    timeout client 1h\n    timeout server 1h\n    timeout connect 10s\n\
         {}    # Without a port: the one that the client dialled.\n    server ftp-server {server}\n\
         # The server takes all clients for one, with this machine's address: raise ftp-server --max-sessions-per-ip.\n",
        binds(&ports)
    )
}

pub(super) fn nginx(needs: &Needs, place: Place) -> String {
    let server = server(place);
    let listens: String =
        needs.inbound("-").iter().map(|ports| format!("        listen {ports};\n")).collect();
    format!(
        "stream {{\n    server {{\n{listens}        proxy_pass {server}:$server_port;\n        proxy_timeout 1h;\n    }}\n}}\n\
         # The server takes all clients for one, with this machine's address: raise ftp-server --max-sessions-per-ip.\n"
    )
}
