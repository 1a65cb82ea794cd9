use crate::house::{House, PASSWORD, fields};
use chat_domain::presence::PresenceStatus;
use serde_json::{Value, json};

const USER: [&str; 11] = [
    "avatar",
    "createdAt",
    "firstName",
    "id",
    "isOnline",
    "lastName",
    "lastSeen",
    "metadata",
    "name",
    "status",
    "username",
];

#[actix_web::test]
async fn one_sees_and_changes_oneself() {
    let house = House::new();
    let person = house.person().await;
    let changes = json!({"name": "New", "firstName": "F", "avatar": "/a.png"});
    let data = house.patch("/api/v1/users/me", &person.token, changes).await.data(200);
    assert_eq!((&data["name"], &data["firstName"], &data["avatar"]), (&json!("New"), &json!("F"), &json!("/a.png")));
    let cleared = json!({"firstName": null, "avatar": null});
    let data = house.patch("/api/v1/users/me", &person.token, cleared).await.data(200);
    assert_eq!((&data["name"], &data["firstName"], &data["avatar"]), (&json!("New"), &Value::Null, &Value::Null));
    assert_eq!(house.get("/api/v1/users/me", &person.token).await.data(200), data);
    let answer = house.patch("/api/v1/users/me", &person.token, json!({"name": null, "email": "x@y.zz"})).await;
    answer.failure(400, "VALIDATION_FAILED");
    assert_eq!(answer.sentences(), ["name must not be null", "email is not a known field"]);
    let other = house.person().await;
    let taken = json!({"username": other.username});
    house.patch("/api/v1/users/me", &person.token, taken).await.failure(409, "USERNAME_TAKEN");
}

#[actix_web::test]
async fn others_see_no_email_and_strangers_no_presence() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    let path = format!("/api/v1/users/{}", bob.id);
    let stranger = house.get(&path, &ann.token).await.data(200);
    assert_eq!(fields(&stranger), USER);
    assert_eq!((&stranger["isOnline"], &stranger["status"]), (&json!(false), &Value::Null));
    house.group(&[&ann, &bob]).await;
    assert_eq!(house.get(&path, &ann.token).await.data(200)["status"], "offline");
    let bob_acts = house.state.app.auth.authenticate(&bob.token).expect("an actor");
    let connection = chat_domain::ConnectionId::new(uuid::Uuid::now_v7());
    house.state.app.presence.connected(bob_acts, connection).await;
    house.state.app.presence.choose(bob_acts, PresenceStatus::Busy).await.expect("presence");
    let contact = house.get(&path, &ann.token).await.data(200);
    assert_eq!((&contact["isOnline"], &contact["status"]), (&json!(true), &json!("busy")));
    let online = house.get("/api/v1/users/online", &ann.token).await;
    assert_eq!(fields(&online.data(200)[0]), ["avatar", "id", "name", "status"]);
    assert_eq!(
        online.json()["pagination"],
        json!({"page": 1, "limit": 20, "total": 1, "totalPages": 1, "hasMore": false})
    );
    let nobody = format!("/api/v1/users/{}", uuid::Uuid::nil());
    house.get(&nobody, &ann.token).await.failure(404, "USER_NOT_FOUND");
}

#[actix_web::test]
async fn users_are_found_by_the_beginning_of_their_names() {
    let house = House::new();
    let ann = house.person().await;
    for _ in 0..3 {
        house.person().await;
    }
    let answer = house.get("/api/v1/users/search?q=person&limit=2&page=2", &ann.token).await;
    let data = answer.data(200);
    assert_eq!(fields(&data[0]), USER);
    assert_eq!(answer.json()["pagination"]["page"], 2);
    assert_eq!(house.get("/api/v1/users/search?q=p0@example", &ann.token).await.data(200), json!([]));
    house.get("/api/v1/users/search", &ann.token).await.failure(400, "VALIDATION_FAILED");
    let answer = house.get("/api/v1/users/search?q=&limit=0&page=x", &ann.token).await;
    assert_eq!(
        answer.sentences(),
        ["page must be a whole number", "limit must be between 1 and 100", "q must not be empty"]
    );
}

#[actix_web::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let house = House::new();
    let person = house.person().await;
    let path = "/api/v1/users/me/password";
    let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    house.post(path, &person.token, change("wrong", "another password")).await.failure(403, "WRONG_PASSWORD");
    let answer = house.post(path, &person.token, change(PASSWORD, "short")).await;
    answer.failure(400, "VALIDATION_FAILED");
    assert_eq!(answer.sentences(), ["newPassword must have at least 8 characters"]);
    assert_eq!(house.post(path, &person.token, change(PASSWORD, "another password")).await.data(200), Value::Null);
    let login = json!({"email": person.email, "password": "another password"});
    house.post("/api/v1/auth/login", "", login).await.data(200);
}

#[actix_web::test]
async fn a_deleted_account_is_gone_and_its_email_free() {
    let house = House::new();
    let (ann, bob) = (house.person().await, house.person().await);
    assert_eq!(house.delete("/api/v1/users/me", &ann.token).await.data(200), Value::Null);
    house.get("/api/v1/users/me", &ann.token).await.failure(401, "SESSION_REVOKED");
    house.get(&format!("/api/v1/users/{}", ann.id), &bob.token).await.failure(404, "USER_NOT_FOUND");
    let again = json!({"email": ann.email, "username": ann.username, "password": PASSWORD});
    house.post("/api/v1/auth/register", "", again).await.data(201);
}
