//! Plain words.

use super::{Needs, Place, Program};

pub(super) fn list(needs: &Needs, place: Place) -> String {
    let mut text = String::new();
    let whom = match place {
        Place::Host => "this machine".to_owned(),
        Place::Router { machine, .. } => machine.to_string(),
    };
    let mut line = |words: String| text.push_str(&format!("- {words}\n"));
    for port in &needs.control {
        line(format!("let in TCP from anywhere to {whom} port {port} (control connections)"));
    }
    if let Some(range) = needs.passive {
        line(format!(
            "let in TCP from anywhere to {whom} ports {} to {} ({} data connections)",
            range.first,
            range.last,
            if needs.program == Program::Server { "passive" } else { "active" }
        ));
    }
    if let Some(port) = needs.active_source {
        line(format!("let out TCP from {whom} port {port} to anywhere (active data connections)"));
    }
    if let Place::Router { forwards: true, .. } = place {
        line(format!("forward those ports to {whom}, each to the same port there"));
    }
    if needs.tls_required {
        line(
            "switch the firewall's FTP helper (ALG, inspection, fixup) off: under TLS it is blind".to_owned(),
        );
    }
    line(
        "let a control connection stay open while nothing is said on it for as long as the longest transfer"
            .to_owned(),
    );
    text
}
