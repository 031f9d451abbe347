//! The control group that limits a program's memory, and whether the kernel killed for it.
//!
//! The kernel counts such deaths per group (`memory.events` of version 2, `memory.oom_control` of
//! version 1, see `Documentation/admin-guide/cgroup-v2.rst`), and all of the system in
//! `/proc/vmstat`. It does not tell whom it killed.

use std::fs;
use std::path::{Path, PathBuf};

/// What is known of the deaths for want of memory since a moment.
#[derive(Clone, Debug)]
pub struct MemoryGroup {
    files: Option<Files>,
    /// Deaths in the group, and in the whole system, at that moment.
    before: (u64, u64),
}

/// Where a group tells its deaths and its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Files {
    deaths: PathBuf,
    limit: PathBuf,
}

/// Whom the kernel killed for want of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deaths {
    /// Processes of the program's own group.
    pub in_group: u64,
    /// Processes of the whole system, those of the group among them.
    pub in_system: u64,
    /// The limit of the group, in bytes.
    pub limit: Option<u64>,
}

impl MemoryGroup {
    /// Begins to count for the group that a process is in.
    pub fn of(process: u32) -> Self {
        let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let files = folders(&groups, &mounts)
            .into_iter()
            .map(|(folder, version)| Files::of(&folder, version))
            .find(|files| files.deaths.is_file());
        let mut group = Self {
            files,
            before: (0, 0),
        };
        group.before = group.count();
        group
    }

    /// Who died since.
    pub fn deaths(&self) -> Deaths {
        let (in_group, in_system) = self.count();
        Deaths {
            in_group: in_group.saturating_sub(self.before.0),
            in_system: in_system.saturating_sub(self.before.1),
            limit: self.limit(),
        }
    }

    /// The limit of the group, in bytes; `None` where it has none.
    pub fn limit(&self) -> Option<u64> {
        let text = fs::read_to_string(&self.files.as_ref()?.limit).ok()?;
        let limit = text.trim().parse().ok()?;
        // version 1 says "none" by a number that no machine has
        (limit < 1 << 60).then_some(limit)
    }

    fn count(&self) -> (u64, u64) {
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        let files = self.files.as_ref();
        let in_group = files.map(|files| read(&files.deaths)).unwrap_or_default();
        let system = read(Path::new("/proc/vmstat"));
        (deaths(&in_group), deaths(&system))
    }
}

impl Files {
    fn of(folder: &Path, version: u8) -> Self {
        let [deaths, limit] = match version {
            1 => ["memory.oom_control", "memory.limit_in_bytes"],
            _ => ["memory.events", "memory.max"],
        };
        Self {
            deaths: folder.join(deaths),
            limit: folder.join(limit),
        }
    }
}

/// The line `oom_kill 3` of all three files.
fn deaths(text: &str) -> u64 {
    let counts = text
        .lines()
        .filter_map(|line| line.strip_prefix("oom_kill "));
    counts
        .filter_map(|count| count.trim().parse::<u64>().ok())
        .sum()
}

/// Where a group may be found, and its version: below each mount of a hierarchy that counts memory,
/// or, where the path is as the machine outside of a container sees it, at the mount itself.
fn folders(groups: &str, mounts: &str) -> Vec<(PathBuf, u8)> {
    let mut found = Vec::new();
    for group in groups.lines() {
        let mut parts = group.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let version = match controllers {
            "" => 2,
            names if names.split(',').any(|name| name == "memory") => 1,
            _ => continue,
        };
        for mount in mounts.lines().filter_map(|line| mount_of(line, version)) {
            found.push((mount.join(path.trim_start_matches('/')), version));
            found.push((mount, version));
        }
    }
    found
}

/// Where a line of `mountinfo` mounts a hierarchy of this version.
fn mount_of(line: &str, version: u8) -> Option<PathBuf> {
    let (front, back) = line.split_once(" - ")?;
    let mut back = back.split(' ');
    let is_it = match (back.next()?, version) {
        ("cgroup2", 2) => true,
        ("cgroup", 1) => back.nth(1)?.split(',').any(|option| option == "memory"),
        _ => false,
    };
    is_it.then(|| front.split(' ').nth(4).map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::{MemoryGroup, deaths, folders};
    use std::path::PathBuf;

    const MOUNTS: &str = "\
30 29 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 29 0:30 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
38 29 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw";

    #[test]
    fn groups_of_both_versions_are_found() {
        let groups = "5:cpu:/a\n4:memory:/b/c\n0::/d";
        let expected = [
            ("/sys/fs/cgroup/memory/b/c", 1),
            ("/sys/fs/cgroup/memory", 1),
            ("/sys/fs/cgroup/unified/d", 2),
            ("/sys/fs/cgroup/unified", 2),
        ];
        let expected = expected.map(|(path, version)| (PathBuf::from(path), version));
        assert_eq!(folders(groups, MOUNTS), expected);
        assert_eq!(folders("nonsense\n4:memory", MOUNTS), []);
        assert_eq!(folders(groups, "nonsense - cgroup"), []);
    }

    #[test]
    fn deaths_are_counted_in_every_form() {
        let first = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        let second = "low 0\nhigh 2\nmax 9\noom 4\noom_kill 1\noom_group_kill 0\n";
        assert_eq!((deaths(first), deaths(second), deaths("")), (3, 1, 0));
        assert_eq!(MemoryGroup::of(std::process::id()).deaths().in_group, 0);
    }
}
