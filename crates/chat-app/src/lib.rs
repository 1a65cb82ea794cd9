//! The use cases: one verb, one file, one function, over the ports.
