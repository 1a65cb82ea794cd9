//! The minimum cost of a delivery on this machine: one `send()` to one of a thousand loopback sockets. The figures of
//! servers are compared with it.

use crate::report::{Kind, Report};
use crate::say;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

const SCENARIO: &str = "baseline";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Number of connections, which are written to in turn
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    /// Bytes of one delivery, as many as a framed message in the other scenarios
    #[arg(long, default_value_t = 656)]
    bytes: usize,
    /// Deliveries per write in the second measurement, as in a burst
    #[arg(long, default_value_t = 16)]
    shared: usize,
    /// Duration of each measurement, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { sockets: 1_000, bytes: 656, shared: 16, seconds: 3 }
    }
}

pub(crate) fn run(options: &Options, report: &mut Report) {
    say(format!(
        "baseline: one thread writes {} bytes to each of {} loopback sockets in turn and does nothing else. Another \
         thread reads; the next turn begins\n  \
         when all sockets have been read. The figure is the CPU time of the writing thread, user and kernel.",
        options.bytes, options.sockets
    ));
    let single = measure(options, 1);
    let shared = measure(options, options.shared);
    let kind = |figure, unit| Kind { scenario: SCENARIO, figure, unit };
    say(format!(
        "  one delivery per send(): {:.2} µs, {:.0} per CPU-second; {} deliveries per send(): {:.2} µs each, {:.0} per \
         CPU-second",
        1e6 / single,
        single,
        options.shared,
        1e6 / shared,
        shared,
    ));
    report.note(kind("one delivery per send(), per CPU-second of the sender", ""), "this machine", single);
    report.note(kind("a burst per send(), per CPU-second of the sender", ""), "this machine", shared);
}

/// Returns the deliveries per CPU-second of a thread that writes one at a time to this many sockets in turn.
pub(crate) fn bare(sockets: usize) -> f64 {
    measure(&Options { sockets, ..Options::default() }, 1)
}

/// Returns the deliveries per CPU-second of the writing thread, with `shared` deliveries per write.
fn measure(options: &Options, shared: usize) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (mut writing, mut reading) = (Vec::new(), Vec::new());
    for _ in 0..options.sockets {
        reading.push(TcpStream::connect(address).expect("a connection"));
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        writing.push(stream);
    }
    let (payload, read) = (vec![b'x'; options.bytes * shared], AtomicU64::new(0));
    let time = Duration::from_secs(options.seconds);
    thread::scope(|scope| {
        let (read, length) = (&read, payload.len());
        scope.spawn(move || read_in_turn(reading, length, read));
        // A separate thread, so that its CPU time can be measured.
        let sender = scope.spawn(move || write_in_turn(writing, &payload, read, time));
        let (turns, cpu) = sender.join().expect("a sender");
        (turns * options.sockets as u64 * shared as u64) as f64 / cpu.as_secs_f64()
    })
}

/// Returns the number of turns and their CPU time.
fn write_in_turn(mut sockets: Vec<TcpStream>, payload: &[u8], read: &AtomicU64, time: Duration) -> (u64, Duration) {
    let (start, mut turns, mut spent) = (Instant::now(), 0, Duration::ZERO);
    while start.elapsed() < time {
        // Waiting for the reader is not part of the work.
        let before = cpu_time_of_thread();
        for socket in &mut sockets {
            socket.write_all(payload).expect("a reader");
        }
        spent += cpu_time_of_thread().saturating_sub(before);
        turns += 1;
        while read.load(Ordering::Acquire) < turns {
            thread::park_timeout(Duration::from_micros(100));
        }
    }
    (turns, spent)
}

/// Counts the turns in which every socket was read; ends with the writer.
fn read_in_turn(mut sockets: Vec<TcpStream>, length: usize, read: &AtomicU64) {
    let mut buffer = vec![0; length];
    loop {
        for socket in &mut sockets {
            if socket.read_exact(&mut buffer).is_err() {
                return;
            }
        }
        read.fetch_add(1, Ordering::Release);
    }
}

/// The thread's CPU time, exact to the nanosecond (Documentation/scheduler/sched-stats.rst of the kernel).
fn cpu_time_of_thread() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").expect("a kernel with CONFIG_SCHED_INFO");
    let nanoseconds = stat.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    Duration::from_nanos(nanoseconds)
}
