//! The cost of a page of messages or conversations, with short and with long histories.

use crate::http::Connection;
use crate::pages::Times;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Settings, Site, StoreKind};
use chat_blackbox::{Person, Setup};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Number of the reader's conversations, more than one page of the list.
const CONVERSATIONS: u64 = 50;

/// All loaded messages were sent before this time, in microseconds since the Unix epoch: 2025-01-01.
const LOADED_UNTIL: u64 = 1_735_689_600_000_000;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Which stores are measured; may be given several times
    #[arg(long, value_enum, default_values_t = [StoreKind::Sqlite, StoreKind::Postgres])]
    store: Vec<StoreKind>,
    /// Number of messages, half of them in one conversation; may be given several times
    #[arg(long, default_values_t = [10_000, 2_000_000])]
    messages: Vec<u64>,
    /// Number of requests for each page
    #[arg(long, default_value_t = 1_000)]
    repeat: usize,
    /// Connections that repeatedly read the newest page while CPU is measured
    #[arg(long, default_value_t = 8)]
    readers: usize,
    /// Duration of a round, in seconds
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(crate) async fn run(setup: impl Fn() -> Setup, options: &Options, report: &mut Report) {
    say(format!(
        "history: pages of messages and of conversations over REST, one request after the other on one connection, \
         {} per page after a\n  \
         warm-up of a tenth as many. The reader has {CONVERSATIONS} conversations. One has half of all messages, the \
         others share the rest.\n  \
         Rows are in order of time, so that the conversations are interleaved. SQL loads them; VACUUM ANALYZE \
         follows.\n  \
         Deepest: the cursor or page with the oldest messages. Server and store share the machine.\n  \
         Then {} connections read the newest page for {} s per round. The figure is pages per CPU-second of server \
         and database.",
        options.repeat, options.readers, options.seconds
    ));
    for &store in &options.store {
        for &messages in &options.messages {
            measure(&setup(), store, messages, options, report).await;
        }
    }
}

async fn measure(setup: &Setup, store: StoreKind, messages: u64, options: &Options, report: &mut Report) {
    let repeat = options.repeat;
    let site = Site::start(setup, store, &Settings::default()).await;
    let (ann, ben) = (site.server.register("ann").await, site.server.register("ben").await);
    let mut conversations = Vec::new();
    for number in 0..CONVERSATIONS {
        conversations.push(ann.group_with(&format!("group {number}"), &[&ben]).await);
    }
    let started = Instant::now();
    site.sql(&loading(store, &conversations, [&ann, &ben], messages));
    site.sql("VACUUM");
    site.sql("ANALYZE");
    say(format!("  {}, {messages} messages (loaded in {:.0} s)", store.name(), started.elapsed().as_secs_f64()));
    let last = messages / 2;
    let history = format!("/conversations/{}/messages?limit=50", conversations[0]);
    let pages = [
        ("history, first page of 50", history.clone()),
        ("history, cursor in the middle", format!("{history}&before={}", last / 2)),
        ("history, deepest cursor", format!("{history}&before=51")),
        ("history, deepest numbered page", format!("{history}&page={}", last / 50)),
        ("conversations, first page of 20", "/conversations?limit=20".to_owned()),
        ("conversations, deepest page", format!("/conversations?limit=20&page={}", CONVERSATIONS.div_ceil(20))),
    ];
    let mut connection = Connection::open(site.server.base(), &ann.access_token).await;
    for (name, path) in pages {
        Times::of(&mut connection, name, &path, repeat).await;
    }
    let page = ann.rest.get(&format!("{history}&before=51")).await.data(200);
    let seqs: Vec<_> = page.as_array().expect("a page").iter().filter_map(|message| message["seq"].as_u64()).collect();
    assert!(seqs.iter().copied().eq((1..=50).rev()), "the oldest messages, newest first: {seqs:?}");
    let rates = newest(&site, &ann, &history, options).await;
    let kind = Kind { scenario: "history", figure: "newest 50, reads per CPU-second", unit: "" };
    report.rounds(kind, &format!("{}, {last} messages", store.name()), &rates);
    site.server.assert_untroubled();
}

