//! THE table: one row a verb. Parsing, gating, HELP, FEAT, docs and the fuzz dictionary read it.

/// One verb.
#[derive(Debug)]
pub struct CommandSpec {
    /// As it is written.
    pub name: &'static str,
    /// What it means; aliases share it.
    pub verb: Verb,
    /// The form of its argument.
    pub argument: ArgumentKind,
    /// When it is served.
    pub gate: Gate,
    /// What it does while a transfer is in service.
    pub during_transfer: DuringTransfer,
    /// Its line in FEAT, where that is fixed.
    pub feat: Option<&'static str>,
    /// Where it is defined.
    pub rfc: &'static str,
}

/// The form of a command's argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentKind {
    /// There must be none.
    None,
    /// A pathname.
    Path,
    /// A pathname, or none.
    OptionalPath,
    /// `ls` options and a pathname, each optional.
    Listing,
    /// `h1,h2,h3,h4,p1,p2`.
    HostPort,
    /// `|af|address|port|`.
    Extended,
    /// A decimal number, or a form of its own that is mostly one.
    Number,
    /// The first and the last octet of a range.
    Range,
    /// A pathname; or one in quotes, and the octets that are meant.
    Digest,
    /// A word or text.
    Text,
    /// A word or text, or none.
    OptionalText,
    /// Octets that are never shown.
    Secret,
}

/// When a command is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Always.
    Always,
    /// After login; 530 before.
    NeedsLogin,
    /// Under TLS; 503 before.
    NeedsTls,
}

/// What a command does while a transfer is in service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuringTransfer {
    /// It waits for its turn.
    Wait,
    /// It cuts the transfer, wherever it stands in the queue (ABOR).
    Interrupts,
    /// It is served at once if it is the next (STAT), or ends the wait for a data connection (QUIT).
    ActsAtHead,
}

macro_rules! table {
    ($($name:literal $verb:ident $argument:ident $gate:ident $during:ident $feat:expr, $rfc:literal;)*) => {
        /// Every verb, in the order in which HELP lists them.
        pub const SPECS: &[CommandSpec] = &[$(CommandSpec {
            name: $name,
            verb: Verb::$verb,
            argument: ArgumentKind::$argument,
            gate: Gate::$gate,
            during_transfer: DuringTransfer::$during,
            feat: $feat,
            rfc: $rfc,
        }),*];
    };
}

/// What a command means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[rustfmt::skip]
#[allow(missing_docs, reason = "each is the command of that name; the table has its RFC")]
pub enum Verb {
    Abor, Acct, Allo, Appe, Auth, Avbl, Ccc, Cdup, Clnt, Cwd, Dele, Eprt, Epsv, Feat, Hash, Help, Host, Lang, List,
    Mdtm, Mfct, Mff, Mfmt, Mkd, Mlsd, Mlst, Mode, Nlst, Noop, Opts, Pass, Pasv, Pbsz, Port, Prot, Pwd, Quit, Rang,
    Rein, Rest, Retr, Rmd, Rnfr, Rnto, Site, Size, Smnt, Stat, Stor, Stou, Stru, Syst, Type, User, Xcrc, Xmd5, Xsha1,
    Xsha256, Xsha512,
}

