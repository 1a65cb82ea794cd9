use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;

/// How many bytes may wait for the output; further lines are lost.
const MAX_WAITING: usize = 1024 * 1024;

/// A larger buffer is released after use.
const BUFFER_KEPT: usize = 64 * 1024;

/// How long the first line waits for others, so that a busy server does not wake the thread of the log for each.
const GATHERING: Duration = Duration::from_millis(5);

/// How long the end of the process waits for lines that are not written yet.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The time between two attempts to write to a non-blocking output that is not ready.
const RETRY_AFTER: Duration = Duration::from_millis(10);

static LOST: AtomicU64 = AtomicU64::new(0);

/// The number of lines lost since the start of the process.
pub(crate) fn lost_lines() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// Accepts lines, one per write, for a thread that writes them. Never waits and never fails.
#[derive(Clone)]
pub(super) struct LogWriter(Arc<Queue>);

/// On drop, waits up to [`FLUSH_TIMEOUT`] for the lines that are not written yet.
pub(crate) struct Flush(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    is_writing: bool,
    is_ending: bool,
}

impl LogWriter {
    /// Starts the writer on standard output, unbuffered.
    pub(super) fn start() -> io::Result<(Self, Flush)> {
        Self::start_on(File::from(io::stdout().as_fd().try_clone_to_owned()?))
    }

    fn start_on(output: impl Write + Send + 'static) -> io::Result<(Self, Flush)> {
        let queue = Arc::new(Queue::default());
        let of_thread = Arc::clone(&queue);
        thread::Builder::new().name("log".into()).spawn(move || of_thread.write_to(output))?;
        Ok((Self(Arc::clone(&queue)), Flush(queue)))
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.waiting.len() + line.len() > MAX_WAITING {
            lose(line);
        } else {
            // Otherwise the thread has been woken, or looks again before it sleeps.
            let is_asleep = state.waiting.is_empty() && !state.is_writing;
            state.waiting.extend_from_slice(line);
            if is_asleep {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        let until = Instant::now() + FLUSH_TIMEOUT;
        let mut state = self.0.lock();
        state.is_ending = true;
        while state.is_writing || !state.waiting.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the lines of [`GATHERING`] in one piece, until the process ends.
    fn write_to(&self, output: impl Write) {
        let mut output = Output { output, is_torn: false };
        let mut lines = Vec::new();
        loop {
            let mut state = self.lock();
            state.is_writing = false;
            while state.waiting.is_empty() {
                if state.is_ending {
                    self.changed.notify_all();
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.is_writing = true;
            if !state.is_ending {
                drop(state);
                thread::sleep(GATHERING);
                state = self.lock();
            }
            mem::swap(&mut lines, &mut state.waiting);
            drop(state);
            output.write(&lines);
            lines.clear();
            lines.shrink_to(BUFFER_KEPT);
        }
    }
}

struct Output<W> {
    output: W,
    /// Whether the last write ended in the middle of a line.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    fn write(&mut self, lines: &[u8]) {
        if self.is_torn && !self.write_out(b"\n").is_empty() {
            lose(lines);
            return;
        }
        lose(self.write_out(lines));
    }

    /// Returns the part that the output did not accept.
    fn write_out<'a>(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        while !rest.is_empty() {
            match self.output.write(rest) {
                Ok(0) => break,
                Ok(written) => {
                    self.is_torn = rest[written - 1] != b'\n';
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Another process has made the output non-blocking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_AFTER),
                Err(_) => break,
            }
        }
        rest
    }
}

fn lose(lines: &[u8]) {
    let count = lines.split(|byte| *byte == b'\n').count().saturating_sub(1);
    LOST.fetch_add(count as u64, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    /// Accepts one byte less than it gets on each write, and fails while the flag is set.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, bool)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (written, is_full) = &mut *self.0.lock().expect("a disk");
            if *is_full {
                return Err(ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().div_ceil(2);
            written.extend_from_slice(&bytes[..taken]);
            *is_full = bytes.len() == 3;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_a_full_disk_does_not_take_are_counted_and_later_ones_begin_on_a_line_of_their_own() {
        let disk = Disk::default();
        let mut output = Output { output: disk.clone(), is_torn: false };
        output.write(b"whole line\n");
        let before = lost_lines();
        disk.0.lock().expect("a disk").1 = false;
        output.write(b"ab\n");
        assert_eq!(lost_lines() - before, 1, "half of the line");
        output.write(b"lost\nlost\n");
        assert_eq!(lost_lines() - before, 3);
        disk.0.lock().expect("a disk").1 = false;
        output.write(b"back again\n");
        let written = String::from_utf8(disk.0.lock().expect("a disk").0.clone()).expect("text");
        assert!(written.starts_with("whole li") && written.ends_with("\nback again\n"), "{written:?}");
    }

    /// Blocks until it is released.
    struct Pipe(SyncSender<()>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(()).map(|()| bytes.len()).map_err(|_| ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_pipe_that_nobody_reads_keeps_neither_the_service_nor_its_end_waiting() {
        let (sender, reader): (_, Receiver<()>) = sync_channel(0);
        let (mut writer, flush) = LogWriter::start_on(Pipe(sender)).expect("a writer");
        let line = [b'x'; 1023].into_iter().chain([b'\n']).collect::<Vec<_>>();
        let (before, started) = (lost_lines(), Instant::now());
        for _ in 0..4 * 1024 {
            writer.write_all(&line).expect("always taken");
        }
        assert!(lost_lines() - before >= 2 * 1024, "of 4 MiB about one waits: {}", lost_lines() - before);
        drop(flush);
        assert!(started.elapsed() < 20 * FLUSH_TIMEOUT, "{:?}", started.elapsed());
        drop(reader);
    }
}
