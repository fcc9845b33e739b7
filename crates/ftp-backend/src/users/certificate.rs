//! Certificates that stand for a user. That an authority vouches for one was checked in the handshake; here is whose it is.

use ftp_dtp::tls::Fingerprint;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Which certificates a user may log in by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Certificate {
    /// This one.
    Fingerprint(Fingerprint),
    /// Every one that was made out to this common name or mail address.
    Name(String),
}

impl From<&str> for Certificate {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Fingerprint)
    }
}

impl Certificate {
    /// Whether `shown`, in DER form, is such a certificate.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        match self {
            Self::Fingerprint(own) => Fingerprint::of(shown) == *own,
            Self::Name(name) => names(shown).is_some_and(|names| names.contains(name)),
        }
    }
}

/// To whom a certificate was made out: its common name, if it has just one, and its mail addresses. What cannot be read is
/// nobody's.
fn names(certificate: &[u8]) -> Option<Vec<String>> {
    let (rest, certificate) = X509Certificate::from_der(certificate).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let common: Vec<_> = certificate.subject().iter_common_name().collect();
    let common = match common[..] {
        [name] => name.as_str().ok().map(str::to_owned),
        _ => None,
    };
    let alternative = certificate.subject_alternative_name().ok()?;
    let mail = alternative.iter().flat_map(|extension| &extension.value.general_names).filter_map(|name| {
        let GeneralName::RFC822Name(address) = name else { return None };
        Some((*address).to_owned())
    });
    Some(common.into_iter().chain(mail).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    fn made_out_to(common: &str, mail: Option<&str>) -> Vec<u8> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, common);
        params.subject_alt_names.extend(mail.map(|mail| SanType::Rfc822Name(mail.try_into().unwrap())));
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn rule(text: &str) -> Certificate {
        text.into()
    }

    #[test]
    fn a_name_is_the_whole_common_name_or_a_mail_address() {
        let shown = made_out_to("alice", Some("alice@example.com"));
        assert!(rule("alice").is(&shown) && rule("alice@example.com").is(&shown));
        for other in ["Alice", "alic", "alice ", "", "bob", "example.com"] {
            assert!(!rule(other).is(&shown), "{other:?}");
        }
    }

    #[test]
    fn a_fingerprint_is_one_certificate() {
        let (one, other) = (made_out_to("alice", None), made_out_to("alice", None));
        let rule = rule(&Fingerprint::of(&one).to_string());
        assert!(rule.is(&one) && !rule.is(&other));
    }

    #[test]
    fn what_is_no_certificate_is_nobodys() {
        let mut longer = made_out_to("alice", None);
        longer.push(0);
        for not_one in [&b""[..], b"alice", &longer] {
            assert!(!rule("alice").is(not_one));
        }
    }
}
