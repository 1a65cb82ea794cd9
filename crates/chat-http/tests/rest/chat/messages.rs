use super::{each, room_of, text};
use crate::house::{House, bearing, fields};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use uuid::Uuid;

const SEND: &str = "/api/v1/chat/message";
const FETCH: &str = "/api/v1/chat/messages/fetch";

#[actix_web::test]
async fn a_private_message_goes_to_its_receiver_whatever_the_client_says_of_room_and_sender() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let body = json!({
        "chatRoomId": format!("{}_{}", bob.id, eve.id), "chatType": "Private", "receiver": bob.id, "message": "  \
            Hello!\n",
        "sender": eve.id, "messageId": "m1", "status": "READ"
    });
    let sent = house.post(SEND, &ann.token, body).await.data(201);
    let at = "2026-01-05T09:30:00.003Z";
    assert_eq!(
        sent,
        json!({
            "messageId": sent["messageId"], "chatRoomId": room_of(&ann, &bob), "chatType": "PRIVATE", "sender": ann.id,
            "conversationId": sent["conversationId"], "seq": 1, "pos": 2, "changedPos": 2, "receiver": bob.id,
            "message": "Hello!", "status": "SENT", "isMine": true,
            "senderDetails": {"id": ann.id, "username": ann.username, "name": "Person 0", "avatar": null},
            "createdAt": at, "updatedAt": at
        })
    );
    assert!(Uuid::parse_str(text(&sent, "messageId")).is_ok());

    let conversations = house.get("/api/v1/conversations", &bob.token).await.data(200);
    assert_eq!(
        (&conversations[0]["isGroup"], &conversations[0]["lastMessage"]["content"]),
        (&json!(false), &json!("Hello!"))
    );
    assert_eq!(sent["conversationId"], conversations[0]["id"]);
    assert_eq!(house.get("/api/v1/conversations", &eve.token).await.data(200), json!([]));
    let answer = house.whisper(&bob, &ann, "Hi").await;
    assert_eq!((&answer["chatRoomId"], &answer["receiver"]), (&sent["chatRoomId"], &json!(ann.id)));
}

#[actix_web::test]
async fn a_group_message_goes_to_its_group_and_names_its_readers() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let id = text(&group, "groupId");
    let body = json!({"chatRoomId": "group_x", "chatType": "group", "groupId": id, "message": "Great \
        work", "attachment": "/a.png"});
    let sent = house.post(SEND, &ann.token, body).await.data(201);
    assert_eq!(
        fields(&sent),
        [
            "attachment",
            "changedPos",
            "chatRoomId",
            "chatType",
            "conversationId",
            "createdAt",
            "groupId",
            "isMine",
            "message",
            "messageId",
            "pos",
            "readBy",
            "readCount",
            "sender",
            "senderDetails",
            "seq",
            "status",
            "updatedAt"
        ]
    );
    assert_eq!((&sent["chatRoomId"], &sent["groupId"]), (&json!(format!("group_{id}")), &json!(id)));
    assert_eq!((&sent["conversationId"], &sent["seq"]), (&json!(id), &json!(1)));
    assert_eq!(
        (&sent["chatType"], &sent["readBy"], &sent["attachment"]),
        (&json!("GROUP"), &json!([]), &json!("/a.png"))
    );
    let unnamed =
        house.post(SEND, &bob.token, json!({"groupId": id, "message": "Thanks", "replyTo": sent["messageId"]})).await;
    let unnamed = unnamed.data(201);
    assert_eq!(
        (&unnamed["chatType"], &unnamed["replyTo"]),
        (&json!("GROUP"), &sent["messageId"]),
        "with a groupId, chatType may be omitted"
    );
}

