//! What the process may do once it serves: never as root, no way to more, and no files but those that it needs.
//!
//! Linux keeps these for each thread, and threads have them from who starts them: all of it is done before there is a
//! second thread.

use crate::Failure;
use landlock::{
    ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
    path_beneath_rules,
};
use nix::unistd::{Gid, Group, Uid, User};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::thread::{self, CapabilitySet, CapabilitySets};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Whom the server runs as when it is started by root, and root owns what it serves.
const NOBODY: &str = "nobody";

/// What looking up a name reads.
const RESOLVER: [&str; 6] =
    ["/etc", "/usr/lib", "/lib", "/lib64", "/run/systemd/resolve", "/usr/share/zoneinfo"];

/// The newest rules that are known here; an older kernel takes fewer of them.
const RULES: ABI = ABI::V5;

/// A user and the user's own group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    user: Uid,
    group: Gid,
}

/// What the process needs after it has given up everything else.
#[derive(Debug)]
pub(crate) struct Needs<'a> {
    /// What is served.
    pub(crate) root: &'a Path,
    /// Whom to run as, if root is to be left.
    pub(crate) account: Option<Account>,
    /// Active data connections are bound to ports below 1024.
    pub(crate) low_ports: bool,
    /// Files that are read again.
    pub(crate) read: Vec<PathBuf>,
}

/// Whom to run as: who was asked for; else, when root has started us, who owns what is served, or nobody.
pub(crate) fn account(wanted: Option<&str>, root: &Path) -> Result<Option<Account>, Failure> {
    let is_root = Uid::effective().is_root();
    let account = match wanted {
        Some(_) if !is_root => {
            return Err(Failure::Settings("--run-as needs root, which it is there to leave".to_owned()));
        }
        Some(name) => named(name)?,
        None if !is_root => return Ok(None),
        None => match owner(root) {
            Some(owner) if !owner.user.is_root() => owner,
            _ => named(NOBODY)?,
        },
    };
    if account.user.is_root() {
        return Err(Failure::Settings(
            "sessions never run as root: name another user with --run-as".to_owned(),
        ));
    }
    Ok(Some(account))
}

fn owner(root: &Path) -> Option<Account> {
    let metadata = root.metadata().ok()?;
    Some(Account { user: Uid::from_raw(metadata.uid()), group: Gid::from_raw(metadata.gid()) })
}

/// `USER`, `USER:GROUP`, or numbers.
fn named(text: &str) -> Result<Account, Failure> {
    let unknown =
        |what| Failure::Settings(format!("--run-as {text}: there is no such {what} on this machine"));
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let found = match user.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(user),
    };
    let found = found.ok().flatten().ok_or_else(|| unknown("user"))?;
    let group = match group {
        None => found.gid,
        Some(number) if number.parse::<u32>().is_ok() => Gid::from_raw(number.parse().unwrap_or_default()),
        Some(name) => Group::from_name(name).ok().flatten().ok_or_else(|| unknown("group"))?.gid,
    };
    Ok(Account { user: found.uid, group })
}

/// Gives up everything that is not needed. What cannot be given up is an error; what the kernel does not know is logged.
pub(crate) fn give_up(needs: &Needs<'_>) -> Result<Confinement, Failure> {
    if let Some(account) = needs.account {
        become_account(account, needs.low_ports)
            .map_err(|error| Failure::Running(format!("cannot leave root for another user: {error}")))?;
    }
    thread::set_no_new_privs(true)
        .map_err(|error| Failure::Running(format!("cannot renounce new privileges: {error}")))?;
    Ok(confine(needs))
}

/// How far files are out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confinement {
    /// Only what is needed can be reached.
    Whole,
    /// The kernel knows a part of the rules.
    Part,
    /// The kernel knows none of them.
    None,
}

impl Confinement {
    /// Once there is a log.
    pub(crate) fn log(self) {
        match self {
            Self::Whole => tracing::debug!("confined to the files that are needed"),
            Self::Part | Self::None => {
                tracing::info!(confinement = ?self, "this kernel cannot confine the server to its files (Landlock)");
            }
        }
    }
}

/// Tells the operator when what is served is out of reach of whom the server runs as: each client would only hear "permission
/// denied". `write` is whether somebody may upload.
pub(crate) fn log_what_is_out_of_reach(root: &Path, write: bool) {
    let lacks = |access| accessat(CWD, root, access, AtFlags::EACCESS).is_err();
    let consequence = if lacks(Access::READ_OK | Access::EXEC_OK) {
        "every client will be refused"
    } else if write && lacks(Access::WRITE_OK) {
        "uploads into it will be refused"
    } else {
        return;
    };
    let uid = Uid::effective();
    let user = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
    tracing::warn!(
        root = %root.display(), %user,
        "{consequence}: {user} has no permission there; change it with chown or chmod, or run the server as another user (--run-as)"
    );
}

fn become_account(account: Account, low_ports: bool) -> io::Result<()> {
    let bind = if low_ports { CapabilitySet::NET_BIND_SERVICE } else { CapabilitySet::empty() };
    thread::set_keep_capabilities(low_ports)?;
    let user = rustix::process::Uid::from_raw(account.user.as_raw());
    let group = rustix::process::Gid::from_raw(account.group.as_raw());
    thread::set_thread_groups(&[])?;
    thread::set_thread_res_gid(group, group, group)?;
    thread::set_thread_res_uid(user, user, user)?;
    let sets = CapabilitySets { effective: bind, permitted: bind, inheritable: CapabilitySet::empty() };
    thread::set_capabilities(None, sets)?;
    Ok(())
}

fn confine(needs: &Needs<'_>) -> Confinement {
    let read = RESOLVER.iter().map(PathBuf::from).chain(needs.read.iter().cloned());
    let rules = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(RULES))?
            .create()?
            .add_rules(path_beneath_rules(read, AccessFs::from_read(RULES)))?
            .add_rules(path_beneath_rules([needs.root], AccessFs::from_all(RULES)))?
            .restrict_self()
    };
    match rules() {
        Ok(status) if status.ruleset == RulesetStatus::FullyEnforced => Confinement::Whole,
        Ok(status) if status.ruleset == RulesetStatus::PartiallyEnforced => Confinement::Part,
        Ok(_) | Err(_) => Confinement::None,
    }
}
