//! Contract suites for the ports, builders, and a black-box client for the real binary.

pub mod blackbox;
pub mod cluster;
pub mod fakes;
pub mod nodes;
pub mod realtime;
pub mod servers;
pub mod stores;
