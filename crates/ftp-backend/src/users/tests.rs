use super::*;
use crate::rights::Right;
use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use core::time::Duration;
use std::time::Instant;

/// As [`hash_password`], but cheap.
fn cheap_hash(password: &[u8]) -> String {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
    let salt = SaltString::from_b64("c2FsdHNhbHQ").unwrap();
    argon2.hash_password(password, &salt).unwrap().to_string()
}

fn accounts() -> Accounts {
    let mut accounts = Accounts::new();
    accounts.add_plain("plain:secret".parse().unwrap());
    let hashed = format!("[[user]]\nname = \"hashed\"\npassword = \"{}\"\n", cheap_hash(b"secret"));
    UsersFile::parse(&hashed).unwrap().add_to(&mut accounts).unwrap();
    accounts
}

#[test]
fn s6_every_octet_of_a_password_counts() {
    let accounts = accounts();
    for name in [&b"plain"[..], b"hashed"] {
        assert!(accounts.verify(name, b"secret").is_some());
        for wrong in [&b"secret\0"[..], b"secret\0x", b"secre", b"Secret", b"secret ", b"", b"\0"] {
            assert!(accounts.verify(name, wrong).is_none(), "{}", wrong.escape_ascii());
        }
    }
    assert!(accounts.verify(b"nobody", b"secret").is_none());
    assert!(accounts.verify(b"plain\0", b"secret").is_none());
}

#[test]
fn s19_an_unknown_user_costs_as_much_as_a_wrong_password() {
    let accounts = accounts();
    let median = |name: &[u8]| {
        let mut times: Vec<Duration> = (0..201)
            .map(|_| {
                let begin = Instant::now();
                assert!(accounts.verify(name, b"wrong").is_none());
                begin.elapsed()
            })
            .collect();
        times.sort();
        times[times.len() / 2]
    };
    let (known, plain, unknown) = (median(b"hashed"), median(b"plain"), median(b"nobody"));
    // A difference would be the cost of a whole hash: far more than a factor of three.
    assert!(plain < known * 3 && known < plain * 3, "{known:?} {plain:?}");
    assert!(unknown < known * 3 && known < unknown * 3, "{known:?} {unknown:?}");
}

#[test]
fn anonymous_has_two_names_and_only_if_allowed() {
    let mut accounts = accounts();
    assert_eq!(accounts.anonymous(b"anonymous"), None);
    accounts.allow_anonymous(Anonymous::default());
    for name in [&b"anonymous"[..], b"ftp", b"Anonymous", b"FTP"] {
        assert_eq!(accounts.anonymous(name).unwrap().rights, Rights::READ_ONLY);
    }
    assert_eq!(accounts.anonymous(b"plain"), None);
    accounts.add_plain("ftp:secret".parse().unwrap());
    assert_eq!(accounts.anonymous(b"ftp"), None, "that is a user with a password now");
}

#[test]
fn name_and_password_are_split_at_the_first_colon() {
    let account: PlainAccount = "bob:a:b".parse().unwrap();
    assert_eq!((account.name.as_str(), account.password.as_str()), ("bob", "a:b"));
    assert_eq!(format!("{account:?}"), "PlainAccount { name: \"bob\", .. }");
    for wrong in ["bob", ":x", "b\nob:x", ""] {
        assert_eq!(wrong.parse::<PlainAccount>(), Err(PlainAccountError));
    }
}

#[test]
fn a_users_file_is_read_and_what_passwd_prints_is_one() {
    let mut text = user_lines("al\"ice\\", b"secret").unwrap();
    text.push_str("home = \"al\"\nrights = \"read-only, mkdir\"\n");
    assert!(
        UsersFile::parse(&text).unwrap().add_to(&mut Accounts::new()).is_err(),
        "read-only is no single right"
    );
    let text = text.replace("read-only, mkdir", "list, mkdir") + "[anonymous]\nrights = \"list\"\n";
    let mut accounts = Accounts::new();
    UsersFile::parse(&text).unwrap().add_to(&mut accounts).unwrap();
    let account = accounts.verify(b"al\"ice\\", b"secret").unwrap();
    assert_eq!(account.home.as_deref(), Some("al"));
    assert_eq!(account.rights, [Right::List, Right::MakeDirectory].into_iter().collect());
    assert_eq!(accounts.anonymous(b"ftp").unwrap().rights, Rights::NONE.with(Right::List));
}

#[test]
fn what_is_wrong_in_a_users_file_is_named_without_showing_a_hash() {
    let add = |text: &str| UsersFile::parse(text).and_then(|file| file.add_to(&mut Accounts::new()));
    let hash = cheap_hash(b"x");
    let user = |name: &str, hash: &str| format!("[[user]]\nname = \"{name}\"\npassword = \"{hash}\"\n");
    assert_eq!(add(&(user("a", &hash) + &user("a", &hash))), Err(UsersFileError::Twice("a".to_owned())));
    assert_eq!(add(&user("", &hash)), Err(UsersFileError::Name));
    assert!(matches!(add(&user("a", "secret")), Err(UsersFileError::Password { .. })));
    assert_eq!(add("[[user]]\nname = \"a\"\n"), Err(UsersFileError::NoWayIn("a".to_owned())));
    assert!(matches!(add(&(user("a", &hash) + "rights = \"fly\"\n")), Err(UsersFileError::Rights { .. })));
    let error = add(&(user("a", &hash) + "shell = 1\n")).unwrap_err().to_string();
    assert!(error.contains("line 4") && !error.contains("$argon2"), "{error}");
}

#[test]
fn a_user_with_certificates_only_has_no_password_that_is_right() {
    let mut accounts = accounts();
    let file = "[[user]]\nname = \"robot\"\ncertificates = [\"robot\"]\ntls = \"require\"\n";
    UsersFile::parse(file).unwrap().add_to(&mut accounts).unwrap();
    for password in [&b""[..], b"robot", b"secret"] {
        assert!(accounts.verify(b"robot", password).is_none());
    }
    assert_eq!(accounts.tls_rule(b"robot"), Some(TlsRule::Require));
    assert!(accounts.certified(b"robot", b"no certificate").is_none());
}
