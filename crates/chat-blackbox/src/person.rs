use super::{Reply, Rest};
use serde_json::{Value, json};

/// A registered, signed-in user.
#[derive(Debug, Clone)]
pub struct Person {
    /// The user id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The username, unique to this user.
    pub username: String,
    /// The email address, unique to this user.
    pub email: String,
    /// The password.
    pub password: String,
    /// The access token that `rest` uses.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// A client with this user's token.
    pub rest: Rest,
}

impl Person {
    /// Registers a user whose names start with this name and are unique.
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

    /// The same user in another session, as on another device.
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

    /// The same user at this server: another start of the server that knows the user.
    #[must_use]
    pub fn at(&self, rest: &Rest) -> Self {
        Self { rest: rest.with_token(&self.access_token), ..self.clone() }
    }

    /// The id of the direct conversation with this user.
    pub async fn direct_with(&self, other: &Self) -> String {
        text(&self.converse(&json!({"participantIds": [other.id]})).await["id"])
    }

    /// Like [`Self::direct_with`], after both have written there: from then on they see each other's presence.
    pub async fn talk_with(&self, other: &Self) -> String {
        let id = self.direct_with(other).await;
        self.say(&id, "hello").await;
        other.say(&id, "hello yourself").await;
        id
    }

    /// The id of a new group with these users.
    pub async fn group_with(&self, name: &str, others: &[&Self]) -> String {
        let ids: Vec<_> = others.iter().map(|other| &other.id).collect();
        text(&self.converse(&json!({"participantIds": ids, "name": name})).await["id"])
    }

    async fn converse(&self, body: &Value) -> Value {
        self.rest.post("/conversations", body).await.data(201)
    }

    /// Sends a text over REST, and returns the message.
    pub async fn say(&self, conversation: &str, content: &str) -> Value {
        self.send(conversation, &json!({"content": content})).await.data(201)
    }

    /// Sends a body over REST, and returns the response, whatever it is.
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
