//! No user can read, mark or send as another user, whatever ids a request contains. Runs the tables of attacks on one
//! scene, which must not change.

use super::attack::{Attack, How};
use super::fields::{of_commands, of_operations};
use super::house::House;
use super::operations::ask;
use super::role::Role;
use super::scene::{SECRET, Scene, text, unique};
use super::witness::{Watch, Witness, in_their_names};
use super::{command_table, operation_table};
use chat_blackbox::{Person, Reply, Socket};
use chat_protocol::realtime::Dialect;
use serde_json::{Value, json};
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

#[tokio::test]
async fn every_field_that_names_somebody_or_something_is_tried() {
    let house = House::on_sqlite().await;
    let document = house.server.rest().get("~/api/openapi.json").await.body;
    assert_all_tried(&of_operations(&document), operation_table::ATTACKS);
    assert_all_tried(&of_commands(), command_table::ATTACKS);
}

/// Fields of commands whose data names no one, tried with what old clients send.
const NAMING_NOBODY: &[&str] = &["updateLastSeen.userId", "presence:update.userId"];

/// Rows may try more than the documents name: fields of old clients, which are ignored or refused.
fn assert_all_tried(known: &BTreeSet<String>, attacks: &[Attack]) {
    let tried: BTreeSet<_> = attacks.iter().map(|attack| attack.field.to_owned()).collect();
    let missing: Vec<_> = known.difference(&tried).collect();
    assert!(known.len() > 20 && missing.is_empty(), "fields without an attack: {missing:?}");
    let subjects: BTreeSet<_> = known.iter().filter_map(|field| field.split('.').next()).collect();
    let idle = attacks.iter().filter(|attack| !subjects.contains(attack.subject())).map(|attack| attack.field);
    let idle: Vec<_> = idle.filter(|field| !NAMING_NOBODY.contains(field)).collect();
    assert!(idle.is_empty(), "rows for fields that do not exist: {idle:?}");
}

#[tokio::test]
async fn no_id_in_a_request_or_frame_lets_anybody_read_mark_or_send_as_another() {
    run(&House::on_sqlite().await, true).await;
}

#[tokio::test]
async fn no_id_in_a_request_or_frame_lets_anybody_read_mark_or_send_as_another_on_postgres() {
    run(&House::on_postgres().await, false).await;
}

/// Looks for effects after each attack, or once at the end.
async fn run(house: &House, each: bool) {
    let scene = set(house).await;
    let mut watches = Watch::both(house, &scene).await;
    let (before, theirs) = (Witness::look(&scene).await, in_their_names(&scene).await);
    let mut attackers = Attackers::default();
    let mut wrong = Vec::new();
    for attack in operation_table::ATTACKS.iter().chain(command_table::ATTACKS) {
        let found = attackers.run(house, &scene, attack).await.err();
        let found = match found {
            None if each => before.differs_from(&Witness::look(&scene).await),
            found => found,
        };
        wrong.extend(found.map(|found| format!("{} as {:?}: {found}", attack.field, attack.by)));
    }
    wrong.extend(before.differs_from(&Witness::look(&scene).await));
    assert_eq!(in_their_names(&scene).await, theirs, "a message was sent in a victim's name");
    for watch in &mut watches {
        wrong.extend(watch.end(&scene).await);
    }
    assert!(wrong.is_empty(), "{} attacks had an effect:\n{}", wrong.len(), wrong.join("\n"));
    house.server.assert_untroubled();
}

