//! Several real servers on one `PostgreSQL` and one Redis of their own, clients that survive what happens to them, and
//! a judge of what those clients saw.
//!
//! [`Cluster`] starts and breaks things. A [`Listener`] is a member's device: it goes to another node where its own is
//! gone, says what it has, and writes down every message as it comes. A [`Sender`] sends until it is acked, on
//! whichever node answers, with the same key. [`check`] is a pure function over what they wrote down and what the
//! history says.

// To panic is what a test wants of a cluster that does not do as it is told.
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

/// Long enough for production, and no secret.
const SECRETS: [(&str, &str); 2] = [
    ("JWT_SECRET", "the-nodes-of-a-test-share-this-Kq7wZ2pL"),
    ("JWT_REFRESH_SECRET", "the-nodes-of-a-test-share-that-Vn4xR9tM"),
];

/// Several nodes, their database and their Redis. All of it is gone with this.
pub struct Cluster {
    // Declared first, so that nodes end before what they stand on.
    nodes: Vec<Option<Server>>,
    binary: PathBuf,
    settings: Vec<(String, String)>,
    /// Their database server.
    pub postgres: Postgres,
    /// Their Redis.
    pub redis: RedisServer,
    database: String,
}

impl Cluster {
    /// So many nodes of this binary, with these settings beside what makes them a cluster.
    pub async fn start(binary: &str, count: usize, settings: &[(&str, &str)]) -> Self {
        Self::start_with(binary, count, settings, Postgres::start()).await
    }

    /// A node for each of these clocks: so many seconds ahead of the database's, or behind where that is negative.
    pub async fn start_with_clocks(binary: &str, clocks: &[i64], settings: &[(&str, &str)]) -> Self {
        let mut cluster = Self::new(binary, settings, Postgres::start());
        let setups: Vec<_> = clocks.iter().map(|seconds| cluster.setup().clock_off_by(*seconds)).collect();
        cluster.start_nodes(&setups).await;
        cluster
    }

    /// The same as [`Cluster::start`], on this database server.
    pub async fn start_with(binary: &str, count: usize, settings: &[(&str, &str)], postgres: Postgres) -> Self {
        let mut cluster = Self::new(binary, settings, postgres);
        let setups: Vec<_> = (0..count).map(|_| cluster.setup()).collect();
        cluster.start_nodes(&setups).await;
        cluster
    }

    /// Starts the first, which migrates the database, and then the others side by side.
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

    /// How another node of this cluster is started.
    pub fn setup(&self) -> Setup {
        let mut setup = Setup::new(&self.binary)
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

    /// A node that runs.
    pub fn node(&self, index: usize) -> &Server {
        self.nodes[index].as_ref().expect("a running node")
    }

    /// The addresses of the nodes that run.
    pub fn nodes(&self) -> Nodes {
        Nodes::new(self.nodes.iter().flatten().map(|node| node.base().to_owned()).collect())
    }

    /// `kill -9`.
    pub async fn kill(&mut self, index: usize) {
        self.nodes[index].take().expect("a running node").kill().await;
    }

    /// Starts a node in the place of one that was killed.
    pub async fn start_again(&mut self, index: usize) {
        let node = self.setup().start().await;
        self.nodes[index] = Some(node);
    }

    /// Takes a node out, to be stopped.
    pub fn take(&mut self, index: usize) -> Server {
        self.nodes[index].take().expect("a running node")
    }

    /// Fails if a node that runs has panicked or logged an error.
    pub fn assert_untroubled(&self) {
        self.nodes.iter().flatten().for_each(Server::assert_untroubled);
    }
}
