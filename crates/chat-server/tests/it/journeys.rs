//! Three people use the product over REST alone.

use crate::start;
use serde_json::json;

#[tokio::test]
async fn a_new_user_registers_signs_in_and_makes_a_conversation() {
    let server = start().await;
    let ann = server.register("ann").await;
    let body = json!({
        "email": "newcomer@test.example", "password": "a long \
            password", "name": "New", "firstName": "New", "lastName": "Comer"
    });
    let registered = server.rest().post("/auth/register", &body).await.data(201);
    assert_eq!((&registered["email"], &registered["name"]), (&json!("newcomer@test.example"), &json!("New")));
    assert_eq!(registered["user"]["username"], "newcomer", "made from the email's local part");

    let login = json!({"email": "NewComer@test.example", "password": "a long password"});
    let signed_in = server.rest().post("/auth/login", &login).await.data(200);
    assert_eq!(signed_in["tokenType"], "Bearer");
    let newcomer = server.rest().with_token(signed_in["accessToken"].as_str().expect("a token"));
    let me = newcomer.get("/users/me").await.data(200);
    assert_eq!((&me["id"], &me["firstName"]), (&registered["id"], &json!("New")));

    let made = newcomer.post("/conversations", &json!({"participantIds": [ann.id]})).await.data(201);
    assert_eq!((&made["isGroup"], &made["participantCount"]), (&json!(false), &json!(2)));
    let list = newcomer.get("/conversations").await;
    assert_eq!(list.body["pagination"]["total"], 1);
    assert_eq!(list.data(200)[0]["id"], made["id"]);
    server.assert_untroubled();
}

#[tokio::test]
async fn a_chat_user_finds_a_conversation_sends_and_reads_the_history() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    assert_eq!(ben.direct_with(&ann).await, conversation, "a pair has one direct conversation");
    for number in 1..=5 {
        ann.say(&conversation, &format!("message {number}")).await;
    }

    let ben = ben.sign_in().await;
    let list = ben.rest.get("/conversations?page=1&limit=10").await.data(200);
    assert_eq!((&list[0]["id"], &list[0]["unreadCount"]), (&json!(conversation), &json!(5)));
    assert_eq!(list[0]["lastMessage"]["content"], "message 5");
    let reply = ben.say(&conversation, "  an answer  ").await;
    assert_eq!(
        (&reply["content"], &reply["seq"], &reply["sender"]["id"]),
        (&json!("an answer"), &json!(6), &json!(ben.id))
    );

    let path = format!("/conversations/{conversation}/messages");
    let newest = ben.rest.get(&format!("{path}?page=1&limit=4")).await;
    assert_eq!(newest.body["pagination"]["total"], 6);
    assert_eq!(newest.body["pagination"]["totalPages"], 2);
    assert_eq!(seqs(&newest.data(200)), [6, 5, 4, 3], "newest first");
    assert_eq!(seqs(&ben.rest.get(&format!("{path}?before=3&limit=10")).await.data(200)), [2, 1]);
    let around =
        ben.rest.get(&format!("{path}?around={}&limit=3", reply["id"].as_str().expect("an id"))).await.data(200);
    assert!(seqs(&around).contains(&6), "{around}");
    let everything = ann.history(&conversation).await;
    assert_eq!(
        everything.iter().map(|message| message["seq"].clone()).collect::<Vec<_>>(),
        (1..=6).map(|seq| json!(seq)).collect::<Vec<_>>()
    );

    ben.rest.post(&format!("/conversations/{conversation}/read"), &json!({})).await.data(200);
    let read = ben.rest.get(&format!("/conversations/{conversation}")).await.data(200);
    assert_eq!(read["unreadCount"], 0);
    server.assert_untroubled();
}

#[tokio::test]
async fn a_group_is_made_grown_talked_in_and_left() {
    let server = start().await;
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let group = ann.group_with("Hikers", &[&ben]).await;
    let path = format!("/conversations/{group}");
    let participants = format!("{path}/participants");

    ben.rest.post(&participants, &json!({"userId": cat.id})).await.data(201);
    ben.rest.post(&participants, &json!({"userId": cat.id})).await.assert_failure(409, "ALREADY_A_PARTICIPANT");
    for (person, text) in [(&ann, "Where to?"), (&ben, "The lake."), (&cat, "Thanks for having me.")] {
        person.say(&group, text).await;
    }
    assert_eq!(cat.history(&group).await.len(), 3, "members see the whole history");

    let renamed = ann.rest.patch(&path, &json!({"name": "Swimmers", "description": "At the lake"})).await.data(200);
    assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Swimmers"), &json!("At the lake")));
    ben.rest.patch(&path, &json!({"name": "Ben's"})).await.assert_failure(403, "NOT_AN_ADMIN");
    ben.rest.delete(&format!("{participants}/{}", cat.id)).await.assert_failure(403, "NOT_AN_ADMIN");
    ann.rest.delete(&format!("{participants}/{}", cat.id)).await.data(200);
    cat.send(&group, &json!({"content": "Hello?"})).await.assert_failure(403, "NOT_A_PARTICIPANT");
    cat.rest.get(&path).await.assert_failure(403, "NOT_A_PARTICIPANT");

    ann.rest.delete(&format!("{participants}/{}", ann.id)).await.data(200);
    let left = ben.rest.get(&path).await.data(200);
    assert_eq!(left["participantCount"], 1);
    assert_eq!(left["participants"][0]["role"], "admin", "the last admin's role is handed over");
    ben.rest.post(&participants, &json!({"userId": cat.id})).await.data(201);
    assert_eq!(cat.history(&group).await.len(), 3, "a member who rejoins sees the whole history");
    server.assert_untroubled();
}

#[tokio::test]
async fn sending_again_with_the_same_key_gives_the_first_message_back() {
    let server = start().await;
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let path = format!("/conversations/{conversation}/messages");
    let body = json!({"content": "once", "clientMessageId": "key"});
    let first = ann.send(&conversation, &body).await.data(201);
    let again = ann.send(&conversation, &json!({"content": " once ", "clientMessageId": "key"})).await.data(200);
    assert_eq!((&again["id"], &again["seq"], &again["duplicate"]), (&first["id"], &first["seq"], &json!(true)));
    let by_header = ann
        .rest
        .request(reqwest::Method::POST, &path)
        .header("idempotency-key", "key")
        .json(&json!({"content": "once"}));
    assert_eq!(by_header.send().await.data(200)["id"], first["id"]);
    ann.send(&conversation, &json!({"content": "other", "clientMessageId": "key"}))
        .await
        .assert_failure(409, "IDEMPOTENCY_KEY_REUSED");
    let differing = ann.rest.request(reqwest::Method::POST, &path).header("idempotency-key", "other").json(&body);
    differing.send().await.assert_failure(400, "IDEMPOTENCY_KEY_MISMATCH");
    assert_eq!(ben.send(&conversation, &body).await.data(201)["seq"], 2, "keys count per sender");
    assert_eq!(ann.history(&conversation).await.len(), 2);
}

fn seqs(messages: &serde_json::Value) -> Vec<u64> {
    messages.as_array().expect("messages").iter().filter_map(|message| message["seq"].as_u64()).collect()
}
