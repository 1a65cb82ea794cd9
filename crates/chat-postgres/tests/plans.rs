//! The cost of a page does not grow with the amount of data behind it: the plans and the numbers of pages read are the
//! same at two sizes, as the server reports for the statements that the store runs.

use chat_domain::conversations::{ConversationFilter, ConversationStore, GroupStore, ListCursor, ParticipantPlace};
use chat_domain::messages::{Anchor, HistoryRequest, MessageStore};
use chat_domain::presence::{ContactsWanted, PresenceAudience};
use chat_domain::receipts::{AdvancePositions, ReceiptStore, ReceiptTarget};
use chat_domain::users::{SearchTerm, UserStore};
use chat_domain::{
    ChangeLog, ChangeRange, ConversationId, PageLimit, PageNumber, PageRequest, Pos, RealtimeStore, Seq, Timestamp,
    UserId,
};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::nodes::eventually;
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// At both sizes the indexes have two levels. At fifty thousand messages they have three, and each look-up reads one
/// more page; the fourth level begins at about ten million.
const SMALL: u64 = 2_000;
const LARGE: u64 = 30_000;

/// The allowed difference in pages between two readings of equally many rows: their layout on pages varies.
const TOLERANCE: u64 = 2;

/// A statement's plan without its numbers, and the number of pages that it read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    shape: String,
    pages: u64,
}

struct Site {
    server: Postgres,
    store: Arc<PostgresStore>,
    viewer: UserId,
    group: ConversationId,
}

impl Site {
    /// Creates a conversation with `count` messages, fifty others with the same participants, thousands of other
    /// groups, and `count` more named groups.
    async fn with_messages(count: u64) -> Self {
        let server = Postgres::start_with(&[
            "session_preload_libraries=auto_explain",
            "auto_explain.log_min_duration=0",
            "auto_explain.log_analyze=on",
            "auto_explain.log_buffers=on",
            "auto_explain.log_timing=off",
            "auto_explain.log_format=json",
            "jit=off",
        ]);
        let url = server.create_database();
        let store = Arc::new(PostgresStore::open(&PostgresConfig::at(url)).await.expect("a store"));
        let scene = Scene::new(Stores::of(store.clone(), ()));
        let [viewer, other] = scene.users_named(["ann", "bob"]).await;
        let group = scene.group(viewer, &[other]).await;
        for _ in 0..50 {
            scene.group(viewer, &[other]).await;
        }
        for number in 0..20 {
            scene.named_group(other, &[], &format!("The needle {number:02}")).await;
        }
        let sql = format!(
            "INSERT INTO users (id, username_key, created_at, updated_at)
             SELECT gen_random_uuid(), 'somebody' || n, n, n FROM generate_series(1, 5000) AS n;
             INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
             SELECT '{group}', n, gen_random_uuid(), n + 1, '{other}', lpad(n::text, 60, ' '), n, n
             FROM generate_series(1, {count}) AS n;
             INSERT INTO conversations
                 (id, is_group, name, group_name_key, created_by, participant_count, created_at, updated_at)
             SELECT gen_random_uuid(), TRUE, 'hay ' || n, 'hay ' || n, '{other}', 1, n, n
             FROM generate_series(1, 5000 + {count}) AS n;
             INSERT INTO group_name_suffixes (suffix, conversation_id)
             SELECT group_name_key, id FROM conversations WHERE name LIKE 'hay %';
             UPDATE conversations SET last_seq = {count}, last_pos = {count} + 1, updated_at = updated_at * 2
             WHERE id = '{group}'"
        );
        server.psql("test_0", &sql);
        server.psql("test_0", "VACUUM ANALYZE");
        Self { server, store, viewer, group }
    }

    /// Returns the readings of the statements that this call runs, without those that a new connection runs once.
    async fn readings(&self, call: impl AsyncFn(&Self)) -> Vec<Reading> {
        // The call runs twice: the first run includes what a new connection reads once.
        call(self).await;
        let before = self.server.log().len();
        call(self).await;
        plans(&self.server.log()[before..])
    }

    async fn history(&self, request: HistoryRequest) -> Vec<Reading> {
        self.readings(async |site| {
            let page = site.store.history(site.group, site.viewer, request).await.expect("a page");
            assert_eq!(page.messages.len(), 50);
        })
        .await
    }

    async fn list(&self) -> Vec<Reading> {
        let request = PageRequest { number: PageNumber::FIRST, limit: limit(20) };
        self.readings(async |site| {
            let page = site.store.list(site.viewer, ConversationFilter::All, request).await.expect("a page");
            assert_eq!((page.items.len(), page.total), (20, 51));
            assert!(page.items[0].last_message.is_some(), "the newest activity comes first");
        })
        .await
    }

