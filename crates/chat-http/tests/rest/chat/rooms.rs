use super::{each, room_of, text};
use crate::house::House;
use serde_json::{Value, json};

#[actix_web::test]
async fn private_chats_are_listed_with_what_is_new_in_them() {
    let house = House::new();
    let (ann, bob, cat, dan) = (house.person().await, house.person().await, house.person().await, house.person().await);
    let silent = json!({"participantIds": [dan.id]});
    house.post("/api/v1/conversations", &ann.token, silent).await.data(201);
    house.whisper(&cat, &ann, "earlier").await;
    house.whisper(&bob, &ann, "one").await;
    let latest = house.whisper(&bob, &ann, "two").await;
    let path = format!("/api/v1/chat/rooms/{}", ann.id);
    let answer = house.get(&path, &ann.token).await;
    assert_eq!(
        answer.json()["pagination"],
        json!({"page": 1, "limit": 100, "total": 2, "totalPages": 1, "hasMore": false}),
        "a pair without messages is not listed"
    );
    let rooms = answer.data(200);
    assert_eq!(
        rooms[0],
        json!({
            "chatType": "PRIVATE", "chatRoomId": room_of(&ann, &bob), "conversationId": rooms[0]["conversationId"],
            "userId": bob.id, "username": bob.username, "name": "Person 1", "avatar": null, "isOnline": false,
            "latestMessage": "two", "latestMessageId": latest["messageId"], "latestMessageTime": latest["createdAt"],
            "latestMessageStatus": "SENT", "senderId": bob.id, "unreadCount": 2, "lastSeq": 2,
            "pos": 3
        })
    );
    assert_eq!(each(&rooms, "userId"), [json!(bob.id), json!(cat.id)], "newest activity first");
    let conversation = format!("/api/v1/conversations/{}", text(&rooms[0], "conversationId"));
    assert_eq!(house.get(&conversation, &ann.token).await.data(200)["unreadCount"], 2, "the same conversation");

    house.put(&format!("/api/v1/chat/messages/read/{}/{}", ann.id, bob.id), &ann.token, None).await.data(200);
    let rooms = house.get(&path, &ann.token).await.data(200);
    assert_eq!((&rooms[0]["unreadCount"], &rooms[0]["latestMessageStatus"]), (&json!(0), &json!("READ")));
    let second = house.get(&format!("{path}?page=2&limit=1"), &ann.token).await.data(200);
    assert_eq!(each(&second, "userId"), [json!(cat.id)]);
}

#[actix_web::test]
async fn a_partner_whose_account_is_gone_stays_in_the_list() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    house.whisper(&bob, &ann, "farewell").await;
    house.delete("/api/v1/users/me", &bob.token).await.data(200);
    let rooms = house.get(&format!("/api/v1/chat/rooms/{}", ann.id), &ann.token).await.data(200);
    assert_eq!(
        (&rooms[0]["userId"], &rooms[0]["username"], &rooms[0]["name"], &rooms[0]["latestMessage"]),
        (&json!(bob.id), &Value::Null, &json!("deleted user"), &json!("farewell"))
    );
}

#[actix_web::test]
async fn groups_are_listed_with_what_is_new_in_them() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let id = text(&group, "groupId").to_owned();
    let path = format!("/api/v1/chat/group-rooms/{}", ann.id);
    let empty = house.get(&path, &ann.token).await.data(200);
    assert_eq!(
        empty,
        json!([{
            "chatType": "GROUP", "groupId": id, "conversationId": id, "groupName": "Developers", "groupAvatar": null,
            "membersCount": 2, "latestMessage": null, "latestMessageTime": null,
            "senderName": null, "senderAvatar": null,
            "unreadCount": 0, "lastSeq": 0, "pos": 1
        }])
    );
    house.send(&bob, &id, "news").await;
    let unnamed = house.group(&[&bob, &ann]).await;
    let rooms = house.get(&path, &ann.token).await.data(200);
    assert_eq!(each(&rooms, "groupId").len(), 2, "groups of both APIs are listed");
    assert!(each(&rooms, "groupId").contains(&json!(unnamed)));
    let developers = rooms.as_array().expect("a list").iter().find(|room| room["groupId"] == id.as_str());
    let developers = developers.expect("the group");
    assert_eq!(
        (&developers["latestMessage"], &developers["senderName"], &developers["unreadCount"]),
        (&json!("news"), &json!("Person 1"), &json!(1))
    );
}

#[actix_web::test]
async fn lists_are_for_oneself_alone() {
    let house = House::new();
    let (ann, eve) = (house.person().await, house.person().await);
    for list in ["rooms/{}", "group-rooms/{}", "user/{}/groups"] {
        let path = format!("/api/v1/chat/{}", list.replace("{}", &ann.id));
        house.get(&path, &eve.token).await.failure(403, "FORBIDDEN");
        house.get(&path, "").await.failure(401, "UNAUTHENTICATED");
        assert_eq!(house.get(&path, &ann.token).await.data(200), json!([]));
        house.get(&format!("{path}?limit=0"), &ann.token).await.failure(400, "VALIDATION_FAILED");
        let nobody = format!("/api/v1/chat/{}", list.replace("{}", "me"));
        house.get(&nobody, &ann.token).await.failure(400, "VALIDATION_FAILED");
    }
}