#[actix_web::test]
async fn a_message_that_cannot_be_sent_says_why() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let id = text(&group, "groupId").to_owned();
    for (body, sentences) in [
        (json!({}), vec!["message is required", "receiver is required for a PRIVATE message"]),
        (json!({"chatType": "GROUP", "message": "x"}), vec!["groupId is required for a GROUP message"]),
        (json!({"chatType": "channel", "message": "x", "receiver": bob.id}), vec!["chatType must be PRIVATE or GROUP"]),
        (
            json!({"chatType": "PRIVATE", "receiver": bob.id, "groupId": id, "message": "x"}),
            vec!["groupId must not be given for a PRIVATE message"],
        ),
        (
            json!({"chatType": "GROUP", "receiver": bob.id, "groupId": id, "message": "x"}),
            vec!["receiver must not be given for a GROUP message"],
        ),
        (json!({"receiver": "507f1f77bcf86cd799439012", "message": "x"}), vec!["receiver must be a UUID"]),
        (json!({"receiver": bob.id, "message": " "}), vec!["message must not be empty"]),
        (json!({"receiver": bob.id, "message": "x".repeat(2_001)}), vec!["message must have at most 2000 characters"]),
        (json!({"receiver": bob.id, "message": "x", "content": "y"}), vec!["content is not a known field"]),
    ] {
        let answer = house.post(SEND, &ann.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), sentences);
    }
    let to = |receiver: &str| json!({"receiver": receiver, "message": "x"});
    house.post(SEND, &ann.token, to(&ann.id)).await.failure(400, "VALIDATION_FAILED");
    house.post(SEND, &ann.token, to(&Uuid::nil().to_string())).await.failure(404, "USER_NOT_FOUND");
    let into = |group: &str| json!({"chatType": "GROUP", "groupId": group, "message": "x"});
    house.post(SEND, &eve.token, into(&id)).await.failure(403, "NOT_A_PARTICIPANT");
    house.post(SEND, &ann.token, into(&Uuid::nil().to_string())).await.failure(404, "CONVERSATION_NOT_FOUND");
    house.whisper(&ann, &bob, "x").await;
    let pair = house.get("/api/v1/chat/rooms/".to_owned().as_str(), &ann.token).await;
    assert_eq!(pair.status, 404, "the path needs a partner");
    let rooms = house.get(&format!("/api/v1/chat/rooms/{}", ann.id), &ann.token).await.data(200);
    let direct = text(&rooms[0], "conversationId");
    house.post(SEND, &ann.token, into(direct)).await.failure(404, "CONVERSATION_NOT_FOUND");
    let stray = json!({"receiver": bob.id, "message": "x", "replyTo": Uuid::nil()});
    house.post(SEND, &ann.token, stray).await.failure(404, "MESSAGE_NOT_FOUND");
    house.ask(TestRequest::post().uri(SEND).set_json(to(&bob.id))).await.failure(401, "UNAUTHENTICATED");
}

#[actix_web::test]
async fn sending_again_under_one_key_gives_the_first_message_back() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let body = |message: &str| json!({"receiver": bob.id, "message": message, "clientMessageId": "k1"});
    let first = house.post(SEND, &ann.token, body("once")).await.data(201);
    assert_eq!((&first["clientMessageId"], first.get("duplicate")), (&json!("k1"), None));
    let again = house.post(SEND, &ann.token, body(" once ")).await.data(200);
    assert_eq!((&again["messageId"], &again["duplicate"]), (&first["messageId"], &json!(true)));
    let by_header = |key: &str, body: Value| {
        let request = TestRequest::post().uri(SEND).insert_header(("Idempotency-Key", key));
        bearing(request.set_json(body), &ann.token)
    };
    let plain = json!({"receiver": bob.id, "message": "once"});
    assert_eq!(house.ask(by_header("k1", plain)).await.data(200)["messageId"], first["messageId"]);
    house.ask(by_header("k2", body("once"))).await.failure(400, "IDEMPOTENCY_KEY_MISMATCH");
    house.post(SEND, &ann.token, body("other")).await.failure(409, "IDEMPOTENCY_KEY_REUSED");
    let fetch = json!({"senderId": ann.id, "receiverId": bob.id});
    let seen = house.post(FETCH, &bob.token, fetch).await.data(200);
    assert_eq!(seen.as_array().map(Vec::len), Some(1));
    assert_eq!(seen[0].get("clientMessageId"), None, "only the sender sees the key");
}

#[actix_web::test]
async fn a_page_is_fetched_oldest_first_and_counts_as_delivered() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    for number in 1..=5 {
        house.whisper(&ann, &bob, &format!("m{number}")).await;
    }
    let fetch = |page: Value| {
        let (sender, reader) = (&ann.id, &bob.id);
        json!({"currentUserId": reader, "senderId": sender, "receiverId": reader, "page": page, "limit": 2})
    };
    let newest = house.post(FETCH, &bob.token, fetch(json!(1))).await;
    assert_eq!(
        newest.json()["pagination"],
        json!({"page": 1, "limit": 2, "total": 5, "totalPages": 3, "hasMore": true, "asOfPos": 6})
    );
    let newest = newest.data(200);
    assert_eq!(each(&newest, "message"), ["m4", "m5"]);
    assert_eq!(each(&newest, "status"), ["DELIVERED", "DELIVERED"], "the response already shows the new status");
    assert_eq!(each(&newest, "isMine"), [false, false]);
    let last = house.post(FETCH, &bob.token, fetch(json!("3"))).await.data(200);
    assert_eq!(each(&last, "message"), ["m1"]);
    let of_ann = json!({"senderId": bob.id, "receiverId": ann.id});
    let seen = house.post(FETCH, &ann.token, of_ann).await;
    assert_eq!(seen.json()["pagination"]["limit"], 50);
    assert_eq!(each(&seen.data(200), "status"), ["DELIVERED"; 5], "earlier messages count as delivered too");
}

