//! Who may do what, as one table: every operation of the API's document and every command of the socket, for everyone
//! who could ask ([`role::Role`]). What is not in the table fails here by its name, and so does a row that names
//! nothing.
//!
//! Then, as a second table, everything by which a request names somebody or something: each is tried by whom it does
//! not belong to, and the effect is looked for where it would hurt ([`witness`]).

mod attack;
mod attack_frames;
mod attack_requests;
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