/// Returns the newest pages read per CPU-second of server and database, in each round.
async fn newest(site: &Site, reader: &Person, path: &str, options: &Options) -> Vec<f64> {
    let (mut rates, mut progress) = (Vec::new(), Progress::of(options.rounds));
    let mut connections = Vec::new();
    for _ in 0..options.readers {
        connections.push(Connection::open(site.server.base(), &reader.access_token).await);
    }
    for round in 1..=options.rounds {
        progress.begin(&format!("history: round {round}"));
        let (cpu, end) = (site.meter().cpu(), Instant::now() + Duration::from_secs(options.seconds));
        let mut reading = JoinSet::new();
        for mut connection in connections.drain(..) {
            let path = path.to_owned();
            reading.spawn(async move {
                let mut pages = 0_u32;
                while Instant::now() < end {
                    connection.get(&path).await;
                    pages += 1;
                }
                (connection, pages)
            });
        }
        let mut pages = 0;
        for (connection, count) in reading.join_all().await {
            connections.push(connection);
            pages += count;
        }
        rates.push(f64::from(pages) / site.meter().cpu().saturating_sub(cpu).as_secs_f64());
        progress.step();
    }
    rates
}

/// Returns SQL that stores this many messages. Message `n` belongs to the first conversation if `n` is odd, and
/// otherwise to the others in turn.
fn loading(store: StoreKind, conversations: &[String], people: [&Person; 2], messages: u64) -> String {
    let others = CONVERSATIONS - 1;
    let text = |id: &String| match store {
        StoreKind::Sqlite => format!("x'{}'", id.replace('-', "")),
        StoreKind::Postgres => format!("'{id}'::uuid"),
    };
    let places: Vec<_> =
        conversations.iter().enumerate().map(|(number, id)| format!("({number}, {})", text(id))).collect();
    let (id, length, numbers) = match store {
        StoreKind::Sqlite => (
            "randomblob(16)",
            // Building indexes is fast if everything fits into memory. If the process crashes, the data is discarded.
            "PRAGMA cache_size = -2000000; PRAGMA synchronous = OFF;",
            format!(
                "(WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {messages}) SELECT n \
                 FROM up)"
            ),
        ),
        StoreKind::Postgres => (
            // In order of time, like the ids that the server creates.
            "(lpad(to_hex(1735689600000 + n), 12, '0') || '7000a' || substr(md5(n::text), 1, 15))::uuid",
            "",
            format!("generate_series(1, {messages}::bigint)"),
        ),
    };
    let numbered = match store {
        StoreKind::Sqlite => format!("{numbers} AS numbers"),
        StoreKind::Postgres => format!("{numbers} AS numbers (n)"),
    };
    let sender = format!("CASE WHEN n / 2 % 2 = 0 THEN {} ELSE {} END", text(&people[0].id), text(&people[1].id));
    let bump = "(SELECT count(*) FROM messages AS m WHERE m.conversation_id = conversations.id)";
    format!(
        "{length} BEGIN;
         CREATE TEMPORARY TABLE places (number BIGINT PRIMARY KEY, id {kind});
         INSERT INTO places VALUES {places};
         INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, created_at, updated_at)
         SELECT p.id, s.seq, s.id, s.seq + 1, s.sender_id, s.body, s.at, s.at
         FROM (
             SELECT n, CASE WHEN n % 2 = 1 THEN 0 ELSE 1 + (n / 2 - 1) % {others} END AS number,
                    CASE WHEN n % 2 = 1 THEN (n + 1) / 2 ELSE 1 + (n / 2 - 1) / {others} END AS seq,
                    {id} AS id, {sender} AS sender_id, 'Message ' || n || ' of a usual length, such as people write to \
                    each other' AS body,
                    {LOADED_UNTIL} - ({messages} - n) * 1000 AS at
             FROM {numbered}
         ) AS s JOIN places AS p ON p.number = s.number ORDER BY s.n;
         UPDATE conversations SET last_seq = {bump}, last_pos = {bump} + 1;
         COMMIT;",
        kind = if store == StoreKind::Sqlite { "BLOB" } else { "UUID" },
        places = places.join(", "),
    )
}
