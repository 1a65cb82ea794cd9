//! Backup and restore, and what clients see after a restore.

use crate::{setup, start};
use chat_blackbox::cluster::Cluster;
use chat_blackbox::{Person, Server, Setup, Socket};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How often a restoration is killed, at moments spread over its whole time.
const KILLS: u32 = 12;

/// A client that stores positions, their epoch and messages by seq, and reads conversations that it lacks over REST.
struct Device {
    person: Person,
    epoch: Value,
    have: HashMap<String, u64>,
    messages: BTreeMap<String, BTreeMap<u64, String>>,
}

impl Device {
    fn new(person: &Person) -> Self {
        Self { person: person.clone(), epoch: Value::Null, have: HashMap::new(), messages: BTreeMap::new() }
    }

    /// Connects and resumes. Returns the data of `resumed`, which is handled.
    async fn connect(&mut self, server: &Server) -> (Socket, Value) {
        self.person = self.person.at(&server.rest());
        let bearer = format!("Bearer {}", self.person.access_token);
        let url = format!("{}?resume=true", server.socket_url());
        let mut socket = Socket::open(&url, &[("authorization", &bearer)]).await.expect("an upgrade");
        socket.tell("resume", json!({"resume": self.have, "epoch": self.epoch})).await;
        loop {
            let frame = socket.next().await;
            if frame["event"] == "resumed" {
                self.resumed(&frame["data"]).await;
                return (socket, frame["data"].clone());
            }
            self.take(&frame);
        }
    }

    fn take(&mut self, frame: &Value) {
        let data = &frame["data"];
        let Some(pos) = data["pos"].as_u64() else { return };
        let id = data["conversationId"].as_str().expect("an id").to_owned();
        let have = self.have.entry(id.clone()).or_default();
        if pos > *have {
            *have = pos;
            if frame["event"] == "message:received" {
                self.show(&id, data);
            }
        }
    }

    fn show(&mut self, id: &str, message: &Value) {
        let content = message["content"].as_str().expect("a text").to_owned();
        let messages = self.messages.entry(id.to_owned()).or_default();
        messages.entry(message["seq"].as_u64().expect("a seq")).or_insert(content);
    }

    async fn resumed(&mut self, data: &Value) {
        let is_new_epoch = !self.epoch.is_null() && self.epoch != data["epoch"];
        let reset = ids(&data["reset"]);
        self.have.retain(|id, _| !is_new_epoch && !reset.contains(id));
        self.messages.retain(|id, _| !is_new_epoch && !reset.contains(id));
        self.epoch = data["epoch"].clone();
        for (id, pos) in data["positions"].as_object().expect("positions") {
            let pos = pos.as_u64().expect("a number");
            if self.have.get(id).is_none_or(|have| *have < pos) || ids(&data["limited"]).contains(id) {
                for message in self.person.history(id).await {
                    self.show(id, &message);
                }
                self.have.insert(id.clone(), pos);
            }
        }
    }

    async fn until(&mut self, socket: &mut Socket, content: &str) {
        while !self.messages.values().flat_map(BTreeMap::values).any(|known| known == content) {
            let frame = socket.next().await;
            self.take(&frame);
        }
    }

    fn shown(&self, conversation: &str) -> Vec<&str> {
        self.messages.get(conversation).into_iter().flat_map(BTreeMap::values).map(String::as_str).collect()
    }
}

fn ids(list: &Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().expect("a text")).collect()
}

async fn stop(server: &mut Server) {
    server.terminate();
    assert!(server.ended().await.success());
}

async fn succeed(setup: &Setup, arguments: &[&str]) -> String {
    let (status, said) = setup.run(arguments).await;
    assert!(status.success(), "{arguments:?}: {said}");
    said
}

