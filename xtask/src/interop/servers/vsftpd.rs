//! vsftpd, which wants to be root, and a user for "anonymous" who exists.

use std::process::Command;

use super::{ANONYMOUS, Login, Place, Server};
use crate::interop::case::Column;
use crate::interop::packages;

pub(crate) struct Vsftpd;

/// "anonymous" is daemon: nobody's home does not exist, which is refused even when another directory is served.
///
/// The sandbox of this version knows too few system calls for current kernels: SIZE would end the session.
const CONFIGURATION: &str = "\
background=NO
seccomp_sandbox=NO
anonymous_enable=YES
local_enable=NO
ftp_username=daemon
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
ascii_upload_enable=YES
ascii_download_enable=YES
connect_from_port_20=NO
xferlog_enable=NO
";

/// Data connections must resume the control connection's session, and uploads must end properly.
const TLS: &str = "\
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
strict_ssl_read_eof=YES
ssl_ciphers=HIGH
ssl_tlsv1=YES
ssl_sslv2=NO
ssl_sslv3=NO
";

impl Server for Vsftpd {
    fn name(&self) -> &'static str {
        "vsftpd"
    }

    fn version(&self) -> Result<String, String> {
        packages::version_of("vsftpd")
    }

    fn command(&self, place: &Place<'_>) -> Result<Command, String> {
        let empty = place.path("empty");
        std::fs::create_dir_all(&empty).map_err(|error| format!("cannot make {empty}: {error}"))?;
        let (listen, address) = if place.address.is_ipv6() {
            ("listen=NO\nlisten_ipv6=YES", "listen_address6")
        } else {
            ("listen=YES\nlisten_ipv6=NO", "listen_address")
        };
        let (ip, port, root) = (place.address.ip(), place.address.port(), place.root.display());
        let own = format!(
            "{listen}\n{address}={ip}\nlisten_port={port}\nanon_root={root}\nsecure_chroot_dir={empty}\n"
        );
        let tls = place.tls.map_or_else(String::new, |identity| {
            format!(
                "{TLS}rsa_cert_file={}\nrsa_private_key_file={}\n",
                identity.certificate.display(),
                identity.key.display()
            )
        });
        let file = place.file("vsftpd.conf", &[CONFIGURATION, &own, &tls].concat())?;
        let mut command = packages::unpacked("usr/sbin/vsftpd");
        command.arg(file);
        Ok(command)
    }

    /// It refuses an anonymous user who could write to the root.
    fn writable(&self) -> Option<&'static str> {
        Some("files")
    }

    /// Its other users are the system's.
    fn login(&self, _column: Column) -> Login {
        ANONYMOUS
    }
}
