use super::{each, text};
use crate::house::{House, fields};
use serde_json::{Value, json};
use uuid::Uuid;

const GROUP: &str = "/api/v1/chat/group";

fn path(group: &Value) -> String {
    format!("{GROUP}/{}", text(group, "groupId"))
}

#[actix_web::test]
async fn a_group_is_made_with_its_shape_and_is_a_conversation() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let body = json!({
        "groupName": " Project Developers ", "groupDescription": "For the team", "groupAvatar": "/team.png",
        "members": [bob.id, ann.id, bob.id], "createdBy": bob.id
    });
    let made = house.post(GROUP, &ann.token, body).await.data(201);
    let at = "2026-01-05T09:30:00.002Z";
    let member = |person: &crate::house::Person, name: &str| {
        json!({
            "id": person.id, "username": person.username, "name": name, "avatar": null,
            "isOnline": false, "lastSeen": null
        })
    };
    assert_eq!(
        made,
        json!({
            "groupId": made["groupId"], "id": made["groupId"], "groupName": "Project Developers",
            "groupDescription": "For the team", "groupAvatar": "/team.png", "createdBy": ann.id,
            "members": made["members"], "membersCount": 2, "admins": [ann.id], "isActive": true,
            "inviteCode": made["inviteCode"], "createdAt": at, "updatedAt": at
        })
    );
    let members = made["members"].as_array().expect("members");
    assert_eq!(members.len(), 2);
    assert!(members.contains(&member(&ann, "Person 0")) && members.contains(&member(&bob, "Person 1")), "{made}");
    assert_eq!(text(&made, "inviteCode").len(), 32);
    assert_eq!(house.get(&path(&made), &bob.token).await.data(200), made);

    let conversation = format!("/api/v1/conversations/{}", text(&made, "groupId"));
    let conversation = house.get(&conversation, &bob.token).await.data(200);
    assert_eq!((&conversation["name"], &conversation["isGroup"]), (&json!("Project Developers"), &json!(true)));
    assert_eq!(conversation["inviteCode"], made["inviteCode"], "every member sees it, as in the group");
    let listed = house.get(&format!("/api/v1/chat/user/{}/groups", bob.id), &bob.token).await.data(200);
    assert_eq!(listed, json!([made]));
    let alone = house.post(GROUP, &ann.token, json!({"groupName": "Alone"})).await.data(201);
    assert_eq!((&alone["membersCount"], &alone["admins"]), (&json!(1), &json!([ann.id])));
}

