//! Realtime of one node, from the bus to the bytes of each connection, with a store that tests can hold up.

mod attach;
mod contract;
mod delivery;
mod dialects;
mod house;
mod limits;
mod lost;
mod order;
mod pace;
mod pieces;
mod sockets;
mod store;
