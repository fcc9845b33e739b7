//! What a ruleset that is loaded does with the connections that are needed.
//!
//! A small part of nftables is understood: ports, protocols, addresses, connection states, jumps. Where a rule asks for
//! something else, it is not known whether it holds, and what it decides is not known either: [`Fate::Unknown`] is an answer.

use super::{Needs, Place};
use core::net::IpAddr;
use ftp_proto::data::PortRange;
use serde_json::Value;

/// What becomes of a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It gets through.
    Accepted,
    /// It is dropped or rejected.
    Dropped,
    /// It depends on something that is not understood here.
    Unknown,
}

/// What was given is not what `nft -j list ruleset` prints.
#[derive(Debug, thiserror::Error)]
#[error("not a ruleset of nftables in JSON: {0}")]
pub struct RulesetError(#[from] serde_json::Error);

/// Jumps deeper than this are not followed; the kernel's own limit is 16.
const MOST_JUMPS: usize = 16;

/// What `ruleset`, as `nft -j list ruleset` prints it, does with new connections to each port that is needed, as ranges in
/// which all share one fate.
///
/// # Errors
/// When it is not such a text.
pub fn fates(ruleset: &str, needs: &Needs, place: Place) -> Result<Vec<(PortRange, Fate)>, RulesetError> {
    let ruleset: Value = serde_json::from_str(ruleset)?;
    let items = ruleset["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let passive = needs.passive.map(|range| range.first..=range.last).into_iter().flatten();
    let mut found: Vec<(PortRange, Fate)> = Vec::new();
    for port in needs.control.iter().copied().chain(passive) {
        let fate = Packet { items, port, place }.fate();
        match found.last_mut() {
            Some((range, last)) if *last == fate && range.last.checked_add(1) == Some(port) => {
                range.last = port
            }
            _ => found.extend(PortRange::new(port, port).map(|range| (range, fate))),
        }
    }
    Ok(found)
}

/// The first packet of a connection that is needed.
struct Packet<'a> {
    items: &'a [Value],
    port: u16,
    place: Place,
}

/// Whether something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    Perhaps,
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a chain decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Is(Fate),
    /// Nothing: it goes on after the jump, or with the policy.
    Open,
}

impl Packet<'_> {
    /// Each chain of the hook may drop; all have to let it through.
    fn fate(&self) -> Fate {
        let hook = match self.place {
            Place::Host => "input",
            Place::Router { .. } => "forward",
        };
        let chains = self.items.iter().filter_map(|item| item.get("chain"));
        let mut fate = Fate::Accepted;
        for chain in chains.filter(|chain| chain["hook"] == hook && chain["type"] == "filter") {
            let policy = if chain["policy"] == "drop" { Fate::Dropped } else { Fate::Accepted };
            match self.chain(&chain["family"], &chain["table"], &chain["name"], 0) {
                Decision::Is(Fate::Dropped) => return Fate::Dropped,
                Decision::Is(Fate::Unknown) => fate = Fate::Unknown,
                Decision::Is(Fate::Accepted) => {}
                Decision::Open if policy == Fate::Dropped => return Fate::Dropped,
                Decision::Open => {}
            }
        }
        fate
    }

    fn chain(&self, family: &Value, table: &Value, name: &Value, depth: usize) -> Decision {
        if !matches!(family.as_str(), Some("inet" | "ip")) {
            return Decision::Open;
        }
        if depth > MOST_JUMPS {
            return Decision::Is(Fate::Unknown);
        }
        let ours =
            |rule: &&Value| rule["family"] == *family && rule["table"] == *table && rule["chain"] == *name;
        for rule in self.items.iter().filter_map(|item| item.get("rule")).filter(ours) {
            let statements = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
            match (self.matches(statements), self.verdict(statements, family, table, depth)) {
                (Holds::No, _) | (_, None) => {}
                (Holds::Yes, Some(Decision::Open)) => return Decision::Open,
                (Holds::Yes, Some(decided)) => return decided,
                (Holds::Perhaps, Some(_)) => return Decision::Is(Fate::Unknown),
            }
        }
        Decision::Open
    }

    fn matches(&self, statements: &[Value]) -> Holds {
        let mut all = Holds::Yes;
        for holds in statements.iter().filter_map(|statement| statement.get("match")).map(|it| self.holds(it))
        {
            match holds {
                Holds::No => return Holds::No,
                Holds::Perhaps => all = Holds::Perhaps,
                Holds::Yes => {}
            }
        }
        all
    }

    /// What a rule decides when it matches; `None`: nothing, it counts or logs. `Some(Open)` is a return.
    fn verdict(&self, statements: &[Value], family: &Value, table: &Value, depth: usize) -> Option<Decision> {
        statements.iter().find_map(|statement| {
            let (verb, what) = statement.as_object()?.iter().next()?;
            match verb.as_str() {
                "accept" => Some(Decision::Is(Fate::Accepted)),
                "drop" | "reject" => Some(Decision::Is(Fate::Dropped)),
                "return" => Some(Decision::Open),
                "jump" | "goto" => match self.chain(family, table, &what["target"], depth + 1) {
                    Decision::Open if verb == "jump" => None,
                    decided => Some(decided),
                },
                "vmap" | "queue" => Some(Decision::Is(Fate::Unknown)),
                _ => None,
            }
        })
    }

    fn holds(&self, condition: &Value) -> Holds {
        let (left, right) = (&condition["left"], &condition["right"]);
        let holds = self.compare(left, right);
        match (condition["op"].as_str(), holds) {
            (Some("==" | "in"), holds) => holds,
            (Some("!="), Holds::Yes) => Holds::No,
            (Some("!="), Holds::No) => Holds::Yes,
            _ => Holds::Perhaps,
        }
    }

    fn compare(&self, left: &Value, right: &Value) -> Holds {
        let field = |of: &str, name: &str| left[of]["key"] == name;
        let payload = |protocol: &str, name: &str| {
            left["payload"]["protocol"] == protocol && left["payload"]["field"] == name
        };
        if payload("tcp", "dport") || payload("th", "dport") {
            return contains_port(right, self.port);
        }
        if left["payload"]["protocol"] == "udp" || left["payload"]["protocol"] == "icmp" {
            return Holds::No;
        }
        if field("meta", "l4proto") || payload("ip", "protocol") {
            return is_one_of(right, "tcp");
        }
        if field("meta", "nfproto") {
            return is_one_of(right, "ipv4");
        }
        if field("ct", "state") {
            return is_one_of(right, "new");
        }
        if field("meta", "iif") || field("meta", "iifname") {
            // It comes from outside.
            return if *right == "lo" { Holds::No } else { Holds::Perhaps };
        }
        match self.place {
            Place::Router { machine, .. } if payload("ip", "daddr") => contains_address(right, machine),
            Place::Router { .. } | Place::Host => Holds::Perhaps,
        }
    }
}