/// Builds the scene, with a direct conversation of the stranger and the admin, and a bystander who has read everything.
async fn set(house: &House) -> Scene {
    let mut scene = Scene::set(house).await;
    let (admin, member) = (scene.person("admin").clone(), scene.person("member").clone());
    let (stranger, bystander) = (scene.person("stranger").clone(), scene.person("bystander").clone());
    let shared = admin.direct_with(&stranger).await;
    for key in ["of-the-shared", "of-the-shared-too"] {
        admin.send(&shared, &json!({"content": "between us", "clientMessageId": key})).await.data(201);
    }
    let unread = newest(&member, scene.value("group")).await;
    let unread_of_pair = newest(&member, scene.value("direct")).await;
    bystander.rest.post(&format!("/conversations/{}/read", scene.value("group")), &json!({})).await.data(200);
    let name = json!({"groupName": unique()});
    let named = admin.rest.put(&format!("/chat/group/{}", scene.value("group")), Some(&name)).await.data(200);
    scene.note("shared", shared);
    scene.note("unread", unread);
    scene.note("unreadOfPair", unread_of_pair);
    scene.note("groupName", text(&named["groupName"]));
    scene.note("groupAsCode", scene.value("group").replace('-', ""));
    scene.note("adminToken", admin.access_token.clone());
    scene.note("adminEmail", admin.email.clone());
    scene
}

async fn newest(reader: &Person, conversation: &str) -> String {
    text(&reader.rest.get(&format!("/conversations/{conversation}/messages?limit=1")).await.data(200)[0]["id"])
}

/// One socket per attacker and dialect.
#[derive(Default)]
struct Attackers(HashMap<(Role, Dialect), Socket>);

impl Attackers {
    async fn run(&mut self, house: &House, scene: &Scene, attack: &Attack) -> Result<(), String> {
        let filled = |template| scene.fill(attack.by, template);
        let answer = match attack.how {
            How::Request(request, body) => {
                let reply = ask(&scene.rest(attack.by), &filled(request), &filled(body)).await;
                if !attack.expected.is_of(&reply) {
                    return Err(format!("expected {}, got {} {}", attack.expected, reply.status, reply.body));
                }
                let Reply { body, .. } = reply;
                body
            }
            How::Frame(dialect, data) => {
                let socket = self.socket(house, scene, attack.by, dialect).await;
                let data = serde_json::from_str(&filled(data)).expect("JSON");
                let answer = socket.try_ask(attack.subject(), data).await;
                if !attack.expected.is_of_frame(&answer) {
                    return Err(format!("expected {}, got {answer:?}", attack.expected));
                }
                // A dialect may answer by an event: the events are checked too.
                let mut answers = vec![answer.unwrap_or_else(|error| error)];
                for event in ["messagesFetched", "groupMessagesFetched", "userStatus"] {
                    answers.extend(socket.seen(event).await);
                }
                Value::from(answers)
            }
        };
        let may_read = attack.by == Role::Bystander;
        harmless(scene, &answer, may_read)
    }

    async fn socket(&mut self, house: &House, scene: &Scene, by: Role, dialect: Dialect) -> &mut Socket {
        match self.0.entry((by, dialect)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(none) => none.insert(house.connect(dialect, &scene.player(by).access_token).await),
        }
    }
}

/// Fails if the answer contains data that the attacker may not see, or shows an action in a victim's name.
fn harmless(scene: &Scene, answer: &Value, may_read: bool) -> Result<(), String> {
    let told = answer.to_string();
    let mut hidden = vec![scene.person("admin").email.as_str(), scene.person("member").email.as_str()];
    if !may_read {
        hidden.extend([SECRET, scene.value("invite")]);
    }
    if hidden.iter().any(|hidden| told.contains(hidden)) {
        return Err(format!("the answer contains secret data: {told}"));
    }
    for data in [&answer["data"], &answer[0]] {
        let actors = [&data["sender"], &data["sender"]["id"], &data["createdBy"], &data["userId"], &data["admins"][0]];
        let victims = ["admin", "member"].map(|name| scene.person(name).id.as_str());
        let is_theirs = actors.iter().any(|actor| victims.iter().any(|id| **actor == *id));
        // The request named whose presence or message it asks for.
        let was_asked_for = data.get("isOnline").is_some() || data.get("lastSeen").is_some() || may_read;
        if is_theirs && !was_asked_for {
            return Err(format!("the action was done in another user's name: {told}"));
        }
    }
    Ok(())
}
