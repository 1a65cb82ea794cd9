use crate::house::{House, Person, bearing, fields};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use uuid::Uuid;

const MESSAGE: [&str; 20] = [
    "attachment",
    "changedPos",
    "content",
    "conversationId",
    "createdAt",
    "deletedAt",
    "deletedBy",
    "editedAt",
    "forwardedFrom",
    "id",
    "metadata",
    "pinnedAt",
    "pos",
    "quoted",
    "reactions",
    "replyTo",
    "sender",
    "seq",
    "status",
    "updatedAt",
];

struct Talk {
    house: House,
    ann: Person,
    bob: Person,
    id: String,
    path: String,
}

async fn talk() -> Talk {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let id = house.group(&[&ann, &bob]).await;
    let path = format!("/api/v1/conversations/{id}/messages");
    Talk { house, ann, bob, id, path }
}

impl Talk {
    async fn contents(&self, query: &str) -> Vec<u64> {
        let data = self.house.get(&format!("{}?{query}", self.path), &self.ann.token).await.data(200);
        data.as_array().expect("a list").iter().map(|message| message["seq"].as_u64().expect("a seq")).collect()
    }
}

#[actix_web::test]
async fn a_message_has_its_shape_and_its_number() {
    let talk = talk().await;
    let first = talk.house.send(&talk.ann, &talk.id, "  Hello!\n").await;
    assert_eq!(fields(&first), MESSAGE);
    assert_eq!((&first["seq"], &first["content"], &first["status"]), (&json!(1), &json!("Hello!"), &json!("SENT")));
    assert_eq!((&first["pos"], &first["changedPos"]), (&json!(2), &json!(2)), "after the creation of the group");
    assert_eq!(fields(&first["sender"]), ["avatar", "id", "name"]);
    assert_eq!(first["conversationId"], talk.id.as_str());
    let reply = json!({
        "content": "Hi", "attachment": "/a.pdf", "replyTo": first["id"], "clientMessageId": "k1",
        "sender": "somebody else", "messageId": 7, "status": "READ"
    });
    let second = talk.house.post(&talk.path, &talk.bob.token, reply).await.data(201);
    assert_eq!(
        (&second["seq"], &second["replyTo"], &second["clientMessageId"]),
        (&json!(2), &first["id"], &json!("k1"))
    );
    assert_eq!((&second["sender"]["id"], &second["status"]), (&json!(talk.bob.id), &json!("SENT")));
    let seen = talk.house.get(&talk.path, &talk.ann.token).await.data(200);
    assert_eq!(fields(&seen[0]), MESSAGE, "only the sender sees the key and whether it was a replay");
}

#[actix_web::test]
async fn sending_again_under_one_key_gives_the_first_message_back() {
    let talk = talk().await;
    let body = json!({"content": "once", "clientMessageId": "k1"});
    let first = talk.house.post(&talk.path, &talk.ann.token, body).await.data(201);
    assert_eq!(first.get("duplicate"), None);
    let by_header = |content: &str, key: &str| {
        let request = TestRequest::post().uri(&talk.path).insert_header(("Idempotency-Key", key));
        bearing(request.set_json(json!({"content": content})), &talk.ann.token)
    };
    let again = talk.house.ask(by_header(" once ", "k1")).await.data(200);
    assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
    talk.house.ask(by_header("other", "k1")).await.failure(409, "IDEMPOTENCY_KEY_REUSED");
    talk.house.ask(by_header("x", "not visible")).await.failure(400, "VALIDATION_FAILED");
    let differing = TestRequest::post()
        .uri(&talk.path)
        .insert_header(("Idempotency-Key", "k2"))
        .set_json(json!({"content": "x", "clientMessageId": "k3"}));
    talk.house.ask(bearing(differing, &talk.ann.token)).await.failure(400, "IDEMPOTENCY_KEY_MISMATCH");
    let of_bob = json!({"content": "mine", "clientMessageId": "k1"});
    talk.house.post(&talk.path, &talk.bob.token, of_bob).await.data(201);
    assert_eq!(talk.contents("").await, [2, 1]);
}

