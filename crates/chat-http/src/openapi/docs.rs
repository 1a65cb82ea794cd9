//! The page at `/api/docs`: Swagger UI from the binary, without access to the internet.
//!
//! All addresses are relative, also the server address in the OpenAPI document: they work behind a proxy that strips a
//! path prefix which this server does not know. Relative addresses depend on a slash at the end of the page's path, so
//! `/api/docs/` redirects to `/api/docs`.

use super::SNAPSHOT;
use crate::asyncapi;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use std::future::{Ready, ready};
use swagger_ui_dist::{ApiDefinition, OpenApiSource};

const DOCS: &str = "/api/docs";

/// The page runs scripts of this server only. Swagger UI uses inline styles, and icons from `data:`.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The assets change only with the binary.
const ASSET_CACHING: &str = "public, max-age=3600";

/// The script is in a file of its own, because the policy allows no inline script.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"#;

const START: &str = r##"window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
});
"##;

/// The page, its assets, the documents, and the redirect from `/api`.
pub(crate) fn docs(config: &mut ServiceConfig) {
    let assets = ApiDefinition {
        uri_prefix: DOCS,
        api_definition: OpenApiSource::InlineWithName { definition: SNAPSHOT, uri: "/api/docs/openapi.json" },
        title: Some("Chat API"),
    };
    config
        .service(web::resource("/api").route(web::get().to(|| to_docs("api/docs"))))
        .service(web::resource("/api/").route(web::get().to(|| to_docs("docs"))))
        .service(web::resource("/api/docs/").route(web::get().to(|| to_docs("../docs"))))
        .service(web::resource("/api/openapi.json").route(web::get().to(document)))
        .service(web::resource("/api/asyncapi.json").route(web::get().to(realtime_document)))
        .service(web::resource(DOCS).route(web::get().to(page)))
        .service(web::resource("/api/docs/start.js").route(web::get().to(start)))
        .service(
            web::scope("")
                .guard(actix_web::guard::fn_guard(is_asset))
                .wrap(DefaultHeaders::new().add((CACHE_CONTROL, ASSET_CACHING)))
                .service(swagger_ui_dist::generate_scope(assets)),
        );
}

fn is_asset(context: &actix_web::guard::GuardContext<'_>) -> bool {
    context.head().uri.path().starts_with("/api/docs/swagger-ui")
}

/// Redirects to the page, by its address relative to the requested one (RFC 9110 §10.2.2).
fn to_docs(page: &'static str) -> Ready<HttpResponse> {
    ready(HttpResponse::Found().insert_header((LOCATION, page)).finish())
}

async fn document(_: HttpRequest) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(SNAPSHOT)
}

async fn realtime_document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(asyncapi::SNAPSHOT)
}

async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(PAGE)
}

async fn start() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(START)
}
