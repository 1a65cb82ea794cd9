//! The `/chat` API from a client's view.

mod groups;
mod members;
mod messages;
mod presence;
mod receipts;
mod rooms;

use crate::house::{Answer, House, Person, bearing};
use actix_web::test::TestRequest;
use serde_json::{Value, json};

impl House {
    pub(crate) async fn put(&self, path: &str, token: &str, body: Option<Value>) -> Answer {
        let request = TestRequest::put().uri(path);
        self.ask(bearing(if let Some(body) = body { request.set_json(body) } else { request }, token)).await
    }

    /// Creates a group through the `/chat` API, as the first person.
    async fn chat_group(&self, name: &str, people: &[&Person]) -> Value {
        self.clock.advance(std::time::Duration::from_millis(1));
        let members: Vec<_> = people[1..].iter().map(|person| person.id.clone()).collect();
        let body = json!({"groupName": name, "members": members});
        self.post("/api/v1/chat/group", &people[0].token, body).await.data(201)
    }

    /// Sends a private message.
    async fn whisper(&self, from: &Person, to: &Person, message: &str) -> Value {
        self.clock.advance(std::time::Duration::from_millis(1));
        let body = json!({"chatType": "PRIVATE", "receiver": to.id, "message": message});
        self.post("/api/v1/chat/message", &from.token, body).await.data(201)
    }
}

/// The `chatRoomId` of two people.
fn room_of(one: &Person, other: &Person) -> String {
    let (low, high) = if one.id <= other.id { (one, other) } else { (other, one) };
    format!("{}_{}", low.id, high.id)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no text {field} in {value}"))
}

/// Returns this field of each item, in order.
fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().expect("a list").iter().map(|item| item[field].clone()).collect()
}