async fn fail(setup: &Setup, arguments: &[&str]) -> String {
    let (status, said) = setup.run(arguments).await;
    assert!(!status.success(), "{arguments:?}: {said}");
    said
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

fn database(setup: &Setup) -> PathBuf {
    setup.folder().join("data/chat.db")
}

#[tokio::test]
async fn messages_that_are_sent_after_a_restore_reach_clients_that_had_seen_more() {
    let setup = setup();
    let mut server = setup.start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let mut device = Device::new(&ben);
    let (mut socket, _) = device.connect(&server).await;
    for content in ["1", "2", "3"] {
        ann.say(&conversation, content).await;
    }
    succeed(&setup, &["backup", "copy.db"]).await;
    let again = fail(&setup, &["backup", "copy.db"]).await;
    assert!(again.contains("copy.db exists already"), "{again}");
    for content in ["4", "5", "6"] {
        ann.say(&conversation, content).await;
    }
    let lost_group = ann.group_with("made after the backup", &[&ben]).await;
    ann.say(&lost_group, "in the group").await;
    device.until(&mut socket, "in the group").await;
    assert_eq!(device.shown(&conversation), ["1", "2", "3", "4", "5", "6"]);
    let refused = fail(&setup, &["restore", "copy.db"]).await;
    assert!(refused.contains("is serving the database"), "{refused}");
    stop(&mut server).await;

    succeed(&setup, &["restore", "copy.db"]).await;
    let server = server.restart().await;
    let ann = ann.at(&server.rest());
    let (mut socket, resumed) = device.connect(&server).await;
    assert_eq!(ids(&resumed["reset"]), [conversation.clone(), lost_group.clone()].into());
    assert_eq!(resumed["limited"], json!([conversation]));
    assert_eq!(device.shown(&conversation), ["1", "2", "3"]);
    assert_eq!(device.shown(&lost_group), [""; 0]);
    // What the client had read is beyond the newest message.
    let read = socket.ask("message:read", json!({"conversationId": conversation, "seq": 6})).await;
    assert_eq!(read["readSeq"], 3, "{read}");
    ann.say(&conversation, "A").await;
    ann.say(&conversation, "B").await;
    device.until(&mut socket, "B").await;
    assert_eq!(device.shown(&conversation), ["1", "2", "3", "A", "B"]);
    assert_eq!(contents(&ann.history(&conversation).await), device.shown(&conversation));
    socket.close().await;
    let (_socket, resumed) = device.connect(&server).await;
    assert_eq!((&resumed["reset"], &resumed["limited"]), (&json!([]), &json!([])), "the new epoch is known");
    server.assert_untroubled();
}

#[tokio::test]
async fn a_position_beyond_the_log_resets_its_conversation_also_without_an_epoch() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let (ahead, other) = (ann.direct_with(&ben).await, ann.group_with("other", &[&ben]).await);
    ann.say(&ahead, "1").await;
    ann.say(&other, "2").await;
    let positions = json!({ahead.as_str(): 7, other.as_str(): 1});
    let mut socket = Socket::open(&server.socket_url(), &[]).await.expect("an upgrade");
    socket.tell("auth", json!({"token": ben.access_token, "resume": positions})).await;
    assert_eq!(socket.event("message:received").await["content"], "2", "the other one is resumed");
    let resumed = socket.event("resumed").await;
    assert_eq!((&resumed["reset"], &resumed["limited"]), (&json!([ahead]), &json!([ahead])));
    assert_eq!(resumed["positions"][&ahead], 2);
    ann.say(&ahead, "new").await;
    assert_eq!(socket.event("message:received").await["pos"], 3, "a client continues from `positions`");

    let mut socket = Socket::open(&server.socket_url(), &[]).await.expect("an upgrade");
    socket.tell("auth", json!({"token": ben.access_token, "resume": positions, "epoch": "of another database"})).await;
    let resumed = socket.event("resumed").await;
    assert_eq!(ids(&resumed["reset"]), [ahead, other].into());
    assert!(socket.seen("message:received").await.is_empty(), "nothing is sent again for positions of another epoch");
}

#[tokio::test]
async fn a_restoration_that_is_killed_leaves_the_old_or_the_new_database_whole() {
    let setup = setup();
    let mut server = setup.start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    for number in 0..50 {
        ann.say(&conversation, &format!("{number} {}", "long ".repeat(200))).await;
    }
    succeed(&setup, &["backup", "copy.db"]).await;
    ann.say(&conversation, "after the backup").await;
    // What the server has stored last is in its log.
    server.kill().await;
    let (data, aside) = (setup.folder().join("data"), setup.folder().join("aside"));
    copy_files(&data, &aside);

    let restore = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chat-server"));
        command.args(["restore", "copy.db"]).current_dir(setup.folder()).env_clear();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    };
    let begin = Instant::now();
    assert!(restore().wait().expect("an end").success());
    let whole_time = begin.elapsed();
    let mut seen = BTreeSet::new();
    for number in 0..KILLS {
        std::fs::remove_dir_all(&data).expect("removed");
        copy_files(&aside, &data);
        let mut restoring = restore();
        // The moment of the kill is the fault; nothing waits for it.
        tokio::time::sleep(whole_time * number / KILLS).await;
        restoring.kill().expect("killed");
        restoring.wait().expect("an end");
        let mut server = setup.start().await;
        let count = ann.at(&server.rest()).history(&conversation).await.len();
        assert!(count == 50 || count == 51, "neither the old nor the new database: {count} messages");
        seen.insert(count);
        ann.at(&server.rest()).say(&conversation, "it accepts messages").await;
        server.assert_untroubled();
        server.kill().await;
    }
    assert!(seen.contains(&51), "no restoration was killed before its end");
    succeed(&setup, &["restore", "copy.db"]).await;
    for leftover in ["chat.db.restoring", "chat.db-wal", "chat.db-shm"] {
        assert!(!data.join(leftover).exists(), "{leftover} is left");
    }
}

