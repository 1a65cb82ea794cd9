//! Attacks on shared resources: memory, the readers of the store, the queue of password hashes, the disk of the log.

use super::Options;
use crate::client;
use crate::http::Connection;
use crate::process::resident_kib;
use crate::report::{Kind, Report};
use crate::{say, stage};
use chat_blackbox::{Person, Server, Setup};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const SOCKETS: usize = 2_000;
/// The sent part of a frame of a million bytes, which never ends.
const UNFINISHED: usize = 999_000;
/// The greedy user's concurrent requests.
const AT_ONCE: usize = 64;
/// The number of honest requests, one after the other, with and without the attack.
const HONEST: usize = 100;
const GUESSERS: usize = 16;
const LOGGED: Duration = Duration::from_secs(10);
/// How long a socket may take to accept its part of a frame.
const SWALLOWING: Duration = Duration::from_secs(5);

const fn kind(figure: &'static str, unit: &'static str) -> Kind {
    Kind { scenario: "siege", figure, unit }
}

/// Measures the memory that unauthenticated clients can take.
pub(super) async fn unfinished(server: &Server, report: &mut Report) {
    let address = server.base().trim_start_matches("http://").to_owned();
    let before = resident_kib(server.pid());
    let (most, mut held) = (Arc::<AtomicU64>::default(), JoinSet::new());
    for _ in 0..SOCKETS {
        let address = address.clone();
        held.spawn(async move { tokio::time::timeout(SWALLOWING, swallow(&address)).await.ok().flatten() });
    }
    let mut open = Vec::new();
    while let Some(stream) = held.join_next().await {
        most.fetch_max(resident_kib(server.pid()), Ordering::Relaxed);
        open.extend(stream.ok().flatten());
    }
    most.fetch_max(resident_kib(server.pid()), Ordering::Relaxed);
    let grown = most.load(Ordering::Relaxed).saturating_sub(before);
    say(format!(
        "  unfinished   {SOCKETS} unauthenticated Socket.IO websockets, each with {UNFINISHED} bytes of a frame; {} \
         accepted all of it",
        open.len()
    ));
    report.figure(kind("memory of unauthenticated clients", "MB"), "unfinished", grown as f64 / 1_024.0);
}

/// Opens a socket and sends part of a frame. Returns the socket if the server accepted everything.
async fn swallow(address: &str) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let upgrade = format!("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{}", super::UPGRADE);
    stream.write_all(upgrade.as_bytes()).await.ok()?;
    let mut answer = [0; 1_024];
    let read = stream.read(&mut answer).await.ok()?;
    answer[..read].starts_with(b"HTTP/1.1 101 ").then_some(())?;
    let frame = client::frame_of(&"x".repeat(UNFINISHED + 1_000));
    stream.write_all(&frame[..UNFINISHED]).await.ok()?;
    Some(stream)
}

/// Measures how one user with many conversations slows the reads of others.
pub(super) async fn pages(setup: &Setup, options: &Options, report: &mut Report) {
    let count = options.conversations;
    let setup =
        setup.clone().set("RATE_LIMIT_REQUESTS", "100000/s,burst=1000000").set("RUST_LOG", "error,chat_server=info");
    let server = setup.set("BCRYPT_COST", "10").start().await;
    let people = stage::people(&server, "u", 3).await;
    let [greedy, honest, other] = &people[..] else { return };
    honest.direct_with(other).await;
    let creating = (0..count).map(|number| async move { greedy.group_with(&format!("g{number}"), &[other]).await });
    stage::all("making conversations", count, creating).await;
    let alone = reads(&server, honest).await;
    let (ends, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let mut asking = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (ends, answered, rest) = (ends.clone(), answered.clone(), greedy.rest.clone());
        let path = format!("/conversations?page={}&limit=100", count / 100);
        asking.spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                let reply = rest.request(Method::GET, &path).try_send().await;
                answered.fetch_add(u64::from(reply.is_some_and(|reply| reply.status == 200)), Ordering::Relaxed);
            }
        });
    }
    let together = reads(&server, honest).await;
    ends.store(true, Ordering::Relaxed);
    asking.join_all().await;
    say(format!(
        "  pages        one user in {count} conversations, {AT_ONCE} concurrent requests for a deep page; {} were \
         answered",
        answered.load(Ordering::Relaxed)
    ));
    report.figure(kind("another user's list without the attack, p99", "ms"), "pages", quantile(&alone));
    report.figure(kind("another user's list under attack, p99", "ms"), "pages", quantile(&together));
}

/// The times of honest reads in milliseconds, sorted.
async fn reads(server: &Server, person: &Person) -> Vec<f64> {
    let mut connection = Connection::open(server.base(), &person.access_token).await;
    let mut waits = Vec::new();
    for _ in 0..HONEST {
        let since = Instant::now();
        connection.get("/conversations").await;
        waits.push(since.elapsed().as_secs_f64() * 1_000.0);
    }
    waits.sort_by(f64::total_cmp);
    waits
}

fn quantile(sorted: &[f64]) -> f64 {
    sorted[(sorted.len() - 1) * 99 / 100]
}

/// Measures how wrong passwords slow the sign-ins of others.
pub(super) async fn guesses(server: &Server, options: &Options, report: &mut Report) {
    let (victim, other) =
        (Person::register(&server.rest(), "victim").await, Person::register(&server.rest(), "other").await);
    let time = Duration::from_secs(options.seconds.min(25));
    let (begin, tried) = (Instant::now(), Arc::<AtomicU64>::default());
    let mut guessing = JoinSet::new();
    for _ in 0..GUESSERS {
        let (tried, rest) = (tried.clone(), victim.rest.clone());
        guessing.spawn(async move {
            while begin.elapsed() < time {
                let body = json!({"currentPassword": "a wrong guess", "newPassword": "something quite new"});
                let reply = rest.request(Method::POST, "/users/me/password").json(&body).try_send().await;
                tried.fetch_add(u64::from(reply.is_some_and(|reply| reply.status == 403)), Ordering::Relaxed);
            }
        });
    }
    let mut waits = Vec::new();
    while begin.elapsed() < time {
        let since = Instant::now();
        other.sign_in().await;
        waits.push(since.elapsed().as_secs_f64() * 1_000.0);
    }
    guessing.join_all().await;
    waits.sort_by(f64::total_cmp);
    say(format!("  guesses      {GUESSERS} clients guess one password for {} s", time.as_secs()));
    report.figure(kind("checked guesses", ""), "guesses", tried.load(Ordering::Relaxed) as f64);
    report.figure(kind("another user's sign-in, p99", "ms"), "guesses", quantile(&waits));
}

/// Measures how much unauthenticated requests write to the log.
pub(super) async fn log(server: &Server, report: &mut Report) {
    let before = server.log().len();
    let (begin, answered) = (Instant::now(), Arc::<AtomicU64>::default());
    let mut asking = JoinSet::new();
    for number in 0..AT_ONCE {
        let (answered, rest) = (answered.clone(), server.rest());
        let path = if number % 2 == 0 { "/users/me" } else { "~/health/live" };
        asking.spawn(async move {
            while begin.elapsed() < LOGGED {
                answered.fetch_add(
                    u64::from(rest.request(Method::GET, path).try_send().await.is_some()),
                    Ordering::Relaxed,
                );
            }
        });
    }
    asking.join_all().await;
    let written = server.log().len() - before;
    say(format!(
        "  log          {} unauthenticated requests within {} s, half of them for health",
        answered.load(Ordering::Relaxed),
        LOGGED.as_secs()
    ));
    report.figure(kind("log of unauthenticated requests", "MB"), "log", written as f64 / 1e6);
}
