//! Throw-away servers for tests: each on a free port, with its data in a temporary folder, gone with the value that
//! stands for it or with the process, however that ends.
//!
//! **A machine needs** the programs of `PostgreSQL` 14 or later (`initdb`, `postgres`, `pg_isready`, `psql`; in `PATH`
//! or in `/usr/lib/postgresql/*/bin`) and of Redis 6.2 or later (`redis-server` in `PATH`), for tests of proxies
//! `nginx` and `caddy`, `sh`, and, where tests run as root, a user `postgres` and `setpriv`: `PostgreSQL` refuses to
//! serve root. On Debian and Ubuntu: `apt install postgresql redis-server faketime nginx-light caddy` (`util-linux` has
//! `setpriv`; `faketime` is for servers with another clock); no service needs to run. On macOS: `brew install
//! postgresql redis nginx caddy`.

// To panic is what a test wants of a server that does not start.
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

/// A busy machine may take this long to start a server.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Between two looks at a server that starts.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Whether the process is gone, or only waited for.
fn has_ended(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

/// Asks until the answer is yes; `false` when [`START_TIMEOUT`] is over.
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
