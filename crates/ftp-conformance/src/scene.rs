//! The application that every server of ours has in this suite: one user with every right, and anonymous, who may read.

use crate::talk::{PASSWORD, USER};
use ftp_backend::standard::Homes;
use ftp_backend::users::{Anonymous, PlainAccount};
use ftp_backend::{Accounts, Backend, Rights, StandardBackend};
use std::sync::Arc;

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
