//! Messages of the greatest length that the setting allows: no answer is larger than what a connection can take.

use crate::setup;
use chat_blackbox::{Person, Server};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};

/// The size of the send queue of a connection that cannot hold longer messages than by default.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How many messages the test sends: more than fit into one answer.
const MESSAGES: u64 = 12;

#[tokio::test]
async fn long_messages_come_in_answers_of_a_bounded_size_on_sqlite() {
    long_messages(&setup().set("MESSAGE_MAX_LENGTH", "65536").start().await).await;
}

#[tokio::test]
async fn long_messages_come_in_answers_of_a_bounded_size_on_postgres() {
    let database = Postgres::of_run().create_database();
    long_messages(&setup().set("MESSAGE_MAX_LENGTH", "65536").set("DATABASE_URL", &database).start().await).await;
}

async fn long_messages(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let group = ann.group_with("Writers", &[&ben]).await;
    let mut socket = server.connect(&ben).await;
    let long = "😀".repeat(65_536);
    ann.send(&group, &json!({"content": format!("{long}x")})).await.assert_failure(400, "VALIDATION_FAILED");
    for number in 1..=MESSAGES {
        let sent = ann.send(&group, &json!({"content": long})).await.data(201);
        assert_eq!(sent["seq"], number);
    }
    for number in 1..=MESSAGES {
        let received = socket.event("message:received").await;
        assert_eq!((&received["seq"], received["content"] == long.as_str()), (&json!(number), true));
    }

    for (query, first, cursor) in [("", MESSAGES, "before"), ("&after=0", 1, "after")] {
        let seen = walk(&ben, &group, query, cursor).await;
        assert_eq!((seen.len() as u64, seen.first(), seen.is_sorted()), (MESSAGES, Some(&first), cursor == "after"));
    }
    let around = ben.rest.get(&format!("/conversations/{group}/messages?around=6")).await;
    let around = seqs(&around.data(200));
    assert!(around.contains(&6) && around.len() < 5, "{around:?}");

    let (mut after, mut changed) = (1, Vec::new());
    loop {
        let page = ben.rest.get(&format!("/conversations/{group}/changes?after={after}")).await;
        let pagination = page.body["pagination"].clone();
        assert!(page.body.to_string().len() <= MAX_ANSWER_BYTES);
        changed
            .extend(page.data(200)["events"].as_array().expect("events").iter().map(|one| one["data"]["seq"].clone()));
        let Some(next) = pagination["nextCursor"].as_str() else { break };
        after = next.parse().expect("a number");
    }
    assert_eq!(json!(changed), json!((1..=MESSAGES).collect::<Vec<_>>()));

    let synced = ben.rest.post("/sync", &json!({"positions": {group.as_str(): 1}})).await.data(200);
    assert!(synced.to_string().len() <= MAX_ANSWER_BYTES);
    assert_eq!(synced["limited"], json!([group]), "the rest is read by pages of changes");
    let list = ben.rest.get("/conversations").await.data(200);
    let shown = list[0]["lastMessage"]["content"].as_str().expect("a text");
    assert_eq!(shown.chars().count(), 2_000);
    server.assert_untroubled();
}

/// Reads all pages by cursor. Returns the numbers of the messages in the order of the pages.
async fn walk(person: &Person, group: &str, query: &str, cursor: &str) -> Vec<u64> {
    let (mut seen, mut query) = (Vec::new(), query.to_owned());
    loop {
        let page = person.rest.get(&format!("/conversations/{group}/messages?limit=100{query}")).await;
        assert!(page.body.to_string().len() <= MAX_ANSWER_BYTES);
        let next = page.body["pagination"][if cursor == "before" { "nextCursor" } else { "prevCursor" }].clone();
        let mut page = seqs(&page.data(200));
        if cursor == "after" {
            page.reverse();
        }
        seen.extend(page);
        let Some(next) = next.as_str() else { return seen };
        query = format!("&{cursor}={next}");
    }
}

fn seqs(page: &Value) -> Vec<u64> {
    page.as_array().expect("messages").iter().map(|message| message["seq"].as_u64().expect("a number")).collect()
}