    /// Reads a page in the middle of the list, by cursor.
    async fn list_from(&self) -> Vec<Reading> {
        let first = self.store.list_from(self.viewer, ConversationFilter::All, ListCursor::Newest, limit(20)).await;
        let cursor = ListCursor::OlderThan(first.expect("a page").older.expect("more"));
        self.readings(async |site| {
            let page = site.store.list_from(site.viewer, ConversationFilter::All, cursor, limit(20)).await;
            assert_eq!(page.expect("a page").items.len(), 20);
        })
        .await
    }

    async fn search(&self) -> Vec<Reading> {
        let term = SearchTerm::parse("needle").expect("a term");
        let request = PageRequest { number: PageNumber::FIRST, limit: limit(20) };
        self.readings(async |site| {
            let page = site.store.search_groups(site.viewer, &term, request).await.expect("a page");
            assert_eq!((page.items.len(), page.total), (20, 20));
        })
        .await
    }

    async fn places(&self) -> Vec<Reading> {
        let places: Vec<_> = (1..=50).map(|seq| (self.group, Seq::new(seq * 30))).collect();
        self.readings(async |site| {
            let found = site.store.list_at(&places).await.expect("places");
            assert_eq!(found.len(), 50);
            let found = site.store.find_place(found[0].id).await.expect("an answer");
            assert!(found.is_some());
        })
        .await
    }

    /// Runs the calls of a client that connects and disconnects.
    async fn coming_and_going(&self) -> Vec<Reading> {
        let number = AtomicI64::new(1);
        self.readings(async |site| {
            let memberships = site.store.list_memberships(site.viewer, 10_000).await.expect("memberships");
            assert_eq!(memberships.len(), 51);
            let ids: Vec<_> = memberships.iter().map(|membership| membership.conversation_id).collect();
            assert_eq!(site.store.list_positions(&ids).await.expect("positions").len(), 102);
            let wanted = ContactsWanted {
                user: site.viewer,
                audience: PresenceAudience::Contacts,
                most_participants: 100,
                looked_at: 256,
                conversations: 100,
                limit: 100,
            };
            assert_eq!(site.store.list_newest_contacts(wanted).await.expect("contacts").len(), 1);
            let audience = site.store.list_presence_audience(site.viewer, 100, 1_000).await.expect("an audience");
            assert!(!audience.is_empty());
            assert!(UserStore::find(&*site.store, site.viewer).await.expect("an answer").is_some());
            let seen = Timestamp::from_unix_micros(number.fetch_add(1, Ordering::Relaxed));
            site.store.touch_last_seen(site.viewer, seen).await.expect("touched");
        })
        .await
    }

    async fn changes(&self, after: u64) -> Vec<Reading> {
        let range = ChangeRange { conversation_id: self.group, after: Pos::new(after), up_to: Pos::MAX };
        self.readings(async |site| {
            assert_eq!(site.store.list_changes(&[range], 50).await.expect("changes").len(), 50);
        })
        .await
    }
}

/// Parses the plans in a part of the server's log, which `auto_explain` writes as JSON over several lines, each after a
/// tab.
fn plans(log: &str) -> Vec<Reading> {
    log.split("plan:\n")
        .skip(1)
        .map(|text| {
            let json: String = text.lines().take_while(|line| line.starts_with(['\t', '{', '}'])).collect();
            let explained: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
            let plan = &explained["Plan"];
            let pages = |kind: &str| plan[kind].as_u64().expect("a number");
            Reading { shape: shape(plan), pages: pages("Shared Hit Blocks") + pages("Shared Read Blocks") }
        })
        .collect()
}

fn shape(plan: &Value) -> String {
    // Text between quotes is a value.
    let without_values = |text: &str| text.split('\'').step_by(2).collect::<String>();
    let part = |name: &str| plan[name].as_str().map(|text| format!(" {}", without_values(text))).unwrap_or_default();
    let below: Vec<_> = plan["Plans"].as_array().into_iter().flatten().map(shape).collect();
    format!(
        "{}{}{}{} ({})",
        plan["Node Type"].as_str().unwrap_or_default(),
        part("Index Name"),
        part("Relation Name"),
        part("Index Cond"),
        below.join(", ")
    )
}

fn limit(number: u64) -> PageLimit {
    PageLimit::parse(number).expect("a limit")
}

