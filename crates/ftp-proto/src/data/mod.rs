//! The data connection: modes, ports, policy, events, the failure catalogue, and the one machine that both sides
//! use for it (RFC 959 §3.2 and §3.3, RFC 2428).

mod event;
mod failure;
pub mod link;
mod mode;
mod policy;
mod ports;
mod saw;

pub use event::{
    DataEvent, DataId, DataPhase, Failure, Resumption, StorageFailure, StreamEnd, TlsFacts, TransferFailure,
    TransferId, TransferTotals,
};
pub use failure::FailureId;
pub use mode::{AddressForm, DataMode, Opening, Side, TlsRole};
pub use policy::{
    Announce, DataCondition, DataFacts, DataPolicy, DataPolicyRow, ForeignTarget, PeerCheck,
    RequireResumption,
};
pub use ports::{AcceptFrom, Admission, PortRange, SourceEndpoint, SourcePort};
pub use saw::Saw;
