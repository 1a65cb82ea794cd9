//! Consecutive sends of one connection, some of which the store refuses for the moment.

use crate::engine::{Client, ack_in};
use crate::house::{FIN, House, Person, Socket, TEXT, command, frame};
use async_trait::async_trait;
use chat_domain::auth::SessionStore;
use chat_domain::conversations::{ConversationStore, GroupStore};
use chat_domain::messages::{
    Appended, By, ChangedMessage, Draft, EditHistory, EditMessage, Editor, FoundMessages, HistoryPage, HistoryRequest,
    MessagePlace, MessageStore, MessageVersion, PinMessage, React, ReactedMessage, ReactorPage, ReactorsWanted,
};
use chat_domain::receipts::ReceiptStore;
use chat_domain::threads::ThreadStore;
use chat_domain::users::UserStore;
use chat_domain::{ActionError, ChangeLog, CommittedSink, ConversationId, MessageId, Store, StoreError, UserId};
use chat_sqlite::SqliteStore;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, Weak};

/// The number of sends, the most that the server takes at once.
const SENDS: usize = 32;

/// The sends that the store refuses the first time: one at once, one after it has waited for the database.
const REFUSED: [(usize, &str); 2] = [(7, "full"), (19, "failing")];

/// A store that refuses a message whose key is the name of a fault, the first time.
struct Busy {
    store: Arc<SqliteStore>,
    refused: Mutex<HashSet<String>>,
}

impl Busy {
    fn cover(store: Arc<SqliteStore>) -> Arc<dyn Store> {
        Arc::new(Self { store, refused: Mutex::default() })
    }
}

#[async_trait]
impl MessageStore for Busy {
    async fn append(&self, draft: Draft) -> Result<Appended, ActionError> {
        let key = draft.client_message_id.as_ref().map_or("", |key| key.as_str()).to_owned();
        let is_fault = REFUSED.iter().any(|(_, fault)| *fault == key);
        if is_fault && self.refused.lock().expect("no panic").insert(key.clone()) {
            if key == "failing" {
                self.store.find_place(draft.id).await?;
            }
            return Err(StoreError::Overloaded.into());
        }
        self.store.append(draft).await
    }

    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError> {
        self.store.history(conversation, reader, request).await
    }

    async fn edit(&self, edit: EditMessage, by: Editor) -> Result<ChangedMessage, ActionError> {
        self.store.edit(edit, by).await
    }

    async fn delete(
        &self,
        conversation: ConversationId,
        message: MessageId,
        by: Editor,
    ) -> Result<ChangedMessage, ActionError> {
        MessageStore::delete(&*self.store, conversation, message, by).await
    }

    async fn react(&self, react: React, by: By) -> Result<ReactedMessage, ActionError> {
        self.store.react(react, by).await
    }

