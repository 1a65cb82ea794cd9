//! The documented calls of `/chat` in order, and that clients of `/conversations` see the same data. On both databases.

use crate::setup;
use chat_blackbox::{Person, Server};
use chat_testkit::servers::Postgres;
use serde_json::{Value, json};

/// Runs a journey on `SQLite` and on `PostgreSQL`.
macro_rules! on_both_databases {
    ($($journey:ident)*) => {$(
        mod $journey {
            #[tokio::test]
            async fn on_sqlite() {
                super::$journey(&super::setup().start().await).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let database = super::Postgres::of_run().create_database();
                super::$journey(&super::setup().set("DATABASE_URL", &database).start().await).await;
            }
        }
    )*};
}

pub(crate) use on_both_databases;

on_both_databases! {
    every_documented_call_works_in_order
    what_is_made_by_one_document_is_seen_through_the_other
    a_group_lives_through_invites_a_hand_over_and_its_end
}

async fn every_documented_call_works_in_order(server: &Server) {
    let rest = server.rest();
    let register = json!({
        "username": "johndoe", "email": "john@example.com", "password": "SecurePass123!",
        "firstName": "John", "lastName": "Doe"
    });
    let registered = rest.post("/auth/register", &register).await.data(201);
    assert_eq!((&registered["username"], &registered["name"]), (&json!("johndoe"), &json!("John Doe")));
    let login = json!({"email": "john@example.com", "password": "SecurePass123!"});
    let signed_in = rest.post("/auth/login", &login).await.data(200);
    assert!(signed_in["refreshToken"].is_string() && signed_in["user"]["id"] == registered["id"], "{signed_in}");
    let john = rest.with_token(signed_in["accessToken"].as_str().expect("a token"));
    let id = registered["id"].as_str().expect("an id");
    let (jane, max, eva) = (server.register("jane").await, server.register("max").await, server.register("eva").await);

    let private = json!({
        "chatRoomId": "user1_user2", "chatType": "PRIVATE", "receiver": jane.id, "message": "Hello, how are you?"
    });
    let sent = john.post("/chat/message", &private).await.data(201);
    assert_eq!((&sent["sender"], &sent["receiver"], &sent["status"]), (&json!(id), &json!(jane.id), &json!("SENT")));
    assert_ne!(sent["chatRoomId"], "user1_user2", "the server ignores the client's room id");

    let group = json!({
        "groupName": "Project Developers", "groupDescription": "Discussion group for project \
            team", "members": [jane.id, max.id]
    });
    let group = john.post("/chat/group", &group).await.data(201);
    let group_id = group["groupId"].as_str().expect("a group's id").to_owned();
    assert_eq!((&group["createdBy"], &group["admins"]), (&json!(id), &json!([id])));
    assert_eq!(group["members"].as_array().map(Vec::len), Some(3));

    let message = json!({
        "chatRoomId": format!("group_{group_id}"), "chatType": "GROUP", "groupId": group_id, "message": "Great work on \
            the feature!"
    });
    let said = john.post("/chat/message", &message).await.data(201);
    assert_eq!((&said["chatRoomId"], &said["readBy"]), (&json!(format!("group_{group_id}")), &json!([])));

    let added = john.post(&format!("/chat/group/{group_id}/member"), &json!({"userId": eva.id})).await.data(201);
    assert_eq!(added["membersCount"], 4);

    let fetch = json!({"currentUserId": id, "senderId": id, "receiverId": jane.id, "page": 1, "limit": 20});
    let page = john.post("/chat/messages/fetch", &fetch).await;
    assert_eq!(page.body["pagination"]["total"], 1);
    let page = page.data(200);
    assert_eq!((&page[0]["messageId"], &page[0]["isMine"]), (&sent["messageId"], &json!(true)));

    let fetch = json!({"currentUserId": id, "groupId": group_id, "page": 1, "limit": 20});
    let page = john.post("/chat/messages/fetch", &fetch).await.data(200);
    assert_eq!(page[0]["message"], "Great work on the feature!");

    let groups = john.get(&format!("/chat/user/{id}/groups")).await.data(200);
    assert_eq!((&groups[0]["groupId"], &groups[0]["groupName"]), (&json!(group_id), &json!("Project Developers")));
    let rooms = john.get(&format!("/chat/rooms/{id}")).await.data(200);
    assert_eq!(
        (&rooms[0]["userId"], &rooms[0]["latestMessage"], &rooms[0]["unreadCount"]),
        (&json!(jane.id), &json!("Hello, how are you?"), &json!(0))
    );
    let group_rooms = john.get(&format!("/chat/group-rooms/{id}")).await.data(200);
    assert_eq!(
        (&group_rooms[0]["groupId"], &group_rooms[0]["latestMessage"], &group_rooms[0]["senderName"]),
        (&json!(group_id), &json!("Great work on the feature!"), &json!("John Doe"))
    );
    let seen = max.rest.get(&format!("/chat/group-rooms/{}", max.id)).await.data(200);
    assert_eq!(seen[0]["unreadCount"], 1);
    rest_of_the_reference(&john, id, &jane, &sent, &group_id).await;
    server.assert_untroubled();
}

