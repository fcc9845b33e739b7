//! `cargo xtask miri`: the core's unit tests in Rust's interpreter, which sees undefined behaviour.

use std::process::Command;

use crate::workspace;

/// Runs them where the toolchain has Miri, and says so where it has not: that is no failure of the code.
pub(crate) fn run() -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").current_dir(workspace::root());
    let known = Command::new("cargo").args(["+nightly", "miri", "--version"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "not run: no nightly toolchain with Miri here (`rustup +nightly component add miri rust-src`)"
        );
        return Ok(());
    }
    let status = cargo
        .args(["+nightly", "miri", "test", "--package", "ftp-proto", "--lib"])
        .status()
        .map_err(|error| format!("cannot start cargo miri: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("Miri has found something ({status})")) }
}
