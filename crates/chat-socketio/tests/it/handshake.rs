use crate::gateway::{FRIEND, Gateway, quiet};

#[actix_web::test]
async fn refusals_have_the_protocols_own_codes_in_its_own_order() {
    let gateway = Gateway::start(quiet());
    let cases = [
        ("GET", "EIO=4", 0),
        ("GET", "EIO=3&transport=flash&sid=x", 0),
        ("GET", "EIO=4&transport=polling&sid=unknown", 1),
        ("POST", "EIO=3&transport=polling", 2),
        ("PUT", "EIO=4&transport=polling", 2),
        ("GET", "EIO=4&transport=websocket", 3),
        ("GET", "EIO=3&transport=polling", 5),
        ("GET", "transport=polling", 5),
    ];
    for (method, query, code) in cases {
        let answer = gateway.request(method, &format!("engine.io/?{query}")).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{method} {query}");
        let body: serde_json::Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
        assert_eq!(body["code"], code, "{method} {query}: {body}");
    }
    assert_eq!(gateway.server.sessions(), 0);
    gateway.stop().await;
}

#[actix_web::test]
async fn a_websocket_that_may_not_come_in_is_refused_before_it_opens() {
    let gateway = Gateway::start(quiet());
    for query in
        ["EIO=4", "EIO=3&transport=websocket", "EIO=4&transport=polling", "EIO=4&transport=websocket&sid=unknown"]
    {
        assert_eq!(gateway.try_connect(&format!("engine.io/?{query}")).await.err(), Some(400), "{query}");
    }
    // Well-formed session ids: of an existing thread and of one that does not exist.
    for sid in ["AAAAAAAAAAAAAAAAAAAAAAAA", "__8AAAAAAAAAAAAAAAAAAAAA"] {
        let path = format!("engine.io/?EIO=4&transport=websocket&sid={sid}");
        assert_eq!(gateway.try_connect(&path).await.err(), Some(400), "{sid}");
    }
    let refused = gateway.try_connect("socket.io/?EIO=4&transport=websocket&stranger=danger").await;
    assert_eq!(refused.err(), Some(403));
    gateway.stop().await;
}

#[actix_web::test]
async fn an_allowed_origin_is_named_and_any_other_is_turned_away() {
    let gateway = Gateway::start(quiet());
    let path = "engine.io/?EIO=4&transport=polling";
    let answer = gateway.request("GET", path).header("Origin", FRIEND).send().await.expect("an answer");
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
    assert_eq!(header("access-control-allow-origin").as_deref(), Some(FRIEND));
    assert_eq!(header("access-control-allow-credentials").as_deref(), Some("true"));
    assert_eq!(header("vary").as_deref(), Some("Origin"));
    assert_eq!(header("content-type").as_deref(), Some("text/plain; charset=UTF-8"));
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));

    let asked =
        gateway.request("OPTIONS", path).header("Origin", FRIEND).header("Access-Control-Request-Headers", "x-a");
    let answer = asked.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["access-control-allow-headers"]),
        (204, &"x-a".parse().expect("a value"))
    );

    for method in ["GET", "OPTIONS"] {
        let answer =
            gateway.request(method, path).header("Origin", "http://stranger.example").send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{method}");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
        assert_eq!(answer.text().await.expect("text"), r#"{"code":4,"message":"Forbidden"}"#);
    }
    gateway.stop().await;
}