#[actix_web::test]
async fn bad_messages_are_told_what_is_wrong() {
    let talk = talk().await;
    for (body, sentences) in [
        (json!({}), vec!["content is required"]),
        (json!({"content": null}), vec!["content is required"]),
        (json!({"content": 5}), vec!["content must be a string"]),
        (json!({"content": "  "}), vec!["content must not be empty"]),
        (json!({"content": "a\u{0}b"}), vec!["content must not contain control characters"]),
        (json!({"content": "x".repeat(2_001)}), vec!["content must have at most 2000 characters"]),
        (json!({"content": "x".repeat(900_000)}), vec!["content must have at most 65536 characters"]),
        (
            json!({"content": "x", "attachment": "data:x", "replyTo": "y", "clientMessageId": ""}),
            vec![
                "attachment must be an http or https URL",
                "clientMessageId must not be empty",
                "replyTo must be a UUID",
            ],
        ),
        (json!({"content": "x", "extra": {"deep": [1]}}), vec!["extra is not a known field"]),
        (json!("content"), vec!["the body must be a JSON object"]),
        (json!(null), vec!["the body must be a JSON object"]),
    ] {
        let answer = talk.house.post(&talk.path, &talk.ann.token, body.clone()).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), sentences);
    }
    let stray = json!({"content": "x", "replyTo": Uuid::nil()});
    talk.house.post(&talk.path, &talk.ann.token, stray).await.failure(404, "MESSAGE_NOT_FOUND");
    assert_eq!(talk.contents("").await, Vec::<u64>::new());
}

#[actix_web::test]
async fn strangers_neither_write_nor_read() {
    let talk = talk().await;
    let eve = talk.house.person().await;
    let hello = json!({"content": "x"});
    talk.house.post(&talk.path, &eve.token, hello.clone()).await.failure(403, "NOT_A_PARTICIPANT");
    talk.house.get(&talk.path, &eve.token).await.failure(403, "NOT_A_PARTICIPANT");
    let nowhere = format!("/api/v1/conversations/{}/messages", Uuid::nil());
    talk.house.post(&nowhere, &eve.token, hello).await.failure(404, "CONVERSATION_NOT_FOUND");
    talk.house.get(&nowhere, &eve.token).await.failure(404, "CONVERSATION_NOT_FOUND");
}

