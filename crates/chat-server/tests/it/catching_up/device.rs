use chat_blackbox::{Person, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Random choices, the same in each run.
#[derive(Debug, Clone)]
pub(crate) struct Any(u64);

impl Any {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("a small number") % limit
    }

    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// Some of the newest messages, or an id that is not there.
    pub(super) async fn id_of_a_message(&mut self, people: &[Person], group: &str) -> String {
        let newest = people[0].rest.get(&format!("/conversations/{group}/messages?limit=20")).await.data(200);
        let newest = newest.as_array().expect("messages");
        let some = newest.get(self.below(20)).map_or_else(String::new, |message| text(&message["id"]));
        if some.is_empty() { uuid::Uuid::nil().to_string() } else { some }
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A client that keeps one conversation.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) person: Person,
    pub(super) group: String,
    pub(super) position: u64,
    /// By `seq`.
    pub(super) messages: BTreeMap<u64, Value>,
    /// The `seq` of the newest message that the user has sent.
    pub(super) sent: u64,
    name: Value,
    /// Roles by user id.
    members: BTreeMap<String, Value>,
    /// The event that this client ignores, to show that the comparison finds it.
    without: Option<String>,
}

/// The fields of a message that changes keep up to date: not the status, which follows receipts, nor the sender, who is
/// shown as of now.
const KEPT: [&str; 16] = [
    "id",
    "seq",
    "pos",
    "changedPos",
    "content",
    "attachment",
    "metadata",
    "forwardedFrom",
    "replyTo",
    "quoted",
    "reactions",
    "pinnedAt",
    "createdAt",
    "editedAt",
    "deletedAt",
    "deletedBy",
];

impl Device {
    /// Begins with a snapshot.
    pub(super) async fn start(person: &Person, group: &str) -> Self {
        Self::try_start(person, group).await.expect("a member")
    }

    /// Begins with a snapshot; `None` if the user does not take part.
    pub(super) async fn try_start(person: &Person, group: &str) -> Option<Self> {
        let mut device = Self {
            person: person.clone(),
            group: group.to_owned(),
            position: 0,
            messages: BTreeMap::new(),
            sent: 0,
            name: Value::Null,
            members: BTreeMap::new(),
            without: std::env::var("CHAT_CATCHING_UP_WITHOUT").ok(),
        };
        device.read_anew().await?;
        Some(device)
    }

    async fn read_anew(&mut self) -> Option<()> {
        self.messages.clear();
        let (mut before, mut position) = (String::new(), None);
        loop {
            let path = format!("/conversations/{}/messages?limit=20{before}", self.group);
            let reply = self.person.rest.get(&path).await;
            position = position.or(reply.body["pagination"]["asOfPos"].as_u64());
            let page = of_member(reply)?;
            for message in page.as_array().expect("messages") {
                self.show(message);
            }
            let Some(oldest) = page.as_array().and_then(|page| page.last()).filter(|oldest| oldest["seq"] != 1) else {
                break;
            };
            before = format!("&before={}", oldest["seq"]);
        }
        let conversation = of_member(self.person.rest.get(&format!("/conversations/{}", self.group)).await)?;
        self.show_conversation(&conversation);
        self.position = position.expect("a position");
        Some(())
    }

    /// Catches up, perhaps not to the end.
    pub(super) async fn catch_up(&mut self, any: &mut Any) {
        if any.one_in(3) {
            self.sync(any).await;
        } else {
            for _ in 0..=any.below(4) {
                self.page(any).await.expect("a member");
            }
        }
    }

    /// Catches up to the end.
    pub(super) async fn catch_up_whole(&mut self, any: &mut Any) {
        while self.page(any).await.expect("a member") {}
    }

    /// Catches up to the end, unless the user does not take part any more: then it returns `None`.
    pub(super) async fn try_catch_up_whole(&mut self, any: &mut Any) -> Option<()> {
        while self.page(any).await? {}
        Some(())
    }

    async fn sync(&mut self, any: &mut Any) {
        let body = json!({"positions": {self.group.as_str(): self.position}, "limit": 1 + any.below(100)});
        let synced = self.person.rest.post("/sync", &body).await.data(200);
        if synced["limited"] == json!([self.group]) {
            return;
        }
        self.apply(synced["events"].as_array().expect("events").clone(), any);
        self.position = synced["positions"][&self.group].as_u64().expect("a position");
    }

    /// Reads one page. Returns whether there are more; `None` if the user does not take part any more.
    async fn page(&mut self, any: &mut Any) -> Option<bool> {
        let (after, limit) = (self.position, 1 + any.below(9));
        let path = format!("/conversations/{}/changes?after={after}&limit={limit}", self.group);
        let reply = self.person.rest.get(&path).await;
        let pagination = reply.body["pagination"].clone();
        let page = of_member(reply)?;
        assert_eq!(page["reset"], false);
        let events = page["events"].as_array().expect("events").clone();
        assert!(events.len() <= limit, "{events:?}");
        self.apply(events, any);
        let next = pagination["nextCursor"].as_str().map(|next| next.parse().expect("a number"));
        self.position = next.or(pagination["asOfPos"].as_u64()).expect("a position");
        Some(next.is_some())
    }

