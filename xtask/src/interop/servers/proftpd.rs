//! proftpd with a user of its own.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{NAMED, NAMED_HASH, NOBODY, Place, Server};
use crate::interop::packages;

pub(crate) struct Proftpd;

const CONFIGURATION: &str = "\
ServerName interop
ServerType standalone
UseIPv6 on
SocketBindTight on
UseReverseDNS off
User nobody
Group nogroup
AuthOrder mod_auth_file.c
RequireValidShell off
WtmpLog off
DefaultRoot ~
Umask 022
AllowOverwrite on
AllowStoreRestart on
<IfModule mod_delay.c>
  DelayEngine off
</IfModule>
";

const TLS: &str = "\
LoadModule mod_tls.c
TLSEngine on
TLSRequired on
";

impl Server for Proftpd {
    fn name(&self) -> &'static str {
        "proftpd"
    }

    fn version(&self) -> Result<String, String> {
        packages::version_of("proftpd-core")
    }

    fn command(&self, place: &Place<'_>) -> Result<Command, String> {
        let (name, _) = NAMED;
        let root = place.root.display();
        let users = place
            .file("users", &format!("{name}:{NAMED_HASH}:{NOBODY}:{NOBODY}::{root}:/usr/sbin/nologin\n"))?;
        std::fs::set_permissions(&users, std::fs::Permissions::from_mode(0o600))
            .map_err(|error| format!("cannot protect {users}: {error}"))?;
        let own = format!(
            "DefaultAddress {}\nPort {}\nAuthUserFile {users}\nPidFile {}\nScoreboardFile {}\nSystemLog {}\n",
            place.address.ip(),
            place.address.port(),
            place.path("pid"),
            place.path("scoreboard"),
            place.path("system.log"),
        );
        let tls = place.tls.map_or_else(String::new, |identity| {
            format!(
                "ModulePath {}\n{TLS}TLSECCertificateFile {}\nTLSECCertificateKeyFile {}\n",
                packages::unpacked_path("usr/lib/proftpd").display(),
                identity.certificate.display(),
                identity.key.display()
            )
        });
        let file = place.file("proftpd.conf", &[CONFIGURATION, &own, &tls].concat())?;
        let mut command = packages::unpacked("usr/sbin/proftpd");
        command.args(["-n", "-q", "-c", &file]);
        Ok(command)
    }
}
