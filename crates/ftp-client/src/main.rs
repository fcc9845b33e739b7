//! An FTP client: get, put, mirror, shell.
fn main() {}
