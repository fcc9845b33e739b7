//! Talking under TLS (RFC 4217).

use super::{Control, Data, Failed, Verdict};
use crate::world::tls::{NoWire, TlsWire};
use crate::world::{Wire, World};
use ftp_dtp::tls::{ClientTls, ClientTlsSession, Trust};

impl Control {
    /// AUTH TLS, and TLS.
    pub fn secure(&mut self) -> Verdict {
        self.cmd_expect("AUTH TLS", &[234])?;
        self.begin_tls()
    }

    /// TLS, which has been agreed on.
    pub fn begin_tls(&mut self) -> Verdict {
        let session = new_session()?;
        let wire = core::mem::replace(&mut self.wire, Box::new(NoWire));
        self.wire = under_tls(wire, &session)?;
        self.tls = Some(session);
        self.unread.clear();
        Ok(())
    }

    /// PBSZ 0 and PROT P.
    pub fn protect(&mut self) -> Verdict {
        self.ok("PBSZ 0")?;
        self.ok("PROT P")?;
        self.private = true;
        Ok(())
    }

    /// Connects, goes under TLS, logs in and protects data connections.
    pub fn protected(world: &mut dyn World) -> Result<Self, Failed> {
        let mut control = Self::greeted(world)?;
        control.secure()?;
        control.log_in()?;
        control.protect()?;
        Ok(control)
    }

    /// The server ends TLS on the control connection, after CCC or REIN; so do we, and go on in the clear.
    pub fn expect_end_of_tls(&mut self) -> Verdict {
        match self.wire.read(&mut [0; 16]) {
            Ok(0) => {}
            other => return Err(Failed(format!("expected close_notify, got {other:?}"))),
        }
        let wire = core::mem::replace(&mut self.wire, Box::new(NoWire));
        self.wire = wire.without_tls();
        Ok(())
    }

    /// PROT P is not in force any more.
    pub const fn forget_protection(&mut self) {
        self.private = false;
    }

    /// A data connection under TLS that knows nothing of the control connection's.
    pub fn open_as_stranger(&self, data: Data) -> Result<Box<dyn Wire>, Failed> {
        under_tls(data.wire()?, &new_session()?)
    }

    /// A data connection, under TLS if PROT P is in force.
    pub fn open(&self, data: Data) -> Result<Box<dyn Wire>, Failed> {
        let wire = data.wire()?;
        match &self.tls {
            Some(session) if self.private => under_tls(wire, session),
            _ => Ok(wire),
        }
    }
}

/// TLS of a client that is nobody in particular.
fn new_session() -> Result<ClientTlsSession, Failed> {
    let session = ClientTls::new("localhost", &Trust::Anybody).and_then(|tls| tls.session());
    session.map_err(|error| Failed(format!("no TLS: {error}")))
}

fn under_tls(wire: Box<dyn Wire>, session: &ClientTlsSession) -> Result<Box<dyn Wire>, Failed> {
    let stream = session.stream().map_err(|error| Failed(format!("no TLS: {error}")))?;
    let wire = TlsWire::new(wire, stream).map_err(|error| Failed(format!("no TLS: {error}")))?;
    Ok(Box::new(wire))
}
