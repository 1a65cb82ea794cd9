//! Sockets that are open when their user loses access, and sockets that claim positions in conversations of others.

use super::command_table::ROWS;
use super::house::House;
use super::role::Role;
use super::scene::{SECRET, Scene};
use super::witness::Witness;
use chat_blackbox::Socket;
use chat_protocol::realtime::Dialect;
use serde_json::{Value, json};

#[tokio::test]
async fn an_open_socket_of_a_deleted_user_does_nothing_more_and_ends() {
    let house = House::on_sqlite().await;
    for dialect in Dialect::ALL {
        let scene = Scene::set(&house).await;
        let bystander = scene.person("bystander");
        let mut socket = house.connect(*dialect, &bystander.access_token).await;
        bystander.rest.delete("/users/me").await.data(200);
        let before = Witness::look(&scene).await;
        for (id, row) in ROWS.iter().filter(|row| row.dialect == *dialect && row.name != "auth").enumerate() {
            let data = scene.fill(Role::Bystander, row.data);
            socket.send_text(&format!(r#"{{"event": "{}", "data": {data}, "id": "{id}"}}"#, row.name)).await;
        }
        let (frames, code) = to_the_end(&mut socket).await;
        assert_eq!(code, 4003);
        let answered: Vec<_> = frames.iter().filter(|frame| frame["event"] == "ack").collect();
        assert!(answered.is_empty(), "commands of a deleted user have no effect: {answered:?}");
        assert_eq!(before.differs_from(&Witness::look(&scene).await), None);
    }
    house.server.assert_untroubled();
}

#[tokio::test]
async fn an_open_socket_of_who_is_removed_is_told_so_and_hears_no_more_of_the_group() {
    let house = House::on_sqlite().await;
    for dialect in Dialect::ALL {
        let scene = Scene::set(&house).await;
        let (admin, bystander, group) = (scene.person("admin"), scene.person("bystander"), scene.value("group"));
        let mut socket = house.connect(*dialect, &bystander.access_token).await;
        let removal = format!("/conversations/{group}/participants/{}", bystander.id);
        admin.rest.delete(&removal).await.data(200);
        socket.event_where("participant:removed", |removed| removed["userId"] == bystander.id.as_str()).await;
        for row in ROWS.iter().filter(|row| row.dialect == *dialect && row.known[1].code == "NOT_A_PARTICIPANT") {
            let data = serde_json::from_str(&scene.fill(Role::Bystander, row.data)).expect("JSON");
            let refused = socket.try_ask(row.name, data).await.expect_err(row.name);
            assert_eq!(refused["code"], "NOT_A_PARTICIPANT", "{} {}", row.name, row.data);
        }
        admin.say(group, "without them").await;
        // A direct message sent afterwards: events before it would have arrived by then.
        let private = admin.direct_with(bystander).await;
        admin.say(&private, "between us").await;
        let received = [
            socket_event(*dialect, "message:received", "messageReceived"),
            socket_event(*dialect, "message:received", "groupMessageReceived"),
        ];
        let first = socket.event(received[0]).await.to_string();
        assert!(first.contains("between us") && socket.seen(received[1]).await.is_empty(), "{first}");
    }
    house.server.assert_untroubled();
}

const fn socket_event(dialect: Dialect, colon: &'static str, camel: &'static str) -> &'static str {
    match dialect {
        Dialect::Colon => colon,
        Dialect::Camel => camel,
    }
}

#[tokio::test]
async fn resuming_what_is_not_one_s_own_brings_nothing_of_it() {
    let house = House::on_sqlite().await;
    let scene = Scene::set(&house).await;
    let (group, direct) = (scene.value("group"), scene.value("direct"));
    let claimed = json!({group: 0, direct: 0});
    for (role, told) in [(Role::Stranger, 0), (Role::Former, 1)] {
        for dialect in Dialect::ALL {
            for by_frame in [true, false] {
                let token = scene.token(role).expect("a token");
                let mut socket = resuming(&house, *dialect, token, &claimed, by_frame).await;
                let mut frames = Vec::new();
                let resumed = loop {
                    match socket.next().await {
                        frame if frame["event"] == "resumed" => break frame["data"].clone(),
                        frame => frames.push(frame),
                    }
                };
                assert_eq!((&resumed["positions"], &resumed["limited"]), (&json!({}), &json!([])));
                let whole = Value::from(frames.clone()).to_string();
                assert!(!whole.contains(SECRET) && !whole.contains(direct), "{role:?} in {dialect:?}: {whole}");
                let about: Vec<_> = frames.iter().filter(|frame| frame.to_string().contains(group)).collect();
                let removals = about.iter().filter(|frame| frame["event"] == "participant:removed").count();
                assert_eq!(
                    (about.len(), removals),
                    (told, told),
                    "{role:?} in {dialect:?} is told only about the own removal: {whole}"
                );
            }
        }
    }
    house.server.assert_untroubled();
}

#[tokio::test]
async fn no_socket_begins_with_a_token_that_is_over_though_a_request_may() {
    let house = House::on_sqlite().await;
    let scene = Scene::set(&house).await;
    let member = scene.person("bystander");
    let token = house.token_that_just_ended(member);
    let late = member.rest.with_token(&token);
    assert_eq!(late.get("/users/me").await.data(200)["id"], json!(member.id));
    for dialect in Dialect::ALL {
        let url = house.socket_url(*dialect);
        let refused = Socket::open(&url, &[("authorization", &format!("Bearer {token}"))]).await.err();
        let refused = refused.expect("no upgrade");
        assert_eq!((refused.status, &refused.body["code"]), (401, &json!("TOKEN_EXPIRED")));
        let mut socket = Socket::open(&url, &[]).await.expect("an upgrade");
        socket.tell("auth", json!({"token": token})).await;
        let (frames, code) = to_the_end(&mut socket).await;
        assert_eq!((frames.len(), &frames[0]["data"]["code"], code), (1, &json!("TOKEN_EXPIRED"), 4001));
    }
}

/// Opens a socket that sends its positions, in a `resume` frame or within its first `auth` frame.
async fn resuming(house: &House, dialect: Dialect, token: &str, claimed: &Value, by_frame: bool) -> Socket {
    let url = house.socket_url(dialect);
    if by_frame {
        let bearer = format!("Bearer {token}");
        let mut socket =
            Socket::open(&format!("{url}&resume=true"), &[("authorization", &bearer)]).await.expect("an upgrade");
        socket.tell("resume", json!({"resume": claimed})).await;
        socket
    } else {
        let mut socket = Socket::open(&url, &[]).await.expect("an upgrade");
        socket.tell("auth", json!({"token": token, "resume": claimed})).await;
        socket
    }
}

/// Returns every frame until the close, and the close code.
async fn to_the_end(socket: &mut Socket) -> (Vec<Value>, u16) {
    let mut frames = Vec::new();
    loop {
        match socket.next_or_closed().await {
            Ok(frame) => frames.push(frame),
            Err(closed) => return (frames, closed.code),
        }
    }
}
