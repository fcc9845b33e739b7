//! The processor time of a server and all its processes: of its cgroup.

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A cgroup of its own for each server, gone with this.
pub(super) struct Account {
    directory: PathBuf,
}

/// Where cgroups are: version 1's accounting, else version 2.
const PLACES: [&str; 2] = ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup"];

impl Account {
    pub(super) fn open(name: &str) -> Result<Self, String> {
        let place = PLACES.iter().map(Path::new).find(|place| place.join("cgroup.procs").exists());
        let place = place.ok_or("there are no cgroups here: processor time cannot be counted")?;
        let directory = place.join(format!("ftp-bench-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory)
            .map_err(|error| format!("no cgroup {}: {error}", directory.display()))?;
        Ok(Self { directory })
    }

    /// The same command, within the account from its first instruction.
    pub(super) fn within(&self, command: &Command) -> Command {
        let mut wrapped = Command::new("sh");
        wrapped
            .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
            .arg(self.directory.join("cgroup.procs"))
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped
    }

    /// What was used so far.
    pub(super) fn used(&self) -> Duration {
        let read = |file: &str| fs::read_to_string(self.directory.join(file)).ok();
        if let Some(nanoseconds) = read("cpuacct.usage").and_then(|text| text.trim().parse().ok()) {
            return Duration::from_nanos(nanoseconds);
        }
        let stat = read("cpu.stat").unwrap_or_default();
        let used = stat.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok());
        Duration::from_micros(used.unwrap_or_default())
    }

    /// Every process in it.
    pub(super) fn processes(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.directory.join("cgroup.procs")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// The memory of all of them, each shared page counted in parts (PSS), in octets.
    pub(super) fn memory(&self) -> u64 {
        let of = |process: u32| {
            let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()
        };
        self.processes().into_iter().filter_map(of).sum::<u64>() * 1024
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // Its processes may take a moment to be gone.
        for _ in 0..100 {
            if fs::remove_dir(&self.directory).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
