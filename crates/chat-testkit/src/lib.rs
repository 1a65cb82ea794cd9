//! Contract suites for the ports, builders, and a black-box client for the real binary.
