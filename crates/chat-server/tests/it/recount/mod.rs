//! Unread counts equal a recount after a thousand concurrent actions of many clients: requests of both APIs and sockets
//! of both dialects, while a user is removed and added again.

mod device;
mod log;

use crate::setup;
use chat_blackbox::{Person, Server, Socket};
use chat_testkit::servers::Postgres;
use device::{Device, Done, Move};
use futures_util::future::join_all;
use log::Log;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The people. Each has two devices.
const NAMES: [&str; 5] = ["ann", "bob", "cid", "dan", "eve"];
const STEPS: usize = 100;
/// The people who send nothing in the group, so that they have unread messages.
const QUIET: [usize; 2] = [2, 3];

#[tokio::test]
async fn unread_counts_equal_a_recount_after_a_thousand_things_at_once_on_sqlite() {
    run(&setup().start().await).await;
}

#[tokio::test]
async fn unread_counts_equal_a_recount_after_a_thousand_things_at_once_on_postgres() {
    run(&setup().set("DATABASE_URL", &Postgres::of_run().create_database()).start().await).await;
}

async fn run(server: &Server) {
    let people = join_all(NAMES.map(|name| server.register(name))).await;
    let group = people[0].group_with("Everyone", &people[1..].iter().collect::<Vec<_>>()).await;
    let mut devices = tokio::task::JoinSet::new();
    for (number, camel) in (0..people.len()).flat_map(|number| [(number, false), (number, true)]) {
        let mut device = device(&people, number, camel, &group);
        let mut socket = connect(&server.socket_url(), &device).await;
        devices.spawn(async move {
            for _ in 0..STEPS {
                device.step(&mut socket).await;
            }
            (number, device.done)
        });
    }
    let mut done: HashMap<usize, Vec<Done>> = HashMap::new();
    for (number, of_device) in devices.join_all().await {
        done.entry(number).or_default().push(of_device);
    }
    let log = Log::read(server, &people[0], &group).await;
    let mut unread = 0;
    for (number, person) in people.iter().enumerate() {
        unread += compare_in_group(person, &done[&number], &log, &group).await;
        if let Some(partner) = partner_of(&people, number) {
            compare_in_pair(person, &done[&number], partner).await;
        }
    }
    assert!(
        log.seqs.len() > 100 && unread > 0,
        "{} messages, {unread} unread: too few to show anything",
        log.seqs.len()
    );
    server.assert_untroubled();
}

/// Returns the partner of a person: the people form pairs. The last one has no partner, and is the one who is removed
/// and added again.
fn partner_of(people: &[Person], number: usize) -> Option<&Person> {
    if number + 1 == people.len() { None } else { people.get(number ^ 1) }
}

fn device(people: &[Person], number: usize, camel: bool, group: &str) -> Device {
    Device {
        person: people[number].clone(),
        group: group.to_owned(),
        partner: partner_of(people, number).filter(|_| !camel).map(|partner| partner.id.clone()),
        removes: people.last().filter(|_| number == 0 && !camel).map(|last| last.id.clone()),
        quiet: QUIET.contains(&number),
        camel,
        seed: (number * 2 + usize::from(camel)) as u64,
        known: Vec::new(),
        done: Done::default(),
    }
}

async fn connect(url: &str, device: &Device) -> Socket {
    let dialect = if device.camel { "camel" } else { "colon" };
    let bearer = format!("Bearer {}", device.person.access_token);
    let opened = Socket::open(&format!("{url}?resume=true&dialect={dialect}"), &[("authorization", &bearer)]).await;
    let mut socket = opened.expect("an upgrade");
    socket.tell("resume", json!({"resume": {}})).await;
    socket.event("resumed").await;
    socket
}

/// Compares the person's unread count of the group with the lists of both APIs. Returns the count.
async fn compare_in_group(person: &Person, done: &[Done], log: &Log, group: &str) -> usize {
    let marks = done.iter().flat_map(|done| &done.read).map(|mark| log.seq_of(mark));
    let read = marks.max().unwrap_or(0).max(log.joined(&person.id));
    let unread = log.seqs.values().filter(|seq| **seq > read).count();
    let expected = log.is_in(&person.id).then_some(unread as u64);
    let listed = person.rest.get("/conversations?limit=100").await.data(200);
    assert_eq!(find(&listed, "id", group), expected, "{} in the group", person.name);
    let rooms = person.rest.get(&format!("/chat/group-rooms/{}", person.id)).await.data(200);
    assert_eq!(find(&rooms, "groupId", group), expected, "{} in the group, by `/chat`", person.name);
    unread
}

/// Compares the unread count of the direct conversation: its messages beyond the position that the person's actions
/// reached.
async fn compare_in_pair(person: &Person, done: &[Done], partner: &Person) {
    let direct = person.direct_with(partner).await;
    let history = person.history(&direct).await;
    let seqs: HashMap<_, _> = history.iter().map(|message| (text(&message["id"]), message["seq"].as_u64())).collect();
    let read = done.iter().flat_map(|done| &done.pair).fold(0, |read, moved| match moved {
        Move::To(id) => read.max(seqs[id].expect("a number")),
        Move::By(count) => read + count,
    });
    let expected = history.iter().filter(|message| message["seq"].as_u64() > Some(read)).count() as u64;
    let listed = person.rest.get("/conversations?limit=100").await.data(200);
    assert_eq!(find(&listed, "id", &direct), Some(expected), "{} with {}", person.name, partner.name);
    let rooms = person.rest.get(&format!("/chat/rooms/{}", person.id)).await.data(200);
    let (room, whose) = (find(&rooms, "userId", &partner.id), (&person.name, &partner.name));
    assert_eq!(room, Some(expected), "{whose:?}, by `/chat`");
}

fn find(list: &Value, key: &str, id: &str) -> Option<u64> {
    let found = list.as_array().expect("a list").iter().find(|one| one[key] == id)?;
    Some(found["unreadCount"].as_u64().expect("a count"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a string, got {value}")).to_owned()
}
