//! Catching up over REST: what a client missed comes whole, once, and shows the present state.

mod device;
mod live;

use crate::{setup, start};
use chat_blackbox::{Person, Server, Socket};
use chat_testkit::servers::Postgres;
use device::Device;
use futures_util::future::join_all;
use serde_json::{Value, json};

pub(crate) use device::Any;
pub(crate) use live::LiveDevice;

/// The names, `pos` and content of events.
fn told(events: &Value) -> Vec<(&str, u64, &str)> {
    let events = events.as_array().expect("events").iter();
    let data = events.map(|one| (one["event"].as_str().unwrap_or_default(), &one["data"]));
    data.map(|(event, data)| {
        (event, data["pos"].as_u64().unwrap_or_default(), data["content"].as_str().unwrap_or_default())
    })
    .collect()
}

async fn register<const N: usize>(server: &Server, names: [&str; N]) -> [Person; N] {
    let people = join_all(names.map(|name| server.register(name))).await;
    people.try_into().expect("as many as names")
}

async fn changes(person: &Person, conversation: &str, query: &str) -> (Value, Value) {
    let reply = person.rest.get(&format!("/conversations/{conversation}/changes?{query}")).await;
    let pagination = reply.body["pagination"].clone();
    (reply.data(200), pagination)
}

#[tokio::test]
async fn missed_changes_come_page_by_page_without_what_later_ones_replace() {
    let server = start().await;
    let [ann, ben, cid] = register(&server, ["ann", "ben", "cid"]).await;
    let group = ann.group_with("Hikers", &[&ben]).await;
    let participants = format!("/conversations/{group}/participants");
    ann.say(&group, "one").await; // pos 2
    ann.rest.post(&participants, &json!({"userId": cid.id})).await.data(201); // 3
    ann.rest.patch(&format!("/conversations/{group}"), &json!({"name": "Walkers"})).await.data(200); // 4
    ben.say(&group, "two").await; // 5
    ann.rest.delete(&format!("{participants}/{}", cid.id)).await.data(200); // 6
    ann.rest.patch(&format!("/conversations/{group}"), &json!({"name": "Swimmers"})).await.data(200); // 7

    let (page, pagination) = changes(&ben, &group, "after=1").await;
    let expected = [
        ("message:received", 2, "one"),
        ("message:received", 5, "two"),
        ("participant:removed", 6, ""),
        ("conversation:updated", 7, ""),
    ];
    assert_eq!((told(&page["events"]), &page["reset"]), (expected.to_vec(), &json!(false)));
    assert_eq!(page["events"][3]["data"]["conversation"]["name"], "Swimmers");
    let end = json!({"limit": 100, "nextCursor": null, "prevCursor": null, "hasMore": false, "asOfPos": 7});
    assert_eq!(pagination, end);

    let (mut after, mut events) = ("1".to_owned(), Vec::new());
    loop {
        let (page, pagination) = changes(&ben, &group, &format!("after={after}&limit=2")).await;
        let page = page["events"].as_array().expect("events").clone();
        assert!(page.len() <= 2);
        events.extend(page);
        let Some(next) = pagination["nextCursor"].as_str() else { break };
        after = next.to_owned();
    }
    let events = json!(events);
    let paged = told(&events);
    assert!(expected.iter().all(|event| paged.contains(event)), "{paged:?}");
    assert!(paged.is_sorted_by_key(|(_, pos, _)| *pos), "{paged:?}");

    let (page, pagination) = changes(&ben, &group, "after=7").await;
    assert_eq!((&page["reset"], &page["events"]), (&json!(false), &json!([])));
    assert_eq!(pagination["hasMore"], false);
    let (page, pagination) = changes(&ben, &group, "after=8").await;
    assert_eq!((&page["reset"], &page["events"]), (&json!(true), &json!([])), "beyond the log");
    assert_eq!(pagination["asOfPos"], 7);
    for query in ["", "after=", "after=x", "after=-1", "after=1&limit=0", "after=1&limit=101", "after=1&after=2"] {
        let reply = ben.rest.get(&format!("/conversations/{group}/changes?{query}")).await;
        reply.assert_failure(400, "VALIDATION_FAILED");
    }
    server.assert_untroubled();
}

