//! Temporary servers for tests. Each uses a free port and a temporary folder, and ends when its value is dropped or the
//! process ends, however it ends.
//!
//! **A machine needs** the programs of `PostgreSQL` 14 or later (`initdb`, `postgres`, `pg_isready`, `psql`; in `PATH`
//! or in `/usr/lib/postgresql/*/bin`) and of Redis 6.2 or later (`redis-server` in `PATH`). Tests of proxies need
//! `nginx` and `caddy`; servers with a different clock need `faketime`. If tests run as root, they also need a user
//! `postgres` and `setpriv`, because `PostgreSQL` refuses to run as root. On Debian and Ubuntu: `apt install postgresql
//! redis-server faketime nginx-light caddy` (`util-linux` has `setpriv`); no service needs to run. On macOS: `brew
//! install postgresql redis nginx caddy`.

// Tests want a panic if a server does not start.
#![allow(clippy::missing_panics_doc)]

mod postgres;
mod process;
mod proxy;
mod redis;

pub use postgres::{DatabaseGuard, OpenTransaction, Postgres};
pub use proxy::Proxy;
pub use redis::{RedisOptions, RedisServer};

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// The longest time that a server may take to start on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Interval between two checks of a server that starts.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Returns a port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Returns whether the process has ended, including a zombie that nobody has waited for.
fn has_ended(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

/// Repeats the check until it returns true. Returns `false` after [`START_TIMEOUT`].
fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + START_TIMEOUT;
    while Instant::now() < until {
        if is_so() {
            return true;
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    false
}
