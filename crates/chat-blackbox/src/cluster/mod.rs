//! Several real servers with their own `PostgreSQL` and Redis, clients that survive failures, and a checker of what
//! these clients received.
//!
//! [`Cluster`] starts and breaks things. A [`Listener`] is a member's device: if its node is gone it connects to
//! another one, resumes, and records every message that it receives. A [`Sender`] sends until it gets an ack from any
//! node, always with the same key. [`check`] is a pure function over these records and the history.

// Tests want a panic if the cluster does not do what they ask for.
#![allow(clippy::missing_panics_doc)]

mod checker;
mod clients;
mod listener;
mod sender;
#[cfg(test)]
mod tests;

pub use checker::{Acked, Fault, History, Seen, Stored, check};
pub use clients::{Nodes, Without};
pub use listener::{Listener, Log};
pub use sender::Sender;

use crate::{Server, Setup};
use chat_testkit::servers::{Postgres, RedisServer};
use futures_util::future::join_all;
use std::path::PathBuf;

/// Long enough for production, but not secret.
const SECRETS: [(&str, &str); 2] = [
    ("JWT_SECRET", "the-nodes-of-a-test-share-this-Kq7wZ2pL"),
    ("JWT_REFRESH_SECRET", "the-nodes-of-a-test-share-that-Vn4xR9tM"),
];

/// Several nodes, their database and their Redis. Dropping it ends all of them.
pub struct Cluster {
    // Declared first, so that nodes end before the servers they use.
    nodes: Vec<Option<Server>>,
    binary: PathBuf,
    settings: Vec<(String, String)>,
    /// The database server.
    pub postgres: Postgres,
    /// The Redis server.
    pub redis: RedisServer,
    database: String,
}

impl Cluster {
    /// Starts this many nodes of this binary, with these settings beside those of a cluster.
    pub async fn start(binary: &str, count: usize, settings: &[(&str, &str)]) -> Self {
        Self::start_with(binary, count, settings, Postgres::start()).await
    }

    /// Starts a node for each of these clocks: this many seconds ahead of the database's, or behind if negative.
    pub async fn start_with_clocks(binary: &str, clocks: &[i64], settings: &[(&str, &str)]) -> Self {
        let mut cluster = Self::new(binary, settings, Postgres::start());
        let setups: Vec<_> = clocks.iter().map(|seconds| cluster.setup().clock_off_by(*seconds)).collect();
        cluster.start_nodes(&setups).await;
        cluster
    }

    /// Like [`Cluster::start`], on this database server.
    pub async fn start_with(binary: &str, count: usize, settings: &[(&str, &str)], postgres: Postgres) -> Self {
        let mut cluster = Self::new(binary, settings, postgres);
        let setups: Vec<_> = (0..count).map(|_| cluster.setup()).collect();
        cluster.start_nodes(&setups).await;
        cluster
    }

    /// Starts the first node, which migrates the database, and then the others concurrently.
    async fn start_nodes(&mut self, setups: &[Setup]) {
        let Some((first, others)) = setups.split_first() else { return };
        self.nodes.push(Some(first.start().await));
        let started = join_all(others.iter().map(Setup::start)).await;
        self.nodes.extend(started.into_iter().map(Some));
    }

    fn new(binary: &str, settings: &[(&str, &str)], postgres: Postgres) -> Self {
        Self {
            nodes: Vec::new(),
            binary: binary.into(),
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            database: postgres.create_database(),
            postgres,
            redis: RedisServer::start(),
        }
    }

    /// Returns the settings of a further node of this cluster.
    pub fn setup(&self) -> Setup {
        self.setup_of(&self.binary)
    }

    /// Returns the settings of a further node with the binary of another release.
    pub fn setup_of(&self, binary: impl Into<PathBuf>) -> Setup {
        let mut setup = Setup::new(binary)
            .set("DATABASE_URL", &self.database)
            .set("REDIS_URL", &self.redis.url())
            .set("DATABASE_POOL_SIZE", "5")
            .set("JWT_EXPIRATION", "2h");
        for (name, value) in SECRETS {
            setup = setup.set(name, value);
        }
        for (name, value) in &self.settings {
            setup = setup.set(name, value);
        }
        setup
    }

    /// The database's name, for SQL.
    pub fn database(&self) -> &str {
        self.database.rsplit('/').next().unwrap_or_default()
    }

    /// A running node.
    pub fn node(&self, index: usize) -> &Server {
        self.nodes[index].as_ref().expect("a running node")
    }

    /// The addresses of the running nodes.
    pub fn nodes(&self) -> Nodes {
        Nodes::new(self.nodes.iter().flatten().map(|node| node.base().to_owned()).collect())
    }

    /// `kill -9`.
    pub async fn kill(&mut self, index: usize) {
        self.nodes[index].take().expect("a running node").kill().await;
    }

    /// Starts a node in place of a killed one.
    pub async fn start_again(&mut self, index: usize) {
        let node = self.setup().start().await;
        self.nodes[index] = Some(node);
    }

    /// Takes a node out of the cluster, to be stopped.
    pub fn take(&mut self, index: usize) -> Server {
        self.nodes[index].take().expect("a running node")
    }

    /// Fails if a running node has panicked or logged an error.
    pub fn assert_untroubled(&self) {
        self.nodes.iter().flatten().for_each(Server::assert_untroubled);
    }
}
