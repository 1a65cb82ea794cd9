//! CPU time and memory of processes, from the kernel (proc(5)).

use std::time::Duration;

/// The processes of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    server: u32,
    /// The database's first process, if the database is a separate server.
    database: Option<u32>,
}

impl Meter {
    /// Measures a server of one process.
    pub(crate) const fn of(server: u32) -> Self {
        Self { server, database: None }
    }

    /// Measures a server and its database, whose first process is given.
    pub(crate) const fn with(server: u32, database: Option<u32>) -> Self {
        Self { server, database }
    }

    /// Returns the CPU time of all processes so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_time(self.server) + self.database.map(cpu_time_of_family).unwrap_or_default()
    }
}

/// Returns the CPU time of all threads of a process, in user and in kernel mode.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = Stat::of(pid).expect("a running server, on Linux");
    ticks(stat.own)
}

/// Returns the CPU time of a process and its children, including those that have ended.
pub(crate) fn cpu_time_of_family(pid: u32) -> Duration {
    let processes = std::fs::read_dir("/proc").expect("Linux");
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process may end between listing and reading it.
    let family = pids.filter_map(Stat::of).filter(|stat| stat.pid == pid || stat.parent == pid);
    ticks(family.map(|stat| stat.own + stat.of_ended_children).sum())
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
