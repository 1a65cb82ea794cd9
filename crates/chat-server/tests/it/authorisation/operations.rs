//! Runs the table of operations.

use super::house::House;
use super::operation_table::{ROWS, Row};
use super::outcome::{OPENED, Outcome, SHUT};
use super::role::Role;
use super::scene::Scene;
use super::witness::Witness;
use chat_blackbox::{Rest, Socket};
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// How many rows run at once, each with its own scene.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn every_operation_of_the_document_has_a_row_and_every_row_an_operation() {
    let house = House::on_sqlite().await;
    let document = house.server.rest().get("~/api/openapi.json").await.body;
    let described: BTreeSet<_> = operations(&document).map(|operation| name_of(operation).to_owned()).collect();
    let tried: BTreeSet<_> = ROWS.iter().map(|row| row.operation.to_owned()).collect();
    assert!(described.len() > 40, "too few operations: {described:?}");
    let missing: Vec<_> = described.difference(&tried).collect();
    assert!(missing.is_empty(), "operations without a row: {missing:?}");
    let idle: Vec<_> = tried.difference(&described).collect();
    assert!(idle.is_empty(), "rows for operations that do not exist: {idle:?}");
    for operation in operations(&document) {
        let (name, needs_a_token) =
            (name_of(operation), operation["security"].as_array().is_some_and(|all| needs_a_token(all)));
        let shut = ROWS.iter().filter(|row| row.operation == name).all(|row| row.shut_out == SHUT);
        assert_eq!(needs_a_token, shut, "{name}: the document and the table differ on whether a token is needed");
    }
}

/// Returns every operation that has an `operationId`.
pub(super) fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().expect("paths").values();
    paths.flat_map(|path| path.as_object().expect("operations").values()).filter(|part| part.is_object())
}

pub(super) fn name_of(operation: &Value) -> &str {
    operation["operationId"].as_str().unwrap_or_else(|| panic!("an operation without an id: {operation}"))
}

fn needs_a_token(alternatives: &[Value]) -> bool {
    !alternatives.is_empty() && alternatives.iter().all(|one| one.as_object().is_some_and(|one| !one.is_empty()))
}

#[tokio::test]
async fn everyone_gets_of_every_operation_what_the_table_says() {
    let house = House::on_sqlite().await;
    let mut wrong = refuse(&house).await;
    wrong.extend(allow(&house).await);
    house.judge(&wrong);
}

#[tokio::test]
async fn everyone_is_refused_of_every_operation_what_the_table_says_on_postgres_too() {
    let house = House::on_postgres().await;
    let wrong = refuse(&house).await;
    house.judge(&wrong);
}

/// Runs every cell that expects a refusal, on one scene. The scene must not change.
async fn refuse(house: &House) -> Vec<String> {
    let scene = Scene::set(house).await;
    let before = Witness::look(&scene).await;
    let mut wrong = Vec::new();
    for row in ROWS {
        for (role, outcome) in cells(row).filter(|(_, outcome)| !outcome.is_success()) {
            wrong.extend(try_cell(house, &scene, row, role, outcome).await);
        }
        if !row.request.starts_with("GET ") {
            let after = Witness::look(&scene).await;
            wrong.extend(before.differs_from(&after).map(|how| format!("{}: refused, but {how}", row.request)));
        }
    }
    wrong
}

/// Runs every other cell, in the order of the columns. Rows that change data have their own scene.
async fn allow(house: &House) -> Vec<String> {
    let (reading, writing): (Vec<_>, Vec<_>) = ROWS.iter().partition(|row| row.request.starts_with("GET "));
    let scene = Scene::set(house).await;
    let mut wrong = Vec::new();
    for row in reading {
        wrong.extend(allow_row(house, &scene, row).await);
    }
    let writing = writing.into_iter().map(|row| async move { allow_row(house, &Scene::set(house).await, row).await });
    let others: Vec<_> = futures_util::stream::iter(writing).buffer_unordered(AT_ONCE).collect().await;
    wrong.extend(others.concat());
    wrong
}

async fn allow_row(house: &House, scene: &Scene, row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    for (role, outcome) in cells(row).filter(|(_, outcome)| outcome.is_success()) {
        wrong.extend(try_cell(house, scene, row, role, outcome).await);
    }
    wrong
}

fn cells(row: &Row) -> impl Iterator<Item = (Role, Outcome)> {
    Role::ALL.into_iter().zip(row.shut_out.iter().chain(&row.known).copied())
}

async fn try_cell(house: &House, scene: &Scene, row: &Row, role: Role, expected: Outcome) -> Option<String> {
    if row.operation == "openSocket" {
        return try_upgrade(house, scene, role, expected).await;
    }
    let reply = ask(&scene.rest(role), &scene.fill(role, row.request), &scene.fill(role, row.body)).await;
    let told = format!(
        "{} {} as {role:?}: expected {expected}, got {} {}",
        row.operation, row.request, reply.status, reply.body
    );
    (!expected.is_of(&reply)).then_some(told)
}

async fn try_upgrade(house: &House, scene: &Scene, role: Role, expected: Outcome) -> Option<String> {
    let bearer = scene.token(role).map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    match Socket::open(&house.server.socket_url(), &headers).await {
        Ok(_) if expected == OPENED => None,
        Err(refused) if refused.status == expected.status && refused.body["code"] == expected.code => None,
        other => Some(format!("openSocket as {role:?}: expected {expected}, got {other:?}")),
    }
}

/// Sends `METHOD path` with a JSON body, if any.
pub(super) async fn ask(rest: &Rest, request: &str, body: &str) -> chat_blackbox::Reply {
    let (method, path) = request.split_once(' ').expect("a method and a path");
    let request = rest.request(Method::from_bytes(method.as_bytes()).expect("a method"), path);
    let request = match body {
        "" => request,
        body => request.json(&serde_json::from_str(body).unwrap_or_else(|fault| panic!("{fault}: {body}"))),
    };
    request.send().await
}
