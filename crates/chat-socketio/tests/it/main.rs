//! The gateway from the outside: real sockets against a server with two worker threads in this process. Each request
//! uses its own connection, so half of them arrive on a thread that is not their session's home.

mod gateway;
mod handshake;
mod limits;
mod namespaces;
mod polling;
mod upgrade;
mod websocket;
