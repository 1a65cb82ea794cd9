//! The databases of a server: one for each test.

use super::Postgres;
use crate::servers::eventually;
use std::fs::{self, File};
use std::sync::atomic::Ordering;

const TEMPLATE: &str = "migrated";

impl Postgres {
    /// The address of a new, empty database.
    pub fn create_database(&self) -> String {
        self.create_from("template1")
    }

    /// The address of a new database that is a copy of one that was migrated once, by what is given here.
    pub async fn create_migrated_database(&self, migrate: impl AsyncFnOnce(String)) -> String {
        let lock = self.lock();
        let is_migrated = self.folder.join("is-migrated");
        if !is_migrated.exists() {
            // A test that was killed while it migrated leaves half a database.
            self.psql("postgres", &format!("DROP DATABASE IF EXISTS {TEMPLATE}"));
            self.psql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
            migrate(self.url(TEMPLATE)).await;
            File::create(is_migrated).expect("to mark the template");
        }
        drop(lock);
        self.create_from(TEMPLATE)
    }

    /// Removes the database at this address, with the connections to it, when the result is dropped.
    pub fn guard(&'static self, url: &str) -> DatabaseGuard {
        let database = url.rsplit('/').next().unwrap_or_default().to_owned();
        DatabaseGuard { server: self, database }
    }

    fn create_from(&self, template: &str) -> String {
        let name = format!("{}_{}", self.prefix, self.databases.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // The connection that migrated the template may take a moment to be gone.
        let created = eventually(|| self.try_psql("postgres", &sql).is_ok());
        assert!(created, "{sql}: {:?}", self.try_psql("postgres", &sql));
        self.url(&name)
    }

    /// Keeps other users of this server out, in whichever process they are, until the result is dropped.
    pub(super) fn lock(&self) -> File {
        fs::create_dir_all(&self.folder).expect("the server's folder");
        let lock = File::create(self.folder.join("lock")).expect("a lock file");
        lock.lock().expect("the lock");
        lock
    }
}

/// A database that is removed together with this value.
pub struct DatabaseGuard {
    server: &'static Postgres,
    database: String,
}

impl Drop for DatabaseGuard {
    fn drop(&mut self) {
        // A failure costs some space on disk until the server ends.
        let _ = self.server.try_psql("postgres", &format!("DROP DATABASE {} WITH (FORCE)", self.database));
    }
}
