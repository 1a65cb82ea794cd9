use super::{each, text};
use crate::house::House;
use serde_json::{Value, json};
use uuid::Uuid;

fn status(value: &str) -> Value {
    json!({"status": value})
}

#[actix_web::test]
async fn a_status_covers_what_came_before_and_never_goes_back() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let mut paths = Vec::new();
    for number in 1..=3 {
        let sent = house.whisper(&ann, &bob, &format!("m{number}")).await;
        paths.push(format!("/api/v1/chat/message/{}/status", text(&sent, "messageId")));
    }
    let same = house.put(&paths[1], &bob.token, Some(status("sent"))).await.data(200);
    assert_eq!((&same["status"], &same["message"], &same["isMine"]), (&json!("SENT"), &json!("m2"), &json!(false)));
    let delivered = house.put(&paths[1], &bob.token, Some(status("delivered"))).await.data(200);
    assert_eq!(delivered["status"], "DELIVERED");
    let read = house.put(&paths[1], &bob.token, Some(status("Read"))).await.data(200);
    assert_eq!(read["status"], "READ");
    assert_eq!(
        house.put(&paths[1], &bob.token, Some(status("DELIVERED"))).await.data(200)["status"],
        "READ",
        "the status never moves back"
    );
    let by_sender = house.put(&paths[2], &ann.token, Some(status("READ"))).await.data(200);
    assert_eq!(
        (&by_sender["status"], &by_sender["isMine"]),
        (&json!("SENT"), &json!(true)),
        "users cannot mark messages for others"
    );
    let fetch = json!({"senderId": ann.id, "receiverId": bob.id});
    let seen = house.post("/api/v1/chat/messages/fetch", &ann.token, fetch).await.data(200);
    assert_eq!(each(&seen, "status"), ["READ", "READ", "SENT"]);
}

#[actix_web::test]
async fn a_group_message_names_those_who_have_read_it() {
    let house = House::new();
    let (ann, bob, cat) = (house.person().await, house.person().await, house.person().await);
    let group = house.chat_group("Developers", &[&ann, &bob, &cat]).await;
    let body = json!({"groupId": group["groupId"], "message": "x"});
    let sent = house.post("/api/v1/chat/message", &ann.token, body).await.data(201);
    let path = format!("/api/v1/chat/message/{}/status", text(&sent, "messageId"));
    let one = house.put(&path, &bob.token, Some(status("READ"))).await.data(200);
    assert_eq!((&one["readBy"], &one["status"]), (&json!([bob.id]), &json!("SENT")), "one of two");
    let both = house.put(&path, &cat.token, Some(status("READ"))).await.data(200);
    let mut readers = vec![bob.id.clone(), cat.id.clone()];
    readers.sort();
    let mut named: Vec<String> = serde_json::from_value(both["readBy"].clone()).expect("ids");
    named.sort();
    assert_eq!((named, &both["status"]), (readers, &json!("READ")));
}

#[actix_web::test]
async fn nobody_marks_what_is_not_theirs() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    let sent = house.whisper(&ann, &bob, "x").await;
    let path = format!("/api/v1/chat/message/{}/status", text(&sent, "messageId"));
    house.put(&path, &eve.token, Some(status("READ"))).await.failure(403, "NOT_A_PARTICIPANT");
    let nowhere = format!("/api/v1/chat/message/{}/status", Uuid::nil());
    house.put(&nowhere, &ann.token, Some(status("READ"))).await.failure(404, "MESSAGE_NOT_FOUND");
    for body in [json!({}), json!({"status": "SEEN"}), json!({"status": "READ", "userId": bob.id})] {
        house.put(&path, &bob.token, Some(body)).await.failure(400, "VALIDATION_FAILED");
    }
    for what in ["read", "delivered"] {
        let path = format!("/api/v1/chat/messages/{what}/{}/{}", bob.id, ann.id);
        house.put(&path, &eve.token, None).await.failure(403, "FORBIDDEN");
        house.put(&path, &ann.token, None).await.failure(403, "FORBIDDEN");
    }
    let fetch = json!({"senderId": ann.id, "receiverId": bob.id});
    let seen = house.post("/api/v1/chat/messages/fetch", &ann.token, fetch).await.data(200);
    assert_eq!(each(&seen, "status"), ["SENT"]);
}

#[actix_web::test]
async fn marking_a_chat_counts_what_was_not_marked_before() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    for number in 1..=4 {
        house.whisper(&ann, &bob, &format!("m{number}")).await;
    }
    let path = |what: &str, partner: &str| format!("/api/v1/chat/messages/{what}/{}/{partner}", bob.id);
    let counts = async |what: &str, partner: &str| house.put(&path(what, partner), &bob.token, None).await.data(200);
    assert_eq!(counts("delivered", &ann.id).await, json!({"modifiedCount": 4}));
    assert_eq!(counts("delivered", &ann.id).await, json!({"modifiedCount": 0}));
    house.whisper(&ann, &bob, "m5").await;
    assert_eq!(counts("read", &ann.id).await, json!({"modifiedCount": 5}), "delivered before or not");
    assert_eq!(counts("delivered", &ann.id).await, json!({"modifiedCount": 0}), "read messages count as delivered");
    assert_eq!(counts("read", &eve.id).await, json!({"modifiedCount": 0}), "they have no chat");
    let with_body = house.put(&path("read", &ann.id), &bob.token, Some(json!({}))).await.data(200);
    assert_eq!(with_body, json!({"modifiedCount": 0}), "some clients send a body to every PUT");
}
