//! Transfer parameters: TYPE, STRU and MODE (RFC 959 §3.1, §3.3, §3.4).

mod representation;

pub use representation::{DataType, FormControl, Structure, TransferMode, TransferParams};
