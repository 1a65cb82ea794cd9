use crate::house::House;
use actix_web::http::Method;
use actix_web::test::TestRequest;

#[actix_web::test]
async fn the_document_is_served_as_it_is_committed() {
    let house = House::new();
    let answer = house.ask(TestRequest::get().uri("/api/openapi.json")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.body, chat_http::openapi::SNAPSHOT);
    assert_eq!(answer.json()["openapi"], "3.0.3");
}

#[actix_web::test]
async fn the_document_of_the_realtime_connection_is_served_as_it_is_committed() {
    let house = House::new();
    let answer = house.ask(TestRequest::get().uri("/api/asyncapi.json")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.body, chat_http::asyncapi::SNAPSHOT);
    assert_eq!(answer.json()["asyncapi"], "3.0.0");
}

#[actix_web::test]
async fn every_documented_operation_is_a_route_and_no_route_is_undocumented() {
    let house = House::new();
    let document = house.ask(TestRequest::get().uri("/api/openapi.json")).await.json();
    let mut known = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let concrete = parts.collect::<Vec<_>>().join("/");
        let options = house.ask(TestRequest::with_uri(&concrete).method(Method::OPTIONS)).await;
        let mut routed: Vec<_> =
            options.header("allow").split(", ").filter(|m| !["HEAD", "OPTIONS"].contains(m)).collect();
        let mut documented: Vec<_> =
            operations.as_object().expect("operations").keys().map(|m| m.to_uppercase()).collect();
        routed.sort_unstable();
        documented.sort_unstable();
        assert_eq!(routed, documented, "{path}");
        known += documented.len();
    }
    assert!(known > 0, "no operations");
}

#[actix_web::test]
async fn the_page_works_with_no_other_host() {
    let house = House::new();
    for (path, page) in [("/api", "api/docs"), ("/api/", "docs"), ("/api/docs/", "../docs")] {
        let answer = house.ask(TestRequest::get().uri(path)).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, page));
    }
    let page = house.ask(TestRequest::get().uri("/api/docs")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("default-src 'none'"), "{policy}");
    let html = String::from_utf8(page.body.to_vec()).expect("text");
    assert!(!html.contains("://"), "the page loads nothing from other servers");
    assert!(!html.contains("<script>"), "the policy blocks inline scripts");
    for (path, kind) in [
        ("/api/docs/start.js", "text/javascript"),
        ("/api/docs/swagger-ui.css", "text/css"),
        ("/api/docs/swagger-ui-bundle.js", "text/javascript"),
    ] {
        let answer = house.ask(TestRequest::get().uri(path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}: {}", answer.header("content-type"));
    }
    let bundle = house.ask(TestRequest::get().uri("/api/docs/swagger-ui-bundle.js")).await;
    assert_eq!(bundle.header("cache-control"), "public, max-age=3600");
}
