//! The tests of `process` again, with `--driver mio`.

#[path = "../process/commands.rs"]
mod commands;
#[path = "../process/common/mod.rs"]
mod common;
#[path = "../process/doctor.rs"]
mod doctor;
#[path = "../process/hostile.rs"]
mod hostile;
#[path = "../process/interrupt.rs"]
mod interrupt;
#[path = "../process/mirror.rs"]
mod mirror;
#[path = "../process/resume.rs"]
mod resume;
#[path = "../process/shell.rs"]
mod shell;
#[path = "../process/tls.rs"]
mod tls;
