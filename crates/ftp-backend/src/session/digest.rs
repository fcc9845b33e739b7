//! HASH's algorithms.

use bytes::Bytes;
use ftp_proto::data::StorageFailure;
use ftp_proto::server::HashAlgorithm;
use sha2::Digest;

/// A digest in the making.
pub(super) enum Hasher {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
    Crc32(crc32fast::Hasher),
}

impl Hasher {
    pub(super) fn new(algorithm: HashAlgorithm) -> Result<Self, StorageFailure> {
        Ok(match algorithm {
            HashAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            HashAlgorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Md5 => Self::Md5(md5::Md5::new()),
            HashAlgorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            _ => return Err(StorageFailure::Unsupported),
        })
    }

    pub(super) fn update(&mut self, octets: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(octets),
            Self::Sha512(hasher) => hasher.update(octets),
            Self::Sha1(hasher) => hasher.update(octets),
            Self::Md5(hasher) => hasher.update(octets),
            Self::Crc32(hasher) => hasher.update(octets),
        }
    }

    pub(super) fn finish(self) -> Bytes {
        match self {
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Crc32(hasher) => hasher.finalize().to_be_bytes().to_vec(),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_gives_its_published_digest_of_abc() {
        for (algorithm, digest) in [
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                HashAlgorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgorithm::Crc32, "352441c2"),
        ] {
            let mut hasher = Hasher::new(algorithm).unwrap();
            hasher.update(b"a");
            hasher.update(b"bc");
            let hex: String = hasher.finish().iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(hex, digest, "{}", algorithm.name());
        }
    }
}
