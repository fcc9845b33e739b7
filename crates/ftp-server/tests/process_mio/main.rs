//! The tests of `process` again, with `--driver mio`.

#[path = "../process/balancer.rs"]
mod balancer;
#[path = "../process/descriptors.rs"]
mod descriptors;
#[path = "../process/durability.rs"]
mod durability;
#[path = "../process/faults.rs"]
mod faults;
#[path = "../process/harness.rs"]
mod harness;
#[path = "../process/idle.rs"]
mod idle;
#[path = "../process/killed.rs"]
mod killed;
#[path = "../process/lines.rs"]
mod lines;
#[path = "../process/load.rs"]
mod load;
#[path = "../process/logs.rs"]
mod logs;
#[path = "../process/metrics.rs"]
mod metrics;
#[path = "../process/options.rs"]
mod options;
#[path = "../process/privileges.rs"]
mod privileges;
#[path = "../process/settings.rs"]
mod settings;
#[path = "../process/sharing.rs"]
mod sharing;
#[path = "../process/signals.rs"]
mod signals;
#[path = "../process/strangers.rs"]
mod strangers;
#[path = "../process/tls.rs"]
mod tls;
#[path = "../process/transcripts.rs"]
mod transcripts;
