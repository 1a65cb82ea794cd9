use crate::address::Address;
use crate::{OpenError, PostgresConfig, tls};
use chat_domain::BoxError;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::error::Error as _;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_postgres::NoTls;
use tokio_postgres::config::Config;
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A peer that acknowledges nothing for this long counts as gone, also behind a cut cable.
const DEAD_PEER_TIMEOUT: Duration = Duration::from_secs(10);

/// The idle time after which a connection is probed, so that firewalls keep it and a dead one is noticed.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(30);

/// Opens connections with the settings that all of them have.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    statement_timeout: Duration,
    /// The runtime of the connections: a connection ends with the runtime that opened it, and an HTTP server's workers
    /// come and go.
    runtime: Handle,
}

/// Why a connection could not be opened.
#[derive(Debug)]
pub(crate) struct ConnectFault {
    /// Waiting does not help: a wrong password, an unknown database, an untrusted certificate.
    pub(crate) is_permanent: bool,
    pub(crate) source: BoxError,
}

impl Connector {
    /// Opens connections on the caller's runtime.
    pub(crate) fn new(config: &PostgresConfig) -> Result<Self, OpenError> {
        let Address { config: mut address, protection, roots } = Address::parse(&config.url)?;
        address
            .connect_timeout(config.connect_timeout)
            .keepalives_idle(KEEPALIVE_AFTER)
            .tcp_user_timeout(DEAD_PEER_TIMEOUT);
        Ok(Self {
            config: address,
            tls: tls::connector(protection, &roots)?,
            statement_timeout: config.statement_timeout,
            runtime: Handle::current(),
        })
    }

    /// A connection for everything except migrations.
    pub(crate) async fn connect(&self) -> Result<AsyncPgConnection, ConnectFault> {
        self.connect_with(self.statement_timeout).await
    }

    /// A connection without a statement timeout.
    pub(crate) async fn connect_patiently(&self) -> Result<AsyncPgConnection, ConnectFault> {
        self.connect_with(Duration::ZERO).await
    }

    async fn connect_with(&self, statement_timeout: Duration) -> Result<AsyncPgConnection, ConnectFault> {
        let this = self.clone();
        let connecting = async move {
            let connection = this.establish().await?;
            set_up(connection, statement_timeout).await
        };
        self.runtime.spawn(connecting).await.unwrap_or_else(|error| Err(passing(error)))
    }

    async fn establish(&self) -> Result<AsyncPgConnection, ConnectFault> {
        let connection = if let Some(tls) = &self.tls {
            let (client, connection) = self.config.connect(tls.clone()).await.map_err(judged)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        } else {
            let (client, connection) = self.config.connect(NoTls).await.map_err(judged)?;
            AsyncPgConnection::try_from_client_and_connection(client, connection).await
        };
        connection.map_err(passing)
    }
}

/// The settings of every connection.
///
/// - *Plans*: every statement reaches few rows by their keys, however many rows there are. So plans use indexes even
///   while a table is small enough to scan, do not change as it grows, and are made once per connection.
/// - *Durability* that the server's settings may have weakened, and the timeouts. The server ends a transaction that a
///   stopped node left open, since its locks would block every other node.
/// - *Messages in English*, which [`crate::fault`] reads. Only a superuser may set this, so it is set only if it
///   differs.
/// - *Everything else that an operator may have set* for this user or database, and that the statements rely on: each
///   statement of a transaction sees what was committed before it, waits for locks count towards the statement timeout,
///   and idle connections stay open.
///
/// Settings that an older server does not have are left out.
const SETTINGS: &str = "
    SELECT set_config('statement_timeout', $1, false) || set_config('idle_in_transaction_session_timeout', $2, false)
        || set_config('enable_seqscan', 'off', false) || set_config('enable_bitmapscan', 'off', false)
        || set_config('enable_hashjoin', 'off', false) || set_config('enable_mergejoin', 'off', false)
        || set_config('plan_cache_mode', 'force_generic_plan', false) || set_config('jit', 'off', false)
        || set_config('default_transaction_isolation', 'read committed', false)
        || set_config('lock_timeout', '0', false) || set_config('standard_conforming_strings', 'on', false)
        || CASE WHEN current_setting('idle_session_timeout', true) IS NULL THEN ''
                ELSE set_config('idle_session_timeout', '0', false) END
        || CASE WHEN current_setting('transaction_timeout', true) IS NULL THEN ''
                ELSE set_config('transaction_timeout', '0', false) END
        || CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply') THEN ''
                ELSE set_config('synchronous_commit', 'on', false) END
        || CASE WHEN current_setting('lc_messages') ~* '^(en|c$|c\\.|posix|$)'
                  OR NOT current_setting('is_superuser')::boolean THEN ''
                ELSE set_config('lc_messages', 'C', false) END AS setting";

/// Statements of a transaction follow each other at once, so only a stopped node exceeds this time.
const ABANDONED_AFTER: Duration = Duration::from_secs(20);

async fn set_up(
    mut connection: AsyncPgConnection,
    statement_timeout: Duration,
) -> Result<AsyncPgConnection, ConnectFault> {
    diesel::sql_query(SETTINGS)
        .bind::<Text, _>(statement_timeout.as_millis().to_string())
        .bind::<Text, _>(ABANDONED_AFTER.as_millis().to_string())
        .execute(&mut connection)
        .await
        .map_err(passing)?;
    Ok(connection)
}

fn passing(source: impl Into<BoxError>) -> ConnectFault {
    ConnectFault { is_permanent: false, source: source.into() }
}

fn judged(error: tokio_postgres::Error) -> ConnectFault {
    let refused = error.code().is_some_and(|code| {
        [
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            SqlState::INVALID_CATALOG_NAME,
            SqlState::INSUFFICIENT_PRIVILEGE,
        ]
        .contains(code)
    });
    ConnectFault { is_permanent: refused || is_distrusted(&error), source: error.into() }
}

/// Whether the reason is the server's certificate, or that it has none.
fn is_distrusted(error: &tokio_postgres::Error) -> bool {
    if error.source().is_some_and(|source| source.to_string() == "server does not support TLS") {
        return true;
    }
    let io_error = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    io_error
        .and_then(std::io::Error::get_ref)
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some_and(|fault| matches!(fault, rustls::Error::InvalidCertificate(_)))
}