#[actix_web::test]
async fn a_group_is_fetched_by_its_members_alone() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob]).await;
    let fetch = json!({"currentUserId": bob.id, "groupId": group["groupId"], "page": 1, "limit": 20});
    assert_eq!(house.post(FETCH, &bob.token, fetch.clone()).await.data(200), json!([]));
    house.send(&ann, text(&group, "groupId"), "from the other document").await;
    let seen = house.post(FETCH, &bob.token, fetch).await.data(200);
    assert_eq!(
        (each(&seen, "message"), each(&seen, "readBy")),
        (vec![json!("from the other document")], vec![json!([])])
    );
    let stranger = json!({"groupId": group["groupId"]});
    house.post(FETCH, &eve.token, stranger).await.failure(403, "NOT_A_PARTICIPANT");
    let nowhere = json!({"groupId": Uuid::nil()});
    house.post(FETCH, &eve.token, nowhere).await.failure(404, "CONVERSATION_NOT_FOUND");
}

#[actix_web::test]
async fn nobody_fetches_as_another_or_between_others() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    house.whisper(&ann, &bob, "secret").await;
    let pair = json!({"senderId": ann.id, "receiverId": bob.id});
    house.post(FETCH, &eve.token, pair.clone()).await.failure(403, "FORBIDDEN");
    let as_ann = json!({"currentUserId": ann.id, "senderId": ann.id, "receiverId": eve.id});
    house.post(FETCH, &eve.token, as_ann).await.failure(403, "FORBIDDEN");
    let never = json!({"senderId": eve.id, "receiverId": ann.id});
    let empty = house.post(FETCH, &eve.token, never).await;
    assert_eq!((empty.data(200), &empty.json()["pagination"]["total"]), (json!([]), &json!(0)));
    for (body, sentence) in [
        (json!({}), "the body must name a groupId, or senderId and receiverId"),
        (json!({"senderId": ann.id}), "receiverId is required with senderId"),
        (json!({"receiverId": ann.id}), "senderId is required with receiverId"),
        (json!({"groupId": ann.id, "receiverId": ann.id}), "receiverId and groupId exclude each other"),
        (json!({"senderId": "x", "receiverId": ann.id}), "senderId must be a UUID"),
        (json!({"groupId": ann.id, "limit": 101}), "limit must be between 1 and 100"),
        (json!({"groupId": ann.id, "page": 0}), "page must be between 1 and 10000000"),
        (json!({"groupId": ann.id, "before": 1}), "before is not a known field"),
    ] {
        let answer = house.post(FETCH, &ann.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
}

#[actix_web::test]
async fn what_has_not_arrived_is_listed_oldest_first_until_it_is_marked() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    for number in 1..=3 {
        house.whisper(&ann, &bob, &format!("m{number}")).await;
    }
    let path = |user: &str, partner: &str| format!("/api/v1/chat/messages/undelivered/{user}/{partner}");
    let waiting = house.get(&path(&bob.id, &ann.id), &bob.token).await;
    assert_eq!(
        waiting.json()["pagination"],
        json!({"limit": 100, "nextCursor": null, "prevCursor": null, "hasMore": false, "asOfPos": 4})
    );
    let waiting = waiting.data(200);
    assert_eq!(each(&waiting, "message"), ["m1", "m2", "m3"]);
    assert_eq!(each(&waiting, "status"), ["SENT"; 3]);
    assert_eq!(house.get(&path(&bob.id, &ann.id), &bob.token).await.data(200), waiting, "listing marks no message");
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("{}?limit=2{after}", path(&bob.id, &ann.id)), &bob.token).await;
        pages.push(each(&page.data(200), "message"));
        let paging = page.json()["pagination"].clone();
        let Some(cursor) = paging["nextCursor"].as_str() else {
            assert_eq!(
                paging,
                json!({"limit": 2, "nextCursor": null, "prevCursor": null, "hasMore": false, "asOfPos": 4})
            );
            break;
        };
        assert_eq!(
            paging,
            json!({"limit": 2, "nextCursor": cursor, "prevCursor": null, "hasMore": true, "asOfPos": 4})
        );
        after = format!("&after={cursor}");
    }
    assert_eq!((pages.len(), pages.concat()), (2, vec![json!("m1"), json!("m2"), json!("m3")]));
    for query in ["limit=101", "limit=0", "after=x", "after="] {
        house.get(&format!("{}?{query}", path(&bob.id, &ann.id)), &bob.token).await.failure(400, "VALIDATION_FAILED");
    }
    assert_eq!(house.get(&path(&ann.id, &bob.id), &ann.token).await.data(200), json!([]));
    assert_eq!(house.get(&path(&bob.id, &eve.id), &bob.token).await.data(200), json!([]), "they have no chat");
    house.get(&path(&ann.id, &bob.id), &bob.token).await.failure(403, "FORBIDDEN");
    house.get(&path(&bob.id, "x"), &bob.token).await.failure(400, "VALIDATION_FAILED");
    house.put(&format!("/api/v1/chat/messages/delivered/{}/{}", bob.id, ann.id), &bob.token, None).await.data(200);
    assert_eq!(house.get(&path(&bob.id, &ann.id), &bob.token).await.data(200), json!([]));
}
