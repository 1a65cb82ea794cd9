//! x
mod address;
mod auth;
mod changes;
mod config;
mod connect;
mod conversations;
mod fault;
mod messages;
mod migrate;
mod open_error;
mod pool;
mod receipts;
mod schema;
mod start;
mod statement;
mod status;
mod store;
mod time;
mod tls;
mod users;

pub use config::PostgresConfig;
pub use open_error::OpenError;
pub use status::{PoolStatus, PostgresStatus, SendStatus};
pub use store::PostgresStore;
