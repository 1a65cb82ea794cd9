//! The databases of a server: one for each test.

use super::Postgres;
use crate::servers::eventually;
use std::fs::{self, File};
use std::sync::atomic::Ordering;

const TEMPLATE: &str = "migrated";

impl Postgres {
    /// Creates an empty database and returns its address.
    pub fn create_database(&self) -> String {
        self.create_from("template1")
    }

    /// Creates a copy of a template database, which `migrate` has migrated once, and returns its address.
    pub async fn create_migrated_database(&self, migrate: impl AsyncFnOnce(String)) -> String {
        let lock = self.lock();
        let is_migrated = self.folder.join("is-migrated");
        if !is_migrated.exists() {
            // A test that was killed while it migrated leaves an unfinished database.
            self.psql("postgres", &format!("DROP DATABASE IF EXISTS {TEMPLATE}"));
            self.psql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
            migrate(self.url(TEMPLATE)).await;
            File::create(is_migrated).expect("to mark the template");
        }
        drop(lock);
        self.create_from(TEMPLATE)
    }

    /// Returns a guard that removes the database at this address, and its connections, on drop.
    pub fn guard(&'static self, url: &str) -> DatabaseGuard {
        let database = url.rsplit('/').next().unwrap_or_default().to_owned();
        DatabaseGuard { server: self, database }
    }

    fn create_from(&self, template: &str) -> String {
        let name = format!("{}_{}", self.prefix, self.databases.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // The connection that migrated the template may take a moment to end.
        let created = eventually(|| self.try_psql("postgres", &sql).is_ok());
        assert!(created, "{sql}: {:?}", self.try_psql("postgres", &sql));
        self.url(&name)
    }

    /// Locks this server for this process, until the result is dropped.
    pub(super) fn lock(&self) -> File {
        fs::create_dir_all(&self.folder).expect("the server's folder");
        let lock = File::create(self.folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        lock
    }
}

/// Removes a database on drop.
pub struct DatabaseGuard {
    server: &'static Postgres,
    database: String,
}

impl Drop for DatabaseGuard {
    fn drop(&mut self) {
        // If this fails, the database uses disk space until the server ends.
        let _ = self.server.try_psql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.database));
    }
}
