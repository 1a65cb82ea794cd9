use crate::house::{House, PASSWORD};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn requests(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().expect("the lines").clone()).expect("text");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.filter(|line| line["target"] == "chat_http::request").collect()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("the lines")).into_owned()
    }
}

#[actix_web::test]
async fn each_request_is_one_line_without_its_secrets() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let house = House::new();
    let person = house.person().await;
    house.get("/api/v1/users/search?q=sesame", &person.token).await.data(200);
    let request = TestRequest::post()
        .uri("/api/v1/auth/login?token=sesame")
        .peer_addr("192.0.2.7:9".parse().expect("an address"))
        .insert_header(("User-Agent", "Phone/1.0"))
        .insert_header(("X-Request-Id", "trace-9"))
        .set_json(json!({"email": person.email, "password": "sesame-sesame"}));
    house.ask(request).await.failure(401, "INVALID_CREDENTIALS");
    house.get(&format!("/api/v1/users/{}", person.id), "sesame-token").await.failure(401, "TOKEN_INVALID");
    house.close_store();
    house.get("/api/v1/users/me", &person.token).await.failure(503, "UNAVAILABLE");

    let requests = lines.requests();
    assert_eq!(requests.len(), 5, "{requests:#?}");
    let seen = |index: usize| {
        let line = &requests[index];
        (line["level"].clone(), line["fields"]["route"].clone(), line["fields"]["status"].clone())
    };
    assert_eq!(seen(0), (json!("INFO"), json!("/api/v1/auth/register"), json!(201)));
    assert_eq!(seen(1), (json!("INFO"), json!("/api/v1/users/search"), json!(200)));
    assert_eq!(seen(2), (json!("WARN"), json!("/api/v1/auth/login"), json!(401)));
    assert_eq!(seen(3), (json!("WARN"), json!("/api/v1/users/{id}"), json!(401)));
    assert_eq!(seen(4), (json!("ERROR"), json!("/api/v1/users/me"), json!(503)));
    let login = &requests[2]["fields"];
    assert_eq!(
        (&login["method"], &login["address"], &login["user_agent"], &login["request_id"], &login["code"]),
        (&json!("POST"), &json!("192.0.2.7"), &json!("Phone/1.0"), &json!("trace-9"), &json!("INVALID_CREDENTIALS"))
    );
    assert!(login["duration_ms"].is_f64());
    assert!(requests[4]["fields"]["cause"].is_string(), "server errors have a cause");
    let text = lines.text();
    for secret in ["sesame", PASSWORD, &person.token, &person.refresh_token, &person.email] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
