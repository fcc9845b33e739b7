//! TLS on control and data connections (RFC 4217), for both sides and both drivers.
//!
//! [`ServerTls`] and [`ClientTls`] are made once. Each control connection takes a session of its own from them, and its data
//! connections are bound to it: on the server they can resume that control connection's TLS session and no other; on the
//! client they are judged by the control connection's certificate. What comes out of a session is a [`TlsStream`], which is
//! put between the socket and whoever moves octets.

mod authorities;
mod client;
mod ending;
mod fingerprint;
mod identity;
mod server;
mod sessions;
mod stream;

pub use authorities::{Authorities, ClientCertificates};
pub use client::{ClientTls, ClientTlsSession, TlsVersion, Trust};
pub(crate) use ending::Ending;
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use identity::{ForeignNames, TlsIdentity};
pub use server::{ServerTls, ServerTlsSession, TlsError};
pub use stream::{Handshake, TlsStream};

#[cfg(test)]
mod tests;
