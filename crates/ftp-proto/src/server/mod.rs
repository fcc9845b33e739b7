//! The server side: protocol interpreter of a control connection.

mod ask;
pub use ask::*;
