use crate::house::{House, fields};
use serde_json::{Value, json};
use uuid::Uuid;

const EVERYONE_SEES: [&str; 15] = [
    "avatar",
    "createdAt",
    "createdBy",
    "description",
    "id",
    "inviteCode",
    "isActive",
    "isGroup",
    "lastSeq",
    "metadata",
    "name",
    "participantCount",
    "participants",
    "pos",
    "updatedAt",
];
const OVERVIEW: [&str; 17] = [
    "avatar",
    "createdAt",
    "createdBy",
    "description",
    "id",
    "inviteCode",
    "isActive",
    "isGroup",
    "lastMessage",
    "lastSeq",
    "metadata",
    "name",
    "participantCount",
    "participants",
    "pos",
    "unreadCount",
    "updatedAt",
];

#[actix_web::test]
async fn a_pair_has_one_conversation_whoever_asks() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let path = "/api/v1/conversations";
    let made = house.post(path, &ann.token, json!({"participantIds": [bob.id]})).await.data(201);
    assert_eq!(fields(&made), OVERVIEW);
    assert_eq!((&made["isGroup"], &made["participantCount"]), (&json!(false), &json!(2)));
    assert_eq!((&made["lastMessage"], &made["unreadCount"]), (&Value::Null, &json!(0)));
    assert_eq!((&made["lastSeq"], &made["pos"], &made["inviteCode"]), (&json!(0), &json!(1), &Value::Null));
    assert_eq!(
        fields(&made["participants"][0]),
        ["avatar", "deliveredSeq", "id", "joinedAt", "name", "readSeq", "role", "username"]
    );
    let again = house.post(path, &bob.token, json!({"participantIds": [ann.id, bob.id, ann.id]})).await.data(201);
    assert_eq!(again["id"], made["id"]);
    let named = house.post(path, &ann.token, json!({"participantIds": [bob.id], "name": "Two"})).await.data(201);
    assert_eq!((&named["isGroup"], named["id"] == made["id"]), (&json!(true), false));
}

