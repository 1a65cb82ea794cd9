use super::text;
use chat_blackbox::{Person, Reply, Socket};
use serde_json::{Value, json};

/// A user's read position, as the device knows it.
#[derive(Debug)]
pub(super) enum Mark {
    Seq(u64),
    Message(String),
}

/// The actions that moved the user's position in the direct conversation, in order.
#[derive(Debug)]
pub(super) enum Move {
    To(String),
    By(u64),
}

/// The actions of one device that moved the user's positions.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) read: Vec<Mark>,
    pub(super) pair: Vec<Move>,
}

/// A user's device, which does random actions.
pub(super) struct Device {
    pub(super) person: Person,
    pub(super) group: String,
    /// The partner of the direct conversation. Only one device of a user has it, so that the positions are known after
    /// each step.
    pub(super) partner: Option<String>,
    /// The user whom this device removes from the group and adds again.
    pub(super) removes: Option<String>,
    /// Whether the device sends nothing in the group.
    pub(super) quiet: bool,
    /// Whether its socket uses the `camel` dialect.
    pub(super) camel: bool,
    pub(super) seed: u64,
    /// The group messages that the device has seen.
    pub(super) known: Vec<String>,
    pub(super) done: Done,
}

impl Device {
    fn any(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).expect("a small number") % below
    }

    pub(super) async fn step(&mut self, socket: &mut Socket) {
        let (rest, group, me) = (self.person.rest.clone(), self.group.clone(), self.person.id.clone());
        let any = self.any(usize::MAX >> 40);
        let some_message = self.known.get(any % self.known.len().max(1)).cloned();
        let conversation = format!("/conversations/{group}");
        match (self.any(10), self.partner.clone(), some_message) {
            // Quiet devices only read.
            (0 | 1, ..) | (2, None, _) if self.quiet => self.fetch(any).await,
            (0, ..) => self.sent(allowed(self.person.send(&group, &json!({"content": "one"})).await)),
            (1, ..) => {
                let sent = if self.camel {
                    socket.try_ask("sendMessage", json!({"messageData": {"groupId": group, "message": "two"}})).await
                } else {
                    socket.try_ask("message:send", json!({"conversationId": group, "content": "two"})).await
                };
                self.sent(allowed_frame(sent));
            }
            (2, Some(partner), _) => {
                let body = json!({"receiver": partner, "message": "three"});
                let sent = rest.post("/chat/message", &body).await.data(201);
                self.done.pair.push(Move::To(text(&sent["messageId"])));
            }
            (3, Some(partner), _) => {
                let path = format!("/chat/messages/read/{me}/{partner}");
                let marked = rest.put(&path, None).await.data(200);
                self.done.pair.push(Move::By(marked["modifiedCount"].as_u64().expect("a count")));
            }
            (2, None, _) => {
                let body = json!({"groupId": group, "message": "four"});
                self.sent(allowed(rest.post("/chat/message", &body).await));
            }
            (4, _, Some(message)) => {
                let body = json!({"messageId": message});
                self.read_to(allowed(rest.post(&format!("{conversation}/read"), &body).await));
            }
            (5, _, Some(message)) if self.camel => {
                let read = socket.try_ask("messageRead", json!({"messageId": message, "groupId": group})).await;
                self.done.read.extend(allowed_frame(read).map(|_| Mark::Message(message)));
            }
            (5, _, Some(message)) => {
                let frame = json!({"conversationId": group, "messageId": message});
                self.read_to(allowed_frame(socket.try_ask("message:read", frame).await));
            }
            (6, _, Some(message)) => {
                let body = json!({"status": "READ"});
                let read = rest.put(&format!("/chat/message/{message}/status"), Some(&body)).await;
                self.done.read.extend(allowed(read).map(|_| Mark::Message(message)));
            }
            (7, ..) if any.is_multiple_of(4) => {
                self.read_to(allowed(rest.post(&format!("{conversation}/read"), &json!({})).await));
            }
            (8, ..) if self.removes.is_some() => {
                let drifter = self.removes.clone().expect("a user to remove");
                let removed = rest.delete(&format!("{conversation}/participants/{drifter}")).await;
                if removed.status != 200 {
                    rest.post(&format!("{conversation}/participants"), &json!({"userId": drifter})).await.data(201);
                }
            }
            // A repeated send makes no second message.
            (9, ..) if !self.quiet => {
                let body = json!({"content": "five", "clientMessageId": format!("{any}-{}", self.camel)});
                let sent = allowed(self.person.send(&group, &body).await);
                let again = allowed(self.person.send(&group, &body).await);
                if let (Some(sent), Some(again)) = (&sent, &again) {
                    assert_eq!((&again["id"], &again["duplicate"]), (&sent["id"], &json!(true)));
                }
                // If the user was added again between the two sends, only the second one succeeded.
                self.sent(sent.or(again));
            }
            _ => self.fetch(any).await,
        }
    }

    /// Fetches one of the newest pages.
    async fn fetch(&mut self, any: usize) {
        let body = json!({"groupId": self.group, "page": any % 5 + 1, "limit": 10});
        let page = allowed(self.person.rest.post("/chat/messages/fetch", &body).await).unwrap_or_default();
        self.known.extend(page.as_array().into_iter().flatten().map(|message| text(&message["messageId"])));
    }

    fn sent(&mut self, message: Option<Value>) {
        let Some(message) = message else { return };
        let id = text(message.get("id").unwrap_or(&message["messageId"]));
        self.known.push(id.clone());
        self.done.read.push(Mark::Message(id));
    }

    fn read_to(&mut self, positions: Option<Value>) {
        self.done.read.extend(positions.map(|positions| Mark::Seq(positions["readSeq"].as_u64().expect("a number"))));
    }
}

/// Returns the data of a successful response, or `None` if the user had been removed.
fn allowed(reply: Reply) -> Option<Value> {
    if reply.status == 403 {
        reply.assert_failure(403, "NOT_A_PARTICIPANT");
        return None;
    }
    let status = reply.status;
    Some(reply.data(status))
}

fn allowed_frame(answer: Result<Value, Value>) -> Option<Value> {
    answer.map_err(|error| assert_eq!(error["code"], "NOT_A_PARTICIPANT", "{error}")).ok()
}