#[rustfmt::skip]
table! {
    // name verb  argument     gate       during transfer  FEAT             defined in
    "ABOR" Abor   None         NeedsLogin Interrupts None,                  "RFC 959 §4.1.3";
    "ACCT" Acct   Secret       Always     Wait       None,                  "RFC 959 §4.1.1";
    "ALLO" Allo   Number       NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "APPE" Appe   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "AUTH" Auth   Text         Always     Wait       None,                  "RFC 2228 §3";
    "AVBL" Avbl   OptionalPath NeedsLogin Wait       Some("AVBL"),          "draft-peterson-streamlined-ftp-command-extensions §4";
    "CCC"  Ccc    None         Always     Wait       None,                  "RFC 2228 §3";
    "CDUP" Cdup   None         NeedsLogin Wait       None,                  "RFC 959 §4.1.1";
    "CLNT" Clnt   Text         Always     Wait       Some("CLNT"),          "RFC 5797 §3 (registered)";
    "CWD"  Cwd    Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.1";
    "DELE" Dele   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "EPRT" Eprt   Extended     NeedsLogin Wait       Some("EPRT"),          "RFC 2428 §2";
    "EPSV" Epsv   OptionalText NeedsLogin Wait       Some("EPSV"),          "RFC 2428 §3";
    "FEAT" Feat   None         Always     Wait       None,                  "RFC 2389 §3";
    "HASH" Hash   Path         NeedsLogin Wait       None,                  "draft-bryan-ftpext-hash-02 §3";
    "HELP" Help   OptionalText Always     Wait       None,                  "RFC 959 §4.1.3";
    "HOST" Host   Text         Always     Wait       Some("HOST"),          "RFC 7151 §3";
    "LANG" Lang   OptionalText Always     Wait       None,                  "RFC 2640 §4.1";
    "LIST" List   Listing      NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "MDTM" Mdtm   Path         NeedsLogin Wait       Some("MDTM"),          "RFC 3659 §3";
    "MFCT" Mfct   Text         NeedsLogin Wait       None,                  "draft-somers-ftp-mfxx-04 §4";
    "MFF"  Mff    Text         NeedsLogin Wait       None,                  "draft-somers-ftp-mfxx-04 §5";
    "MFMT" Mfmt   Text         NeedsLogin Wait       Some("MFMT"),          "draft-somers-ftp-mfxx-04 §3";
    "MKD"  Mkd    Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "MLSD" Mlsd   OptionalPath NeedsLogin Wait       None,                  "RFC 3659 §7";
    "MLST" Mlst   OptionalPath NeedsLogin Wait       None,                  "RFC 3659 §7";
    "MODE" Mode   Text         NeedsLogin Wait       None,                  "RFC 959 §4.1.2";
    "NLST" Nlst   Listing      NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "NOOP" Noop   OptionalText Always     Wait       None,                  "RFC 959 §4.1.3";
    "OPTS" Opts   Text         Always     Wait       None,                  "RFC 2389 §4";
    "PASS" Pass   Secret       Always     Wait       None,                  "RFC 959 §4.1.1";
    "PASV" Pasv   None         NeedsLogin Wait       None,                  "RFC 959 §4.1.2";
    "PBSZ" Pbsz   Number       NeedsTls   Wait       None,                  "RFC 2228 §3";
    "PORT" Port   HostPort     NeedsLogin Wait       None,                  "RFC 959 §4.1.2";
    "PROT" Prot   Text         NeedsTls   Wait       None,                  "RFC 2228 §3";
    "PWD"  Pwd    None         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "QUIT" Quit   None         Always     ActsAtHead None,                  "RFC 959 §4.1.1";
    "RANG" Rang   Range        NeedsLogin Wait       Some("RANG STREAM"),   "draft-bryan-ftp-range-08 §3";
    "REIN" Rein   None         Always     Wait       None,                  "RFC 959 §4.1.1";
    "REST" Rest   Number       NeedsLogin Wait       Some("REST STREAM"),   "RFC 3659 §5";
    "RETR" Retr   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "RMD"  Rmd    Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "RNFR" Rnfr   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "RNTO" Rnto   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "SITE" Site   Text         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "SIZE" Size   Path         NeedsLogin Wait       Some("SIZE"),          "RFC 3659 §4";
    "SMNT" Smnt   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.1";
    "STAT" Stat   Listing      NeedsLogin ActsAtHead None,                  "RFC 959 §4.1.3";
    "STOR" Stor   Path         NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "STOU" Stou   OptionalPath NeedsLogin Wait       None,                  "RFC 959 §4.1.3";
    "STRU" Stru   Text         NeedsLogin Wait       None,                  "RFC 959 §4.1.2";
    "SYST" Syst   None         Always     Wait       None,                  "RFC 959 §4.1.3";
    "TYPE" Type   Text         NeedsLogin Wait       None,                  "RFC 959 §4.1.2";
    "USER" User   Text         Always     Wait       None,                  "RFC 959 §4.1.1";
    "XCRC" Xcrc   Digest       NeedsLogin Wait       None,                  "unregistered; as Serv-U and ProFTPD have it";
    "XMD5" Xmd5   Digest       NeedsLogin Wait       None,                  "unregistered; as Serv-U and ProFTPD have it";
    "XSHA1" Xsha1 Digest       NeedsLogin Wait       None,                  "unregistered; as Serv-U and ProFTPD have it";
    "XSHA256" Xsha256 Digest   NeedsLogin Wait       None,                  "unregistered; as Serv-U and ProFTPD have it";
    "XSHA512" Xsha512 Digest   NeedsLogin Wait       None,                  "unregistered; as Serv-U and ProFTPD have it";
    "XCUP" Cdup   None         NeedsLogin Wait       None,                  "RFC 775";
    "XCWD" Cwd    Path         NeedsLogin Wait       None,                  "RFC 775";
    "XMKD" Mkd    Path         NeedsLogin Wait       None,                  "RFC 775";
    "XPWD" Pwd    None         NeedsLogin Wait       None,                  "RFC 775";
    "XRMD" Rmd    Path         NeedsLogin Wait       None,                  "RFC 775";
}

