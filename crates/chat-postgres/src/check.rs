//! Checks the server before anything is stored. [`crate::connect`] sets what a connection can set for itself; this
//! checks the rest.

use crate::{OpenError, PostgresConfig};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The oldest release that its maintainers still support.
const OLDEST_VERSION: i64 = 140_000;

/// The encoding that represents every character of a message.
const ENCODING: &str = "UTF8";

/// The server's settings for this user in this database.
#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    encoding: String,
    #[diesel(sql_type = Text)]
    messages: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    isolation: String,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Bool)]
    is_superuser: bool,
    #[diesel(sql_type = BigInt)]
    max_connections: i64,
    #[diesel(sql_type = BigInt)]
    reserved_connections: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    of_user: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    of_database: Option<i64>,
}

const QUESTION: &str = "
    SELECT current_setting('server_version_num')::bigint AS version,
           current_setting('server_encoding') AS encoding,
           current_setting('lc_messages') AS messages,
           current_setting('synchronous_commit') AS synchronous_commit,
           current_setting('transaction_isolation') AS isolation,
           current_setting('fsync') AS fsync,
           current_setting('full_page_writes') AS full_page_writes,
           current_setting('is_superuser')::boolean AS is_superuser,
           current_setting('max_connections')::bigint AS max_connections,
           current_setting('superuser_reserved_connections')::bigint
               + coalesce(current_setting('reserved_connections', true)::bigint, 0) AS reserved_connections,
           (SELECT nullif(rolconnlimit, -1)::bigint FROM pg_roles WHERE rolname = session_user) AS of_user,
           (SELECT nullif(datconnlimit, -1)::bigint FROM pg_database WHERE datname = current_database())
               AS of_database";

/// Refuses a server that cannot store every message, that acknowledges writes before they are on disk, or that allows
/// too few connections. Warns if the server trusts its disk too much, which the operator may decide.
pub(crate) async fn check(connection: &mut AsyncPgConnection, config: &PostgresConfig) -> Result<(), OpenError> {
    let found: Found = diesel::sql_query(QUESTION)
        .get_result(connection)
        .await
        .map_err(|error| OpenError::Unreachable(error.into()))?;
    if found.version < OLDEST_VERSION {
        return Err(OpenError::Version { found: found.version });
    }
    if found.encoding != ENCODING {
        return Err(OpenError::Encoding { found: found.encoding });
    }
    if !is_english(&found.messages) {
        return Err(OpenError::Messages { found: found.messages });
    }
    hold("synchronous_commit", &["on", "remote_apply"], &found.synchronous_commit)?;
    hold("transaction_isolation", &["read committed"], &found.isolation)?;
    found.allow_connections(config)?;
    for (setting, value) in [("fsync", &found.fsync), ("full_page_writes", &found.full_page_writes)] {
        if value != "on" {
            tracing::warn!(setting, %value, "the database may lose or damage acknowledged data on a power failure");
        }
    }
    Ok(())
}

fn hold(setting: &'static str, wanted: &[&'static str], found: &str) -> Result<(), OpenError> {
    if wanted.contains(&found) {
        return Ok(());
    }
    Err(OpenError::Setting { setting, wanted: wanted[0], found: found.to_owned() })
}

/// Whether a locale's messages are those in the server's source code.
fn is_english(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    let language = locale.split(['.', '_', '@', '-']).next().unwrap_or_default();
    ["", "c", "posix", "en", "english"].contains(&language)
}

impl Found {
    /// Other nodes and programs take connections too; this checks only that this node alone would have enough.
    fn allow_connections(&self, config: &PostgresConfig) -> Result<(), OpenError> {
        let needed = i64::try_from(config.pool_size.max(1) + config.writers.max(1)).unwrap_or(i64::MAX);
        let reserved = if self.is_superuser { 0 } else { self.reserved_connections };
        let mut limits = vec![("the server's max_connections", self.max_connections - reserved)];
        if !self.is_superuser {
            limits.extend(self.of_user.map(|limit| ("the connection limit of this user", limit)));
            limits.extend(self.of_database.map(|limit| ("the connection limit of this database", limit)));
        }
        match limits.into_iter().find(|(_, allowed)| *allowed < needed) {
            Some((limit, allowed)) => Err(OpenError::Connections { limit, allowed, needed }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_english_where_the_locale_is_c_or_some_english() {
        for locale in ["C", "C.UTF-8", "POSIX", "", "en_US.UTF-8", "en_GB", "English_United States.1252"] {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["de_DE.UTF-8", "ca_ES.UTF-8", "fr", "es_MX.UTF-8"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
