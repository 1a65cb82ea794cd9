//! Malicious clients: each is a thread with one connection at a time, and reconnects as soon as the server closes it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time between two writes of an offender.
const TICK: Duration = Duration::from_millis(10);

/// How long a refused offender waits before it tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// How long an offender waits for the response to its handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What an offender writes.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// Sent first on each connection; the offender waits for the head of the response, if there is one to wait for.
    pub(super) handshake: Vec<u8>,
    /// Sent once after the response.
    pub(super) greeting: Vec<u8>,
    /// Sent repeatedly.
    pub(super) noise: Vec<u8>,
    /// Bytes of noise per second.
    pub(super) rate: usize,
}

/// Running offenders, stopped on drop.
pub(super) struct Offenders {
    ends: Arc<AtomicBool>,
    counts: Arc<Counts>,
    threads: Vec<JoinHandle<()>>,
}

/// What the offenders did.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Opened connections.
    pub(super) opened: AtomicU64,
    /// Bytes of noise that the server's sockets accepted.
    pub(super) written: AtomicU64,
    /// Bytes that the server sent.
    pub(super) read: AtomicU64,
}

impl Offenders {
    /// Starts this many offenders.
    pub(super) fn start(count: usize, address: &str, script: &Script) -> Self {
        let (ends, counts) = (Arc::<AtomicBool>::default(), Arc::<Counts>::default());
        let threads = (0..count).map(|_| {
            let (ends, counts, script, address) = (ends.clone(), counts.clone(), script.clone(), address.to_owned());
            thread::spawn(move || {
                while !ends.load(Ordering::Relaxed) {
                    // The server is expected to close connections: the next one follows.
                    let _ = offend(&address, &script, &counts, &ends);
                    thread::sleep(PAUSE);
                }
            })
        });
        Self { threads: threads.collect(), ends, counts }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Drop for Offenders {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has stopped too.
            let _ = thread.join();
        }
    }
}

/// Runs one connection from its opening to its end.
fn offend(address: &str, script: &Script, counts: &Counts, ends: &AtomicBool) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    counts.opened.fetch_add(1, Ordering::Relaxed);
    stream.set_nodelay(true)?;
    stream.write_all(&script.handshake)?;
    if !script.handshake.is_empty() {
        stream.set_read_timeout(Some(HANDSHAKE_TIMEOUT))?;
        let mut answer = [0; 4_096];
        if stream.read(&mut answer)? == 0 || !answer.starts_with(b"HTTP/1.1 101 ") {
            return Ok(());
        }
    }
    stream.write_all(&script.greeting)?;
    stream.set_nonblocking(true)?;
    let per_tick = (script.rate * 10 / 1_000).max(script.noise.len());
    let noise = script.noise.repeat(per_tick.div_ceil(script.noise.len()));
    let (mut answers, mut position, mut due) = (vec![0; 64 * 1_024], 0, Instant::now());
    while !ends.load(Ordering::Relaxed) {
        match stream.write(&noise[position..]) {
            Ok(written) => {
                counts.written.fetch_add(written as u64, Ordering::Relaxed);
                // A partly sent frame continues where it stopped.
                position = (position + written) % noise.len();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        loop {
            match stream.read(&mut answers) {
                Ok(0) => return Ok(()),
                Ok(read) => _ = counts.read.fetch_add(read as u64, Ordering::Relaxed),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        due += TICK;
        match due.checked_duration_since(Instant::now()) {
            Some(rest) => thread::sleep(rest),
            // What could not be written in time is skipped.
            None => due = Instant::now(),
        }
    }
    Ok(())
}
