//! A database with a thousand users, and the reads of a client that reconnects.

use chat_domain::conversations::Membership;
use chat_domain::messages::MessagePlace;
use chat_domain::receipts::PositionsMoved;
use chat_domain::users::{User, UserStore};
use chat_domain::{Change, ChangeLog, ChangeRange, Pos, RealtimeStore, StoreError, UserId};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use std::sync::Arc;
use tokio::task::{JoinHandle, yield_now};
use uuid::Uuid;

pub(crate) const USERS: u64 = 1_000;
/// The size of a team, whose members share conversations.
pub(crate) const TEAM: u64 = 10;
pub(crate) const CONVERSATIONS_OF_TEAM: u64 = 5;
pub(crate) const MESSAGES: u64 = 30;

/// The store's connections that wait for a lock.
pub(crate) const STUCK: &str = "FROM pg_stat_activity WHERE application_name = 'chat' AND wait_event_type = 'Lock'";

pub(crate) type Found = Result<Option<User>, StoreError>;

/// The reads of one client that reconnects.
#[derive(Debug, PartialEq)]
pub(crate) struct Read {
    pub(crate) user: Option<User>,
    pub(crate) memberships: Vec<Membership>,
    pub(crate) positions: Vec<PositionsMoved>,
    pub(crate) places: Vec<MessagePlace>,
    pub(crate) changes: Vec<Change>,
}

pub(crate) struct Site {
    pub(crate) server: Postgres,
    pub(crate) store: Arc<PostgresStore>,
}

impl Site {
    pub(crate) async fn with(config: impl FnOnce(String) -> PostgresConfig) -> Self {
        let server = Postgres::start_with(&["shared_preload_libraries=pg_stat_statements"]);
        let store = PostgresStore::open(&config(server.create_database())).await.expect("a store");
        Self { server, store: Arc::new(store) }
    }

    /// Creates teams whose conversations have messages.
    pub(crate) async fn with_teams(config: impl FnOnce(String) -> PostgresConfig) -> Self {
        let site = Self::with(config).await;
        let (users, conversations) = (id_sql(1), id_sql(2));
        let teams = USERS / TEAM;
        site.sql(&format!(
            "INSERT INTO users (id, email, email_key, username, username_key, name, name_key, created_at, updated_at)
             SELECT {users}, 'u' || n || '@example.com', 'u' || n || '@example.com', 'user' || n, 'user' || n,
                    'User ' || n, 'user ' || n, n, n
             FROM generate_series(0, {USERS} - 1) AS n;
             INSERT INTO conversations (id, is_group, name, created_by, last_seq, last_pos, participant_count,
                                        created_at, updated_at)
             SELECT {conversations}, TRUE, 'group ' || n,
                    (SELECT {users} FROM (SELECT n % {teams} * {TEAM} AS n) AS first),
                    {MESSAGES}, {MESSAGES} + 1, {TEAM}, n, n / 2
             FROM generate_series(0, {teams} * {CONVERSATIONS_OF_TEAM} - 1) AS n;
             INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
             SELECT c.id, {users}, 'member', n, 0, n % {MESSAGES}, n % 7
             FROM generate_series(0, {USERS} - 1) AS n
             JOIN conversations AS c ON c.created_at % {teams} = n / {TEAM};
             INSERT INTO conversation_changes (conversation_id, pos, kind, at, member_ids)
             SELECT id, 1, 'created', created_at, ARRAY[created_by] FROM conversations;
             INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
             SELECT id, n, gen_random_uuid(), n + 1, created_by, 'message ' || n, n, n
             FROM conversations, generate_series(1, {MESSAGES}) AS n;
             ANALYZE"
        ));
        site
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.psql("test_0", sql)
    }

    /// Runs all reads of this user's client, one after the other.
    pub(crate) async fn read(&self, number: u64) -> Read {
        read(&self.store, number).await
    }

    /// The number of statements that the store has run since the last count.
    pub(crate) fn count_statements(&self) -> u64 {
        let own = "query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE 'LOCK%'";
        let count = self.sql(&format!("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE {own}"));
        self.sql("SELECT pg_stat_statements_reset()");
        count.parse().expect("a number")
    }

    /// Starts calls, and returns when all of them wait or have reached the server. At least one has, and none gets a
    /// result while its table is locked.
    pub(crate) async fn made<T: Send + 'static>(
        &self,
        calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
    ) -> Vec<JoinHandle<T>> {
        let before = self.store.status().batches.calls;
        let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
        loop {
            let status = self.store.status().batches;
            if status.waiting as u64 + status.calls - before >= calls.len() as u64 {
                break;
            }
            yield_now().await;
        }
        while self.sql(&format!("SELECT count(*) {STUCK}")) == "0" {
            yield_now().await;
        }
        calls
    }

    pub(crate) fn finds(&self, count: u64) -> impl Iterator<Item = impl Future<Output = Found> + Send + 'static> {
        let store = self.store.clone();
        (0..count).map(move |number| {
            let store = store.clone();
            async move { find(&store, user(number)).await }
        })
    }

    /// Runs calls that all wait before the first of them gets its result.
    pub(crate) async fn at_once<T: Send + 'static>(
        &self,
        tables: &str,
        calls: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
    ) -> Vec<T> {
        let locked = self.server.lock_table("test_0", tables);
        let calls = self.made(calls).await;
        drop(locked);
        let mut answers = Vec::with_capacity(calls.len());
        for call in calls {
            answers.push(call.await.expect("an answer"));
        }
        answers
    }
}

pub(crate) fn id_sql(kind: u64) -> String {
    format!("('0000000{kind}-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid")
}

pub(crate) fn id(kind: u64, number: u64) -> Uuid {
    Uuid::parse_str(&format!("0000000{kind}-0000-7000-8000-{number:012}")).expect("an id")
}

pub(crate) fn user(number: u64) -> UserId {
    UserId::new(id(1, number))
}

pub(crate) async fn find(store: &PostgresStore, id: UserId) -> Found {
    // The conversation store has a `find` too.
    UserStore::find(store, id).await
}

pub(crate) async fn read(store: &PostgresStore, number: u64) -> Read {
    let memberships = store.list_memberships(user(number), 10_000).await.expect("memberships");
    let ids: Vec<_> = memberships.iter().map(|membership| membership.conversation_id).collect();
    let mut positions = store.list_positions(&ids).await.expect("positions");
    positions.sort_unstable_by_key(|moved| (moved.conversation_id, moved.user_id));
    let places: Vec<_> = positions.iter().map(|moved| (moved.conversation_id, moved.positions.delivered)).collect();
    let mut places = store.list_at(&places).await.expect("places");
    places.sort_unstable_by_key(|place| (place.conversation_id, place.seq));
    // Some clients have missed more changes than others, and some have missed only changes that are not messages.
    let after = Pos::new(number % MESSAGES);
    let up_to = if number.is_multiple_of(3) { Pos::new(1) } else { Pos::MAX };
    let ranges: Vec<_> = ids.iter().map(|id| ChangeRange { conversation_id: *id, after, up_to }).collect();
    let changes = store.list_changes(&ranges, 100).await.expect("changes");
    let user = find(store, user(number)).await.expect("an answer");
    Read { user, memberships, positions, places, changes }
}
