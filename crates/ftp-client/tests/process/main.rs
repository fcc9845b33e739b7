//! The program as it is run, against a server of ours and against servers that follow scripts.

mod commands;
mod common;
mod doctor;
mod hostile;
mod interrupt;
mod mirror;
mod resume;
mod shell;
mod tls;
