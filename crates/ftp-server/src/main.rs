//! An FTP server that starts with no configuration.
fn main() {}
