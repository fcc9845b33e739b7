//! Why data connections fail, and what cures it.
//!
//! * [`explain`]: for each id of the failure catalogue, the cause, the cure, and who must act.
//! * [`verdict`]: what the probes of a client tell together.
//! * [`firewall`]: the rules that a configuration needs, in the language of each firewall.
//!
//! All of it is pure: programs probe, print and load.
//!
//! ```
//! use ftp_doctor::explain;
//! use ftp_proto::data::FailureId;
//!
//! let explanation = explain(FailureId::PortPrivate);
//! assert!(explanation.cure.contains("--external-address"));
//! ```

mod catalogue;
pub mod firewall;
pub mod verdict;

pub use catalogue::{Explanation, Who, explain};
