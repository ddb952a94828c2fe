//! Headroom: how much memory is left for children, and whether the system has killed for want of
//! it.
//!
//! The machine has a say, and so has every control group that this process is in, of either
//! version: what is left is the least of what they leave. Unaware of who asks.

use std::path::{Path, PathBuf};

use super::proc::told;

/// Bytes of a unit in which the system tells of the machine's memory.
const KIB: u64 = 1 << 10;

/// The files of a control group: its limit, what is in use, the part of that which can be taken
/// back at any time, and how often something was killed.
#[derive(Debug, Clone, Copy)]
struct Version {
    limit: &'static str,
    used: &'static str,
    cached: &'static str,
    kills: &'static str,
}

const V1: Version = Version {
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    cached: "total_inactive_file",
    kills: "memory.oom_control",
};

const V2: Version = Version {
    limit: "memory.max",
    used: "memory.current",
    cached: "inactive_file",
    kills: "memory.events",
};

/// Where the system tells of memory.
#[derive(Debug)]
pub(super) struct Headroom {
    proc: PathBuf,
    /// The group that this process is in, and those above it.
    groups: Vec<(PathBuf, Version)>,
}

impl Headroom {
    /// Finds out where this system tells of it.
    pub(super) fn of_system() -> Self {
        Self::below(Path::new("/"))
    }

    fn below(root: &Path) -> Self {
        let proc = root.join("proc");
        let groups = root.join("sys/fs/cgroup");
        let said = told(&proc.join("self/cgroup")).unwrap_or_default();
        let groups = said.lines().flat_map(|line| chain(&groups, line)).collect();
        Self { proc, groups }
    }

    /// Returns how many bytes can still be used; `None` where the system does not say.
    pub(super) fn available(&self) -> Option<u64> {
        let machine = number_of(&self.proc.join("meminfo"), "MemAvailable:").map(|kib| kib * KIB);
        let groups = self.groups.iter().filter_map(|(folder, version)| {
            let limit = number(&folder.join(version.limit))?;
            let cached = number_of(&folder.join("memory.stat"), version.cached);
            let used = number(&folder.join(version.used))?.saturating_sub(cached.unwrap_or(0));
            Some(limit.saturating_sub(used))
        });
        groups.chain(machine).min()
    }

    /// Returns how often something was killed because memory had run out: in this group, whoever
    /// had none left, or on this machine, where the group does not count.
    pub(super) fn kills(&self) -> u64 {
        let own = self
            .groups
            .first()
            .and_then(|(folder, version)| number_of(&folder.join(version.kills), "oom_kill"));
        own.or_else(|| number_of(&self.proc.join("vmstat"), "oom_kill")).unwrap_or(0)
    }
}

/// Returns the folder of a group with a say in memory, and those of the groups that it is in, from
/// a line of `/proc/self/cgroup`: `0::/a/b`, `7:memory:/a/b`.
fn chain(root: &Path, line: &str) -> Vec<(PathBuf, Version)> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers) = (parts.next(), parts.next().unwrap_or_default());
    let path = parts.next().unwrap_or_default().trim_start_matches('/');
    let (root, version) = if number == Some("0") && controllers.is_empty() {
        (root.to_owned(), V2)
    } else if controllers.split(',').any(|controller| controller == "memory") {
        (root.join("memory"), V1)
    } else {
        return Vec::new();
    };
    let folder = root.join(path);
    let groups = folder.ancestors().take_while(|group| group.starts_with(&root));
    groups.map(|group| (group.to_owned(), version)).collect()
}

/// Returns the number that a file holds; `None` where it holds none: `max`.
fn number(path: &Path) -> Option<u64> {
    told(path).ok()?.trim().parse().ok()
}

/// Returns the number beside a name in a file of such pairs.
fn number_of(path: &Path, name: &str) -> Option<u64> {
    let text = told(path).ok()?;
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns a system of a few files.
    fn system(files: &[(&str, &str)]) -> (tempfile::TempDir, Headroom) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let headroom = Headroom::below(root.path());
        (root, headroom)
    }

    #[test]
    fn this_system_says_how_much_is_left() {
        assert!(Headroom::of_system().available() > Some(1 << 20));
    }

    #[test]
    fn a_machine_without_groups() {
        let (_root, headroom) = system(&[
            ("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:     4 kB\n"),
            ("proc/vmstat", "oom_kill_disable 7\noom_kill 3\n"),
        ]);
        assert_eq!((headroom.available(), headroom.kills()), (Some(4096), 3));
        let (_root, headroom) = system(&[]);
        assert_eq!((headroom.available(), headroom.kills()), (None, 0));
    }

    #[test]
    fn the_tightest_group_decides_and_a_cache_is_not_used_up() {
        let (_root, headroom) = system(&[
            ("proc/meminfo", "MemAvailable: 4000 kB\n"),
            ("proc/self/cgroup", "0::/a/b\n"),
            ("proc/vmstat", "oom_kill 3\n"),
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/a/memory.current", "900\n"),
            ("sys/fs/cgroup/a/memory.stat", "anon 100\ninactive_file 250\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/b/memory.current", "900\n"),
            ("sys/fs/cgroup/a/b/memory.events", "oom 9\noom_kill 2\n"),
        ]);
        assert_eq!((headroom.available(), headroom.kills()), (Some(350), 2));
    }

    #[test]
    fn groups_of_the_first_version() {
        let (_root, headroom) = system(&[
            ("proc/meminfo", "MemAvailable: 4000 kB\n"),
            ("proc/self/cgroup", "9:cpu,cpuacct:/a\n7:memory:/a\n0::/\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "700\n"),
            ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "900\n"),
        ]);
        assert_eq!(headroom.available(), Some(0));
    }
}
