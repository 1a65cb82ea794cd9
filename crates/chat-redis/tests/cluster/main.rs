//! The adapters on a real Redis, which the tests start, kill, freeze and empty.

mod bus;
mod contract;
mod landmarks;
mod presence;
mod rate_limits;
mod releases;
mod support;
mod typing;
mod without_redis;