#[tokio::test]
async fn sync_gives_what_a_socket_gives_that_resumes() {
    let server = start().await;
    let [ann, ben] = register(&server, ["ann", "ben"]).await;
    let (group, left) = (ann.group_with("Hikers", &[&ben]).await, ann.group_with("Left", &[&ben]).await);
    let direct = ann.talk_with(&ben).await;
    ann.say(&group, "one").await;
    ann.rest.patch(&format!("/conversations/{group}"), &json!({"name": "Walkers"})).await.data(200);
    ann.rest.delete(&format!("/conversations/{left}/participants/{}", ben.id)).await.data(200);
    ben.send(&group, &json!({"content": "two", "clientMessageId": "k"})).await.data(201);

    let positions = json!({group.as_str(): 1, left.as_str(): 1, direct.as_str(): 2});
    let synced = ben.rest.post("/sync", &json!({"positions": positions})).await.data(200);
    let bearer = format!("Bearer {}", ben.access_token);
    let socket = Socket::open(&format!("{}?resume=true", server.socket_url()), &[("authorization", &bearer)]).await;
    let mut socket = socket.expect("an upgrade");
    socket.tell("resume", json!({"resume": positions})).await;
    let (mut events, mut read) = (Vec::new(), Vec::new());
    let resumed = loop {
        let frame = socket.next().await;
        match frame["event"].as_str() {
            Some("resumed") => break frame["data"].clone(),
            Some("message:status") => read.push(frame["data"].clone()),
            _ => events.push(frame),
        }
    };
    assert_eq!(synced["events"], json!(events));
    assert!(events.len() >= 5, "{events:?}");
    for field in ["epoch", "positions", "limited", "reset"] {
        assert_eq!(synced[field], resumed[field], "{field}");
    }
    assert_eq!(synced["readPositions"], json!(read));
    assert!(!read.is_empty());

    let limited = ben.rest.post("/sync", &json!({"positions": positions, "limit": 1})).await.data(200);
    assert_eq!(limited["limited"], json!([group]), "the smallest gaps come first");
    let stranger = server.register("eve").await;
    let nothing = stranger.rest.post("/sync", &json!({"positions": positions})).await.data(200);
    assert_eq!((&nothing["events"], &nothing["positions"]), (&json!([]), &json!({})), "of others");
    let of_another = json!({"positions": positions, "epoch": "another"});
    let of_another = ben.rest.post("/sync", &of_another).await.data(200);
    assert_eq!((&of_another["events"], of_another["reset"].as_array().map(Vec::len)), (&json!([]), Some(3)));
    let empty = ben.rest.post("/sync", &json!({"positions": {}})).await.data(200);
    assert_eq!((&empty["events"], &empty["positions"]), (&json!([]), &synced["positions"]));
    for body in [
        json!({}),
        json!({"positions": {"x": 1}}),
        json!({"positions": {}, "limit": 0}),
        json!({"positions": {}, "limit": 1_001}),
        json!({"positions": [], "limit": 1}),
    ] {
        ben.rest.post("/sync", &body).await.assert_failure(400, "VALIDATION_FAILED");
    }
    server.assert_untroubled();
}

#[tokio::test]
async fn unread_messages_are_counted_over_all_active_conversations() {
    let server = start().await;
    let [ann, ben] = register(&server, ["ann", "ben"]).await;
    let unread = async || ben.rest.get("/users/me/unread").await.data(200);
    assert_eq!(unread().await, json!({"total": 0, "conversations": 0}));
    let (one, two) = (ann.group_with("one", &[&ben]).await, ann.direct_with(&ben).await);
    for (conversation, count) in [(&one, 3), (&two, 2)] {
        for number in 0..count {
            ann.say(conversation, &number.to_string()).await;
        }
    }
    assert_eq!(unread().await, json!({"total": 5, "conversations": 2}));
    ben.rest.post(&format!("/conversations/{one}/read"), &json!({"seq": 1})).await.data(200);
    assert_eq!(unread().await, json!({"total": 4, "conversations": 2}));
    ben.rest.post(&format!("/conversations/{two}/read"), &json!({})).await.data(200);
    assert_eq!(unread().await, json!({"total": 2, "conversations": 1}));
    let gone = ann.rest.post("/chat/group", &json!({"groupName": "Gone", "members": [ben.id]})).await.data(201);
    let gone = gone["groupId"].as_str().expect("an id");
    ann.say(gone, "hello").await;
    ann.rest.delete(&format!("/chat/group/{gone}")).await.data(200);
    assert_eq!(unread().await, json!({"total": 2, "conversations": 1}), "a deactivated group does not count");
    server.assert_untroubled();
}