#[actix_web::test]
async fn a_group_that_cannot_be_made_says_why() {
    let house = House::new();
    let ann = house.person().await;
    for (body, sentence) in [
        (json!({}), "groupName is required"),
        (json!({"groupName": " "}), "groupName must not be empty"),
        (json!({"groupName": "x".repeat(101)}), "groupName must have at most 100 characters"),
        (json!({"groupName": "x", "members": "x"}), "members must be an array of UUIDs"),
        (
            json!({"groupName": "x", "members": ["507f1f77bcf86cd799439012"]}),
            "members must contain only UUIDs: item 0 is not a UUID",
        ),
        (json!({"groupName": "x", "groupAvatar": "javascript:x"}), "groupAvatar must be an http or https URL"),
        (json!({"groupName": "x", "name": "y"}), "name is not a known field"),
    ] {
        let answer = house.post(GROUP, &ann.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
    let unknown = json!({"groupName": "x", "members": [Uuid::nil()]});
    house.post(GROUP, &ann.token, unknown).await.failure(404, "USER_NOT_FOUND");
    house.post(GROUP, &ann.token, json!({"groupName": "x"})).await.data(201);
}

#[actix_web::test]
async fn a_name_is_its_own_without_regard_to_case_while_the_group_is_active() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let group = house.chat_group("Ärger", &[&ann]).await;
    let again = json!({"groupName": "ärGER"});
    house.post(GROUP, &bob.token, again.clone()).await.failure(409, "GROUP_NAME_TAKEN");
    let other = house.chat_group("Other", &[&bob]).await;
    house.put(&path(&other), &bob.token, Some(again.clone())).await.failure(409, "GROUP_NAME_TAKEN");
    let free = json!({"participantIds": [bob.id], "name": "Ärger"});
    house.post("/api/v1/conversations", &ann.token, free).await.data(201);
    let own = house.put(&path(&group), &ann.token, Some(json!({"groupName": "ÄRGER"}))).await.data(200);
    assert_eq!(own["groupName"], "ÄRGER", "a group may change the case of its own name");
    house.delete(&path(&group), &ann.token).await.data(200);
    house.put(&path(&other), &bob.token, Some(again)).await.data(200);
}

#[actix_web::test]
async fn of_many_who_want_one_name_at_once_one_gets_it() {
    let house = House::new();
    let ann = house.person().await;
    let make = || house.post(GROUP, &ann.token, json!({"groupName": "Wanted"}));
    let answers = futures_util::future::join_all((0..8).map(|_| make())).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(made.len(), 1);
    for answer in refused {
        answer.failure(409, "GROUP_NAME_TAKEN");
    }
}

#[actix_web::test]
async fn admins_change_a_group() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let changes =
        json!({"groupName": "Builders", "groupDescription": "We build", "groupAvatar": "https://x.example/a.png"});
    let changed = house.put(&path(&group), &ann.token, Some(changes)).await.data(200);
    assert_eq!(
        (&changed["groupName"], &changed["groupDescription"], &changed["groupAvatar"]),
        (&json!("Builders"), &json!("We build"), &json!("https://x.example/a.png"))
    );
    let cleared = house.put(&path(&group), &ann.token, Some(json!({"groupDescription": null}))).await.data(200);
    assert_eq!((&cleared["groupName"], &cleared["groupDescription"]), (&json!("Builders"), &Value::Null));
    assert_eq!(house.put(&path(&group), &ann.token, Some(json!({}))).await.data(200), cleared);
    house.put(&path(&group), &ann.token, Some(json!({"groupName": null}))).await.failure(400, "VALIDATION_FAILED");
    house.put(&path(&group), &ann.token, Some(json!({"admins": [bob.id]}))).await.failure(400, "VALIDATION_FAILED");
    let theft = Some(json!({"groupName": "Mine"}));
    house.put(&path(&group), &bob.token, theft.clone()).await.failure(403, "NOT_AN_ADMIN");
    house.put(&path(&group), &eve.token, theft.clone()).await.failure(403, "NOT_A_PARTICIPANT");
    house.put(&format!("{GROUP}/{}", Uuid::nil()), &ann.token, theft).await.failure(404, "CONVERSATION_NOT_FOUND");
    house.get(&path(&group), &eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    house.get(&format!("{GROUP}/x"), &ann.token).await.failure(400, "VALIDATION_FAILED");
}

#[actix_web::test]
async fn a_private_chat_is_no_group() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let body = json!({"participantIds": [bob.id]});
    let pair = house.post("/api/v1/conversations", &ann.token, body).await.data(201);
    let path = format!("{GROUP}/{}", text(&pair, "id"));
    house.get(&path, &ann.token).await.failure(404, "CONVERSATION_NOT_FOUND");
    house.put(&path, &ann.token, Some(json!({"groupName": "x"}))).await.failure(404, "CONVERSATION_NOT_FOUND");
    house.delete(&path, &ann.token).await.failure(404, "CONVERSATION_NOT_FOUND");
    let member = json!({"userId": bob.id});
    house.post(&format!("{path}/member"), &ann.token, member).await.failure(404, "CONVERSATION_NOT_FOUND");
    house.put(&format!("{path}/invite-code/revoke"), &ann.token, None).await.failure(404, "CONVERSATION_NOT_FOUND");
}

