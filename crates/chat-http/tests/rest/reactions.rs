use crate::house::{Answer, House, Person, bearing, fields};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use uuid::Uuid;

struct Talk {
    house: House,
    ann: Person,
    bob: Person,
    /// Of a message of Bob's.
    path: String,
    history: String,
}

async fn talk() -> Talk {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let id = house.group(&[&ann, &bob]).await;
    let message = house.send(&bob, &id, "hello").await;
    let history = format!("/api/v1/conversations/{id}/messages");
    Talk { path: format!("{history}/{}", message["id"].as_str().expect("an id")), history, house, ann, bob }
}

impl Talk {
    async fn put(&self, person: &Person, emoji: &str) -> Answer {
        let request = TestRequest::put().uri(&format!("{}/reactions/{emoji}", self.path));
        self.house.ask(bearing(request, &person.token)).await
    }

    async fn remove(&self, person: &Person, emoji: &str) -> Answer {
        self.house.delete(&format!("{}/reactions/{emoji}", self.path), &person.token).await
    }
}

const THUMB: &str = "%F0%9F%91%8D";
const HEART: &str = "%E2%9D%A4";

#[actix_web::test]
async fn reactions_are_counted_and_named_and_may_be_repeated() {
    let talk = talk().await;
    let reacted = talk.put(&talk.ann, THUMB).await.data(200);
    let named = |mine: Option<bool>, people: &[&Person]| {
        let ids: Vec<_> = people.iter().map(|person| &person.id).collect();
        let mut kind = json!({"emoji": "👍", "count": people.len(), "userIds": ids});
        if let Some(mine) = mine {
            kind["mine"] = json!(mine);
        }
        json!([kind])
    };
    assert_eq!((&reacted["reactions"], &reacted["changedPos"]), (&named(None, &[&talk.ann]), &json!(3)));
    assert_eq!((&reacted["updatedAt"], &reacted["editedAt"]), (&reacted["createdAt"], &json!(null)));
    assert_eq!(talk.put(&talk.ann, THUMB).await.data(200), reacted, "a repetition changes nothing");
    talk.put(&talk.bob, THUMB).await.data(200);
    for (path, of_one) in [(&talk.path, true), (&talk.history, false)] {
        let seen = talk.house.get(path, &talk.ann.token).await.data(200);
        let shown = if of_one { &seen["reactions"] } else { &seen[0]["reactions"] };
        assert_eq!(*shown, named(Some(true), &[&talk.ann, &talk.bob]));
    }
    let batch = format!("{}/batch-get", talk.history);
    let found = talk.house.post(&batch, &talk.bob.token, json!({"ids": [reacted["id"]]})).await;
    assert_eq!(found.data(200)[0]["reactions"], named(Some(true), &[&talk.ann, &talk.bob]));
    let removed = talk.remove(&talk.ann, THUMB).await.data(200);
    assert_eq!((&removed["reactions"], &removed["changedPos"]), (&named(None, &[&talk.bob]), &json!(5)));
    assert_eq!(talk.remove(&talk.ann, THUMB).await.data(200), removed);
    let seen = talk.house.get(&talk.path, &talk.ann.token).await.data(200);
    assert_eq!(seen["reactions"], named(Some(false), &[&talk.bob]));
}

