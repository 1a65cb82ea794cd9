use crate::house::{House, Person, fields};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

struct Talk {
    house: House,
    ann: Person,
    bob: Person,
    path: String,
    /// A message of Bob's.
    message: Value,
}

async fn talk() -> Talk {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let id = house.group(&[&ann, &bob]).await;
    let message = house.send(&bob, &id, "helo").await;
    Talk { path: format!("/api/v1/conversations/{id}/messages"), house, ann, bob, message }
}

impl Talk {
    fn of(&self, message: &Value) -> String {
        format!("{}/{}", self.path, message["id"].as_str().expect("an id"))
    }

    async fn edit(&self, body: Value) -> Value {
        self.house.patch(&self.of(&self.message), &self.bob.token, body).await.data(200)
    }
}

#[actix_web::test]
async fn an_edit_is_seen_by_all_and_its_earlier_versions_are_listed() {
    let talk = talk().await;
    talk.house.clock.advance(Duration::from_secs(1));
    let edited = talk.edit(json!({"content": " hello ", "attachment": "/a.png"})).await;
    assert_eq!((&edited["content"], &edited["attachment"]), (&json!("hello"), &json!("/a.png")));
    assert_eq!((&edited["pos"], &edited["changedPos"]), (&talk.message["pos"], &json!(3)));
    assert_ne!(edited["editedAt"], talk.message["createdAt"]);
    let bare = talk.edit(json!({"attachment": null})).await;
    assert_eq!(
        (&bare["content"], &bare["attachment"], &bare["changedPos"]),
        (&json!("hello"), &json!(null), &json!(4))
    );
    let same = talk.edit(json!({"content": "hello", "ifChangedPos": 3})).await;
    assert_eq!(same, bare, "a repetition changes nothing");
    assert_eq!(talk.edit(json!({})).await, bare);

    let seen = talk.house.get(&talk.of(&bare), &talk.ann.token).await.data(200);
    assert_eq!(seen, bare);
    let edits = talk.house.get(&format!("{}/edits", talk.of(&bare)), &talk.ann.token).await.data(200);
    assert_eq!(fields(&edits[0]), ["attachment", "content", "editedAt", "metadata", "pos"]);
    let texts: Vec<_> = edits.as_array().expect("a list").iter().map(|one| (&one["content"], &one["pos"])).collect();
    assert_eq!(texts, [(&json!("helo"), &json!(3)), (&json!("hello"), &json!(4))]);
    assert_eq!(edits[1]["editedAt"], bare["editedAt"]);
}

#[actix_web::test]
async fn of_two_devices_the_second_learns_that_the_message_has_changed() {
    let talk = talk().await;
    let seen = talk.message["changedPos"].clone();
    talk.edit(json!({"content": "from the phone", "ifChangedPos": seen})).await;
    let path = talk.of(&talk.message);
    let late =
        talk.house.patch(&path, &talk.bob.token, json!({"content": "from the desk", "ifChangedPos": seen})).await;
    late.failure(409, "MESSAGE_CHANGED");
    assert_eq!(talk.house.get(&path, &talk.bob.token).await.data(200)["content"], "from the phone");
}

#[actix_web::test]
async fn a_deleted_message_keeps_its_place_and_loses_its_content() {
    let talk = talk().await;
    talk.edit(json!({"content": "hello", "attachment": "/a.png"})).await;
    let path = talk.of(&talk.message);
    let deleted = talk.house.delete(&path, &talk.ann.token).await.data(200);
    assert_eq!((&deleted["content"], &deleted["attachment"]), (&json!(""), &json!(null)));
    assert_eq!(
        (&deleted["seq"], &deleted["deletedBy"], &deleted["changedPos"]),
        (&json!(1), &json!(talk.ann.id), &json!(4))
    );
    assert!(deleted["deletedAt"].is_string());
    assert_eq!(talk.house.delete(&path, &talk.bob.token).await.data(200), deleted, "deleted already");
    let page = talk.house.get(&talk.path, &talk.bob.token).await.data(200);
    assert_eq!(page[0], deleted);
    assert_eq!(talk.house.get(&format!("{path}/edits"), &talk.ann.token).await.data(200), json!([]));
    let edit = talk.house.patch(&path, &talk.bob.token, json!({"content": "back"})).await;
    edit.failure(409, "MESSAGE_DELETED");
    let reply = json!({"content": "what was it?", "replyTo": deleted["id"]});
    assert_eq!(talk.house.post(&talk.path, &talk.ann.token, reply).await.data(201)["replyTo"], deleted["id"]);
}

