//! One suite of FTP conformance cases, for any server.
//!
//! * [`checklist`]: every requirement, and how it is shown.
//! * [`cases`]: the cases themselves, by the document that asks for them. Each is a plain function in blocking style.
//! * [`world`]: where they are played. A case knows nothing of sockets, drivers or simulated time.
//! * [`clients`]: cases for clients, which are run as commands.
//! * [`talk`]: what cases are written with.
//! * [`conversation`]: whole conversations by chance, in the simulator, judged from outside.
//!
//! ```
//! use ftp_conformance::case::{Outcome, play};
//! use ftp_conformance::{cases, world::sim::Simulator};
//!
//! let noop = cases::all().find(|case| case.id == "959-49").expect("the case is registered");
//! assert!(matches!(play(noop, &Simulator { seed: 1 }), Outcome::Passed));
//! ```

pub mod case;
pub mod cases;
pub mod checklist;
pub mod clients;
pub mod conversation;
pub mod report;
pub mod scene;
pub mod talk;
pub mod world;
