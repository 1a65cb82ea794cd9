use super::{each, text};
use crate::house::{House, Person};
use serde_json::{Value, json};
use uuid::Uuid;

const GROUP: &str = "/api/v1/chat/group";

struct Club {
    house: House,
    ann: Person,
    bob: Person,
    eve: Person,
    group: Value,
    path: String,
}

async fn club() -> Club {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Club", &[&ann, &bob]).await;
    let path = format!("{GROUP}/{}", text(&group, "groupId"));
    Club { house, ann, bob, eve, group, path }
}

impl Club {
    async fn join(&self, person: &Person, code: &str) -> crate::house::Answer {
        self.house.post(&format!("{GROUP}/join/{code}"), &person.token, json!({})).await
    }
}

#[actix_web::test]
async fn any_member_adds_somebody() {
    let club = club().await;
    let (house, path) = (&club.house, format!("{}/member", club.path));
    let added = house.post(&path, &club.bob.token, json!({"userId": club.eve.id})).await.data(201);
    assert_eq!((&added["membersCount"], added["members"].as_array().map(Vec::len)), (&json!(3), Some(3)));
    house.post(&path, &club.bob.token, json!({"userId": club.eve.id})).await.failure(409, "ALREADY_A_PARTICIPANT");
    house.post(&path, &club.bob.token, json!({"userId": Uuid::nil()})).await.failure(404, "USER_NOT_FOUND");
    for (body, sentence) in [(json!({}), "userId is required"), (json!({"userId": "x"}), "userId must be a UUID")] {
        let answer = house.post(&path, &club.bob.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
    let stranger = house.person().await;
    let body = json!({"userId": stranger.id});
    house.post(&path, &stranger.token, body.clone()).await.failure(403, "NOT_A_PARTICIPANT");
    let nowhere = format!("{GROUP}/{}/member", Uuid::nil());
    house.post(&nowhere, &club.ann.token, body).await.failure(404, "CONVERSATION_NOT_FOUND");
}

#[actix_web::test]
async fn admins_remove_others_and_anybody_leaves() {
    let club = club().await;
    let (house, member) = (&club.house, |person: &Person| format!("{}/member/{}", club.path, person.id));
    house.delete(&member(&club.ann), &club.bob.token).await.failure(403, "NOT_AN_ADMIN");
    house.delete(&member(&club.bob), &club.eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    house.delete(&member(&club.eve), &club.ann.token).await.failure(404, "PARTICIPANT_NOT_FOUND");
    let left = house.delete(&member(&club.bob), &club.ann.token).await.data(200);
    assert_eq!(each(&left["members"], "id"), [json!(club.ann.id)]);
    house.get(&club.path, &club.bob.token).await.failure(403, "NOT_A_PARTICIPANT");

    house.post(&format!("{}/member", club.path), &club.ann.token, json!({"userId": club.bob.id})).await.data(201);
    assert_eq!(house.delete(&member(&club.ann), &club.ann.token).await.data(200), Value::Null);
    let handed_over = house.get(&club.path, &club.bob.token).await.data(200);
    assert_eq!((&handed_over["admins"], &handed_over["membersCount"]), (&json!([club.bob.id]), &json!(1)));
    house.get(&club.path, &club.ann.token).await.failure(403, "NOT_A_PARTICIPANT");
}

#[actix_web::test]
async fn an_invite_lets_a_stranger_in_once() {
    let club = club().await;
    let code = text(&club.group, "inviteCode");
    let joined = club.join(&club.eve, &code.to_uppercase()).await.data(201);
    assert_eq!((&joined["membersCount"], &joined["groupId"]), (&json!(3), &club.group["groupId"]));
    assert_eq!(joined["admins"], json!([club.ann.id]));
    club.join(&club.eve, code).await.failure(409, "ALREADY_A_PARTICIPANT");
    club.join(&club.eve, &"0".repeat(32)).await.failure(404, "INVITE_NOT_FOUND");
    for text in ["x", "member", &"g".repeat(32)] {
        let answer = club.join(&club.eve, text).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), ["inviteCode must be an invite code"]);
    }
    let without = actix_web::test::TestRequest::post().uri(&format!("{GROUP}/join/{code}"));
    let late = club.house.person().await;
    club.house.ask(crate::house::bearing(without, &late.token)).await.data(201);
}

#[actix_web::test]
async fn of_many_joinings_by_one_person_at_once_one_succeeds() {
    let club = club().await;
    let code = text(&club.group, "inviteCode");
    let answers = futures_util::future::join_all((0..8).map(|_| club.join(&club.eve, code))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(club.house.get(&club.path, &club.eve.token).await.data(200)["membersCount"], 3);
}

#[actix_web::test]
async fn an_admin_revokes_the_invite() {
    let club = club().await;
    let revoke = format!("{}/invite-code/revoke", club.path);
    club.house.put(&revoke, &club.bob.token, None).await.failure(403, "NOT_AN_ADMIN");
    club.house.put(&revoke, &club.eve.token, None).await.failure(403, "NOT_A_PARTICIPANT");
    let renewed = club.house.put(&revoke, &club.ann.token, None).await.data(200);
    let (old, new) = (text(&club.group, "inviteCode"), text(&renewed, "inviteCode"));
    assert_ne!(old, new);
    club.join(&club.eve, old).await.failure(404, "INVITE_NOT_FOUND");
    club.join(&club.eve, new).await.data(201);
    let nowhere = format!("{GROUP}/{}/invite-code/revoke", Uuid::nil());
    club.house.put(&nowhere, &club.ann.token, None).await.failure(404, "CONVERSATION_NOT_FOUND");
}
