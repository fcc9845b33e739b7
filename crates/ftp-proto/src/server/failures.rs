//! How a failure of storage is told: one table of codes by command, one of texts.
//!
//! The codes are those that RFC 959 §5.4 lists for the command; the text says what is the matter.

use crate::command::Verb;
use crate::data::{Failure, StorageFailure, TransferFailure};
use crate::reply::{Reply, ReplyCode};
use alloc::format;

/// Which codes a command may be refused with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// 550 whatever it is: CWD, MKD, SIZE and the like.
    Name,
    /// 450 while it is in use, else 550: DELE, RNFR, RETR.
    File,
    /// 450: LIST, NLST, STAT.
    Listing,
    /// 501 when it is no directory, else 550: MLSD.
    FactListing,
    /// 553, or what is wrong with the disk: STOR, STOU, RNTO.
    Store,
    /// As STOR, with 550 for what is wrong with the name: APPE.
    Append,
}

const fn family(verb: Verb) -> Family {
    match verb {
        Verb::Dele | Verb::Rnfr | Verb::Retr => Family::File,
        Verb::List | Verb::Nlst | Verb::Stat => Family::Listing,
        Verb::Mlsd => Family::FactListing,
        Verb::Stor | Verb::Stou | Verb::Rnto => Family::Store,
        Verb::Appe => Family::Append,
        _ => Family::Name,
    }
}

/// The reply to `verb` when storage refused it before anything was transferred.
pub(super) fn refused(verb: Verb, why: StorageFailure) -> Reply {
    let code = match (family(verb), why) {
        (Family::FactListing, StorageFailure::NotADirectory) => ReplyCode::ARGUMENT_SYNTAX_ERROR,
        (Family::Name | Family::FactListing, _) => ReplyCode::FILE_UNAVAILABLE,
        (Family::Listing, _) => ReplyCode::FILE_ACTION_NOT_TAKEN,
        (Family::File, StorageFailure::Busy) => ReplyCode::FILE_ACTION_NOT_TAKEN,
        (Family::File, _) => ReplyCode::FILE_UNAVAILABLE,
        (Family::Store | Family::Append, _) if matches!(verb, Verb::Rnto) => ReplyCode::FILE_NAME_NOT_ALLOWED,
        (Family::Store | Family::Append, StorageFailure::Busy) => ReplyCode::FILE_ACTION_NOT_TAKEN,
        (Family::Store | Family::Append, StorageFailure::NoSpace) => ReplyCode::INSUFFICIENT_STORAGE,
        (Family::Store | Family::Append, StorageFailure::QuotaExceeded | StorageFailure::TooLarge) => {
            ReplyCode::EXCEEDED_STORAGE
        }
        (Family::Store | Family::Append, StorageFailure::BadOffset) => ReplyCode::INVALID_RESTART,
        (Family::Store | Family::Append, StorageFailure::Local) => ReplyCode::LOCAL_ERROR,
        (Family::Store, _) => ReplyCode::FILE_NAME_NOT_ALLOWED,
        (Family::Append, _) => ReplyCode::FILE_UNAVAILABLE,
    };
    Reply::new(code, format!("{}.", storage_text(why)))
}

/// The final reply of a transfer that was announced and did not complete.
pub(super) fn transfer_failed(why: TransferFailure) -> Reply {
    match why {
        TransferFailure::Aborted => Reply::new(ReplyCode::TRANSFER_ABORTED, "Transfer aborted."),
        TransferFailure::Connection(failure) => {
            let text = format!("Data connection failed: {}.", network_text(failure));
            Reply::new(ReplyCode::TRANSFER_ABORTED, text)
        }
        TransferFailure::Truncated => Reply::new(
            ReplyCode::TRANSFER_ABORTED,
            "The data connection ended before the data did; the file is not complete.",
        ),
        TransferFailure::Malformed => Reply::new(
            ReplyCode::TRANSFER_ABORTED,
            "The data is not in the structure and mode in force; the file is not complete.",
        ),
        TransferFailure::Storage(failure) => {
            Reply::new(code_amid_transfer(failure), format!("{}.", storage_text(failure)))
        }
    }
}