/// The endpoints that the document lists without an example.
async fn rest_of_the_reference(john: &chat_blackbox::Rest, id: &str, jane: &Person, sent: &Value, group_id: &str) {
    let waiting = jane.rest.get(&format!("/chat/messages/undelivered/{}/{id}", jane.id)).await.data(200);
    assert_eq!(waiting[0]["messageId"], sent["messageId"]);
    let counted = jane.rest.put(&format!("/chat/messages/delivered/{}/{id}", jane.id), None).await.data(200);
    assert_eq!(counted, json!({"modifiedCount": 1}));
    let message = sent["messageId"].as_str().expect("an id");
    let read = json!({"status": "read"});
    let read = jane.rest.put(&format!("/chat/message/{message}/status"), Some(&read)).await.data(200);
    assert_eq!(read["status"], "READ");
    let counted = jane.rest.put(&format!("/chat/messages/read/{}/{id}", jane.id), None).await.data(200);
    assert_eq!(counted, json!({"modifiedCount": 0}));

    let found = john.get("/chat/groups/search?q=DEVEL").await.data(200);
    assert_eq!(found[0]["groupId"], group_id);
    assert_eq!(john.get(&format!("/chat/group/{group_id}")).await.data(200)["membersCount"], 4);
    let description = json!({"groupDescription": "Everything about it"});
    let changed = john.put(&format!("/chat/group/{group_id}"), Some(&description)).await.data(200);
    assert_eq!(changed["groupDescription"], "Everything about it");

    let seen = john.put(&format!("/chat/user/{id}/last-seen"), None).await.data(200);
    assert_eq!(jane.rest.get(&format!("/chat/user/{id}/last-seen")).await.data(200), seen);
    let status = jane.rest.get(&format!("/chat/user/{id}/online-status")).await.data(200);
    assert_eq!((&status["isOnline"], &status["lastSeen"]), (&json!(false), &seen["lastSeen"]));
}

async fn what_is_made_by_one_document_is_seen_through_the_other(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let mut at_ben = server.connect(&ben).await;

    let body = json!({"chatType": "PRIVATE", "receiver": ben.id, "message": "by the second"});
    let sent = ann.rest.post("/chat/message", &body).await.data(201);
    let received = at_ben.event("message:received").await;
    assert_eq!((&received["id"], &received["content"]), (&sent["messageId"], &json!("by the second")));
    let direct = received["conversationId"].as_str().expect("a conversation").to_owned();
    assert_eq!(ben.direct_with(&ann).await, direct, "a pair has one conversation, whichever API opens it");

    ben.say(&direct, "by the first").await;
    let fetch = json!({"senderId": ann.id, "receiverId": ben.id});
    let page = ann.rest.post("/chat/messages/fetch", &fetch).await.data(200);
    assert_eq!(
        page.as_array().expect("a page").iter().map(|message| message["message"].clone()).collect::<Vec<_>>(),
        ["by the second", "by the first"]
    );
    let moved = at_ben.event_where("message:status", |moved| moved["userId"] == ann.id.as_str()).await;
    assert_eq!(
        (&moved["deliveredSeq"], &moved["conversationId"]),
        (&json!(2), &json!(direct)),
        "fetching marks messages as delivered"
    );

    let made = json!({"groupName": "Both", "members": [ben.id]});
    let made = ann.rest.post("/chat/group", &made).await.data(201);
    let created =
        at_ben.event_where("conversation:created", |created| created["conversation"]["id"] == made["groupId"]).await;
    assert_eq!(created["conversation"]["name"], "Both");
    let conversations = ben.rest.get("/conversations").await.data(200);
    let listed = conversations.as_array().expect("a list").iter().find(|one| one["id"] == made["groupId"]);
    assert_eq!(listed.map(|one| &one["participantCount"]), Some(&json!(2)));
    let plain = ann.group_with("Plain", &[&ben]).await;
    let groups = ben.rest.get(&format!("/chat/user/{}/groups", ben.id)).await.data(200);
    assert!(groups.as_array().expect("a list").iter().any(|group| group["groupId"] == plain.as_str()));
    server.assert_untroubled();
}

async fn a_group_lives_through_invites_a_hand_over_and_its_end(server: &Server) {
    let (ann, ben, cat) = (server.register("ann").await, server.register("ben").await, server.register("cat").await);
    let made = ann.rest.post("/chat/group", &json!({"groupName": "Hikers"})).await.data(201);
    let path = format!("/chat/group/{}", made["groupId"].as_str().expect("an id"));
    ben.rest.post("/chat/group", &json!({"groupName": "hIKERS"})).await.assert_failure(409, "GROUP_NAME_TAKEN");

    let invite = |group: &Value| format!("/chat/group/join/{}", group["inviteCode"].as_str().expect("a code"));
    ben.rest.post(&invite(&made), &json!({})).await.data(201);
    ben.rest.post(&invite(&made), &json!({})).await.assert_failure(409, "ALREADY_A_PARTICIPANT");
    ben.rest.put(&format!("{path}/invite-code/revoke"), None).await.assert_failure(403, "NOT_AN_ADMIN");
    let renewed = ann.rest.put(&format!("{path}/invite-code/revoke"), None).await.data(200);
    cat.rest.post(&invite(&made), &json!({})).await.assert_failure(404, "INVITE_NOT_FOUND");
    cat.rest.get(&path).await.assert_failure(403, "NOT_A_PARTICIPANT");
    cat.rest.post(&invite(&renewed), &json!({})).await.data(201);

    assert_eq!(ann.rest.delete(&format!("{path}/member/{}", ann.id)).await.data(200), Value::Null);
    let group = cat.rest.get(&path).await.data(200);
    assert_eq!(group["admins"], json!([ben.id]), "the oldest member");
    ben.rest.delete(&path).await.data(200);
    assert_eq!(cat.rest.get(&path).await.data(200)["isActive"], false);
    let late = json!({"groupId": made["groupId"], "message": "late"});
    cat.rest.post("/chat/message", &late).await.assert_failure(403, "GROUP_INACTIVE");
    assert_eq!(cat.rest.get(&format!("/chat/group-rooms/{}", cat.id)).await.data(200), json!([]));
    ann.rest.post("/chat/group", &json!({"groupName": "Hikers"})).await.data(201);
    server.assert_untroubled();
}