#[tokio::test]
async fn a_database_that_was_replaced_by_hand_is_not_served_until_a_new_epoch_begins() {
    let setup = setup();
    let mut server = setup.start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    ann.say(&conversation, "1").await;
    stop(&mut server).await;
    let aside = setup.folder().join("aside.db");
    std::fs::copy(database(&setup), &aside).expect("a copy");

    let mut server = setup.start().await;
    let mut device = Device::new(&ben);
    let (mut socket, _) = device.connect(&server).await;
    ann.at(&server.rest()).say(&conversation, "2").await;
    device.until(&mut socket, "2").await;
    let refused = fail(&setup, &["epoch", "new"]).await;
    assert!(refused.contains("is serving the database"), "{refused}");
    stop(&mut server).await;
    std::fs::copy(&aside, database(&setup)).expect("replaced");

    let refused = fail(&setup, &["serve"]).await;
    assert!(refused.contains("has lost changes") && refused.contains("`chat-server epoch new`"), "{refused}");
    succeed(&setup, &["epoch", "new"]).await;
    let mut server = setup.start().await;
    let (mut socket, resumed) = device.connect(&server).await;
    assert_eq!(resumed["reset"], json!([conversation]));
    ann.at(&server.rest()).say(&conversation, "A").await;
    device.until(&mut socket, "A").await;
    assert_eq!(device.shown(&conversation), ["1", "A"]);
    stop(&mut server).await;

    // The database of the first epoch is still known to lack changes. Without the note, nothing is known of it.
    std::fs::copy(&aside, database(&setup)).expect("replaced");
    fail(&setup, &["serve"]).await;
    for entry in std::fs::read_dir(setup.folder().join("data")).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.to_string_lossy().contains("chat.db.epoch-") {
            std::fs::remove_file(path).expect("removed");
        }
    }
    setup.start().await.assert_untroubled();
}

#[tokio::test]
async fn a_restored_postgres_database_is_not_served_until_a_new_epoch_begins_and_nodes_notice_it() {
    let mut cluster = Cluster::start(env!("CARGO_BIN_EXE_chat-server"), 1, &[]).await;
    let (ann, ben) = (cluster.node(0).register("ann").await, cluster.node(0).register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    ann.say(&conversation, "1").await;
    stop(&mut cluster.take(0)).await;
    let name = cluster.database().to_owned();
    cluster.postgres.psql("postgres", &format!("CREATE DATABASE backup TEMPLATE {name}"));

    let mut node = cluster.setup().start().await;
    let mut device = Device::new(&ben);
    let (mut socket, _) = device.connect(&node).await;
    ann.at(&node.rest()).say(&conversation, "2").await;
    device.until(&mut socket, "2").await;
    stop(&mut node).await;
    cluster.postgres.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    cluster.postgres.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE backup"));

    let setup = cluster.setup();
    let refused = fail(&setup, &["serve"]).await;
    assert!(refused.contains("has lost changes") && refused.contains("`chat-server epoch new`"), "{refused}");
    for command in ["backup", "restore"] {
        let said = fail(&setup, &[command, "copy.db"]).await;
        assert!(said.contains("PostgreSQL with its own tools"), "{said}");
    }
    succeed(&setup, &["epoch", "new"]).await;
    let mut node = setup.start().await;
    let (mut socket, resumed) = device.connect(&node).await;
    assert_eq!(resumed["reset"], json!([conversation]));
    ann.at(&node.rest()).say(&conversation, "A").await;
    device.until(&mut socket, "A").await;
    assert_eq!(device.shown(&conversation), ["1", "A"]);

    succeed(&setup, &["epoch", "new"]).await;
    assert_eq!(socket.closed().await.code, 4012);
    assert!(!node.ended().await.success());
    node.logged("a new epoch of the database has begun").await;
    let node = setup.start().await;
    let (_socket, resumed) = device.connect(&node).await;
    assert_eq!(resumed["reset"], json!([conversation]), "with the new epoch");
}

#[tokio::test]
async fn a_server_that_was_killed_is_not_taken_for_restored() {
    let setup = setup();
    let mut server = setup.start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    for _ in 0..3 {
        ann.at(&server.rest()).say(&conversation, "more").await;
        stop(&mut server).await;
        server = server.restart().await;
        ann.at(&server.rest()).say(&conversation, "and more").await;
        server.kill().await;
        server = server.restart().await;
    }
    server.assert_untroubled();
}
