//! The application that every server of ours has in this suite: one user with every right, and anonymous, who may read; and
//! its certificate.

use crate::talk::{PASSWORD, USER};
use ftp_backend::standard::Homes;
use ftp_backend::users::{Anonymous, PlainAccount};
use ftp_backend::{Accounts, Backend, Rights, StandardBackend};
use ftp_dtp::tls::{ClientCertificates, ForeignNames, ServerTls, TlsIdentity};
use std::sync::{Arc, OnceLock};

/// The application, with users at home in `homes`.
pub fn backend(homes: impl Homes + 'static) -> Arc<dyn Backend> {
    let mut accounts = Accounts::new();
    accounts.allow_anonymous(Anonymous::default());
    accounts.add_plain(PlainAccount {
        name: USER.to_owned(),
        password: PASSWORD.to_owned(),
        home: None,
        rights: Rights::FULL,
    });
    Arc::new(StandardBackend::new(accounts, homes))
}

/// The TLS of every server of ours, for those that have it by their configuration. Its certificate is made once.
///
/// # Panics
/// When no certificate can be made: a case that needs one cannot be played then.
pub fn tls() -> Arc<ServerTls> {
    static TLS: OnceLock<Arc<ServerTls>> = OnceLock::new();
    let make = || {
        let own =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
        let key = own.signing_key.serialize_der().try_into().expect("a key as rcgen makes it");
        let own = TlsIdentity::new(vec![own.cert.der().clone()], key).expect("a certificate and its key");
        Arc::new(
            ServerTls::new(vec![own], ForeignNames::Welcome, &ClientCertificates::NotAsked)
                .expect("a certificate"),
        )
    };
    Arc::clone(TLS.get_or_init(make))
}