#[actix_web::test]
async fn a_conversation_needs_others_who_exist() {
    let house = House::new();
    let ann = house.person().await;
    let path = "/api/v1/conversations";
    for (body, sentence) in [
        (json!({}), "participantIds is required"),
        (json!({"participantIds": []}), "participantIds must not be empty"),
        (json!({"participantIds": "x"}), "participantIds must be an array of UUIDs"),
        (json!({"participantIds": [1]}), "participantIds must contain only UUIDs: item 0 is not a UUID"),
        (json!({"participantIds": [ann.id], "name": " "}), "name must not be empty"),
        (json!([]), "the body must be a JSON object"),
    ] {
        let answer = house.post(path, &ann.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
    house.post(path, &ann.token, json!({"participantIds": [ann.id]})).await.failure(400, "VALIDATION_FAILED");
    house.post(path, &ann.token, json!({"participantIds": [Uuid::nil()]})).await.failure(404, "USER_NOT_FOUND");
}

#[actix_web::test]
async fn conversations_are_listed_with_what_is_new_in_them() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let first = house.group(&[&ann, &bob]).await;
    let second = house.group(&[&ann, &bob]).await;
    house.send(&bob, &first, "news").await;
    let answer = house.get("/api/v1/conversations?limit=1", &ann.token).await;
    let data = answer.data(200);
    assert_eq!(data[0]["id"], first.as_str());
    assert_eq!(data[0]["unreadCount"], 1);
    assert_eq!(fields(&data[0]["lastMessage"]), ["content", "createdAt", "id", "sender", "seq"]);
    assert_eq!(
        (&data[0]["lastMessage"]["seq"], &data[0]["lastSeq"], &data[0]["pos"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(fields(&data[0]["lastMessage"]["sender"]), ["avatar", "id", "name"]);
    assert_eq!(
        answer.json()["pagination"],
        json!({"page": 1, "limit": 1, "total": 2, "totalPages": 2, "hasMore": true})
    );
    let rest = house.get("/api/v1/conversations?limit=1&page=2", &ann.token).await.data(200);
    assert_eq!(rest[0]["id"], second.as_str());
}

#[actix_web::test]
async fn a_conversation_is_for_its_participants() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.group(&[&ann, &bob]).await;
    let path = format!("/api/v1/conversations/{group}");
    assert_eq!(fields(&house.get(&path, &bob.token).await.data(200)), OVERVIEW);
    house.get(&path, &eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    let nowhere = format!("/api/v1/conversations/{}", Uuid::nil());
    house.get(&nowhere, &ann.token).await.failure(404, "CONVERSATION_NOT_FOUND");
    let answer = house.get("/api/v1/conversations/not-an-id", &ann.token).await;
    answer.failure(400, "VALIDATION_FAILED");
    assert_eq!(answer.sentences(), ["id must be a UUID"]);
}

#[actix_web::test]
async fn admins_change_a_group() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let path = format!("/api/v1/conversations/{}", house.group(&[&ann, &bob]).await);
    let changes = json!({"name": "Renamed", "description": "About\nthings", "avatar": "/g.png"});
    let after = house.patch(&path, &ann.token, changes).await.data(200);
    assert_eq!(fields(&after), EVERYONE_SEES);
    assert_eq!((&after["name"], &after["description"]), (&json!("Renamed"), &json!("About\nthings")));
    let cleared = house.patch(&path, &ann.token, json!({"name": null})).await.data(200);
    assert_eq!((&cleared["name"], &cleared["avatar"]), (&Value::Null, &json!("/g.png")));
    house.patch(&path, &bob.token, json!({"name": "Mine"})).await.failure(403, "NOT_AN_ADMIN");
    let wrong = json!({"name": 1, "description": "x".repeat(501), "isActive": false});
    assert_eq!(
        house.patch(&path, &ann.token, wrong).await.sentences(),
        ["description must have at most 500 characters", "name must be a string", "isActive is not a known field"]
    );
}

#[actix_web::test]
async fn participants_come_and_go() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let path = format!("/api/v1/conversations/{}/participants", house.group(&[&ann, &bob]).await);
    let add = json!({"userId": eve.id});
    let after = house.post(&path, &bob.token, add.clone()).await.data(201);
    assert_eq!((fields(&after), &after["participantCount"]), (EVERYONE_SEES.to_vec(), &json!(3)));
    house.post(&path, &bob.token, add.clone()).await.failure(409, "ALREADY_A_PARTICIPANT");
    house.post(&path, &bob.token, json!({"userId": Uuid::nil()})).await.failure(404, "USER_NOT_FOUND");
    house.post(&path, &bob.token, json!({"userId": "x"})).await.failure(400, "VALIDATION_FAILED");
    let ann_there = format!("{path}/{}", ann.id);
    house.delete(&ann_there, &eve.token).await.failure(403, "NOT_AN_ADMIN");
    assert_eq!(house.delete(&format!("{path}/{}", eve.id), &eve.token).await.data(200), Value::Null);
    house.delete(&format!("{path}/{}", eve.id), &ann.token).await.failure(404, "PARTICIPANT_NOT_FOUND");
    house.post(&path, &eve.token, add).await.failure(403, "NOT_A_PARTICIPANT");
    house.delete(&format!("{path}/x"), &ann.token).await.failure(400, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn admins_make_others_admins_and_the_last_one_stays() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let path = format!("/api/v1/conversations/{}/participants", house.group(&[&ann, &bob]).await);
    let (of_ann, of_bob) = (format!("{path}/{}", ann.id), format!("{path}/{}", bob.id));
    let (admin, member) = (json!({"role": "admin"}), json!({"role": "member"}));
    house.patch(&of_bob, &bob.token, admin.clone()).await.failure(403, "NOT_AN_ADMIN");
    house.patch(&of_ann, &ann.token, member.clone()).await.failure(409, "LAST_ADMIN");
    house.patch(&format!("{path}/{}", eve.id), &ann.token, admin.clone()).await.failure(404, "PARTICIPANT_NOT_FOUND");
    for _ in 0..2 {
        let changed = house.patch(&of_bob, &ann.token, admin.clone()).await.data(200);
        assert_eq!((&changed["id"], &changed["role"]), (&json!(bob.id), &json!("admin")));
    }
    let conversation = house.get(path.trim_end_matches("/participants"), &bob.token).await.data(200);
    assert_eq!(conversation["pos"], 2, "the second call changed nothing");
    assert_eq!(house.patch(&of_ann, &ann.token, member).await.data(200)["role"], "member");
    for wrong in [json!({"role": "owner"}), json!({"role": "unknown"}), json!({"role": 1})] {
        assert_eq!(house.patch(&of_bob, &bob.token, wrong).await.sentences(), ["role must be admin or member"]);
    }
    assert_eq!(house.patch(&of_bob, &bob.token, json!({})).await.sentences(), ["role is required"]);
}

#[actix_web::test]
async fn participants_are_listed_in_parts() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let path = format!("/api/v1/conversations/{}/participants", house.group(&[&ann, &bob]).await);
    let whole = house.get(&path, &bob.token).await;
    assert_eq!(
        whole.json()["pagination"],
        json!({"limit": 100, "nextCursor": null, "prevCursor": null, "hasMore": false})
    );
    let whole = whole.data(200);
    assert_eq!(fields(&whole[0]), ["avatar", "deliveredSeq", "id", "joinedAt", "name", "readSeq", "role", "username"]);
    let first = house.get(&format!("{path}?cursor=&limit=1"), &ann.token).await;
    let cursor = first.json()["pagination"]["nextCursor"].as_str().expect("a cursor").to_owned();
    let rest = house.get(&format!("{path}?cursor={cursor}&limit=1"), &ann.token).await;
    assert_eq!((&first.data(200)[0], &rest.data(200)[0]), (&whole[0], &whole[1]));
    assert_eq!(rest.json()["pagination"]["hasMore"], false);
    house.get(&path, &eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    let refused = house.get(&format!("{path}?cursor=x&limit=101"), &ann.token).await;
    assert_eq!(
        refused.sentences(),
        ["cursor must be empty, or the nextCursor of an earlier response", "limit must be between 1 and 100"]
    );
}

#[actix_web::test]
async fn a_direct_conversation_stays_a_pair() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let made = house.post("/api/v1/conversations", &ann.token, json!({"participantIds": [bob.id]})).await.data(201);
    let path = format!("/api/v1/conversations/{}", made["id"].as_str().expect("an id"));
    let participants = format!("{path}/participants");
    let add = json!({"userId": eve.id});
    house.post(&participants, &ann.token, add).await.failure(400, "DIRECT_CONVERSATION");
    house.delete(&format!("{participants}/{}", ann.id), &ann.token).await.failure(400, "DIRECT_CONVERSATION");
    house.patch(&path, &ann.token, json!({"name": "Us"})).await.failure(400, "DIRECT_CONVERSATION");
}

#[actix_web::test]
async fn lists_are_walked_by_cursor_while_conversations_move() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let path = "/api/v1/conversations";
    let mut made = Vec::new();
    for number in 0..5 {
        let body = json!({"participantIds": [bob.id], "name": format!("group {number}")});
        made.push(house.post(path, &ann.token, body).await.data(201)["id"].clone());
    }
    let first = house.get(&format!("{path}?cursor=&limit=2"), &bob.token).await.json();
    let ids = |body: &Value| body["data"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
    let shown: Vec<Value> = ids(&first);
    assert_eq!(shown, [made[4].clone(), made[3].clone()]);
    let pagination = &first["pagination"];
    assert_eq!(fields(pagination), ["hasMore", "limit", "nextCursor", "prevCursor"]);
    assert_eq!((&pagination["hasMore"], &pagination["prevCursor"]), (&json!(true), &Value::Null));
    // A conversation of the next page moves up.
    let moved = made[2].as_str().expect("an id");
    house.clock.advance(std::time::Duration::from_secs(1));
    house.post(&format!("{path}/{moved}/messages"), &ann.token, json!({"content": "news"})).await.data(201);
    let next = pagination["nextCursor"].as_str().expect("a cursor");
    let second = house.get(&format!("{path}?cursor={next}&limit=2"), &bob.token).await.json();
    let shown: Vec<Value> = ids(&second);
    assert_eq!(shown, [made[1].clone(), made[0].clone()], "none of those that stayed is skipped or repeated");
    assert_eq!(second["pagination"]["nextCursor"], Value::Null);
    let back = second["pagination"]["prevCursor"].as_str().expect("a cursor");
    let back = house.get(&format!("{path}?cursor={back}&limit=2"), &bob.token).await.json();
    let shown: Vec<Value> = ids(&back);
    assert_eq!(shown, [made[4].clone(), made[3].clone()], "the way back is the same");
    for list in ["rooms", "group-rooms"] {
        let list = house.get(&format!("/api/v1/chat/{list}/{}?cursor=&limit=1", bob.id), &bob.token).await.json();
        assert_eq!(list["pagination"]["limit"], 1);
    }
    let groups = house.get(&format!("/api/v1/chat/user/{}/groups?cursor=&limit=1", bob.id), &bob.token).await.json();
    assert_eq!((&groups["data"][0]["id"], &groups["pagination"]["hasMore"]), (&made[2], &json!(true)));
    house.get(&format!("{path}?cursor=x"), &bob.token).await.failure(400, "VALIDATION_FAILED");
}
