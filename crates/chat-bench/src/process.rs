//! What the kernel knows about the server's process (proc(5)).

use std::time::Duration;

/// CPU time of all its threads, in user and in kernel mode.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running server, on Linux");
    // The second field, the name, may contain anything; what follows its last parenthesis is numbers.
    let after_name = stat.rsplit_once(')').expect("a name in parentheses").1;
    let field = |number: usize| after_name.split_whitespace().nth(number - 3).and_then(|text| text.parse::<u64>().ok());
    let ticks = field(14).zip(field(15)).map(|(user, system)| user + system).expect("utime and stime");
    Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}

/// Resident memory, in KiB.
pub(crate) fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a running server, on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of resident memory");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}