/// After the preliminary reply, RFC 959 knows 451 and 552 for storage.
const fn code_amid_transfer(why: StorageFailure) -> ReplyCode {
    match why {
        StorageFailure::NoSpace | StorageFailure::QuotaExceeded | StorageFailure::TooLarge => {
            ReplyCode::EXCEEDED_STORAGE
        }
        _ => ReplyCode::LOCAL_ERROR,
    }
}

/// What is the matter, without a full stop.
pub(super) const fn storage_text(why: StorageFailure) -> &'static str {
    match why {
        StorageFailure::NotFound => "No such file or directory",
        StorageFailure::NotADirectory => "Not a directory",
        StorageFailure::IsADirectory => "Is a directory",
        StorageFailure::NotARegularFile => "Not a regular file",
        StorageFailure::Exists => "The name exists already",
        StorageFailure::NotEmpty => "The directory is not empty",
        StorageFailure::Denied => "Permission denied",
        StorageFailure::ReadOnly => "Read-only: nothing can be changed here",
        StorageFailure::Busy => "In use; try again later",
        StorageFailure::NoSpace => "The disk is full",
        StorageFailure::QuotaExceeded => "The quota is used up",
        StorageFailure::TooLarge => "The file would be too large",
        StorageFailure::BadName => "This name cannot be used",
        StorageFailure::BadOffset => "Restart beyond the end of the file",
        StorageFailure::Unsupported => "Not supported for this file",
        StorageFailure::Changed => "The file changed while it was sent",
        StorageFailure::Local => "Local error of the server; its operator must act",
    }
}

/// What is the matter with the network, without a full stop.
pub(super) const fn network_text(why: Failure) -> &'static str {
    match why {
        Failure::AddressInUse => "the address is in use",
        Failure::PortsExhausted => "every port of the range is in use",
        Failure::TooManyDescriptors => "the server has no file descriptor left",
        Failure::WrongPeer => "another host connected",
        Failure::HostUnreachable => "the host cannot be reached",
        Failure::AddressUnavailable => "the address and port cannot be used",
        Failure::PermissionDenied => "the system forbids it",
        Failure::Refused => "the connection was refused",
        Failure::Unreachable => "the network cannot be reached",
        Failure::TimedOut => "no answer in time",
        Failure::Reset => "the connection was reset",
        Failure::Tls => "TLS failed",
        Failure::NotResumed => "TLS did not resume the control connection's session",
        Failure::Other => "an error of the network",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(verb: Verb, why: StorageFailure) -> u16 {
        refused(verb, why).code.get()
    }

    #[test]
    fn s34_storage_failures_are_told_with_the_codes_of_rfc_959() {
        use StorageFailure::{BadOffset, Busy, Denied, NoSpace, NotADirectory, NotFound, QuotaExceeded};
        let table = [
            (Verb::Retr, NotFound, 550),
            (Verb::Retr, Busy, 450),
            (Verb::Cwd, NotFound, 550),
            (Verb::List, NotFound, 450),
            (Verb::Mlsd, NotADirectory, 501),
            (Verb::Mlsd, NotFound, 550),
            (Verb::Stor, Denied, 553),
            (Verb::Stor, NoSpace, 452),
            (Verb::Stor, QuotaExceeded, 552),
            (Verb::Stor, BadOffset, 554),
            (Verb::Appe, Denied, 550),
            (Verb::Rnto, NoSpace, 553),
            (Verb::Dele, Busy, 450),
        ];
        for (verb, why, expected) in table {
            assert_eq!(code(verb, why), expected, "{verb:?} {why:?}");
        }
        assert_eq!(transfer_failed(TransferFailure::Storage(NoSpace)).code.get(), 552);
        assert_eq!(transfer_failed(TransferFailure::Storage(StorageFailure::Local)).code.get(), 451);
    }

    #[test]
    fn a_data_connection_that_broke_is_told_with_its_reason() {
        let reply = transfer_failed(TransferFailure::Connection(Failure::NotResumed));
        assert_eq!(reply.code.get(), 426);
        assert!(reply.text().windows(10).any(|text| text == b"not resume"), "{reply:?}");
    }
}
