//! One entry in the form that the command has.

use crate::rights::Rights;
use crate::storage::{Detail, Item};
use bytes::{BufMut, BytesMut};
use ftp_proto::facts::{Entry, Fact, FactSet, TimeVal, list, mlst};
use ftp_proto::server::TransferVerb;

/// What a listing looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    pub(super) verb: TransferVerb,
    pub(super) facts: FactSet,
    pub(super) now: TimeVal,
    pub(super) all: bool,
    pub(super) recursive: bool,
    pub(super) rights: Rights,
}

impl Format {
    /// What has to be known of each entry.
    pub(super) fn detail(&self) -> Detail {
        match self.verb {
            TransferVerb::Nlst => Detail::Names,
            TransferVerb::Mlsd if self.facts.contains(Fact::Perm) => Detail::Access,
            _ => Detail::Facts,
        }
    }

    /// Appends a line for `item`, whose directory's names begin with `prefix`.
    pub(super) fn write(&self, item: Item, prefix: &[u8], out: &mut BytesMut) {
        match self.verb {
            TransferVerb::Mlsd => {
                let entry = Entry { permissions: Some(self.rights.perm(&item)), ..item.entry };
                // A name that cannot be written cannot be asked for either: it is left out.
                let _ = mlst::write_line(&entry, self.facts, out);
            }
            TransferVerb::Nlst => {
                if prefix.is_empty() {
                    let _ = list::write_name(&item.entry.name, out);
                } else {
                    let _ = list::write_name(&[prefix, &item.entry.name].concat(), out);
                }
            }
            _ => list::write_unix(&item.entry, self.now, out),
        }
    }

    /// Appends what stands before a subdirectory in a recursive listing: as `ls -lR` has it, nothing in NLST, where names
    /// say it themselves.
    pub(super) fn write_heading(&self, prefix: &[u8], out: &mut BytesMut) {
        if self.verb == TransferVerb::List {
            let directory = prefix.strip_suffix(b"/").unwrap_or(prefix);
            if directory.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
                return;
            }
            out.put_slice(b"\r\n");
            out.put_slice(directory);
            out.put_slice(b":\r\n");
        }
    }
}
