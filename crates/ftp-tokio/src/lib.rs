//! The tokio driver of ftp-proto: FTP server and client.