#[actix_web::test]
async fn a_tombstone_reads_sensibly_in_the_chat_api() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let id = house.group(&[&ann, &bob]).await;
    let message = house.send(&bob, &id, "secret").await;
    let path = format!("/api/v1/conversations/{id}/messages/{}", message["id"].as_str().expect("an id"));
    house.delete(&path, &bob.token).await.data(200);
    let page = house.post("/api/v1/chat/messages/fetch", &ann.token, json!({"groupId": id})).await.data(200);
    let gone = &page[0];
    assert_eq!((&gone["message"], &gone["deletedBy"], &gone["changedPos"]), (&json!(""), &json!(bob.id), &json!(3)));
    assert!(gone["deletedAt"].is_string() && gone.get("editedAt").is_none(), "{gone}");
    let rooms = house.get(&format!("/api/v1/chat/group-rooms/{}", ann.id), &ann.token).await.data(200);
    assert_eq!((&rooms[0]["latestMessage"], &rooms[0]["unreadCount"]), (&json!(""), &json!(1)));
}

#[actix_web::test]
async fn messages_come_in_the_order_in_which_they_are_named() {
    let talk = talk().await;
    let conversation = talk.message["conversationId"].as_str().expect("an id").to_owned();
    let other = talk.house.send(&talk.ann, &conversation, "another").await;
    let path = format!("{}/batch-get", talk.path);
    let ids = json!({"ids": [other["id"], Uuid::nil(), talk.message["id"], other["id"]]});
    let found = talk.house.post(&path, &talk.ann.token, ids).await.data(200);
    let seqs: Vec<_> = found.as_array().expect("a list").iter().map(|message| message["seq"].clone()).collect();
    assert_eq!(seqs, [json!(2), json!(1)], "each once, without what is not there");
    for (ids, sentence) in [
        (json!([]), "ids must not be empty"),
        (json!(vec![Uuid::nil(); 101]), "ids must have at most 100 items"),
        (json!(["x"]), "ids must contain only UUIDs: item 0 is not a UUID"),
    ] {
        let answer = talk.house.post(&path, &talk.ann.token, json!({"ids": ids})).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
}

#[actix_web::test]
async fn bad_edits_and_those_of_others_are_refused() {
    let talk = talk().await;
    let path = talk.of(&talk.message);
    for (body, sentence) in [
        (json!({"content": null}), "content must not be null"),
        (json!({"content": " "}), "content must not be empty"),
        (json!({"attachment": "data:x"}), "attachment must be an http or https URL"),
        (json!({"ifChangedPos": "3"}), "ifChangedPos must be a whole number, not negative"),
        (json!({"replyTo": null}), "replyTo is not a known field"),
    ] {
        let answer = talk.house.patch(&path, &talk.bob.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
    let (ann, eve) = (&talk.ann, talk.house.person().await);
    let edit = json!({"content": "forged"});
    talk.house.patch(&path, &ann.token, edit.clone()).await.failure(403, "FORBIDDEN");
    talk.house.patch(&path, &eve.token, edit.clone()).await.failure(403, "NOT_A_PARTICIPANT");
    talk.house.delete(&path, &eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    let of_ann = talk.house.post(&talk.path, &ann.token, json!({"content": "mine"})).await.data(201);
    talk.house.delete(&talk.of(&of_ann), &talk.bob.token).await.failure(403, "FORBIDDEN");
    let nothing = format!("{}/{}", talk.path, Uuid::nil());
    talk.house.get(&nothing, &ann.token).await.failure(404, "MESSAGE_NOT_FOUND");
    talk.house.patch(&nothing, &ann.token, edit).await.failure(404, "MESSAGE_NOT_FOUND");
    talk.house.delete(&nothing, &ann.token).await.failure(404, "MESSAGE_NOT_FOUND");
    assert_eq!(talk.house.get(&path, &ann.token).await.data(200)["content"], "helo");
}
