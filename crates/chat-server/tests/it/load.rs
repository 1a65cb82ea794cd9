//! Many clients at once: no message is lost or stored twice, and all see one order.

use crate::start;
use chat_blackbox::Person;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const SENDERS: usize = 64;
const MESSAGES_EACH: usize = 20;

/// The content of every acked message, by the message's id.
type Acked = HashMap<String, String>;

/// Sends until done or until the server is gone. Counts acks meanwhile.
async fn send_all(
    person: Person,
    conversation: String,
    sender: usize,
    count: usize,
    progress: Arc<AtomicU64>,
) -> Acked {
    let mut acked = Acked::new();
    for number in 0..count {
        let content = format!("{sender}/{number}");
        let request = person.rest.request(Method::POST, &format!("/conversations/{conversation}/messages"));
        let Some(reply) = request.json(&json!({"content": content, "clientMessageId": content})).try_send().await
        else {
            break;
        };
        let message = reply.data(201);
        progress.fetch_add(1, Ordering::Relaxed);
        acked.insert(message["id"].as_str().expect("an id").to_owned(), content);
    }
    acked
}

fn assert_complete(history: &[Value], acked: &Acked) {
    let seqs: Vec<_> = history.iter().filter_map(|message| message["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<_>>(), "seq is 1..n");
    let stored: HashMap<_, _> =
        history.iter().map(|message| (message["id"].as_str().unwrap_or_default(), &message["content"])).collect();
    assert_eq!(stored.len(), history.len(), "no message twice");
    let contents: std::collections::HashSet<_> = history.iter().map(|message| message["content"].to_string()).collect();
    assert_eq!(contents.len(), history.len(), "no content twice");
    for (id, content) in acked {
        assert_eq!(stored.get(id.as_str()), Some(&&json!(content)), "acked but not in the history: {content}");
    }
}

async fn gathered(mut senders: JoinSet<Acked>) -> Acked {
    let mut acked = Acked::new();
    while let Some(some) = senders.join_next().await {
        acked.extend(some.expect("a sender ends"));
    }
    acked
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_senders_at_once_lose_nothing_and_repeat_nothing() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let progress = Arc::new(AtomicU64::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let person = if sender % 2 == 0 { ann.clone() } else { ben.clone() };
        senders.spawn(send_all(person, conversation.clone(), sender, MESSAGES_EACH, progress.clone()));
    }
    let acked = gathered(senders).await;
    assert_eq!(acked.len(), SENDERS * MESSAGES_EACH);
    let history = ann.history(&conversation).await;
    assert_eq!(history.len(), acked.len());
    assert_complete(&history, &acked);
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acked_is_there_after_kill_nine_and_retries_make_nothing_twice() {
    let mut server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let progress = Arc::new(AtomicU64::new(0));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        senders.spawn(send_all(ann.clone(), conversation.clone(), sender, usize::MAX, progress.clone()));
    }
    let enough = async {
        while progress.load(Ordering::Relaxed) < 500 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(chat_blackbox::DEADLINE, enough).await.expect("500 acks in time");
    server.kill().await;
    let acked = gathered(senders).await;

    let server = server.restart().await;
    let ann = ann.at(&server.rest());
    let history = ann.history(&conversation).await;
    assert_complete(&history, &acked);
    let (id, content) = acked.iter().next().expect("an acked message");
    let again = ann.send(&conversation, &json!({"content": content, "clientMessageId": content})).await.data(200);
    assert_eq!((&again["id"], &again["duplicate"]), (&json!(id), &json!(true)));
    assert_eq!(ann.say(&conversation, "afterwards").await["seq"], json!(history.len() + 1));
    server.assert_untroubled();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_members_see_a_thousand_messages_in_one_order() {
    const MEMBERS: usize = 100;
    const MESSAGES: usize = 1_000;
    let server = start().await;
    let mut members = Vec::new();
    for number in 0..MEMBERS {
        members.push(server.register(&format!("member{number}")).await);
    }
    let others: Vec<_> = members[1..].iter().collect();
    let group = members[0].group_with("everybody", &others).await;
    let mut listening = JoinSet::new();
    for member in &members {
        let mut socket = server.connect(member).await;
        listening.spawn(async move {
            let mut ids = Vec::with_capacity(MESSAGES);
            while ids.len() < MESSAGES {
                let message = socket.event("message:received").await;
                assert_eq!(message["seq"], json!(ids.len() + 1), "in order, none missing, none twice");
                ids.push(message["id"].clone());
            }
            ids
        });
    }
    let mut sending = JoinSet::new();
    for (number, member) in members.iter().take(10).cloned().enumerate() {
        sending.spawn(send_all(member, group.clone(), number, MESSAGES / 10, Arc::default()));
    }
    let acked = gathered(sending).await;
    let expected: Vec<_> = members[0].history(&group).await.iter().map(|message| message["id"].clone()).collect();
    assert_eq!((acked.len(), expected.len()), (MESSAGES, MESSAGES));
    while let Some(seen) = listening.join_next().await {
        assert_eq!(seen.expect("a listener ends"), expected);
    }
    server.assert_untroubled();
}