#[actix_web::test]
async fn a_group_that_is_deactivated_can_be_read_and_nothing_else() {
    let house = House::new();
    let (ann, bob, cat) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let said = house.send(&bob, text(&group, "groupId"), "before the end").await;
    house.delete(&path(&group), &bob.token).await.failure(403, "NOT_AN_ADMIN");
    house.delete(&path(&group), &cat.token).await.failure(403, "NOT_A_PARTICIPANT");
    let ended = house.delete(&path(&group), &ann.token).await.data(200);
    assert_eq!((&ended["isActive"], &ended["groupId"]), (&json!(false), &group["groupId"]));
    house.delete(&path(&group), &ann.token).await.failure(403, "GROUP_INACTIVE");

    assert_eq!(house.get(&path(&group), &bob.token).await.data(200)["isActive"], false);
    let fetch = json!({"groupId": group["groupId"]});
    let seen = house.post("/api/v1/chat/messages/fetch", &bob.token, fetch).await.data(200);
    assert_eq!(each(&seen, "message"), ["before the end"]);
    let send = json!({"groupId": group["groupId"], "message": "after it"});
    house.post("/api/v1/chat/message", &bob.token, send).await.failure(403, "GROUP_INACTIVE");
    let message = text(&said, "id");
    for read in [json!({}), json!({"seq": 1}), json!({"messageId": message})] {
        let path = format!("/api/v1/conversations/{}/read", text(&group, "groupId"));
        house.post(&path, &ann.token, read).await.failure(403, "GROUP_INACTIVE");
    }
    for status in ["SENT", "DELIVERED", "READ"] {
        let path = format!("/api/v1/chat/message/{message}/status");
        for person in [&ann, &bob] {
            let body = Some(json!({"status": status}));
            house.put(&path, &person.token, body).await.failure(403, "GROUP_INACTIVE");
        }
    }
    let member = json!({"userId": cat.id});
    house.post(&format!("{}/member", path(&group)), &ann.token, member).await.failure(403, "GROUP_INACTIVE");
    house.put(&path(&group), &ann.token, Some(json!({"groupName": "x"}))).await.failure(403, "GROUP_INACTIVE");
    let join = format!("{GROUP}/join/{}", text(&group, "inviteCode"));
    let joined = house.post(&join, &cat.token, json!({})).await;
    assert!([403, 404].contains(&joined.status.as_u16()), "{}", joined.json());
    for list in [format!("/api/v1/chat/user/{}/groups", bob.id), format!("/api/v1/chat/group-rooms/{}", bob.id)] {
        assert_eq!(house.get(&list, &bob.token).await.data(200), json!([]));
    }
    assert_eq!(house.get("/api/v1/chat/groups/search?q=Dev", &bob.token).await.data(200), json!([]));
}

#[actix_web::test]
async fn a_search_finds_a_part_of_a_name_and_shows_strangers_no_members() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("100% Pure_Fun", &[&ann, &bob]).await;
    house.chat_group("1000 Miles", &[&ann]).await;
    let search = async |query: &str, token: &str| {
        house.get(&format!("/api/v1/chat/groups/search?q={query}"), token).await.data(200)
    };
    assert_eq!(search("PURE", &bob.token).await, json!([group]));
    let seen = search("pure", &eve.token).await;
    assert_eq!(fields(&seen[0]), fields(&group));
    assert_eq!(
        (&seen[0]["members"], &seen[0]["admins"], &seen[0]["inviteCode"], &seen[0]["membersCount"]),
        (&json!([]), &json!([]), &Value::Null, &json!(2))
    );
    assert_eq!(each(&search("100%25", &eve.token).await, "groupName"), ["100% Pure_Fun"]);
    assert_eq!(each(&search("e_F", &eve.token).await, "groupName"), ["100% Pure_Fun"]);
    for pattern in [".*", "%25%25", "_u", "%5E1", "1%7C2", "(", "%5B0-9%5D", "%5C"] {
        assert_eq!(search(pattern, &eve.token).await, json!([]), "{pattern} stands for itself");
    }
    let first = house.get("/api/v1/chat/groups/search?q=100&limit=1", &eve.token).await;
    assert_eq!(first.json()["pagination"]["total"], 2);
    house.get("/api/v1/chat/groups/search", &eve.token).await.failure(400, "VALIDATION_FAILED");
    house.get("/api/v1/chat/groups/search?q=%20", &eve.token).await.failure(400, "VALIDATION_FAILED");
    house.get("/api/v1/chat/groups/search?q=x", "").await.failure(401, "UNAUTHENTICATED");
}

#[actix_web::test]
async fn a_conversation_named_by_the_other_document_is_found_by_its_members_alone() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let id = house.group(&[&ann, &bob]).await;
    let found = house.get("/api/v1/chat/groups/search?q=group", &bob.token).await.data(200);
    assert_eq!(each(&found, "groupId"), [json!(id)]);
    assert_eq!(house.get("/api/v1/chat/groups/search?q=group", &eve.token).await.data(200), json!([]));
}
