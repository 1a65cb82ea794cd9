//! Realtime delivery in one node, from the bus to the bytes of each connection, with a store that tests can delay.

mod attach;
mod batches;
mod contract;
mod delivery;
mod dialects;
mod house;
mod limits;
mod lost;
mod newer;
mod order;
mod pace;
mod pieces;
mod sockets;
mod store;
