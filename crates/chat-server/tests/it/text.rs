//! Unicode text: what is rejected, what is kept, and which texts count as equal.

use crate::chat_api::on_both_databases;
use crate::setup;
use chat_blackbox::Server;
use chat_testkit::servers::Postgres;
use chat_testkit::stores::old_rows;
use serde_json::json;

on_both_databases! {
    text_that_nobody_sees_is_refused_wherever_users_give_text
    text_of_every_script_is_kept
    one_mailbox_is_registered_once_and_found_by_every_spelling
    searches_and_names_of_groups_compare_what_people_read
}

const NOTHING: [&str; 5] = ["\u{200b}", "\u{3164}", "\u{2800}", "\u{feff} \u{2060}", "\u{301}"];

async fn text_that_nobody_sees_is_refused_wherever_users_give_text(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    let messages = format!("/conversations/{conversation}/messages");
    let mut colon = server.connect(&ann).await;
    let mut camel = server.connect_camel(&ann).await;
    for nothing in NOTHING {
        for (path, body) in [
            ("/auth/register", json!({"email": "x@example.com", "password": "a long password", "name": nothing})),
            ("/conversations", json!({"participantIds": [ben.id], "name": nothing})),
            ("/chat/group", json!({"groupName": nothing, "members": [ben.id]})),
            ("/chat/group", json!({"groupName": "G", "groupDescription": nothing, "members": [ben.id]})),
            ("/chat/message", json!({"chatType": "PRIVATE", "receiver": ben.id, "message": nothing})),
            (messages.as_str(), json!({"content": nothing})),
        ] {
            ann.rest.post(path, &body).await.assert_failure(400, "VALIDATION_FAILED");
        }
        for field in ["name", "firstName", "lastName"] {
            ann.rest.patch("/users/me", &json!({field: nothing})).await.assert_failure(400, "VALIDATION_FAILED");
        }
        let path = format!("/users/search?q={nothing}");
        ann.rest.get(&path).await.assert_failure(400, "VALIDATION_FAILED");
        let send = json!({"conversationId": conversation, "content": nothing});
        assert_eq!(colon.try_ask("message:send", send).await.expect_err("refused")["code"], "VALIDATION_FAILED");
        let send = json!({"messageData": {"chatType": "PRIVATE", "receiver": ben.id, "message": nothing}});
        assert_eq!(camel.try_ask("sendMessage", send).await.expect_err("refused")["code"], "VALIDATION_FAILED");
    }
    for reordering in ["Ann\u{202e}", "\u{2066}Ann\u{2069}", "Ann\u{200f}", "Ann\u{2028}Lee"] {
        ann.rest.patch("/users/me", &json!({"name": reordering})).await.assert_failure(400, "VALIDATION_FAILED");
        let group = json!({"participantIds": [ben.id], "name": reordering});
        ann.rest.post("/conversations", &group).await.assert_failure(400, "VALIDATION_FAILED");
    }
    for address in [
        "https://",
        "https:///x",
        "https://a@example.com/",
        "https://a:b@example.com/",
        "https://example.com/\u{202e}gpj.exe",
        "https:\\\\example.com",
        "/\\example.com",
        "https://exam\u{200b}ple.com/",
    ] {
        ann.rest.patch("/users/me", &json!({"avatar": address})).await.assert_failure(400, "VALIDATION_FAILED");
        let body = json!({"content": "x", "attachment": address});
        ann.rest.post(&messages, &body).await.assert_failure(400, "VALIDATION_FAILED");
    }
    assert_eq!(ann.history(&conversation).await.len(), 0);
}

async fn text_of_every_script_is_kept(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    let conversation = ann.direct_with(&ben).await;
    for text in [
        "می\u{200c}خواهم",
        "👨\u{200d}👩\u{200d}👧",
        "❤\u{fe0f}",
        "ស្រី\u{200b}ពៅ",
        "क्\u{200d}ष",
        "שלום",
        "한국어",
        "日本太郎",
    ] {
        let me = ann.rest.patch("/users/me", &json!({"name": text})).await.data(200);
        assert_eq!(me["name"], text);
        assert_eq!(ann.say(&conversation, text).await["content"], text);
    }
    let me = ann.rest.patch("/users/me", &json!({"name": "Jo\u{308}rg"})).await.data(200);
    assert_eq!(me["name"], "J\u{f6}rg", "names are composed");
    let sent = ann.say(&conversation, "cafe\u{301} \u{2067}שלום\u{2069}").await;
    assert_eq!(sent["content"], "cafe\u{301} \u{2067}שלום\u{2069}", "messages are kept as they were sent");
    let keyed = |content: &str| json!({"content": content, "clientMessageId": "k"});
    let first = ann.send(&conversation, &keyed("cafe\u{301}")).await.data(201);
    let again = ann.send(&conversation, &keyed("caf\u{e9}")).await.data(200);
    assert_eq!((&again["id"], &again["content"]), (&first["id"], &json!("cafe\u{301}")));
}

