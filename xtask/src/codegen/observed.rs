//! What the server machine does in each state of access, security and transfer: it is asked.

use ftp_proto::data::{DataEvent, DataPhase, Failure};
use ftp_proto::io::ControlEvent;

use super::probe::{NEEDS_ACCOUNT, Probe, ended, tls};
use super::table;

/// Lines that lead to a stage of the login.
const STAGES: [(&str, &[&str]); 4] = [
    ("NeedUser", &[]),
    ("NeedPassword", &["USER u"]),
    ("NeedAccount", &[NEEDS_ACCOUNT]),
    ("In", &["USER u", "PASS p"]),
];

/// USER, PASS, ACCT and their like in each stage.
pub(super) fn access() -> String {
    const LINES: [&str; 7] = ["HOST h", "USER u", "PASS p", "ACCT a", "PWD", "REIN", "QUIT"];
    let rows = STAGES.iter().map(|(stage, lines)| {
        let cells = LINES.iter().map(|line| {
            let mut probe = Probe::after(lines);
            probe.say(line);
            let seen = probe.seen();
            if seen.contains("closed") { seen } else { format!("{seen} → {}", stage_of(lines, line)) }
        });
        core::iter::once(format!("**{stage}**")).chain(cells)
    });
    let head: Vec<&str> = core::iter::once("stage").chain(LINES).collect();
    table(&head, rows)
}

/// The stage after a line: by what other lines do there.
fn stage_of(lines: &[&str], line: &str) -> &'static str {
    let answer = |question: &str| {
        let mut probe = Probe::after(&[lines, &[line]].concat());
        probe.say(question);
        probe.seen()
    };
    match (&*answer("PWD"), &*answer("PASS p"), &*answer("ACCT a")) {
        ("257", ..) => "In",
        (_, "230", _) => "NeedPassword",
        (_, _, "230") => "NeedAccount",
        _ => "NeedUser",
    }
}

type Prepare = fn() -> Probe;
type Input = (&'static str, fn(&mut Probe));

fn protected() -> Probe {
    let mut probe = Probe::after(&["AUTH TLS"]);
    probe.control(ControlEvent::Secured(tls()));
    probe.seen();
    probe
}

/// AUTH, PBSZ, PROT, CCC and the events of TLS in each state.
pub(super) fn security() -> String {
    const STATES: [(&str, Prepare); 6] = [
        ("Clear", Probe::new),
        ("Offered", || {
            let mut probe = Probe::new();
            probe.reads = false;
            probe.say("AUTH TLS");
            probe
        }),
        ("Handshaking", || Probe::after(&["AUTH TLS"])),
        ("Protected", protected),
        ("Clearing", || {
            let mut probe = protected();
            probe.say("CCC");
            probe.seen();
            probe
        }),
        ("ClearedByCcc", || {
            let mut probe = protected();
            probe.say("CCC");
            probe.control(ControlEvent::Cleared);
            probe.seen();
            probe
        }),
    ];
    const INPUTS: [Input; 8] = [
        ("AUTH TLS", |probe| probe.say("AUTH TLS")),
        ("PBSZ 0", |probe| probe.say("PBSZ 0")),
        ("PROT P", |probe| probe.say("PROT P")),
        ("CCC", |probe| probe.say("CCC")),
        ("replies are written", |probe| {
            probe.reads = true;
            probe.turn();
        }),
        ("TLS is up", |probe| probe.control(ControlEvent::Secured(tls()))),
        ("TLS failed", |probe| probe.control(ControlEvent::SecureFailed)),
        ("TLS has ended", |probe| probe.control(ControlEvent::Cleared)),
    ];
    let rows = STATES.iter().map(|(state, prepare)| {
        let cells = INPUTS.iter().map(|(_, input)| {
            let after = || {
                let mut probe = prepare();
                input(&mut probe);
                probe
            };
            let seen = after().seen();
            if seen.contains("closed") { seen } else { format!("{seen} → {}", protection(&after)) }
        });
        core::iter::once(format!("**{state}**")).chain(cells)
    });
    let head: Vec<&str> = core::iter::once("state").chain(INPUTS.iter().map(|(name, _)| *name)).collect();
    table(&head, rows)
}

/// The state of control security: by what happens next there.
fn protection(there: &dyn Fn() -> Probe) -> &'static str {
    let answer = |input: &dyn Fn(&mut Probe)| {
        let mut probe = there();
        probe.seen();
        input(&mut probe);
        probe.seen()
    };
    let written = answer(&|probe| {
        probe.reads = true;
        probe.turn();
    });
    let secured = answer(&|probe| {
        probe.control(ControlEvent::Secured(tls()));
        probe.say("PBSZ 0");
    });
    match (&*answer(&|probe| probe.say("AUTH TLS")), &*answer(&|probe| probe.say("PBSZ 0"))) {
        _ if written.contains("TLS begins") => "Offered",
        (auth, _) if auth.starts_with("234") => "Clear",
        (_, "200") => "Protected",
        ("503", _) => "ClearedByCcc",
        _ if secured == "200" => "Handshaking",
        _ => "Clearing",
    }
}