#[actix_web::test]
async fn a_history_is_read_by_pages_and_by_cursors() {
    let talk = talk().await;
    let mut ids = Vec::new();
    for number in 1..=7 {
        ids.push(talk.house.send(&talk.ann, &talk.id, &format!("m{number}")).await["id"].clone());
    }
    assert_eq!(talk.contents("").await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(talk.contents("page=2&limit=3").await, [4, 3, 2]);
    assert_eq!(talk.contents("before=4&limit=2").await, [3, 2]);
    assert_eq!(talk.contents("after=4&limit=2").await, [6, 5]);
    assert_eq!(talk.contents("around=4&limit=3").await, [5, 4, 3]);
    let id = ids[3].as_str().expect("an id");
    assert_eq!(talk.contents(&format!("before={id}&limit=2")).await, [3, 2]);
    let pagination = async |query: &str| {
        talk.house.get(&format!("{}?{query}", talk.path), &talk.ann.token).await.json()["pagination"].clone()
    };
    assert_eq!(
        pagination("page=2&limit=3").await,
        json!({"page": 2, "limit": 3, "total": 7, "totalPages": 3, "hasMore": true, "asOfPos": 8})
    );
    assert_eq!(
        pagination("before=4&limit=2").await,
        json!({"limit": 2, "nextCursor": "2", "prevCursor": "3", "hasMore": true, "asOfPos": 8})
    );
    assert_eq!(
        pagination("after=5&limit=2").await,
        json!({"limit": 2, "nextCursor": "6", "prevCursor": null, "hasMore": false, "asOfPos": 8})
    );
    assert_eq!(
        pagination("before=3&limit=2").await,
        json!({"limit": 2, "nextCursor": null, "prevCursor": "2", "hasMore": false, "asOfPos": 8})
    );
    for query in ["before=x", "before=1&after=2", "around=1&page=1", "limit=101", "page=0", "page=1&page=2"] {
        let path = format!("{}?{query}", talk.path);
        talk.house.get(&path, &talk.ann.token).await.failure(400, "VALIDATION_FAILED");
    }
    let unknown = format!("{}?before={}", talk.path, Uuid::nil());
    talk.house.get(&unknown, &talk.ann.token).await.failure(404, "MESSAGE_NOT_FOUND");
}

#[actix_web::test]
async fn reading_moves_one_position_and_the_status_of_what_was_read() {
    let talk = talk().await;
    for number in 1..=3 {
        talk.house.send(&talk.ann, &talk.id, &format!("m{number}")).await;
    }
    let path = format!("/api/v1/conversations/{}/read", talk.id);
    let after = talk.house.post(&path, &talk.bob.token, json!({"seq": 2})).await.data(200);
    assert_eq!(
        after,
        json!({
            "conversationId": talk.id, "userId": talk.bob.id, "deliveredSeq": 2, "readSeq": 2, "unreadCount": 1
        })
    );
    let statuses = |data: &Value| -> Vec<String> {
        let messages = data.as_array().expect("a list").iter();
        messages.map(|message| message["status"].as_str().expect("a status").to_owned()).collect()
    };
    let seen = talk.house.get(&talk.path, &talk.ann.token).await.data(200);
    assert_eq!(statuses(&seen), ["SENT", "READ", "READ"]);
    let back = talk.house.post(&path, &talk.bob.token, json!({"seq": 1})).await.data(200);
    assert_eq!(back["readSeq"], 2, "positions never move back");
    let first = seen[2]["id"].clone();
    let named = talk.house.post(&path, &talk.bob.token, json!({"messageId": first})).await.data(200);
    assert_eq!(named["readSeq"], 2);
    let latest = talk.house.ask(bearing(TestRequest::post().uri(&path), &talk.bob.token)).await.data(200);
    assert_eq!((&latest["readSeq"], &latest["unreadCount"]), (&json!(3), &json!(0)));
    assert_eq!(talk.house.post(&path, &talk.bob.token, json!({})).await.data(200), latest);
    for (body, sentence) in [
        (json!({"seq": -1}), "seq must be a whole number, not negative"),
        (json!({"seq": "2"}), "seq must be a whole number, not negative"),
        (json!({"messageId": 2}), "messageId must be a UUID"),
        (json!({"seq": 1, "messageId": first}), "seq and messageId exclude each other"),
        (json!({"sequence": 1}), "sequence is not a known field"),
    ] {
        let answer = talk.house.post(&path, &talk.bob.token, body).await;
        answer.failure(400, "VALIDATION_FAILED");
        assert_eq!(answer.sentences(), [sentence]);
    }
    let stray = json!({"messageId": Uuid::nil()});
    talk.house.post(&path, &talk.bob.token, stray).await.failure(404, "MESSAGE_NOT_FOUND");
}

#[actix_web::test]
async fn a_reply_quotes_and_a_forward_copies() {
    let talk = talk().await;
    let (house, bob) = (&talk.house, &talk.bob);
    let first = house.send(&talk.ann, &talk.id, &"long ".repeat(100)).await;
    let raw = format!(r#"{{"content":"yes","replyTo":{},"metadata":{{"b":1,"a":[1.5,{{}}]}}}}"#, first["id"]);
    let raw = TestRequest::post().uri(&talk.path).insert_header(("Content-Type", "application/json")).set_payload(raw);
    let answer = house.ask(bearing(raw, &bob.token)).await;
    let text = String::from_utf8_lossy(&answer.body);
    assert!(text.contains(r#""metadata":{"b":1,"a":[1.5,{}]}"#), "the keys keep their order: {text}");
    let reply = answer.data(201);
    let quoted = &reply["quoted"];
    assert_eq!(fields(quoted), ["changedPos", "content", "deletedAt", "id", "sender", "seq"]);
    assert_eq!(quoted["content"].as_str().map(|text| text.chars().count()), Some(200));
    assert_eq!((&quoted["id"], &quoted["seq"], &quoted["changedPos"]), (&first["id"], &json!(1), &first["changedPos"]));
    house
        .patch(
            &format!("{}/{}", talk.path, first["id"].as_str().expect("an id")),
            &talk.ann.token,
            json!({"content": "short"}),
        )
        .await
        .data(200);
    let page = house.get(&talk.path, &bob.token).await.data(200);
    assert_eq!((&page[0]["quoted"]["content"], &page[0]["quoted"]["changedPos"]), (&json!("short"), &json!(4)));
    assert_eq!(page[1]["quoted"], json!(null));

    let of = json!({"conversationId": talk.id, "messageId": first["id"]});
    let copy = house.post(&talk.path, &bob.token, json!({"forwardOf": of})).await.data(201);
    assert_eq!((&copy["content"], &copy["sender"]["id"]), (&json!("short"), &json!(bob.id)));
    assert_eq!(copy["forwardedFrom"], json!({"sender": first["sender"], "createdAt": first["createdAt"]}));
    let nested = |depth: usize| format!("{{\"metadata\": {}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for (body, fault) in [
        (json!({"forwardOf": of, "content": "x"}), "content and forwardOf exclude each other"),
        (json!({"forwardOf": of, "attachment": "/a"}), "attachment and forwardOf exclude each other"),
        (json!({"forwardOf": 1}), "forwardOf must be an object with a conversationId and a messageId"),
        (json!({"metadata": {}}), "content is required"),
        (json!({"content": "x", "metadata": []}), "metadata must be a JSON object"),
        (json!({"content": "x", "metadata": {"a": "x".repeat(4_096)}}), "metadata must have at most 4096 bytes"),
        (
            json!({"content": "x", "metadata": serde_json::from_str::<Value>(&nested(9)).expect("JSON")["metadata"]}),
            "metadata must be nested at most 8 levels deep",
        ),
    ] {
        let refused = house.post(&talk.path, &bob.token, body).await;
        refused.failure(400, "VALIDATION_FAILED");
        assert_eq!(refused.sentences(), [fault]);
    }
}