/// A value, or any of a list or set.
fn alternatives(right: &Value) -> Vec<&Value> {
    match right.get("set").unwrap_or(right) {
        Value::Array(many) => many.iter().collect(),
        one => vec![one],
    }
}

/// A set by its name is not looked into.
fn is_named_set(right: &Value) -> bool {
    right.as_str().is_some_and(|name| name.starts_with('@'))
}

fn is_one_of(right: &Value, wanted: &str) -> Holds {
    if is_named_set(right) {
        Holds::Perhaps
    } else {
        alternatives(right).iter().any(|it| **it == wanted).into()
    }
}

fn contains_port(right: &Value, port: u16) -> Holds {
    if is_named_set(right) {
        return Holds::Perhaps;
    }
    let port = u64::from(port);
    let contains = |one: &&Value| match one.get("range") {
        Some(range) => {
            range[0].as_u64().zip(range[1].as_u64()).is_some_and(|(low, high)| (low..=high).contains(&port))
        }
        None => one.as_u64() == Some(port),
    };
    alternatives(right).iter().any(contains).into()
}

fn contains_address(right: &Value, machine: IpAddr) -> Holds {
    if is_named_set(right) {
        return Holds::Perhaps;
    }
    let is_it = |one: &&Value| one.as_str().and_then(|text| text.parse::<IpAddr>().ok()) == Some(machine);
    let all = alternatives(right);
    let plain = all.iter().all(|one| one.is_string());
    if all.iter().any(is_it) {
        Holds::Yes
    } else if plain {
        Holds::No
    } else {
        Holds::Perhaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn needs() -> Needs {
        Needs { control: vec![21], passive: PortRange::new(50_000, 50_009), ..Needs::default() }
    }

    fn rule(expr: Value) -> Value {
        json!({ "rule": { "family": "inet", "table": "filter", "chain": "input", "expr": expr } })
    }

    fn dport(right: Value) -> Value {
        json!({ "match": { "op": "==", "left": { "payload": { "protocol": "tcp", "field": "dport" } }, "right": right } })
    }

    /// The fates of 21 and 50000 to 50009 in a chain that drops, with these rules in it.
    fn found(rules: Vec<Value>) -> Vec<(u16, u16, Fate)> {
        let chain = json!({ "chain": {
            "family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "policy": "drop"
        } });
        let all: Vec<_> = core::iter::once(chain).chain(rules).collect();
        let text = json!({ "nftables": all }).to_string();
        let fates = fates(&text, &needs(), Place::Host).unwrap();
        fates.into_iter().map(|(range, fate)| (range.first, range.last, fate)).collect()
    }

    use Fate::{Accepted, Dropped, Unknown};

    #[test]
    fn without_rules_everything_gets_through() {
        let open = fates("{\"nftables\": []}", &needs(), Place::Host).unwrap();
        assert!(open.iter().all(|(_, fate)| *fate == Accepted));
        assert!(fates("table inet filter", &needs(), Place::Host).is_err());
    }

    #[test]
    fn ports_that_are_let_in_are_told_from_those_that_are_not() {
        let accept = json!({ "accept": null });
        let rules = vec![
            rule(json!([
                { "match": { "op": "in", "left": { "ct": { "key": "state" } }, "right": ["established", "related"] } },
                accept
            ])),
            rule(
                json!([dport(json!({ "set": [21, { "range": [50_000, 50_004] }] })), { "counter": {} }, accept]),
            ),
        ];
        assert_eq!(found(rules), [(21, 21, Accepted), (50_000, 50_004, Accepted), (50_005, 50_009, Dropped)]);
    }

    #[test]
    fn a_drop_before_the_accept_counts_and_a_jump_is_followed() {
        let rules = vec![
            rule(json!([dport(json!(21)), { "reject": null }])),
            rule(json!([{ "jump": { "target": "data" } }])),
            json!({ "rule": { "family": "inet", "table": "filter", "chain": "data",
                "expr": [dport(json!({ "range": [50_000, 50_009] })), { "accept": null }] } }),
        ];
        assert_eq!(found(rules), [(21, 21, Dropped), (50_000, 50_009, Accepted)]);
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        let from = json!({ "match": { "op": "==", "left": { "payload": { "protocol": "ip", "field": "saddr" } },
            "right": "203.0.113.9" } });
        let rules = vec![rule(json!([from, { "accept": null }]))];
        assert_eq!(found(rules), [(21, 21, Unknown), (50_000, 50_009, Unknown)]);
        let rules = vec![rule(json!([dport(json!("@ports")), { "accept": null }]))];
        assert_eq!(found(rules)[0].2, Unknown);
    }
}
