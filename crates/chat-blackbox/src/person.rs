use super::{Reply, Rest};
use serde_json::{Value, json};

/// Somebody with an account, signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their user id.
    pub id: String,
    /// What others read.
    pub name: String,
    /// Unique to this person.
    pub username: String,
    /// Unique to this person.
    pub email: String,
    /// What signs them in.
    pub password: String,
    /// The token that `rest` uses.
    pub access_token: String,
    /// What renews it.
    pub refresh_token: String,
    /// A client in their name.
    pub rest: Rest,
}

impl Person {
    /// Registers somebody whose names begin with this one and are taken by nobody.
    pub async fn register(rest: &Rest, name: &str) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let username = format!("{name}-{}", &unique[..12]);
        let email = format!("{username}@test.example");
        let password = format!("pass-{unique}");
        let body = json!({"email": email, "username": username, "name": name, "password": password});
        let data = rest.post("/auth/register", &body).await.data(201);
        Self {
            id: text(&data["user"]["id"]),
            name: name.to_owned(),
            username,
            email,
            password,
            access_token: text(&data["accessToken"]),
            refresh_token: text(&data["refreshToken"]),
            rest: rest.with_token(&text(&data["accessToken"])),
        }
    }

    /// The same person in another session, as on another device.
    pub async fn sign_in(&self) -> Self {
        let body = json!({"email": self.email, "password": self.password});
        let data = self.rest.post("/auth/login", &body).await.data(200);
        Self {
            access_token: text(&data["accessToken"]),
            refresh_token: text(&data["refreshToken"]),
            rest: self.rest.with_token(&text(&data["accessToken"])),
            ..self.clone()
        }
    }

    /// The same person, talking to this server: another start of the one that knows them.
    #[must_use]
    pub fn at(&self, rest: &Rest) -> Self {
        Self { rest: rest.with_token(&self.access_token), ..self.clone() }
    }

    /// The id of the direct conversation with somebody.
    pub async fn direct_with(&self, other: &Self) -> String {
        text(&self.converse(&json!({"participantIds": [other.id]})).await["id"])
    }

    /// The same, after both have written there: from then on they see each other's presence.
    pub async fn talk_with(&self, other: &Self) -> String {
        let id = self.direct_with(other).await;
        self.say(&id, "hello").await;
        other.say(&id, "hello yourself").await;
        id
    }

    /// The id of a new group with these others.
    pub async fn group_with(&self, name: &str, others: &[&Self]) -> String {
        let ids: Vec<_> = others.iter().map(|other| &other.id).collect();
        text(&self.converse(&json!({"participantIds": ids, "name": name})).await["id"])
    }

    async fn converse(&self, body: &Value) -> Value {
        self.rest.post("/conversations", body).await.data(201)
    }

    /// Sends a text over REST, and answers the message.
    pub async fn say(&self, conversation: &str, content: &str) -> Value {
        self.send(conversation, &json!({"content": content})).await.data(201)
    }

    /// Sends a body over REST, whatever comes of it.
    pub async fn send(&self, conversation: &str, body: &Value) -> Reply {
        self.rest.post(&format!("/conversations/{conversation}/messages"), body).await
    }

    /// The whole history of a conversation, oldest first, read by cursor.
    pub async fn history(&self, conversation: &str) -> Vec<Value> {
        let mut newest_first: Vec<Value> = Vec::new();
        loop {
            let before = newest_first.last().map(|message| format!("&before={}", message["seq"])).unwrap_or_default();
            let path = format!("/conversations/{conversation}/messages?limit=100{before}");
            let data = self.rest.get(&path).await.data(200);
            let page = data.as_array().expect("a page of messages");
            newest_first.extend(page.iter().cloned());
            if page.len() < 100 {
                newest_first.reverse();
                return newest_first;
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a text, got {value}")).to_owned()
}
