//! Tests of the program as it is run: the real binary, real sockets, real faults.
//!
//! What needs root, a mount namespace of its own, or another user says so on standard error and passes when it cannot
//! have it.

mod balancer;
mod descriptors;
mod durability;
mod explain;
mod faults;
mod harness;
mod idle;
mod killed;
mod lines;
mod load;
mod logs;
mod metrics;
mod options;
mod privileges;
mod settings;
mod sharing;
mod signals;
mod strangers;
mod tls;
mod transcripts;
