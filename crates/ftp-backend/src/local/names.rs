//! Names that this server makes beside users' files. They are in no listing and cannot be asked for.

use sha2::{Digest, Sha256};

/// What every such name begins with.
const PREFIX: &[u8] = b".ftp-upload.";

/// Whether a name is one of ours.
pub(super) fn is_ours(name: &[u8]) -> bool {
    name.starts_with(PREFIX)
}

/// A name for an upload in progress: nobody else has it.
pub(super) fn temporary() -> Result<Vec<u8>, rustix::io::Errno> {
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    Ok(named(&random))
}

/// The name under which part of an upload to `name` is kept for `owner`.
pub(super) fn kept(owner: &[u8], name: &[u8]) -> Vec<u8> {
    let digest = Sha256::new().chain_update(owner).chain_update([0]).chain_update(name).finalize();
    named(digest.get(..16).unwrap_or_default())
}

fn named(octets: &[u8]) -> Vec<u8> {
    let mut name = PREFIX.to_vec();
    name.extend(octets.iter().flat_map(|octet| format!("{octet:02x}").into_bytes()));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_by_its_owner_and_by_nobody_else() {
        assert_eq!(kept(b"alice", b"file"), kept(b"alice", b"file"));
        assert_ne!(kept(b"alice", b"file"), kept(b"bob", b"file"));
        assert_ne!(kept(b"alice", b"file"), kept(b"alic", b"efile"));
        assert_ne!(temporary().unwrap(), temporary().unwrap());
        assert!(is_ours(&kept(b"alice", b"file")) && is_ours(&temporary().unwrap()) && !is_ours(b".ftp"));
    }
}
