//! An FTP client: get, put, mirror, shell.
#![allow(dead_code, unused_imports, reason = "the commands that use it come next")]

mod exit;
mod local;
mod mirror;
mod netrc;
mod url;

fn main() {}