fn assert_same(what: &str, one: &[Reading], other: &[Reading]) {
    assert!(!one.is_empty(), "{what}: nothing was read");
    assert_eq!(one.len(), other.len(), "{what}: as many statements");
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.shape, other.shape, "{what}");
        assert!(one.pages.abs_diff(other.pages) <= TOLERANCE, "{what}: {one:?} {other:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_the_same_however_long_the_history_and_however_deep_the_page() {
    let (small, large) = (Site::with_messages(SMALL).await, Site::with_messages(LARGE).await);
    let before = |seq| HistoryRequest::Before(Anchor::Seq(Seq::new(seq)), limit(50));
    let latest = HistoryRequest::Latest(limit(50));

    let first = small.history(latest).await;
    assert_same("the first page", &first, &large.history(latest).await);
    assert_same("the deepest page", &small.history(before(60)).await, &large.history(before(60)).await);
    assert_same("the first and the deepest", &first, &large.history(before(60)).await);
    assert_same("the first and one in the middle", &first, &large.history(before(LARGE / 2)).await);
    let page = |number| {
        HistoryRequest::Page(PageRequest { number: PageNumber::parse(number).expect("a page"), limit: limit(50) })
    };
    assert_same(
        "the first and the last numbered page",
        &large.history(page(1)).await,
        &large.history(page(LARGE / 50)).await,
    );

    assert_same("a page of conversations", &small.list().await, &large.list().await);
    let (by_cursor, numbered) = (small.list_from().await, small.list().await);
    assert_same("a page of conversations by cursor", &by_cursor, &large.list_from().await);
    assert_eq!(by_cursor.len() + 1, numbered.len(), "a page by cursor runs no count");
    for reading in by_cursor.iter().chain(&numbered) {
        assert!(!reading.shape.contains("Seq Scan"), "{}", reading.shape);
    }
    assert_same("a search for groups", &small.search().await, &large.search().await);
    assert_same("messages at their places", &small.places().await, &large.places().await);
    let coming = small.coming_and_going().await;
    assert_same("connecting and disconnecting", &coming, &large.coming_and_going().await);
    assert_eq!(coming.len(), 6, "a statement for each call");
    let indexes = [" participations_of_user participants", " conversations_pkey conversations"];
    assert!(indexes.iter().all(|index| coming[0].shape.contains(index)), "{}", coming[0].shape);
    for reading in &coming {
        assert!(!reading.shape.contains("Seq Scan"), "{}", reading.shape);
    }
    assert_same("recent changes", &small.changes(SMALL - 100).await, &large.changes(LARGE - 100).await);
    assert_same("old changes", &small.changes(100).await, &large.changes(100).await);

    let ranges: Vec<_> = first.iter().filter(|reading| reading.shape.contains(" messages_pkey messages")).collect();
    assert!(ranges.len() == 1 && ranges[0].pages < 160, "{ranges:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_what_was_missed_costs_the_same_however_many_edits_are_in_the_log() {
    let (small, large) = (Site::with_messages(SMALL).await, Site::with_messages(LARGE).await);
    for (site, count) in [(&small, SMALL), (&large, LARGE)] {
        // All messages were edited, in their order.
        let Site { viewer, group, .. } = site;
        let sql = format!(
            "INSERT INTO conversation_changes (conversation_id, pos, kind, at, effect, message_id)
             SELECT conversation_id, pos + {count}, 'message_updated', created_at, 'none', id FROM messages
             WHERE conversation_id = '{group}';
             INSERT INTO changed_messages (conversation_id, changed_pos, seq)
             SELECT conversation_id, pos + {count}, seq FROM messages WHERE conversation_id = '{group}';
             INSERT INTO conversation_changes (conversation_id, pos, kind, at, effect, user_id)
             VALUES ('{group}', 2 * {count} + 2, 'participant_removed', 1, 'leaves', '{viewer}');
             UPDATE messages SET changed_pos = pos + {count} WHERE conversation_id = '{group}';
             UPDATE conversations SET last_pos = 2 * {count} + 2 WHERE id = '{group}'"
        );
        site.server.psql("test_0", &sql);
        site.server.psql("test_0", "VACUUM ANALYZE");
    }
    let missed = async |site: &Site, after: u64| {
        let range = |up_to| ChangeRange { conversation_id: site.group, after: Pos::new(after), up_to };
        let places = site.store.list_missed_pos(range(Pos::MAX), 50).await.expect("places");
        assert_eq!(places.len(), 50);
        let (part, last) = (range(places[49]), places[49].get());
        assert_eq!(last, after + 50, "nothing is between them");
        let found = site.store.list_missed(&[part]).await.expect("changes");
        assert_eq!(found.len(), 50);
    };
    for (what, of_small, of_large) in [("sent messages", 1, 1), ("edits", SMALL + 1, LARGE + 1)] {
        let one = small.readings(async |site| missed(site, of_small).await).await;
        let other = large.readings(async |site| missed(site, of_large).await).await;
        assert_eq!(one.len(), other.len(), "{what}: as many statements");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.shape, other.shape, "{what}");
            assert!(!one.shape.contains("Seq Scan"), "{}", one.shape);
            // The larger index has one more level, so each of fifty look-ups reads one more page.
            assert!(other.pages < one.pages + 60, "{what}: {one:?} {other:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_participants_costs_the_same_in_a_group_of_any_size_and_at_any_place() {
    let site = Site::with_messages(SMALL).await;
    let crowd = "SELECT id FROM conversations WHERE name = 'hay 7'";
    let sql = format!(
        "INSERT INTO participants
             (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         SELECT ({crowd}), id, 'member', created_at, 0, 0, 0 FROM users WHERE username_key LIKE 'somebody%'"
    );
    site.server.psql("test_0", &sql);
    site.server.psql("test_0", "VACUUM ANALYZE");
    let id: ConversationId = site.server.psql("test_0", crowd).trim().parse().expect("an id");
    let read = async |after: Option<ParticipantPlace>| {
        site.readings(async |site| {
            let page = site.store.list_participants(id, after, limit(100)).await.expect("a page");
            assert_eq!(page.items.len(), 100);
        })
        .await
    };
    let late = ParticipantPlace { joined_at: Timestamp::from_unix_micros(4_500), user_id: site.viewer };
    let (first, last) = (read(None).await, read(Some(late)).await);
    assert_same("the first and a late page", &first, &last);
    assert_eq!(first.len(), 1, "one statement");
    let shape = &first[0].shape;
    assert!(shape.contains(" participants_by_age participants") && !shape.contains("Seq Scan"), "{shape}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marking_ten_thousand_messages_read_is_one_rows_update() {
    let site = Site::with_messages(10_000).await;
    let trigger = |table: &str| {
        format!(
            "CREATE TRIGGER counted AFTER INSERT OR UPDATE OR DELETE ON {table}
             FOR EACH ROW EXECUTE FUNCTION note_write();"
        )
    };
    let triggers: String = ["messages", "participants", "conversations", "conversation_changes"]
        .iter()
        .map(|table| trigger(table))
        .collect();
    let sql = format!(
        "CREATE TABLE writes (what TEXT NOT NULL);
         CREATE FUNCTION note_write() RETURNS TRIGGER LANGUAGE plpgsql AS
             $$ BEGIN INSERT INTO writes VALUES (TG_OP || ' ' || TG_TABLE_NAME); RETURN NULL; END $$;
         {triggers}"
    );
    site.server.psql("test_0", &sql);
    let read = AdvancePositions::Read(ReceiptTarget::Latest);
    let advanced = site.store.advance(site.group, site.viewer, read).await.expect("advanced");
    assert_eq!((advanced.before.read, advanced.positions.read), (Seq::ZERO, Seq::new(10_000)));
    assert_eq!(site.server.psql("test_0", "SELECT what FROM writes"), "UPDATE participants");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sends_find_their_keys_by_the_index_of_keys_also_in_a_database_that_was_just_made() {
    const SENDS: u64 = 3_000;
    // The server never analyses the tables: only the writers can have their plans made anew.
    let server = Postgres::start_with(&["autovacuum=off"]);
    let config = PostgresConfig { writers: 1, ..PostgresConfig::at(server.create_database()) };
    let store = Arc::new(PostgresStore::open(&config).await.expect("a store"));
    let scene = Scene::new(Stores::of(store.clone(), ()));
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let group = scene.group(ann, &[bob]).await;
    for number in 0..SENDS {
        store.append(scene.keyed_draft(group, ann, "hello", &number.to_string())).await.expect("stored");
    }
    // A connection reports what it has read when it ends.
    store.close().await;
    let read = || {
        let sql = "SELECT sum(idx_scan), sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'messages'";
        let counts = server.psql("test_0", sql);
        let (scans, rows) = counts.trim().split_once('|').expect("two numbers");
        (scans.parse().unwrap_or(0), rows.parse().unwrap_or(0))
    };
    let mut rows = 0_u64;
    eventually("the connections report what they read", async || {
        let (scans, read): (u64, u64) = read();
        rows = read;
        scans >= SENDS
    })
    .await;
    // The first plan may read the whole conversation, until it is made anew after 128 sends and after 1,024.
    assert!(rows < 1_024 * 1_024, "{rows} rows were read");
}