fn listening() -> Probe {
    let mut probe = Probe::after(&["USER u", "PASS p", "EPSV"]);
    probe.data(DataEvent::Listening { local: ([192, 0, 2, 1], 50_000).into() });
    probe
}

fn connected(probe: &mut Probe) {
    let (local, peer) = (([192, 0, 2, 1], 50_000).into(), ([192, 0, 2, 7], 45_000).into());
    probe.data(DataEvent::Connected { local, peer, tls: None });
}

const PHASES: [(&str, Prepare); 5] = [
    ("Idle", || Probe::after(&["USER u", "PASS p"])),
    ("Asked", || {
        let mut probe = listening();
        probe.say("RETR f");
        probe.seen();
        probe
    }),
    ("Announced", || {
        let mut probe = listening();
        probe.say("RETR f");
        probe.answer();
        probe.seen();
        probe
    }),
    ("Moving", moving),
    ("Settling", || {
        let mut probe = moving();
        probe.data(ended());
        probe.seen();
        probe
    }),
];

/// A transfer's own steps, in each phase that they fit.
pub(super) fn transfer() -> String {
    const STEPS: [(&str, Step); 5] = [
        ("the application has done it", |probe| (!probe.asks.is_empty()).then(|| probe.answer())),
        ("the application cannot", |probe| (!probe.asks.is_empty()).then(|| probe.refuse())),
        ("the peer connects", |probe| probe.data.map(|_| connected(probe))),
        ("no data connection", |probe| probe.data.map(|_| not_connected(probe))),
        ("the octets have moved", |probe| probe.data.map(|_| probe.data(ended()))),
    ];
    let rows = PHASES.iter().skip(1).map(|(phase, prepare)| {
        let cells = STEPS.iter().map(|(_, step)| {
            let mut probe = prepare();
            step(&mut probe).map_or_else(|| "–".to_owned(), |()| probe.seen())
        });
        core::iter::once(format!("**{phase}**")).chain(cells)
    });
    let head: Vec<&str> = core::iter::once("phase").chain(STEPS.iter().map(|(name, _)| *name)).collect();
    table(&head, rows)
}

/// `None` where there is nobody to take it.
type Step = fn(&mut Probe) -> Option<()>;

fn not_connected(probe: &mut Probe) {
    probe.data(DataEvent::Failed { during: DataPhase::Connect, why: Failure::Refused });
}

/// ABOR, QUIT and STAT in each phase of a transfer, and what follows when the driver and storage have done their part.
pub(super) fn abort() -> String {
    const INPUTS: [Input; 3] = [
        ("ABOR", |probe| finish(probe, "ABOR")),
        ("QUIT", |probe| finish(probe, "QUIT")),
        ("STAT", |probe| probe.say("STAT")),
    ];
    outcomes(&PHASES, &INPUTS)
}

fn moving() -> Probe {
    let mut probe = listening();
    probe.say("RETR f");
    connected(&mut probe);
    probe.answer();
    probe.seen();
    probe
}

/// The line, and then whatever the transfer still waits for.
fn finish(probe: &mut Probe, line: &str) {
    let moves = probe.asks.is_empty();
    probe.say(line);
    if moves && probe.data.is_some() {
        // A pump that was told to stop says that it has been stopped.
        let stopped = line == "ABOR";
        let event = if stopped { stopped_event() } else { ended() };
        probe.data(event);
    }
    if !probe.asks.is_empty() {
        probe.answer();
    }
}

const fn stopped_event() -> DataEvent {
    use ftp_proto::data::{TransferFailure, TransferTotals};
    DataEvent::Ended { totals: TransferTotals::NONE, result: Err(TransferFailure::Aborted) }
}

fn outcomes(states: &[(&str, Prepare)], inputs: &[Input]) -> String {
    let rows = states.iter().map(|(state, prepare)| {
        let cells = inputs.iter().map(|(_, input)| {
            let mut probe = prepare();
            input(&mut probe);
            probe.seen()
        });
        core::iter::once(format!("**{state}**")).chain(cells)
    });
    let head: Vec<&str> = core::iter::once("state").chain(inputs.iter().map(|(name, _)| *name)).collect();
    table(&head, rows)
}
