//! The speed of the disk: how long a synced write of one log page takes.

use crate::say;
use hdrhistogram::Histogram;
use std::fs::{File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

const PAGE: usize = 8 * 1_024;
/// As long as a segment of `PostgreSQL`'s log, and allocated in advance like one: no sync has to update the length of
/// the file.
const PAGES: usize = 2 * 1_024;

/// Writes a page and syncs it (`fdatasync`), repeatedly for this time. Prints how long a write takes.
pub(crate) fn probe(folder: &Path, time: Duration) {
    let path = folder.join("probe");
    let mut file =
        OpenOptions::new().create_new(true).write(true).open(&path).expect("a new file in the store's folder");
    let waits = measure(&mut file, time);
    drop(file);
    // The folder is deleted later in any case.
    let _ = std::fs::remove_file(path);
    say(format!(
        "  disk: {}; fdatasync of 8 KiB, one after the other, on an idle server: {:.0} per second, p50 {:.2} ms, p99 \
         {:.2} ms",
        filesystem(folder),
        waits.len() as f64 / time.as_secs_f64(),
        waits.value_at_quantile(0.5) as f64 / 1_000.0,
        waits.value_at_quantile(0.99) as f64 / 1_000.0,
    ));
}

fn measure(file: &mut File, time: Duration) -> Histogram<u64> {
    let page = [0x5a; PAGE];
    for _ in 0..PAGES {
        file.write_all(&page).expect("room on the disk");
    }
    file.sync_all().expect("a disk");
    let mut waits = Histogram::new(3).expect("three digits");
    let start = Instant::now();
    for page_number in 0.. {
        if start.elapsed() >= time {
            break;
        }
        if page_number % PAGES == 0 {
            file.seek(SeekFrom::Start(0)).expect("a file");
        }
        let before = Instant::now();
        file.write_all(&page).expect("room on the disk");
        file.sync_data().expect("a disk");
        waits.record(micros(before.elapsed())).expect("a histogram that grows");
    }
    waits
}

/// Converts to whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Returns the type of the file system and its device. Panics if it is in memory, where nothing is durable.
fn filesystem(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("Linux");
    let folder = folder.canonicalize().expect("a folder");
    let under = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (device, at, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(at).then_some((at.len(), device, kind))
    });
    // If several mounts share a path, the last one is visible.
    let (_, device, kind) = under.max_by_key(|(length, ..)| *length).expect("a root");
    assert!(kind != "tmpfs", "{} is memory: set TMPDIR to a folder on a disk", folder.display());
    format!("{kind} on {device}")
}
