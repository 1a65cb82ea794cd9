//! Runs the table of commands.

use super::command_table::{ROWS, Row};
use super::house::House;
use super::outcome::{ANONYMOUS, EXPIRED, INVALID, Outcome, REVOKED};
use super::role::Role;
use super::scene::Scene;
use super::witness::Witness;
use chat_blackbox::Socket;
use chat_protocol::realtime::{COMMANDS, Dialect};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// How many rows run at once, each with its own scene.
const AT_ONCE: usize = 8;

#[test]
fn every_command_has_a_row_and_every_row_a_command() {
    let name = |dialect: Dialect, name: &str| format!("{} of {}", name, dialect.as_str());
    let known = COMMANDS.iter().flat_map(|row| row.names).map(|entry| name(entry.dialect, entry.name));
    let (known, tried): (BTreeSet<_>, BTreeSet<_>) =
        (known.collect(), ROWS.iter().map(|row| name(row.dialect, row.name)).collect());
    let missing: Vec<_> = known.difference(&tried).collect();
    assert!(missing.is_empty(), "commands without a row: {missing:?}");
    let idle: Vec<_> = tried.difference(&known).collect();
    assert!(idle.is_empty(), "rows for commands that do not exist: {idle:?}");
}

#[tokio::test]
async fn everyone_gets_of_every_command_what_the_table_says() {
    let house = House::on_sqlite().await;
    let mut wrong = refuse(&house).await;
    let rows = ROWS.iter().map(|row| allow_row(&house, row));
    let others: Vec<_> = futures_util::stream::iter(rows).buffer_unordered(AT_ONCE).collect().await;
    wrong.extend(others.concat());
    house.judge(&wrong);
}

#[tokio::test]
async fn everyone_is_refused_of_every_command_what_the_table_says_on_postgres_too() {
    let house = House::on_postgres().await;
    let wrong = refuse(&house).await;
    house.judge(&wrong);
}

/// Runs every cell that expects a refusal, on one scene. The scene must not change.
async fn refuse(house: &House) -> Vec<String> {
    let scene = Scene::set(house).await;
    // The sockets stay open while the witness looks, so that a closed one is noticed.
    let mut sockets = HashMap::new();
    for (role, dialect) in Role::KNOWN.into_iter().flat_map(|role| Dialect::ALL.iter().map(move |it| (role, *it))) {
        sockets.insert((role, dialect), connect(house, &scene, dialect, role).await);
    }
    let before = Witness::look(&scene).await;
    let mut wrong = Vec::new();
    for row in ROWS {
        for role in Role::SHUT_OUT {
            let found = try_shut_out(house, &scene, row, role).await;
            wrong.extend(found.map(|how| format!("{} as {role:?}: {how}", row.name)));
        }
        for (role, outcome) in Role::KNOWN.into_iter().zip(row.known).filter(|(_, outcome)| !outcome.is_success()) {
            let socket = sockets.get_mut(&(role, row.dialect)).expect("a socket per role and dialect");
            wrong.extend(try_cell(socket, &scene, row, role, outcome).await);
        }
        let after = Witness::look(&scene).await;
        wrong.extend(before.differs_from(&after).map(|how| format!("{} {}: refused, but {how}", row.name, row.data)));
    }
    wrong
}

/// Runs every other cell of a row, in the order of the columns, each row on its own scene.
async fn allow_row(house: &House, row: &Row) -> Vec<String> {
    let scene = Scene::set(house).await;
    let mut wrong = Vec::new();
    for (role, outcome) in Role::KNOWN.into_iter().zip(row.known).filter(|(_, outcome)| outcome.is_success()) {
        let mut socket = connect(house, &scene, row.dialect, role).await;
        wrong.extend(try_cell(&mut socket, &scene, row, role, outcome).await);
    }
    wrong
}

async fn connect(house: &House, scene: &Scene, dialect: Dialect, role: Role) -> Socket {
    house.connect(dialect, scene.token(role).expect("known roles have a token")).await
}

async fn try_cell(socket: &mut Socket, scene: &Scene, row: &Row, role: Role, expected: Outcome) -> Option<String> {
    let data = filled(scene, role, row);
    let answer = socket.try_ask(row.name, data).await;
    let told = format!("{} {} as {role:?}: expected {expected}, got {answer:?}", row.name, row.data);
    (!expected.is_of_frame(&answer)).then_some(told)
}

/// Tries the command without a valid token: with the token in the upgrade, with it in the first frame, and without
/// authenticating. The command follows at once.
async fn try_shut_out(house: &House, scene: &Scene, row: &Row, role: Role) -> Option<String> {
    let expected = match role {
        Role::Expired => EXPIRED,
        Role::Deleted => REVOKED,
        _ => ANONYMOUS,
    };
    let url = house.socket_url(row.dialect);
    if let Some(token) = scene.token(role) {
        match Socket::open(&url, &[("authorization", &format!("Bearer {token}"))]).await {
            Err(refused) if refused.status == 401 && refused.body["code"] == expected.code => {}
            other => return Some(format!("the upgrade ended with {other:?}")),
        }
    }
    let mut socket = Socket::open(&url, &[]).await.expect("a socket without a token in the upgrade");
    let Some(token) = scene.token(role) else {
        let expected = if row.name == "auth" { INVALID } else { expected };
        let data = json!({"event": row.name, "data": filled(scene, role, row), "id": "1"});
        socket.send_text(&data.to_string()).await;
        let answer = socket.next().await;
        let came = if answer["event"] == "ack" { Ok(answer["data"].clone()) } else { Err(answer["data"].clone()) };
        return (!expected.is_of_frame(&came)).then(|| format!("expected {expected}, got {answer}"));
    };
    socket.tell("auth", json!({"token": token})).await;
    let data = json!({"event": row.name, "data": filled(scene, role, row), "id": "1"});
    socket.send_text(&data.to_string()).await;
    let refused = socket.next().await;
    let closed = socket.next_or_closed().await;
    let whole = refused["event"] == "error" && refused["data"]["code"] == expected.code;
    let whole = whole && closed.as_ref().is_err_and(|closed| closed.code == 4001);
    (!whole).then(|| format!("expected {expected} and the end, got {refused} and {closed:?}"))
}

fn filled(scene: &Scene, role: Role, row: &Row) -> Value {
    let text = scene.fill(role, row.data);
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}
