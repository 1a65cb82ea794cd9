use crate::house::House;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

#[actix_web::test]
async fn one_says_that_one_is_here_and_contacts_may_know() {
    let house = House::new();
    let (ann, bob, eve) = (house.person().await, house.person().await, house.person().await);
    house.whisper(&ann, &bob, "x").await;
    house.whisper(&eve, &ann, "a stranger who writes is a stranger").await;
    house.whisper(&bob, &ann, "y").await;
    let path = format!("/api/v1/chat/user/{}/last-seen", ann.id);
    let never = house.get(&path, &bob.token).await.data(200);
    assert_eq!(never, json!({"userId": ann.id, "lastSeen": null}));
    house.clock.advance(Duration::from_mins(1));
    let now = house.put(&path, &ann.token, None).await.data(200);
    assert_eq!(now, json!({"userId": ann.id, "lastSeen": "2026-01-05T09:31:00.006Z"}));
    assert_eq!(house.get(&path, &bob.token).await.data(200), now);
    assert_eq!(house.get(&path, &eve.token).await.data(200)["lastSeen"], Value::Null, "strangers do not see it");
    house.put(&path, &bob.token, None).await.failure(403, "FORBIDDEN");
    assert_eq!(house.get(&path, &bob.token).await.data(200), now, "and nothing was written");

    let path = format!("/api/v1/chat/user/{}/online-status", ann.id);
    let status = house.get(&path, &bob.token).await.data(200);
    assert_eq!(status, json!({"userId": ann.id, "isOnline": false, "lastSeen": now["lastSeen"]}));
    let hidden = house.get(&path, &eve.token).await.data(200);
    assert_eq!(hidden, json!({"userId": ann.id, "isOnline": false, "lastSeen": null}));
}

#[actix_web::test]
async fn nobody_is_not_there() {
    let house = House::new();
    let ann = house.person().await;
    for what in ["last-seen", "online-status"] {
        let path = |id: &str| format!("/api/v1/chat/user/{id}/{what}");
        house.get(&path(&Uuid::nil().to_string()), &ann.token).await.failure(404, "USER_NOT_FOUND");
        house.get(&path("x"), &ann.token).await.failure(400, "VALIDATION_FAILED");
        house.get(&path(&ann.id), "").await.failure(401, "UNAUTHENTICATED");
    }
}
