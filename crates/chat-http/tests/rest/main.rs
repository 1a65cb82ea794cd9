//! The REST API from a client's view: the whole `App` over the embedded store, in process.

mod accounts;
mod browsers;
mod chat;
mod conversations;
mod document;
mod edits;
mod failures;
mod house;
mod limits;
mod log;
mod messages;
mod reactions;
mod users;
