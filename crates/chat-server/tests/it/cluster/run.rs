//! One run of a cluster: people, conversations, listeners, concurrent senders, and the judge at the end.

use chat_blackbox::Person;
use chat_blackbox::cluster::{Acked, Cluster, History, Listener, Nodes, Sender, Stored, check};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::Notify;
use tokio::task::JoinSet;

const PEOPLE: usize = 12;
const CONVERSATIONS: usize = 32;
const SENDERS: usize = 24;
/// The members of conversation `n` are the people `n` + each of these, modulo [`PEOPLE`].
const STEPS: [usize; 4] = [0, 1, 5, 7];
/// One in this many acked sends is repeated on another node.
const REPEATED: usize = 20;

/// The number of messages of a run: `CHAT_CLUSTER_MESSAGES`, or enough to see a race without a long wait.
pub(super) fn messages() -> usize {
    std::env::var("CHAT_CLUSTER_MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

/// The number of acked sends so far.
#[derive(Default)]
pub(super) struct Progress {
    acked: AtomicUsize,
    moved: Notify,
}

impl Progress {
    /// Waits until `acked` sends are acked.
    pub(super) async fn reaches(&self, acked: usize) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.acked.load(Ordering::Acquire) >= acked {
                return;
            }
            moved.await;
        }
    }

    fn count(&self) {
        self.acked.fetch_add(1, Ordering::AcqRel);
        self.moved.notify_waiters();
    }
}

/// The people and their conversations.
pub(super) struct Run {
    pub(super) nodes: Nodes,
    people: Vec<Person>,
    conversations: Vec<(String, Vec<usize>)>,
    listeners: Vec<Listener>,
}

impl Run {
    /// Connects a listener for every person, neighbours in number on different nodes, and waits until all have joined
    /// their conversations.
    pub(super) async fn begin(cluster: &Cluster) -> Self {
        let nodes = cluster.nodes();
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(cluster.node(0).register(&format!("member{number}")).await);
        }
        let mut conversations = Vec::new();
        for number in 0..CONVERSATIONS {
            let members: Vec<_> = STEPS.iter().map(|step| (number + step) % PEOPLE).collect();
            let others: Vec<_> = members[1..].iter().map(|member| &people[*member]).collect();
            let id = people[members[0]].group_with(&format!("group-{number}"), &others).await;
            conversations.push((id, members));
        }
        let mut listeners = Vec::new();
        for (number, person) in people.iter().enumerate() {
            listeners.push(Listener::start(person, &nodes, number).await);
        }
        Self { nodes, people, conversations, listeners }
    }

    /// Sends `messages` messages through all nodes at once. Returns every ack, those of repeated sends included.
    pub(super) async fn send(&self, messages: usize, progress: &Arc<Progress>) -> Vec<Acked> {
        let (began, mut senders) = (Instant::now(), JoinSet::new());
        let next = Arc::new(AtomicUsize::new(0));
        for sender in 0..SENDERS {
            let (next, progress) = (next.clone(), progress.clone());
            let (people, conversations) = (self.people.clone(), self.conversations.clone());
            let mut client = Sender::new(&self.nodes, sender);
            senders.spawn(async move {
                let mut acked = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= messages {
                        return (acked, client.retries);
                    }
                    // Consecutive numbers go to one conversation at the same time.
                    let (conversation, members) = &conversations[(number / 4) % CONVERSATIONS];
                    let person = &people[members[number % members.len()]];
                    let content = format!("message-{number}");
                    let ack = client.send(person, conversation, &content).await;
                    if number.is_multiple_of(REPEATED) {
                        // The judge compares the answers to both sends.
                        acked.push(client.send(person, conversation, &content).await);
                    }
                    acked.push(ack);
                    progress.count();
                }
            });
        }
        let (mut acked, mut retries) = (Vec::new(), 0);
        while let Some(done) = senders.join_next().await {
            let (some, again) = done.expect("a sender ends");
            acked.extend(some);
            retries += again;
        }
        eprintln!("{} sends acked in {:.1?}, {retries} retries", acked.len(), began.elapsed());
        assert_eq!(acked.len(), messages + messages.div_ceil(REPEATED));
        acked
    }

    /// Checks what every member received against what is stored: all of it, once, in order.
    pub(super) async fn judge(self, acked: &[Acked]) {
        let began = Instant::now();
        let mut history = History::new();
        for (id, members) in &self.conversations {
            let person = &self.people[members[0]];
            let rest = chat_blackbox::Rest::new(&self.nodes.pick(0));
            let stored = person.at(&rest).history(id).await.into_iter().map(|message| Stored {
                seq: message["seq"].as_u64().unwrap_or_default(),
                id: message["id"].as_str().unwrap_or_default().to_owned(),
                content: message["content"].as_str().unwrap_or_default().to_owned(),
            });
            history.insert(id.clone(), stored.collect());
        }
        let (mut logs, mut comebacks, mut paged) = (Vec::new(), 0, 0);
        for (number, listener) in self.listeners.into_iter().enumerate() {
            let of_member = self.conversations.iter().filter(|(_, members)| members.contains(&number));
            let expected: HashMap<_, _> = of_member
                .map(|(id, _)| (id.clone(), history.get(id).map_or(0, |messages| messages.len() as u64)))
                .collect();
            let log = listener.finish(expected.clone()).await;
            comebacks += log.comebacks;
            paged += log.paged;
            logs.push((self.people[number].name.clone(), expected.into_keys().collect(), log.seen));
        }
        let shown: usize = logs.iter().map(|(_, _, seen)| seen.len()).sum();
        let stored: usize = history.values().map(Vec::len).sum();
        eprintln!(
            "{stored} messages stored, {shown} shown to {PEOPLE} members who came back {comebacks} times and paged \
             through {paged}; \
             settled in {:.1?}",
            began.elapsed()
        );
        let faults = check(&history, &logs, acked);
        let first: Vec<_> = faults.iter().take(20).collect();
        assert!(faults.is_empty(), "{} faults, the first of them: {first:#?}", faults.len());
        let sends: HashSet<_> = acked.iter().map(|ack| &ack.content).collect();
        assert_eq!((stored, shown), (sends.len(), sends.len() * STEPS.len()));
    }
}
