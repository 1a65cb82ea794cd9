//! One server for a whole test run. `cargo nextest` runs each test in its own process, and creating and starting a
//! cluster takes longer than most tests.

use super::Postgres;
use crate::servers::free_port;
use std::fs;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set by nextest to the same value for all processes of a run.
const RUN_ID: &str = "NEXTEST_RUN_ID";

/// No test on this server asserts that data survives a power failure.
const SETTINGS: [&str; 1] = ["fsync=off"];

/// A subfolder of the run's server: a cluster on which no server has been started.
const PRISTINE: &str = "pristine";

/// Returns the folder of the run's server, or `None` if this process is the whole run.
fn folder_of_run() -> Option<PathBuf> {
    let run = std::env::var(RUN_ID).ok()?;
    Some(std::env::temp_dir().join(format!("chat-postgres-{run}")))
}

fn copy(from: &Path, to: &Path) -> bool {
    Command::new("cp").arg("-a").args([from, to]).status().is_ok_and(|status| status.success())
}

/// Creates an empty cluster as a copy of the run's, which is faster than `initdb`. Returns `false` if there is none.
pub(super) fn copy_pristine(data: &Path) -> bool {
    let pristine = folder_of_run().map(|folder| folder.join(PRISTINE));
    pristine.is_some_and(|pristine| pristine.is_dir() && copy(&pristine, data))
}

impl Postgres {
    /// Returns the server of this test run, for tests that leave it working, leave no transaction open and run the same
    /// migrations. It ends with nextest, or with this process if that is the whole run.
    pub fn of_run() -> &'static Self {
        static OF_RUN: OnceLock<Postgres> = OnceLock::new();
        OF_RUN.get_or_init(|| match folder_of_run() {
            Some(folder) => Self::start_or_join(folder),
            None => Self::start_with(&SETTINGS),
        })
    }

    /// Starts the server of the run, or connects to the one that another process has started.
    fn start_or_join(folder: PathBuf) -> Self {
        let port_file = folder.join("port");
        let mut server = Self::new(folder, 0, &SETTINGS);
        server.prefix = format!("test_{}", std::process::id());

        let lock = server.lock();
        if let Ok(port) = fs::read_to_string(&port_file) {
            server.port = port.parse().expect("a port");
        } else {
            let data = server.folder.join("data");
            // A test that was killed while it created the cluster leaves it unfinished.
            let _ = fs::remove_dir_all(&data);
            server.port = free_port();
            server.make_data();
            let pristine = server.folder.join(PRISTINE);
            if !pristine.exists() {
                // Renamed when it is complete: other processes look without the lock.
                let unfinished = server.folder.join("unfinished");
                let _ = fs::remove_dir_all(&unfinished);
                assert!(copy(&data, &unfinished), "to copy the cluster");
                fs::rename(unfinished, pristine).expect("to keep the copy");
            }
            server.resume();
            let process = server.process.get_mut().expect("no test panicked in here").take();
            process.expect("a running server").give_to(parent_id());
            fs::write(port_file, server.port.to_string()).expect("to write the port");
        }
        drop(lock);
        server
    }
}
