//! Replaces the nodes of one release by nodes of another, one after the other, while clients send, listen and change
//! groups. Then checks what the clients received. `scripts/mixed-release.sh` builds both releases and runs this:
//! ```text
//! cargo run -p chat-blackbox --example mixed_release -- path/to/previous/chat-server path/to/this/chat-server
//! ```
#![allow(clippy::print_stdout, reason = "the output is the purpose")]

use chat_blackbox::cluster::{Acked, Cluster, History, Listener, Nodes, Sender, Stored, check};
use chat_blackbox::{DEADLINE, Person, Rest, Server};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const NODES: usize = 3;
const PEOPLE: usize = 6;
const GROUPS: usize = 8;
/// The offsets of the members of group 0, 1 and 2.
const STEPS: [usize; 3] = [0, 1, 3];
const SENDERS: usize = 6;
/// At least this many messages are stored between two replacements of a node.
const MESSAGES_BETWEEN: usize = 200;
/// Interval between two checks, and between two rounds of changes.
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::main]
async fn main() {
    let binaries = std::env::args().skip(1).map(|path| std::fs::canonicalize(path).expect("a binary"));
    let binaries: Vec<_> = binaries.map(|path| path.display().to_string()).collect();
    let [previous, this] = binaries.as_slice() else {
        panic!("pass the paths of the previous and of this release's binary")
    };
    replace_all("upgrade", previous, this).await;
    replace_all("rollback", this, previous).await;
}

/// Users in groups. Each user listens on a different node than the one before.
struct Stage {
    nodes: Nodes,
    people: Vec<Person>,
    groups: Vec<(String, Vec<usize>)>,
    acked: AtomicUsize,
    ends: AtomicBool,
}

async fn replace_all(order: &str, from: &str, to: &str) {
    let cluster = Cluster::start(from, 0, &[]).await;
    let mut servers = Vec::new();
    for _ in 0..NODES {
        servers.push(cluster.setup().start().await);
    }
    let stage = Arc::new(Stage::new(&servers).await);
    let mut listeners = Vec::new();
    for (number, person) in stage.people.iter().enumerate() {
        listeners.push(Listener::start(person, &stage.nodes, number).await);
    }
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(stage.clone().send(number));
    }
    let changing = tokio::spawn(stage.clone().change_groups());

    for replaced in 1..=NODES {
        stage.more_are_stored().await;
        let mut leaving = servers.remove(0);
        stage.nodes.set(&addresses(&servers));
        leaving.terminate();
        assert!(leaving.ended().await.success(), "{}", leaving.log());
        leaving.assert_untroubled();
        servers.push(cluster.setup_of(to).start().await);
        stage.nodes.set(&addresses(&servers));
        println!("{order}: {replaced} of {NODES} nodes replaced, {} messages", stage.acked.load(Ordering::Relaxed));
    }
    stage.more_are_stored().await;
    stage.ends.store(true, Ordering::Relaxed);
    let acked: Vec<_> = senders.join_all().await.into_iter().flatten().collect();
    let changes = changing.await.expect("groups change to the end");
    stage.judge(listeners, &acked).await;
    servers.iter().for_each(Server::assert_untroubled);
    println!("{order}: {} messages and {changes} other changes: nothing lost, repeated or reordered", acked.len());
}

fn addresses(servers: &[Server]) -> Nodes {
    Nodes::new(servers.iter().map(|server| server.base().to_owned()).collect())
}

