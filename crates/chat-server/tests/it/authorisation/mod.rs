//! One table of permissions: every operation of the API's document and every command of the socket, for every role
//! ([`role::Role`]). An operation without a row fails, and so does a row for an operation that does not exist.
//!
//! A second table, in the same files, tries every field by which a request names a user or an object. Each is tried by
//! a user who has no right to it, and the witness ([`witness`]) looks for an effect.

mod attack;
mod command_table;
mod commands;
mod fields;
mod house;
mod identities;
mod open_sockets;
mod operation_table;
mod operations;
mod outcome;
mod role;
mod scene;
mod witness;
