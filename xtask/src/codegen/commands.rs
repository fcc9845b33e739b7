//! The table of commands.

use ftp_proto::command::{DuringTransfer, Gate, SPECS};

use super::table;

pub(super) fn page() -> String {
    let rows = SPECS.iter().map(|spec| {
        let gate = match spec.gate {
            Gate::Always => "always",
            Gate::NeedsLogin => "after login",
            Gate::NeedsTls => "under TLS",
        };
        let during = match spec.during_transfer {
            DuringTransfer::Wait => "waits",
            DuringTransfer::Interrupts => "cuts the transfer",
            DuringTransfer::ActsAtHead => "acts at once if it is next",
        };
        [
            format!("`{}`", spec.name),
            format!("{:?}", spec.argument),
            gate.to_owned(),
            during.to_owned(),
            spec.feat.map_or_else(String::new, |line| format!("`{line}`")),
            spec.rfc.to_owned(),
        ]
    });
    table(&["verb", "argument", "is served", "during a transfer", "in FEAT", "defined in"], rows)
}