impl Stage {
    async fn new(servers: &[Server]) -> Self {
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(servers[0].register(&format!("member{number}")).await);
        }
        let mut groups = Vec::new();
        for number in 0..GROUPS {
            let members = STEPS.map(|step| (number + step) % PEOPLE);
            let others: Vec<_> = members[1..].iter().map(|member| &people[*member]).collect();
            groups.push((people[members[0]].group_with(&format!("group-{number}"), &others).await, members.to_vec()));
        }
        let (acked, ends) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { nodes: addresses(servers), people, groups, acked, ends }
    }

    async fn send(self: Arc<Self>, number: usize) -> Vec<Acked> {
        let (mut sender, mut acked) = (Sender::new(&self.nodes, number), Vec::new());
        while !self.ends.load(Ordering::Relaxed) {
            let (group, members) = &self.groups[(acked.len() + number) % GROUPS];
            let person = &self.people[members[acked.len() % members.len()]];
            acked.push(sender.send(person, group, &format!("message-{number}-{}", acked.len())).await);
            self.acked.fetch_add(1, Ordering::Relaxed);
        }
        acked
    }

    /// Renames groups, and adds and removes a guest: every kind of change that both releases know. Returns how many
    /// changes were made.
    async fn change_groups(self: Arc<Self>) -> usize {
        let (mut rounds, mut changes) = (0, 0);
        while !self.ends.load(Ordering::Relaxed) {
            let (group, members) = &self.groups[rounds % GROUPS];
            let guest = (0..PEOPLE).find(|person| !members.contains(person)).expect("somebody else");
            let guest = &self.people[guest].id;
            let token = &self.people[members[0]].access_token;
            let path = format!("/conversations/{group}");
            let participants = format!("{path}/participants");
            let steps = [
                (Method::PATCH, path, json!({"name": format!("name-{rounds}")})),
                (Method::POST, participants.clone(), json!({"userId": guest})),
                (Method::DELETE, format!("{participants}/{guest}"), Value::Null),
            ];
            for (step, (method, path, body)) in steps.into_iter().enumerate() {
                let rest = Rest::new(&self.nodes.pick(rounds + step)).with_token(token);
                let request = rest.request(method, &path);
                let request = if body.is_null() { request } else { request.json(&body) };
                // A node that stops may or may not have made the change, so the next node may find it made already.
                if let Some(reply) = request.try_send().await {
                    assert!(reply.status < 500 || reply.status == 503, "{reply:?}");
                    changes += usize::from(reply.status < 300);
                }
            }
            rounds += 1;
            tokio::time::sleep(PAUSE).await;
        }
        changes
    }

    async fn more_are_stored(&self) {
        let wanted = self.acked.load(Ordering::Relaxed) + MESSAGES_BETWEEN;
        let reached = async {
            while self.acked.load(Ordering::Relaxed) < wanted {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(4 * DEADLINE, reached).await.expect("messages are stored in time");
    }

    /// Compares what every member received with what is stored: all of it, once, in order.
    async fn judge(&self, listeners: Vec<Listener>, acked: &[Acked]) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut history = History::new();
        for (id, members) in &self.groups {
            let reader = self.people[members[0]].at(&Rest::new(&self.nodes.pick(0)));
            let stored = reader.history(id).await.into_iter().map(|message| Stored {
                seq: message["seq"].as_u64().unwrap_or_default(),
                id: text(&message["id"]),
                content: text(&message["content"]),
            });
            history.insert(id.clone(), stored.collect());
        }
        let mut logs = Vec::new();
        for (number, listener) in listeners.into_iter().enumerate() {
            let of_member = self.groups.iter().filter(|(_, members)| members.contains(&number));
            let expected: HashMap<_, _> = of_member.map(|(id, _)| (id.clone(), history[id].len() as u64)).collect();
            let own: HashSet<_> = expected.keys().cloned().collect();
            let mut log = listener.finish(expected).await;
            // A guest sees some messages of other groups, depending on when they were added.
            log.seen.retain(|seen| own.contains(&seen.conversation));
            assert_eq!(log.paged, 0, "a member missed too much to resume");
            logs.push((self.people[number].name.clone(), own.into_iter().collect(), log.seen));
        }
        let faults = check(&history, &logs, acked);
        let first: Vec<_> = faults.iter().take(20).collect();
        assert!(faults.is_empty(), "{} faults; the first are {first:#?}", faults.len());
    }
}