#[actix_web::test]
async fn a_reaction_is_an_emoji_or_a_name_in_one_form() {
    let talk = talk().await;
    for (emoji, shown) in
        [(HEART, "❤️"), ("%E2%9D%A4%EF%B8%8F", "❤️"), ("%2B1", "+1"), ("+1", "+1"), ("party", "party")]
    {
        let reacted = talk.put(&talk.ann, &format!("{emoji}?replace=true")).await.data(200);
        let kinds: Vec<_> = reacted["reactions"].as_array().expect("kinds").iter().map(|kind| &kind["emoji"]).collect();
        assert_eq!(kinds, [shown]);
    }
    for emoji in ["Party", "%F0%9F%91%8D%F0%9F%91%8D", "%FF", "%20"] {
        let answer = talk.put(&talk.ann, emoji).await;
        answer.failure(400, "VALIDATION_FAILED");
        let sentence = "emoji must be one emoji, or a name of 1 to 32 characters of a-z, 0-9, _, + and -";
        assert_eq!(answer.sentences(), [sentence], "{emoji}");
    }
    talk.put(&talk.ann, "party?replace=yes").await.failure(400, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn the_users_who_reacted_are_listed_part_by_part() {
    let talk = talk().await;
    for person in [&talk.bob, &talk.ann] {
        talk.put(person, THUMB).await.data(200);
    }
    let list = format!("{}/reactions?emoji={THUMB}", talk.path);
    let first = talk.house.get(&format!("{list}&limit=1"), &talk.ann.token).await;
    assert_eq!(fields(&first.data(200)[0]), ["avatar", "id", "name"]);
    assert_eq!(first.data(200)[0]["id"], json!(talk.bob.id));
    let next = first.json()["pagination"]["nextCursor"].as_str().expect("a cursor").to_owned();
    let rest = talk.house.get(&format!("{list}&cursor={next}"), &talk.ann.token).await;
    let ids: Vec<Value> = rest.data(200).as_array().expect("a list").iter().map(|user| user["id"].clone()).collect();
    assert_eq!(ids, [json!(talk.ann.id)]);
    assert_eq!(rest.json()["pagination"]["hasMore"], false);
    assert_eq!(talk.house.get(&format!("{}/reactions?emoji=x", talk.path), &talk.ann.token).await.data(200), json!([]));
    for query in ["", "?emoji=", "?emoji=X", "?emoji=x&cursor=y", "?emoji=x&limit=0"] {
        let answer = talk.house.get(&format!("{}/reactions{query}", talk.path), &talk.ann.token).await;
        answer.failure(400, "VALIDATION_FAILED");
    }
    let nothing = format!("{}/{}/reactions?emoji=x", talk.history, Uuid::nil());
    talk.house.get(&nothing, &talk.ann.token).await.failure(404, "MESSAGE_NOT_FOUND");
}

#[actix_web::test]
async fn a_tombstone_has_no_reactions_and_takes_none() {
    let talk = talk().await;
    talk.put(&talk.ann, THUMB).await.data(200);
    let gone = talk.house.delete(&talk.path, &talk.bob.token).await.data(200);
    assert_eq!(gone["reactions"], json!([]));
    talk.put(&talk.ann, THUMB).await.failure(409, "MESSAGE_DELETED");
    talk.remove(&talk.ann, THUMB).await.failure(409, "MESSAGE_DELETED");
}

#[actix_web::test]
async fn the_chat_api_shows_reactions_too() {
    let talk = talk().await;
    talk.put(&talk.ann, THUMB).await.data(200);
    let group = talk.history.split('/').nth(4).expect("an id");
    let page =
        talk.house.post("/api/v1/chat/messages/fetch", &talk.ann.token, json!({"groupId": group})).await.data(200);
    let kind = json!({"emoji": "👍", "count": 1, "userIds": [talk.ann.id], "mine": true});
    assert_eq!(page[0]["reactions"], json!([kind]));
}

#[actix_web::test]
async fn admins_pin_messages_and_members_see_them() {
    let talk = talk().await;
    let id = talk.path.rsplit('/').next().expect("an id");
    let pins = talk.history.replace("/messages", "/pins");
    let put = async |person: &Person| {
        let request = TestRequest::put().uri(&format!("{pins}/{id}"));
        talk.house.ask(bearing(request, &person.token)).await
    };
    put(&talk.bob).await.failure(403, "NOT_AN_ADMIN");
    let pinned = put(&talk.ann).await.data(200);
    assert!(pinned["pinnedAt"].is_string(), "{pinned}");
    assert_eq!((&pinned["changedPos"], put(&talk.ann).await.data(200)), (&json!(3), pinned.clone()));
    let listed = talk.house.get(&pins, &talk.bob.token).await.data(200);
    assert_eq!((&listed[0]["id"], &listed[0]["pinnedAt"]), (&json!(id), &pinned["pinnedAt"]));
    let path = format!("{pins}/{id}");
    let unpinned = talk.house.delete(&path, &talk.ann.token).await.data(200);
    assert_eq!((&unpinned["pinnedAt"], &unpinned["changedPos"]), (&json!(null), &json!(4)));
    assert_eq!(talk.house.delete(&path, &talk.ann.token).await.data(200), unpinned);
    assert_eq!(talk.house.get(&pins, &talk.bob.token).await.data(200), json!([]));
    let nothing = format!("{pins}/{}", Uuid::nil());
    talk.house.delete(&nothing, &talk.ann.token).await.failure(404, "MESSAGE_NOT_FOUND");
    talk.house.delete(&talk.path, &talk.bob.token).await.data(200);
    put(&talk.ann).await.failure(409, "MESSAGE_DELETED");
}
