//! The data-port machine, from its transition function.

use core::fmt::Write as _;
use std::collections::BTreeMap;

use ftp_proto::data::link::{LinkInput, LinkState};

use super::table;

pub(super) fn page() -> String {
    let head: Vec<String> =
        core::iter::once("state".to_owned()).chain(LinkInput::ALL.iter().map(|i| format!("{i:?}"))).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let rows = LinkState::ALL.iter().map(|state| {
        let cells = LinkInput::ALL.iter().map(move |input| next(*state, *input));
        core::iter::once(format!("**{state:?}**")).chain(cells)
    });
    format!("{}\n```text\n{}```\n", table(&head, rows), diagram())
}

/// Where TLS makes a difference, both are told.
fn next(state: LinkState, input: LinkInput) -> String {
    match (state.next(input, false), state.next(input, true)) {
        (Ok(clear), Ok(protected)) if clear == protected => format!("{clear:?}"),
        (Ok(clear), Ok(protected)) => format!("{clear:?}, under PROT P {protected:?}"),
        _ => "–".to_owned(),
    }
}

/// Each state with the ways out of it, those that lead to the same state in one line.
fn diagram() -> String {
    let mut text = String::new();
    for state in LinkState::ALL {
        let mut ways: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for input in LinkInput::ALL {
            for protected in [false, true] {
                let Ok(to) = state.next(input, protected) else { continue };
                let inputs = ways.entry(format!("{to:?}")).or_default();
                if to != state && inputs.last() != Some(&format!("{input:?}")) {
                    inputs.push(format!("{input:?}"));
                }
            }
        }
        for (to, inputs) in ways.iter().filter(|(_, inputs)| !inputs.is_empty()) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{:<10} --> {to:<10}  {}", format!("{state:?}"), inputs.join(", "));
        }
    }
    text
}
