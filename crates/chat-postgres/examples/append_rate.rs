//! Measures how many messages per second this machine stores durably: `cargo run --release -p chat-postgres --example
//! append_rate [writers]`.
//!
//! It starts a temporary server with `fsync=on`. Callers send, wait for the commit and send again, for ten seconds,
//! with four callers per conversation.

#![allow(clippy::print_stdout, reason = "the output is the purpose")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers are small"
)]

use chat_domain::messages::MessageStore;
use chat_domain::{ConversationId, UserId};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;
use std::time::{Duration, Instant};

const DURATION: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    let writers = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(PostgresConfig::DEFAULT_WRITERS);
    let server = Postgres::start();
    let config = PostgresConfig { writers, ..PostgresConfig::at(server.create_database()) };
    let store = Arc::new(PostgresStore::open(&config).await.expect("a store"));
    let scene = Scene::new(Stores::of(store.clone(), ()));
    println!("fsync {}, {writers} writers", server.psql("postgres", "SHOW fsync"));
    for callers in [1, 16, 64, 256] {
        let places = places(&scene, callers).await;
        run(&scene, &store, &places, WARM_UP).await;
        let before = store.status().sends;
        let started = Instant::now();
        let mut waits = run(&scene, &store, &places, DURATION).await;
        let seconds = started.elapsed().as_secs_f64();
        let after = store.status().sends;
        waits.sort_unstable();
        let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        println!(
            "{callers:>4} callers: {:>7.0} a second, p50 {:.1} ms, p99 {:.1} ms, {:.1} a commit",
            waits.len() as f64 / seconds,
            at(0.5),
            at(0.99),
            (after.taken - before.taken) as f64 / (after.batches - before.batches) as f64,
        );
    }
    store.close().await;
}

/// Returns the conversation and the sender of each caller; four callers share a conversation.
async fn places(scene: &Scene, callers: usize) -> Vec<(ConversationId, UserId)> {
    let mut places = Vec::new();
    for group in 0..callers.div_ceil(4) {
        let mut people = Vec::new();
        for person in 0..4 {
            people.push(scene.user(&format!("user{callers}_{group}_{person}")).await);
        }
        let id = scene.group(people[0], &people[1..]).await;
        places.extend(people.into_iter().map(|user| (id, user)));
    }
    places.truncate(callers);
    places
}

async fn run(
    scene: &Scene,
    store: &Arc<PostgresStore>,
    places: &[(ConversationId, UserId)],
    duration: Duration,
) -> Vec<Duration> {
    let until = Instant::now() + duration;
    let callers: Vec<_> = places
        .iter()
        .map(|(id, user)| {
            let (scene, store, id, user) = (scene.clone(), store.clone(), *id, *user);
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < until {
                    let key = format!("{}", uuid::Uuid::now_v7());
                    let draft =
                        scene.keyed_draft(id, user, "A message of a usual length, some sixty characters.", &key);
                    let sent = Instant::now();
                    store.append(draft).await.expect("a message");
                    waits.push(sent.elapsed());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::new();
    for caller in callers {
        waits.extend(caller.await.expect("a caller"));
    }
    waits
}