    /// Events of messages may be applied in any order, all others in theirs.
    fn apply(&mut self, events: Vec<Value>, any: &mut Any) {
        let name = |event: &Value| event["event"].as_str().unwrap_or_default().to_owned();
        let (mut of_messages, others): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| name(event).starts_with("message:"));
        any.shuffle(&mut of_messages);
        for event in of_messages.into_iter().chain(others) {
            self.apply_one(&event);
        }
    }

    /// Applies an event. Each is newer than what was applied before, except for those of messages.
    pub(super) fn apply_one(&mut self, event: &Value) {
        let (name, data) = (event["event"].as_str().unwrap_or_default(), &event["data"]);
        if self.without.as_deref() == Some(name) {
            return;
        }
        match name {
            "message:received" => self.show(data),
            "message:updated" => self.show(&data["message"]),
            "message:deleted" => self.delete(data),
            "message:pinned" | "message:unpinned" => self.change(data, |message| {
                message["pinnedAt"] = data["pinnedAt"].clone();
            }),
            "reaction:added" | "reaction:removed" => self.change(data, |message| react(message, name, data)),
            "conversation:created" | "conversation:updated" => self.show_conversation(&data["conversation"]),
            "participant:added" => drop(self.members.insert(text(&data["user"]["id"]), data["role"].clone())),
            "participant:updated" => drop(self.members.insert(text(&data["userId"]), data["role"].clone())),
            "participant:removed" => drop(self.members.remove(&text(&data["userId"]))),
            other => panic!("{other} is not known: {data}"),
        }
        self.renew_quotes();
    }

    /// A quote shows its message as of now, although the change of that message is none of the reply.
    fn renew_quotes(&mut self) {
        let known = self.messages.clone();
        for quoted in
            self.messages.values_mut().map(|message| &mut message["quoted"]).filter(|quoted| !quoted.is_null())
        {
            let Some(message) = quoted["seq"].as_u64().and_then(|seq| known.get(&seq)) else { continue };
            if quoted["changedPos"].as_u64() < message["changedPos"].as_u64() {
                let content = message["content"].as_str().expect("a text").chars().take(200).collect::<String>();
                quoted["content"] = json!(content);
                quoted["deletedAt"] = message["deletedAt"].clone();
                quoted["changedPos"] = message["changedPos"].clone();
            }
        }
    }

    fn show(&mut self, message: &Value) {
        let changed = |message: &Value| message["changedPos"].as_u64().expect("a number");
        let seq = message["seq"].as_u64().expect("a number");
        if message["sender"]["id"] == self.person.id.as_str() {
            self.sent = self.sent.max(seq);
        }
        if self.messages.get(&seq).is_none_or(|known| changed(known) < changed(message)) {
            let kept = KEPT.map(|field| (field.to_owned(), message[field].clone()));
            let mut kept: Value = kept.into_iter().collect();
            for reaction in kept["reactions"].as_array_mut().expect("reactions") {
                // Events do not have it.
                reaction.as_object_mut().expect("a reaction").remove("mine");
            }
            self.messages.insert(seq, kept);
        }
    }

    fn delete(&mut self, data: &Value) {
        self.change(data, |message| {
            message["deletedAt"] = data["deletedAt"].clone();
            message["deletedBy"] = data["deletedBy"].clone();
            for field in ["attachment", "metadata", "forwardedFrom", "pinnedAt"] {
                message[field] = Value::Null;
            }
            (message["content"], message["reactions"]) = (json!(""), json!([]));
        });
    }

    /// Applies an event that shows only what has changed of a message, unless a newer state is shown.
    fn change(&mut self, data: &Value, apply: impl FnOnce(&mut Value)) {
        let seq = data["seq"].as_u64().expect("a number");
        let Some(known) = self.messages.get_mut(&seq) else { return };
        if known["changedPos"].as_u64() < data["pos"].as_u64() {
            known["changedPos"] = data["pos"].clone();
            apply(known);
        }
    }

    fn show_conversation(&mut self, conversation: &Value) {
        self.name = conversation["name"].clone();
        let members = conversation["participants"].as_array().expect("participants").iter();
        self.members = members.map(|member| (text(&member["id"]), member["role"].clone())).collect();
    }

    /// Compares with a fresh snapshot.
    pub(super) async fn compare(&self) -> Vec<String> {
        let fresh = Self::start(&self.person, &self.group).await;
        let mut differences = Vec::new();
        for seq in self.messages.keys().chain(fresh.messages.keys()).collect::<std::collections::BTreeSet<_>>() {
            let (kept, stored) = (self.messages.get(seq), fresh.messages.get(seq));
            if kept != stored {
                differences.push(format!("message {seq}: {kept:?} instead of {stored:?}"));
            }
        }
        if (&self.name, &self.members) != (&fresh.name, &fresh.members) {
            let (kept, stored) = ((&self.name, &self.members), (&fresh.name, &fresh.members));
            differences.push(format!("the conversation: {kept:?} instead of {stored:?}"));
        }
        differences
    }
}

/// Applies a reaction of fewer users than a message names.
/// The number of users that a view names for each kind of reaction.
const MAX_NAMED: usize = 20;

fn react(message: &mut Value, event: &str, data: &Value) {
    let kinds = message["reactions"].as_array_mut().expect("reactions");
    if !kinds.iter().any(|kind| kind["emoji"] == data["emoji"]) {
        kinds.push(json!({"emoji": data["emoji"], "userIds": []}));
    }
    for kind in kinds.iter_mut().filter(|kind| kind["emoji"] == data["emoji"]) {
        kind["count"] = data["count"].clone();
        let users = kind["userIds"].as_array_mut().expect("users");
        match event {
            "reaction:added" if users.len() < MAX_NAMED && Some(users.len() as u64 + 1) == data["count"].as_u64() => {
                users.push(data["user"]["id"].clone());
            }
            "reaction:added" => {}
            _ => users.retain(|user| *user != data["user"]["id"]),
        }
    }
    kinds.retain(|kind| kind["count"] != 0);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a text, got {value}")).to_owned()
}

/// The data of a success; `None` if the user does not take part any more.
fn of_member(reply: Reply) -> Option<Value> {
    if reply.status == 403 { None } else { Some(reply.data(200)) }
}
