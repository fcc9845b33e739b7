//! The server that every world of ours has: one user with every right, and anonymous, who may read.

use crate::talk::{PASSWORD, USER};
use core::time::Duration;
use ftp_backend::session::UserSession;
use ftp_backend::{Backend, HostVerdict, LoginAttempt, LoginVerdict, Rights, Storage};
use ftp_proto::server::{Grant, LoginRefusal, LoginStage};
use std::sync::Arc;

#[derive(Debug)]
struct Scene<S>(S);

/// The application of a world, on this storage.
pub fn backend<S: Storage + Clone + 'static>(storage: &S) -> Arc<dyn Backend> {
    Arc::new(Scene(storage.clone()))
}

impl<S: Storage + Clone + 'static> Backend for Scene<S> {
    fn host(&self, host: &[u8]) -> HostVerdict {
        match host {
            b"down.example" => HostVerdict::Unavailable,
            b"localhost" | b"127.0.0.1" | b"::1" => HostVerdict::Accept,
            _ => HostVerdict::Unknown,
        }
    }

    fn login(&self, attempt: &LoginAttempt<'_>) -> LoginVerdict {
        let right = match attempt.stage {
            LoginStage::User => return LoginVerdict::NeedPassword,
            LoginStage::Password(password) if attempt.user == USER.as_bytes() => {
                (password.expose() == PASSWORD.as_bytes()).then_some(Rights::FULL)
            }
            LoginStage::Password(_) => (attempt.user == b"anonymous").then_some(Rights::READ_ONLY),
            LoginStage::Account(_) => None,
        };
        match right {
            Some(rights) => LoginVerdict::Accept {
                grant: Grant::default(),
                session: Arc::new(UserSession::new(Arc::new(self.0.clone()), rights, None)),
            },
            None => LoginVerdict::Refuse { why: LoginRefusal::Credentials, after: Duration::ZERO },
        }
    }
}
