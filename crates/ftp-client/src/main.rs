//! An FTP client: get, put, mirror, shell.

use std::process::ExitCode;

fn main() -> ExitCode {
    ftp_client::main()
}
