//! The adapters on a real Redis that is started for the tests, killed, frozen and emptied.

mod bus;
mod contract;
mod presence;
mod rate_limits;
mod support;
mod typing;
mod without_redis;