impl CommandSpec {
    /// The row of this verb, in any case; `None` when it is not known.
    #[must_use]
    pub fn find(verb: &[u8]) -> Option<&'static Self> {
        let key = key(verb)?;
        KEYS.iter().position(|&known| known == key).and_then(|at| SPECS.get(at))
    }
}

/// The names of [`SPECS`] as numbers, which are compared faster than text.
static KEYS: [u64; SPECS.len()] = {
    let mut keys = [0; SPECS.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = match key(SPECS[at].name.as_bytes()) {
            Some(key) => key,
            None => panic!("a verb has 3 to 8 letters"),
        };
        at += 1;
    }
    keys
};

/// A verb in capitals as a number; `None` for what is none.
const fn key(verb: &[u8]) -> Option<u64> {
    if verb.len() > 8 {
        return None;
    }
    let mut octets = [0; 8];
    let mut at = 0;
    while at < verb.len() {
        if verb[at] == 0 {
            // It would look like a shorter one.
            return None;
        }
        octets[at] = verb[at].to_ascii_uppercase();
        at += 1;
    }
    Some(u64::from_le_bytes(octets))
}

impl Verb {
    /// As it is written; of a verb with aliases the name that is not one.
    #[must_use]
    pub fn name(self) -> &'static str {
        // Aliases come last in the table.
        SPECS.iter().find(|spec| spec.verb == self).map_or("", |spec| spec.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x5797_the_table_is_sorted_and_has_no_name_twice() {
        // A sorted table may be searched by halves and is easy to read.
        let aliases = SPECS.iter().position(|spec| spec.name == "XCUP").unwrap();
        for part in [&SPECS[..aliases], &SPECS[aliases..]] {
            assert!(part.windows(2).all(|pair| pair[0].name < pair[1].name));
        }
    }

    #[test]
    fn m959_10_verbs_are_found_in_any_case() {
        assert_eq!(CommandSpec::find(b"noOp").map(|spec| spec.verb), Some(Verb::Noop));
        assert!(CommandSpec::find(b"NOOPE").is_none());
    }

    #[test]
    fn each_verb_is_found_in_any_case_and_nothing_else_is() {
        for spec in SPECS {
            let name = spec.name.as_bytes();
            assert_eq!(CommandSpec::find(name).map(|found| found.name), Some(spec.name));
            assert_eq!(
                CommandSpec::find(&name.to_ascii_lowercase()).map(|found| found.name),
                Some(spec.name)
            );
            for other in [[name, b"\0"].concat(), [name, b"X"].concat(), [name, b"XXXXXXXX"].concat()] {
                assert!(CommandSpec::find(&other).is_none(), "{}", other.escape_ascii());
            }
        }
        assert!(CommandSpec::find(b"").is_none());
    }
}
