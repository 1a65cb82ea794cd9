//! CPU time and memory of processes, from the kernel (proc(5)).

use std::time::Duration;

/// The processes of a server, with all their descendants.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    roots: Vec<u32>,
}

impl Meter {
    /// Measures a server with these first processes: its own and that of its database, if any.
    pub(crate) fn of(roots: impl IntoIterator<Item = u32>) -> Self {
        Self { roots: roots.into_iter().collect() }
    }

    /// Returns the CPU time of all processes so far, in user and in kernel mode.
    pub(crate) fn cpu(&self) -> Duration {
        let all = Stat::all();
        ticks(self.roots.iter().map(|&root| tree(&all, root)).sum())
    }
}

/// Returns the CPU time of all threads of a process, in user and in kernel mode.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = Stat::of(pid).expect("a running server, on Linux");
    ticks(stat.own)
}

/// Returns the CPU time of a process and its descendants, including those that have ended.
pub(crate) fn cpu_time_of_family(pid: u32) -> Duration {
    ticks(tree(&Stat::all(), pid))
}

/// Returns the clock ticks of a process and its descendants.
fn tree(all: &[Stat], root: u32) -> u64 {
    let own = all.iter().find(|stat| stat.pid == root).map_or(0, |stat| stat.own + stat.of_ended_children);
    let children = all.iter().filter(|stat| stat.parent == root && stat.pid != root);
    own + children.map(|child| tree(all, child.pid)).sum::<u64>()
}

/// Returns two CPU times of the machine since its start: the time that it used, and the time that its host gave to
/// others.
pub(crate) fn machine() -> (Duration, Duration) {
    let stat = std::fs::read_to_string("/proc/stat").expect("Linux");
    let of_all = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let numbers: Vec<u64> = of_all.filter_map(|number| number.parse().ok()).collect();
    let [user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = numbers[..] else {
        panic!("a line of CPU times")
    };
    (ticks(user + nice + system + interrupts + soft_interrupts), ticks(stolen))
}

/// Returns the resident memory in KiB.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running server, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of resident memory");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

struct Stat {
    pid: u32,
    parent: u32,
    own: u64,
    of_ended_children: u64,
}

impl Stat {
    fn all() -> Vec<Self> {
        let processes = std::fs::read_dir("/proc").expect("Linux");
        let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        // A process may end between listing and reading it.
        pids.filter_map(Self::of).collect()
    }

    fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field, the name, may contain any character. Only numbers follow its last parenthesis.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            pid,
            parent: field(4)?.try_into().ok()?,
            own: field(14)? + field(15)?,
            of_ended_children: field(16)? + field(17)?,
        })
    }
}

fn ticks(number: u64) -> Duration {
    Duration::from_millis(number * 1_000 / rustix::param::clock_ticks_per_second())
}

#[cfg(test)]
mod tests {
    use super::{Stat, tree};

    #[test]
    fn a_server_is_its_process_and_all_that_come_of_it() {
        let stat = |pid, parent, own, of_ended_children| Stat { pid, parent, own, of_ended_children };
        let all = [stat(1, 0, 100, 100), stat(5, 1, 10, 3), stat(6, 5, 20, 0), stat(7, 6, 40, 1), stat(8, 1, 900, 0)];
        assert_eq!(tree(&all, 5), 74);
        assert_eq!(tree(&all, 9), 0, "it has ended");
    }
}