    async fn pin(&self, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError> {
        self.store.pin(pin, by).await
    }

    async fn list_pinned(&self, conversation: ConversationId, reader: UserId) -> Result<FoundMessages, ActionError> {
        self.store.list_pinned(conversation, reader).await
    }

    async fn list_reactors(
        &self,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError> {
        self.store.list_reactors(conversation, message, wanted).await
    }

    async fn find_many(
        &self,
        conversation: ConversationId,
        reader: UserId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError> {
        self.store.find_many(conversation, reader, ids).await
    }

    async fn list_versions(
        &self,
        conversation: ConversationId,
        reader: UserId,
        message: MessageId,
        history: EditHistory,
    ) -> Result<Vec<MessageVersion>, ActionError> {
        self.store.list_versions(conversation, reader, message, history).await
    }

    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError> {
        self.store.find_place(id).await
    }
}

impl Store for Busy {
    fn users(&self) -> &dyn UserStore {
        &*self.store
    }

    fn sessions(&self) -> &dyn SessionStore {
        &*self.store
    }

    fn conversations(&self) -> &dyn ConversationStore {
        &*self.store
    }

    fn groups(&self) -> &dyn GroupStore {
        &*self.store
    }

    fn messages(&self) -> &dyn MessageStore {
        self
    }

    fn threads(&self) -> &dyn ThreadStore {
        &*self.store
    }

    fn receipts(&self) -> &dyn ReceiptStore {
        &*self.store
    }

    fn changes(&self) -> &dyn ChangeLog {
        &*self.store
    }

    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        Store::publish_to(&*self.store, sink);
    }
}

fn key(number: usize) -> String {
    REFUSED
        .iter()
        .find(|(refused, _)| *refused == number)
        .map_or_else(|| format!("k{number}"), |(_, key)| (*key).into())
}

fn send(group: &str, number: usize) -> Value {
    json!({"conversationId": group, "content": format!("m{number}"), "clientMessageId": key(number)})
}

/// What a client sends, and what it is answered: first all messages, then again those that were refused.
fn steps() -> Vec<(usize, Result<u64, String>)> {
    let is_refused = |number: &usize| REFUSED.iter().any(|(refused, _)| refused == number);
    let mut seq = 0;
    let mut stored = |number| {
        seq += 1;
        (number, Ok(seq))
    };
    let mut steps: Vec<_> = (0..SENDS)
        .map(|number| if is_refused(&number) { (number, Err("UNAVAILABLE".to_owned())) } else { stored(number) })
        .collect();
    steps.extend(REFUSED.map(|(number, _)| stored(number)));
    steps
}

/// The members, their group, and the one who listens.
async fn open() -> (House, Person, String, Socket) {
    let house = House::over(Busy::cover);
    let (ann, ben) = (house.register("ann").await, house.register("ben").await);
    let group = house.group(&[&ann, &ben]).await;
    let at_ben = house.connect(&ben).await;
    (house, ann, group, at_ben)
}

/// Each stored message arrives once, in the order in which it was stored.
async fn everything_arrives(at_ben: &mut Socket) {
    let mut stored: Vec<_> = steps().into_iter().filter_map(|(number, told)| Some((told.ok()?, number))).collect();
    stored.sort_unstable();
    for (seq, number) in stored {
        let message = at_ben.event("message:received").await;
        assert_eq!((&message["data"]["seq"], &message["data"]["content"]), (&json!(seq), &json!(format!("m{number}"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_the_store_refuses_for_now_refuses_only_itself_and_comes_behind_when_sent_again() {
    let (house, ann, group, mut at_ben) = open().await;
    let mut at_ann = house.connect(&ann).await;
    let all = steps();
    for part in [&all[..SENDS], &all[SENDS..]] {
        let frames = part.iter().flat_map(|(number, _)| command("message:send", &send(&group, *number), "id"));
        at_ann.write(&frames.collect::<Vec<u8>>()).await;
        for (number, told) in part {
            let frame = loop {
                let (_, payload) = at_ann.frame().await.expect("the socket is open");
                let frame: Value = serde_json::from_slice(&payload).expect("JSON");
                if frame["id"].is_string() {
                    break frame;
                }
            };
            assert_eq!(outcome(frame["event"] == "ack", &frame["data"], &frame["data"]), *told, "message {number}");
        }
    }
    everything_arrives(&mut at_ben).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_one_whose_callback_is_told() {
    let (house, ann, group, mut at_ben) = open().await;
    let mut client = Client::connect(house.address, &ann, json!({})).await;
    let (all, mut id) = (steps(), 0);
    for part in [&all[..SENDS], &all[SENDS..]] {
        let first = id;
        let packet = |(nth, (number, _)): (u64, &(usize, _))| {
            frame(FIN | TEXT, format!("42/chat,{nth}{}", json!(["message:send", send(&group, *number)])).as_bytes())
        };
        let frames: Vec<u8> = (first..).zip(part).flat_map(packet).collect();
        client.0.write(&frames).await;
        for (number, told) in part {
            let answer = loop {
                let packet = client.hear().await;
                if packet.starts_with("43") {
                    break ack_in(&packet, id).unwrap_or_else(|| panic!("not the answer to {id}: {packet}"));
                }
            };
            assert_eq!(
                outcome(answer["success"] == true, &answer["data"], &answer["error"]),
                *told,
                "message {number}"
            );
            id += 1;
        }
    }
    everything_arrives(&mut at_ben).await;
}

/// The `seq` or the error's code in an answer.
fn outcome(is_stored: bool, data: &Value, error: &Value) -> Result<u64, String> {
    if is_stored {
        Ok(data["seq"].as_u64().unwrap_or_default())
    } else {
        Err(error["code"].as_str().unwrap_or_default().to_owned())
    }
}
