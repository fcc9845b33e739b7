//! Why the network says no, in the protocol's terms.

use ftp_proto::data::Failure;
use rustix::io::Errno;
use std::io;

/// Why an operation on sockets failed. What it means for the session, and the text for it, are the core's.
///
/// The table is for sockets only; files have [`storage_failure`](crate::storage::storage_failure).
#[must_use]
pub fn failure(error: &io::Error) -> Failure {
    use io::ErrorKind as K;
    if let Some(failure) = Errno::from_io_error(error).and_then(by_errno) {
        return failure;
    }
    match error.kind() {
        K::ConnectionRefused => Failure::Refused,
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::NotConnected => Failure::Reset,
        K::TimedOut => Failure::TimedOut,
        K::HostUnreachable => Failure::HostUnreachable,
        K::NetworkUnreachable | K::NetworkDown => Failure::Unreachable,
        K::AddrInUse => Failure::AddressInUse,
        K::AddrNotAvailable => Failure::AddressUnavailable,
        K::PermissionDenied => Failure::PermissionDenied,
        _ => Failure::Other,
    }
}

/// The error numbers for which the standard library has no kind.
fn by_errno(errno: Errno) -> Option<Failure> {
    Some(match errno {
        Errno::MFILE | Errno::NFILE => Failure::TooManyDescriptors,
        Errno::HOSTDOWN => Failure::HostUnreachable,
        // Without the address family there is no way there; `ENONET` is a machine that is not on the network.
        Errno::AFNOSUPPORT | Errno::NONET => Failure::Unreachable,
        // Keep-alive found the peer gone; the socket was shut down under us.
        Errno::NETRESET | Errno::SHUTDOWN => Failure::Reset,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_number_of_the_network_has_its_failure() {
        let table = [
            (Errno::CONNREFUSED, Failure::Refused),
            (Errno::CONNRESET, Failure::Reset),
            (Errno::CONNABORTED, Failure::Reset),
            (Errno::PIPE, Failure::Reset),
            (Errno::NOTCONN, Failure::Reset),
            (Errno::NETRESET, Failure::Reset),
            (Errno::SHUTDOWN, Failure::Reset),
            (Errno::TIMEDOUT, Failure::TimedOut),
            (Errno::HOSTUNREACH, Failure::HostUnreachable),
            (Errno::HOSTDOWN, Failure::HostUnreachable),
            (Errno::NETUNREACH, Failure::Unreachable),
            (Errno::NETDOWN, Failure::Unreachable),
            (Errno::NONET, Failure::Unreachable),
            (Errno::AFNOSUPPORT, Failure::Unreachable),
            (Errno::ADDRINUSE, Failure::AddressInUse),
            (Errno::ADDRNOTAVAIL, Failure::AddressUnavailable),
            (Errno::ACCESS, Failure::PermissionDenied),
            (Errno::PERM, Failure::PermissionDenied),
            (Errno::MFILE, Failure::TooManyDescriptors),
            (Errno::NFILE, Failure::TooManyDescriptors),
            (Errno::NOBUFS, Failure::Other),
            (Errno::INVAL, Failure::Other),
        ];
        for (errno, expected) in table {
            assert_eq!(failure(&errno.into()), expected, "{errno:?}");
        }
    }

    #[test]
    fn errors_without_a_number_are_told_by_their_kind() {
        assert_eq!(failure(&io::ErrorKind::BrokenPipe.into()), Failure::Reset);
        assert_eq!(failure(&io::ErrorKind::InvalidData.into()), Failure::Other);
    }
}