/// How many random actions one run makes.
const ACTIONS: usize = 300;

#[tokio::test]
async fn a_snapshot_and_the_changes_after_it_equal_a_fresh_snapshot_on_sqlite() {
    snapshot_and_changes(&start().await).await;
}

#[tokio::test]
async fn a_snapshot_and_the_changes_after_it_equal_a_fresh_snapshot_on_postgres() {
    snapshot_and_changes(&setup().set("DATABASE_URL", &Postgres::of_run().create_database()).start().await).await;
}

/// Several users act at random in one group. Devices begin with a snapshot at a random moment, and catch up at random
/// moments, by pages of any size, in any order that is allowed, or by `sync`.
async fn snapshot_and_changes(server: &Server) {
    let people = register(server, ["ann", "ben", "cid", "dan", "eve"]).await;
    let group = people[0].group_with("Everyone", &[&people[1], &people[2]]).await;
    let mut any = Any::new(7);
    let mut devices: Vec<Device> = Vec::new();
    for _ in 0..ACTIONS {
        act(&people, &group, &mut any).await;
        // Ann and Ben stay in the group, so that they can always read.
        if devices.len() < 8 && any.one_in(8) {
            devices.push(Device::start(&people[any.below(2)], &group).await);
        }
        if !devices.is_empty() && any.one_in(3) {
            let number = any.below(devices.len());
            devices[number].catch_up(&mut any).await;
        }
    }
    let caught_up = devices.iter_mut().map(|device| async {
        device.catch_up_whole(&mut Any::new(7)).await;
        device.compare().await
    });
    let differences: Vec<_> = join_all(caught_up).await.into_iter().flatten().collect();
    assert!(
        differences.is_empty(),
        "{} differences, the first of them: {:#?}",
        differences.len(),
        &differences[..differences.len().min(3)]
    );
    server.assert_untroubled();
}

/// One random action by a random user in this group, of which the first two users remain members. Some are refused.
pub(crate) async fn act(people: &[Person], group: &str, any: &mut Any) {
    let (person, other) = (&people[any.below(people.len())], &people[2 + any.below(people.len() - 2)]);
    let conversation = format!("/conversations/{group}");
    let member = format!("{conversation}/participants/{}", other.id);
    let number = any.below(1_000);
    let role = if any.one_in(2) { "admin" } else { "member" };
    let message = format!("{conversation}/messages/{}", any.id_of_a_message(people, group).await);
    let pin = message.replace("/messages/", "/pins/");
    let reaction = format!("{message}/reactions/{}", ["%F0%9F%91%8D", "%2B1", "party"][any.below(3)]);
    match any.below(22) {
        16 | 17 => drop(person.rest.put(&format!("{reaction}?replace={}", any.one_in(2)), None).await),
        18 => drop(person.rest.delete(&reaction).await),
        19 => drop(people[0].rest.put(&pin, None).await),
        20 => drop(people[0].rest.delete(&pin).await),
        12 => drop(person.rest.patch(&message, &json!({"content": format!("edit {number}")})).await),
        13 => drop(person.rest.patch(&message, &json!({"metadata": {"number": number % 3}})).await),
        14 => drop(person.rest.delete(&message).await),
        0..3 => drop(person.send(group, &json!({"content": format!("message {number}")})).await),
        3 => {
            let other = any.id_of_a_message(people, group).await;
            let body = if any.one_in(2) {
                json!({"content": format!("reply {number}"), "replyTo": other})
            } else {
                json!({"forwardOf": {"conversationId": group, "messageId": other}, "metadata": {"number": number}})
            };
            drop(person.send(group, &body).await);
        }
        4 => drop(people[0].rest.patch(&conversation, &json!({"name": format!("name {number}")})).await),
        5 | 6 => drop(people[0].rest.post(&format!("{conversation}/participants"), &json!({"userId": other.id})).await),
        7 | 8 => drop(people[0].rest.delete(&member).await),
        9 | 10 => drop(people[0].rest.patch(&member, &json!({"role": role})).await),
        _ => drop(person.rest.post(&format!("{conversation}/read"), &json!({"seq": number / 10})).await),
    }
}
