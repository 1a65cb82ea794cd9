//! The cost of a page of the conversation list, for a user with very many conversations.

use crate::http::Connection;
use crate::pages::Times;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Settings, Site, StoreKind};
use chat_blackbox::{Person, Setup};
use std::time::Instant;

/// The number of conversations per page.
const PAGE: u64 = 20;

/// All loaded messages were sent before this time, in microseconds since the Unix epoch: 2025-01-01.
const LOADED_UNTIL: u64 = 1_735_689_600_000_000;

/// The time between the newest messages of two conversations, in microseconds.
const APART: u64 = 1_000;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Which stores are measured; may be given several times
    #[arg(long, value_enum, default_values_t = [StoreKind::Sqlite, StoreKind::Postgres])]
    store: Vec<StoreKind>,
    /// Number of the reader's conversations, at least 40; may be given several times
    #[arg(long, default_values_t = [10_000, 100_000], value_parser = clap::value_parser!(u64).range(2 * PAGE..))]
    memberships: Vec<u64>,
    /// Number of requests for each page
    #[arg(long, default_value_t = 100)]
    repeat: usize,
}

pub(crate) async fn run(setup: impl Fn() -> Setup, options: &Options, report: &mut Report) {
    say(format!(
        "lists: pages of {PAGE} of GET /conversations, one request after the other on one connection, {} per page \
         after a warm-up\n  \
         of a tenth as many. Each membership is in a group of two with one message. SQL loads them; VACUUM ANALYZE \
         follows.\n  \
         Deep: the page with the oldest conversations. Server and store share the machine.",
        options.repeat
    ));
    for &store in &options.store {
        for &memberships in &options.memberships {
            measure(&setup(), store, memberships, options.repeat, report).await;
        }
    }
}

async fn measure(setup: &Setup, store: StoreKind, memberships: u64, repeat: usize, report: &mut Report) {
    let site = Site::start(setup, store, &Settings::default()).await;
    let (ann, ben) = (site.server.register("ann").await, site.server.register("ben").await);
    let started = Instant::now();
    site.sql(&loading(store, [&ann, &ben], memberships));
    site.sql("VACUUM");
    site.sql("ANALYZE");
    say(format!("  {}, {memberships} memberships (loaded in {:.0} s)", store.name(), started.elapsed().as_secs_f64()));
    let numbered = format!("/conversations?limit={PAGE}&page=");
    let cursor = format!("/conversations?limit={PAGE}&cursor=");
    // The cursor as the server writes it, one page before the oldest conversation.
    let deep = format!("o{}-{:032x}", sent_at(PAGE + 1, memberships), 0);
    let pages = [
        ("first numbered page", format!("{numbered}1"), memberships),
        ("deep numbered page", format!("{numbered}{}", memberships.div_ceil(PAGE)), (memberships - 1) % PAGE + 1),
        ("first cursor page", cursor.clone(), memberships),
        ("deep cursor page", format!("{cursor}{deep}"), PAGE),
    ];
    let mut connection = Connection::open(site.server.base(), &ann.access_token).await;
    for (name, path, newest) in pages {
        assert_page(&ann, &path, newest).await;
        let times = Times::of(&mut connection, name, &path, repeat).await;
        let subject = format!("{}, {memberships} memberships, {name}", store.name());
        for (figure, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            report.note(Kind { scenario: "lists", figure, unit: "ms" }, &subject, times.millis(quantile));
        }
    }
    site.server.assert_untroubled();
}

/// Checks that the page starts with this conversation and continues without a gap, newest first.
async fn assert_page(reader: &Person, path: &str, newest: u64) {
    let page = reader.rest.get(path).await.data(200);
    let names: Vec<_> = page.as_array().expect("a page").iter().map(|one| one["name"].as_str()).collect();
    let expected: Vec<_> =
        (newest.saturating_sub(PAGE - 1).max(1)..=newest).rev().map(|number| format!("Group {number}")).collect();
    assert!(names.iter().copied().eq(expected.iter().map(|name| Some(name.as_str()))), "{names:?} at {path}");
}

/// Returns when the only message of a conversation was sent.
const fn sent_at(number: u64, memberships: u64) -> u64 {
    LOADED_UNTIL - (memberships - number) * APART
}

/// Returns SQL that creates this many groups of these two users; the second user created each group and sent its
/// message.
fn loading(store: StoreKind, people: [&Person; 2], memberships: u64) -> String {
    let text = |id: &str| match store {
        StoreKind::Sqlite => format!("x'{}'", id.replace('-', "")),
        StoreKind::Postgres => format!("'{id}'::uuid"),
    };
    let [ann, ben] = people.map(|person| text(&person.id));
    let (kind, numbers, id, message_id, code) = match store {
        StoreKind::Sqlite => (
            "BLOB",
            format!(
                "(WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {memberships}) SELECT n \
                 FROM up) AS numbers"
            ),
            "randomblob(16)",
            "randomblob(16)",
            "lower(hex(randomblob(16)))",
        ),
        StoreKind::Postgres => (
            "UUID",
            format!("generate_series(1, {memberships}::bigint) AS numbers (n)"),
            // In order of time, like the ids that the server creates.
            "(lpad(to_hex(1735689600000 + n), 12, '0') || '7000a' || substr(md5(n::text), 1, 15))::uuid",
            "(lpad(to_hex(1735689600000 + n), 12, '0') || '7000b' || substr(md5(n::text), 1, 15))::uuid",
            "md5(n::text)",
        ),
    };
    format!(
        "BEGIN;
         CREATE TEMPORARY TABLE places (n BIGINT PRIMARY KEY, id {kind}, at BIGINT);
         INSERT INTO places SELECT n, {id}, {LOADED_UNTIL} - ({memberships} - n) * {APART} FROM {numbers};
         INSERT INTO conversations (id, is_group, name, created_by, invite_code, last_seq, last_pos, \
         participant_count, created_at,
                                    updated_at, key_version)
         SELECT id, TRUE, 'Group ' || n, {ben}, {code}, 1, 2, 2, at, at, 1 FROM places ORDER BY n;
         INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         SELECT id, {ben}, 'admin', at, 0, 1, 1 FROM places ORDER BY n;
         INSERT INTO participants (conversation_id, user_id, role, joined_at, joined_seq, delivered_seq, read_seq)
         SELECT id, {ann}, 'member', at, 0, 0, 0 FROM places ORDER BY n;
         INSERT INTO conversation_changes (conversation_id, pos, kind, at) SELECT id, 1, 'created', at FROM places \
         ORDER BY n;
         INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
         SELECT id, 1, {message_id}, 2, {ben}, 'Message ' || n || ' of a usual length, such as people write to each \
         other', at, at
         FROM places ORDER BY n;
         COMMIT;"
    )
}