async fn one_mailbox_is_registered_once_and_found_by_every_spelling(server: &Server) {
    let rest = server.rest();
    let register = |email: &str| json!({"email": email, "password": "correct horse battery", "name": "J\u{f6}rg"});
    let registered = rest.post("/auth/register", &register("j\u{f6}rg@example.com")).await.data(201);
    for same in ["jo\u{308}rg@example.com", "J\u{d6}RG@example.com", "j\u{f6}rg@EXAMPLE.com"] {
        rest.post("/auth/register", &register(same)).await.assert_failure(409, "EMAIL_TAKEN");
        let login = json!({"email": same, "password": "correct horse battery"});
        assert_eq!(rest.post("/auth/login", &login).await.data(200)["user"]["id"], registered["id"], "{same}");
    }
    rest.post("/auth/register", &register("j\u{200b}@example.com")).await.assert_failure(400, "VALIDATION_FAILED");
}

async fn searches_and_names_of_groups_compare_what_people_read(server: &Server) {
    let (ann, ben) = (server.register("ann").await, server.register("ben").await);
    ben.rest.patch("/users/me", &json!({"name": "ΣΑΣΑ"})).await.data(200);
    for term in ["ΣΑΣ", "σας", "σασ"] {
        let found = ann.rest.get(&format!("/users/search?q={term}")).await.data(200);
        assert_eq!(found[0]["id"], ben.id, "{term}: {found}");
    }
    let group = |name: &str| json!({"groupName": name, "members": [ben.id]});
    let made = ann.rest.post("/chat/group", &group("ΣΑΣ Team")).await.data(201);
    for same in ["σας TEAM", "ΣΑΣ Te\u{200d}am", "ΣΑΣ Te\u{200b}am", "ΣΑΣ \u{422}\u{435}am"] {
        ben.rest.post("/chat/group", &group(same)).await.assert_failure(409, "GROUP_NAME_TAKEN");
    }
    let found = ben.rest.get("/chat/groups/search?q=σασ").await.data(200);
    assert_eq!(found[0]["groupId"], made["groupId"], "{found}");
}

#[tokio::test]
async fn collisions_of_old_accounts_and_groups_are_listed() {
    let empty = setup();
    assert!(empty.run(&["migrate"]).await.0.success());
    let (status, said) = empty.run(&["users", "collisions"]).await;
    assert!(status.success() && said.contains("No accounts share an email"), "{said}");

    let postgres = Postgres::start();
    let setup = setup().set("DATABASE_URL", &postgres.create_database());
    assert!(setup.run(&["migrate"]).await.0.success());
    let rows = old_rows::statements(|id| format!("'{id}'"), |bytes| format!("'\\x{bytes}'::bytea"));
    postgres.psql("test_0", &rows.join(";\n"));
    let (status, said) = setup.run(&["users", "collisions"]).await;
    assert!(status.success(), "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("(ben, \"jörg@example.com\") has the same email as Account"), "{said}");
    assert!(lines[0].contains(r#"(ann, "jo\u{308}rg@example.com")"#), "the difference is visible: {said}");
    assert!(lines[1].contains(r#"("Te\u{200b}am") has a name that looks like the name of Group"#), "{said}");
}

#[tokio::test]
async fn of_accounts_that_share_an_email_the_password_of_the_one_with_that_spelling_is_reset() {
    let postgres = Postgres::start();
    let setup = setup().set("DATABASE_URL", &postgres.create_database());
    assert!(setup.run(&["migrate"]).await.0.success());
    let rows = old_rows::statements(|id| format!("'{id}'"), |bytes| format!("'\\x{bytes}'::bytea"));
    postgres.psql("test_0", &rows.join(";\n"));
    for (email, username) in [("jo\u{308}rg@example.com", "ann"), ("jörg@example.com", "ben")] {
        let (status, said) = setup.run(&["users", "reset-password", email]).await;
        assert!(status.success() && said.contains(&format!("password of {username} was reset")), "{email}: {said}");
    }
}
