use super::house::House;
use super::role::Role;
use chat_blackbox::{Person, Rest};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A text in every message of the scene that some roles may not read.
pub(super) const SECRET: &str = "among-us";

/// A group of `admin`, `member` and `bystander`, of which `former` and `deleted` were members once, and the direct
/// conversation of `admin` and `member`. `stranger` takes part in neither. In both, `admin` sent a message, then
/// `member`, and `admin` has read nothing since. `member` also wrote in the thread of `admin`'s message in the group.
pub(super) struct Scene {
    people: HashMap<&'static str, Person>,
    values: HashMap<&'static str, String>,
    anonymous: Rest,
    expired_token: String,
}

impl Scene {
    pub(super) async fn set(house: &House) -> Self {
        let names = ["admin", "member", "former", "stranger", "deleted", "bystander", "newcomer"];
        let people = futures_util::future::join_all(names.map(|name| house.server.register(name))).await;
        let people: HashMap<_, _> = names.into_iter().zip(people).collect();
        let mut values: HashMap<_, _> = people.iter().map(|(name, person)| (*name, person.id.clone())).collect();
        let (admin, member) = (&people["admin"], &people["member"]);

        let members = ["member", "former", "deleted", "bystander"].map(|name| &people[name].id);
        let body = json!({"groupName": unique(), "members": members});
        let group = admin.rest.post("/chat/group", &body).await.data(201);
        let (invite, group) = (text(&group["inviteCode"]), text(&group["groupId"]));
        let direct = admin.direct_with(member).await;
        let message = admin.send(&group, &said("of the group")).await.data(201);
        let direct_message = admin.send(&direct, &said("of the pair")).await.data(201);
        let answer = member.say(&group, SECRET).await;
        let direct_answer = member.say(&direct, SECRET).await;
        let thread = format!("/conversations/{group}/messages/{}/thread", text(&message["id"]));
        let thread = text(&member.rest.post(&thread, &json!({})).await.data(201)["id"]);
        let reply = member.say(&thread, SECRET).await;
        let former = format!("/conversations/{group}/participants/{}", people["former"].id);
        admin.rest.delete(&former).await.data(200);
        people["deleted"].rest.delete("/users/me").await.data(200);

        let mut pair = [admin.id.as_str(), &member.id];
        pair.sort_unstable();
        values.extend([
            ("group", group),
            ("invite", invite),
            ("direct", direct),
            ("pair", pair.join("_")),
            ("message", text(&message["id"])),
            ("answer", text(&answer["id"])),
            ("thread", thread),
            ("reply", text(&reply["id"])),
            ("directAnswer", text(&direct_answer["id"])),
            ("directMessage", text(&direct_message["id"])),
            ("adminSession", house.session_of(admin)),
        ]);
        let expired_token = house.expired_token_of(admin);
        Self { values, anonymous: house.server.rest(), expired_token, people }
    }

    pub(super) fn person(&self, name: &str) -> &Person {
        self.people.get(name).unwrap_or_else(|| panic!("no person named {name}"))
    }

    /// Stores a value under a name that rows can use.
    pub(super) fn note(&mut self, name: &'static str, value: String) {
        self.values.insert(name, value);
    }

    pub(super) fn value(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_else(|| panic!("no value named ${name}"))
    }

    /// The person who plays a role. Roles without a valid token use the admin's identity.
    pub(super) fn player(&self, role: Role) -> &Person {
        self.person(match role {
            Role::Anonymous | Role::Expired | Role::Admin => "admin",
            Role::Deleted => "deleted",
            Role::Stranger => "stranger",
            Role::Former => "former",
            Role::Member => "member",
            Role::Bystander => "bystander",
        })
    }

    pub(super) fn token(&self, role: Role) -> Option<&str> {
        match role {
            Role::Anonymous => None,
            Role::Expired => Some(&self.expired_token),
            role => Some(&self.player(role).access_token),
        }
    }

    pub(super) fn rest(&self, role: Role) -> Rest {
        self.token(role).map_or_else(|| self.anonymous.clone(), |token| self.anonymous.with_token(token))
    }

    /// Fills in a row's text for this role: `$name` becomes [`Self::value`], or a value of the role's own.
    pub(super) fn fill(&self, role: Role, template: &str) -> String {
        let mut parts = template.split('$');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(part.len());
            filled.push_str(&self.own(role, &part[..end]));
            filled.push_str(&part[end..]);
        }
        filled
    }

    fn own(&self, role: Role, name: &str) -> String {
        let own = self.player(role);
        match name {
            "self" => own.id.clone(),
            "email" => own.email.clone(),
            "password" => own.password.clone(),
            "token" => self.token(role).unwrap_or("none").to_owned(),
            "refresh" if role == Role::Anonymous => "none".to_owned(),
            "refresh" => own.refresh_token.clone(),
            "unique" => unique(),
            // The admin acts last, when the newcomer is already in the group.
            "newcomer" if role == Role::Admin => self.person("stranger").id.clone(),
            name => self.value(name).to_owned(),
        }
    }
}

/// A unique name that fits every length limit.
pub(super) fn unique() -> String {
    format!("u{}", &uuid::Uuid::new_v4().simple().to_string()[..20])
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("expected a text, got {value}")).to_owned()
}

fn said(key: &str) -> Value {
    json!({"content": SECRET, "clientMessageId": key.replace(' ', "-")})
}
