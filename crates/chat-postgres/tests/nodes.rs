//! Several nodes on one database.

use chat_domain::conversations::AddParticipant;
use chat_domain::{ActionError, Refusal};
use chat_postgres::{PostgresConfig, PostgresStore};
use chat_testkit::servers::Postgres;
use chat_testkit::stores::{Scene, Stores};
use std::sync::Arc;

async fn node(url: &str) -> Stores {
    node_with(&PostgresConfig::at(url)).await
}

async fn node_with(config: &PostgresConfig) -> Stores {
    Stores::of(Arc::new(PostgresStore::open(config).await.expect("a store")), ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_writers_of_two_nodes_number_without_gaps() {
    const CONVERSATIONS: usize = 4;
    const SENDERS: usize = 10;
    const MESSAGES: usize = 20;
    let url = Postgres::shared().create_database();
    let nodes = [Scene::new(node(&url).await), Scene::new(node(&url).await)];
    let [ann, bob] = nodes[0].users_named(["ann", "bob"]).await;
    let mut groups = Vec::new();
    for _ in 0..CONVERSATIONS {
        groups.push(nodes[0].group(ann, &[bob]).await);
    }
    let mut senders = Vec::new();
    for sender in 0..SENDERS {
        let (scene, groups) = (nodes[sender % 2].clone(), groups.clone());
        senders.push(tokio::spawn(async move {
            for number in 0..MESSAGES {
                let user = if number % 2 == 0 { ann } else { bob };
                scene.say(groups[(sender + number) % CONVERSATIONS], user, "racing").await;
            }
        }));
    }
    for sender in senders {
        sender.await.expect("every message is stored");
    }
    for group in groups {
        nodes[1].assert_numbered_without_gaps(group, ann).await;
        let conversation = nodes[0].overview(group, bob).await.details.conversation;
        assert_eq!(conversation.last_seq.get(), (SENDERS * MESSAGES / CONVERSATIONS) as u64);
    }
}

/// Runs every call that locks several rows, all at once and in the same conversations. The lock order excludes
/// deadlocks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_members_and_deletions_of_two_nodes_never_wait_in_a_circle() {
    const ROUNDS: usize = 6;
    let server = Postgres::start();
    let url = server.create_database();
    let nodes = [Scene::new(node(&url).await), Scene::new(node(&url).await)];
    let [ann, bob] = nodes[0].users_named(["ann", "bob"]).await;
    let mut groups = Vec::new();
    for _ in 0..4 {
        groups.push(nodes[0].group(ann, &[bob]).await);
    }
    for round in 0..ROUNDS {
        let mut guests = Vec::new();
        for number in 0..4 {
            guests.push(nodes[0].user(&format!("guest_{round}_{number}")).await);
        }
        let mut tasks = Vec::new();
        for (number, guest) in guests.into_iter().enumerate() {
            let (one, other, groups) = (nodes[0].clone(), nodes[1].clone(), groups.clone());
            let adding = one.clone();
            let adding_to = groups.clone();
            tasks.push(tokio::spawn(async move {
                for id in adding_to.iter().cycle().skip(number).take(8) {
                    let add = AddParticipant { conversation_id: *id, actor: ann, user: guest, at: adding.now() };
                    match adding.conversations.add_participant(add).await {
                        Ok(_) | Err(ActionError::Refused(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                    match adding.conversations.remove_participant(adding.removal(*id, ann, guest)).await {
                        Ok(_) | Err(ActionError::Refused(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }));
            let sending = other.clone();
            tasks.push(tokio::spawn(async move {
                for id in groups.iter().cycle().take(12) {
                    for user in [bob, guest] {
                        match sending.messages.append(sending.draft(*id, user, "hello")).await {
                            Ok(_) | Err(ActionError::Refused(Refusal::NotAParticipant)) => {}
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                    sending.read_up_to(*id, ann, 1_000).await;
                }
            }));
            tasks.push(tokio::spawn(async move {
                one.session(guest).await;
                other.users.delete(guest, other.now()).await.expect("deleted").expect("a user");
            }));
        }
        for task in tasks {
            task.await.expect("no task fails");
        }
    }
    for group in groups {
        nodes[0].assert_numbered_without_gaps(group, ann).await;
        assert_eq!(nodes[1].overview(group, ann).await.details.conversation.participant_count, 2);
    }
    assert!(!server.log().contains("deadlock detected"));
}

/// Batches that contain a thread lock memberships in its parent, not the parent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_threads_of_their_parents_and_leaving_admins_never_wait_in_a_circle() {
    const ROUNDS: usize = 10;
    const SENDERS: usize = 100;
    let server = Postgres::start();
    // One writer takes all that waits, so that a batch has a thread and a parent.
    let config = PostgresConfig { writers: 1, ..PostgresConfig::at(server.create_database()) };
    let nodes = [Scene::new(node_with(&config).await), Scene::new(node_with(&config).await)];
    let [ann, bob] = nodes[0].users_named(["ann", "bob"]).await;
    let [one, two] = [nodes[0].group(ann, &[bob]).await, nodes[0].group(ann, &[bob]).await];
    let of_one = nodes[0].open(&nodes[0].say(one, ann, "root").await, ann).await;
    let of_two = nodes[0].open(&nodes[0].say(two, ann, "root").await, ann).await;
    // Of each node, the place and the sender of every other message.
    let written = [[(of_one, ann), (two, bob)], [(one, ann), (of_two, bob)]];
    let mut tasks = Vec::new();
    for sender in 0..SENDERS {
        let (scene, written) = (nodes[sender % 2].clone(), written[sender % 2]);
        tasks.push(tokio::spawn(async move {
            for number in 0..ROUNDS {
                let (place, user) = written[(sender / 2 + number) % 2];
                match scene.messages.append(scene.draft(place, user, "hello")).await {
                    Ok(_) | Err(ActionError::Refused(Refusal::NotAParticipant)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }));
    }
    for group in [one, two] {
        let scene = nodes[0].clone();
        tasks.push(tokio::spawn(async move {
            for (leaver, heir) in [(ann, bob), (bob, ann)].into_iter().cycle().take(ROUNDS) {
                scene.remove(group, leaver, leaver).await;
                scene.add(group, heir, leaver).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("no task fails");
    }
    for place in [one, two, of_one, of_two] {
        nodes[1].assert_numbered_without_gaps(place, ann).await;
    }
    assert!(!server.log().contains("deadlock detected"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_start_at_once_migrate_once() {
    let url = Postgres::shared().create_database();
    let starting: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PostgresStore::migrate(&url).await.expect("migrated") })
        })
        .collect();
    let mut applied = Vec::new();
    for node in starting {
        applied.push(node.await.expect("an answer").len());
    }
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0]);
    assert!(applied[3] > 0);
}

/// Concurrent sends share transactions with pipelined statements; the server must receive these in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_statements_of_a_shared_commit_arrive_in_order() {
    let server = Postgres::start_with(&["log_statement=all", "log_line_prefix=%p "]);
    let scene = Scene::new(node(&server.create_database()).await);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    let senders: Vec<_> = (0..100)
        .map(|number: u32| {
            let scene = scene.clone();
            let key = number.to_string();
            tokio::spawn(async move { scene.messages.append(scene.keyed_draft(direct, ann, "hello", &key)).await })
        })
        .collect();
    for sender in senders {
        sender.await.expect("an answer").expect("a message");
    }
    let steps = [
        ("BEGIN", 'b'),
        ("SELECT id, last_seq", 'h'),
        ("SELECT m.conversation_id", 'r'),
        ("SELECT p.conversation_id", 'r'),
        ("INSERT INTO messages", 'w'),
        ("UPDATE conversations AS c", 'w'),
        ("UPDATE participants AS p", 'w'),
        ("COMMIT", 'c'),
    ];
    let log = server.log();
    let mut sessions = std::collections::BTreeMap::<&str, String>::new();
    for line in log.lines() {
        let Some((session, rest)) = line.split_once(' ') else { continue };
        let Some((_, statement)) = rest.split_once("LOG:  execute ").and_then(|(_, rest)| rest.split_once(": ")) else {
            continue;
        };
        if let Some((_, step)) = steps.iter().find(|(start, _)| statement.starts_with(start)) {
            sessions.entry(session).or_default().push(*step);
        }
    }
    let batches: Vec<_> = sessions.values().filter(|steps| steps.contains('w')).collect();
    assert!(!batches.is_empty(), "{log}");
    for steps in batches {
        assert_eq!(steps.replace("bhrrwwwc", ""), "", "{steps}");
    }
}
