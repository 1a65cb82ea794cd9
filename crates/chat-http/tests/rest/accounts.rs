use crate::house::{House, PASSWORD, fields};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use std::time::Duration;

const ME: [&str; 11] = [
    "avatar",
    "createdAt",
    "email",
    "firstName",
    "id",
    "lastName",
    "lastSeen",
    "metadata",
    "name",
    "updatedAt",
    "username",
];
const SIGNED_IN: [&str; 5] = ["accessToken", "expiresIn", "refreshToken", "tokenType", "user"];

#[actix_web::test]
async fn registering_gives_the_account_at_the_top_and_the_tokens_beside_it() {
    let house = House::new();
    let body = json!({
        "email": "Ann@Example.com", "password": PASSWORD, "firstName": "Ann", "lastName": "Lee",
        "username": "ann", "avatar": "https://example.com/ann.png"
    });
    let data = house.post("/api/v1/auth/register", "", body).await.data(201);
    let mut expected = [&ME[..], &SIGNED_IN[..]].concat();
    expected.sort_unstable();
    assert_eq!(fields(&data), expected);
    assert_eq!(fields(&data["user"]), ME);
    assert_eq!(data["email"], "Ann@Example.com");
    assert_eq!((&data["name"], &data["username"]), (&json!("Ann Lee"), &json!("ann")));
    assert_eq!((&data["tokenType"], &data["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(data["createdAt"], "2026-01-05T09:30:00.000Z");
    assert_eq!(data["lastSeen"], Value::Null);
    assert!(!data.to_string().contains(PASSWORD));
}

#[actix_web::test]
async fn the_bodies_of_both_documents_register() {
    let house = House::new();
    let a = json!({"email": "a@example.com", "password": PASSWORD, "name": "Ann"});
    let data = house.post("/api/v1/auth/register", "", a).await.data(201);
    assert_eq!((&data["name"], &data["username"]), (&json!("Ann"), &json!("a__")));
    let b = json!({"email": "b@example.com", "password": PASSWORD, "username": "bob"});
    let data = house.post("/api/v1/auth/register", "", b).await.data(201);
    assert_eq!((&data["name"], &data["username"]), (&json!("bob"), &json!("bob")));
}

#[actix_web::test]
async fn email_and_username_are_taken_once_in_any_case() {
    let house = House::new();
    let person = house.person().await;
    let body = |email: &str, username: &str| json!({"email": email, "username": username, "password": PASSWORD});
    let answer = house.post("/api/v1/auth/register", "", body(&person.email.to_uppercase(), "fresh")).await;
    answer.failure(409, "EMAIL_TAKEN");
    let taken = body("fresh@example.com", &person.username.to_uppercase());
    house.post("/api/v1/auth/register", "", taken).await.failure(409, "USERNAME_TAKEN");
}

#[actix_web::test]
async fn every_fault_of_a_registration_is_told_at_once() {
    let house = House::new();
    let body =
        json!({"email": "x", "password": 12_345_678, "username": "a b", "avatar": "javascript:1", "admin": true});
    let answer = house.post("/api/v1/auth/register", "", body).await;
    let json = answer.failure(400, "VALIDATION_FAILED");
    assert_eq!(
        answer.sentences(),
        [
            "avatar must be an http or https URL",
            "email must be an email address",
            "password must be a string",
            "username may only contain letters, digits, '.', '_' and '-'",
            "admin is not a known field",
        ]
    );
    assert_eq!(json["details"][2], json!({"field": "password", "message": "password must be a string"}));
    let answer = house.post("/api/v1/auth/register", "", json!({})).await;
    assert_eq!(answer.sentences(), ["email is required", "name or username is required", "password is required"]);
}

#[actix_web::test]
async fn one_signs_in_by_email_or_username() {
    let house = House::new();
    let person = house.person().await;
    for body in [
        json!({"email": person.email, "password": PASSWORD}),
        json!({"username": person.username.to_uppercase(), "password": PASSWORD}),
    ] {
        let data = house.post("/api/v1/auth/login", "", body).await.data(200);
        assert_eq!(fields(&data), SIGNED_IN);
        assert_eq!(data["user"]["id"], person.id.as_str());
    }
}

#[actix_web::test]
async fn an_unknown_account_and_a_wrong_password_look_the_same() {
    let house = House::new();
    let person = house.person().await;
    let login = |email: &str| json!({"email": email, "password": "wrong password"});
    let wrong = house.post("/api/v1/auth/login", "", login(&person.email)).await;
    let unknown = house.post("/api/v1/auth/login", "", login("nobody@example.com")).await;
    let mut told = [wrong.failure(401, "INVALID_CREDENTIALS"), unknown.failure(401, "INVALID_CREDENTIALS")];
    for json in &mut told {
        json["requestId"] = Value::Null;
    }
    assert_eq!(told[0], told[1]);
}

#[actix_web::test]
async fn a_login_names_one_account() {
    let house = House::new();
    let login = async |body| house.post("/api/v1/auth/login", "", body).await.sentences();
    assert_eq!(login(json!({"password": "x"})).await, ["email or username is required"]);
    let both = json!({"email": "a@b.co", "username": "ann", "password": "x"});
    assert_eq!(login(both).await, ["email and username exclude each other"]);
    assert_eq!(login(json!({"email": "a@b.co"})).await, ["password is required"]);
}

#[actix_web::test]
async fn a_refresh_token_is_taken_from_the_body_or_the_header() {
    let house = House::new();
    let person = house.person().await;
    let path = "/api/v1/auth/refresh";
    let body = json!({"refreshToken": person.refresh_token});
    let first = house.post(path, "", body.clone()).await.data(200);
    assert_eq!(fields(&first), SIGNED_IN);
    let repeated = house.post(path, "", body.clone()).await.data(200);
    assert_eq!(first["refreshToken"], repeated["refreshToken"], "a repeated refresh gets the same response");
    let token = first["refreshToken"].as_str().expect("a token");
    let request = TestRequest::post().uri(path).insert_header(("Authorization", format!("Bearer {token}")));
    let second = house.ask(request).await.data(200);
    let token = second["refreshToken"].as_str().expect("a token");
    house.post(path, token, json!({})).await.data(200);
    house.post(path, "", json!({})).await.failure(400, "VALIDATION_FAILED");
    house.post(path, "", body.clone()).await.failure(401, "REFRESH_TOKEN_REUSED");
    house.post(path, "", body).await.failure(401, "SESSION_REVOKED");
    house.post(path, "", json!({"refreshToken": "nonsense"})).await.failure(401, "TOKEN_INVALID");
    house.ask(TestRequest::post().uri(path)).await.failure(401, "UNAUTHENTICATED");
}

#[actix_web::test]
async fn a_token_that_is_missing_wrong_expired_or_revoked_has_its_own_code() {
    let house = House::new();
    let person = house.person().await;
    let path = "/api/v1/users/me";
    house.get(path, "").await.failure(401, "UNAUTHENTICATED");
    house.get(path, "nonsense").await.failure(401, "TOKEN_INVALID");
    house.get(path, &person.refresh_token).await.failure(401, "TOKEN_INVALID");
    let other = house.person().await;
    house.clock.advance(Duration::from_mins(16));
    house.get(path, &other.token).await.failure(401, "TOKEN_EXPIRED");
    let fresh = house.post("/api/v1/auth/refresh", "", json!({"refreshToken": person.refresh_token})).await.data(200);
    let token = fresh["accessToken"].as_str().expect("a token");
    assert_eq!(house.post("/api/v1/auth/logout", token, json!({})).await.data(200), Value::Null);
    house.get(path, token).await.failure(401, "SESSION_REVOKED");
}

#[actix_web::test]
async fn devices_are_listed_and_ended() {
    let house = House::new();
    let person = house.person().await;
    house.clock.advance(Duration::from_secs(1));
    let login = TestRequest::post()
        .uri("/api/v1/auth/login")
        .peer_addr("192.0.2.7:9".parse().expect("an address"))
        .insert_header(("User-Agent", "Phone/1.0"))
        .set_json(json!({"email": person.email, "password": PASSWORD}));
    house.ask(login).await.data(200);
    let sessions = house.get("/api/v1/auth/sessions", &person.token).await.data(200);
    let [phone, first] = sessions.as_array().expect("a list").as_slice() else { panic!("{sessions}") };
    assert_eq!(fields(phone), ["createdAt", "expiresAt", "id", "ip", "isCurrent", "lastUsedAt", "userAgent"]);
    assert_eq!((&phone["userAgent"], &phone["ip"]), (&json!("Phone/1.0"), &json!("192.0.2.7")));
    assert_eq!((&phone["isCurrent"], &first["isCurrent"]), (&json!(false), &json!(true)));
    let path = format!("/api/v1/auth/sessions/{}", phone["id"].as_str().expect("an id"));
    assert_eq!(house.delete(&path, &person.token).await.data(200), Value::Null);
    house.delete(&path, &person.token).await.failure(404, "SESSION_NOT_FOUND");
    house.delete("/api/v1/auth/sessions/x", &person.token).await.failure(400, "VALIDATION_FAILED");
    house.ask(crate::house::bearing(TestRequest::post().uri("/api/v1/auth/logout-all"), &person.token)).await.data(200);
    house.get("/api/v1/users/me", &person.token).await.failure(401, "SESSION_REVOKED");
}
