//! The REST surface: its routes and its middleware.

use crate::limits::limited;
use crate::middleware::{cors, edge, spare_small_answers};
use crate::operation::Operation;
use crate::paths::API_PREFIX;
use crate::{
    ApiError, HttpState, auth, changes, chat, conversations, health, messages, openapi, receipts, threads, users,
};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, JsonConfig, PathConfig, Payload, QueryConfig};
use actix_web::{Error, HttpRequest, HttpResponse};
use apistos::web::{ServiceConfig, scope};
use chat_domain::ErrorCode;

/// Opens or rejects a socket for a request that reached the `App`. The gateway provides it; REST does not know the
/// gateway.
#[derive(Clone, Copy)]
pub(crate) struct SocketDoor(pub(crate) fn(&HttpState, &HttpRequest, Payload) -> Result<HttpResponse, ApiError>);

/// Mounts REST in an `App`, with this function for sockets. It handles every request that no earlier route handled.
pub(crate) fn mounted(state: HttpState, door: SocketDoor) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let origins = state.settings.allowed_origins.clone();
        config.app_data(Data::new(state)).app_data(Data::new(door));
        config.service(
            web::scope("")
                .app_data(JsonConfig::default().error_handler(|error, _| in_envelope("body", &error)))
                .app_data(PathConfig::default().error_handler(|error, _| in_envelope("path", &error)))
                .app_data(QueryConfig::default().error_handler(|error, _| in_envelope("query", &error)))
                .configure(|config| routes(&mut ServiceConfig::from(config)))
                .configure(openapi::docs)
                .default_service(web::to(health::nowhere))
                .wrap(from_fn(limited))
                .wrap(cors(origins))
                .wrap(from_fn(spare_small_answers))
                .wrap(Compress::default())
                .wrap(from_fn(edge)),
        );
        // Targets that are not paths, such as that of `OPTIONS *`, belong to no scope.
        config.default_service(web::route().to(health::no_path).wrap(from_fn(edge)));
    }
}

/// The handlers read their input with our own extractors. If a handler uses the framework's, its failures have the same
/// form.
fn in_envelope(part: &str, error: &dyn std::fmt::Display) -> Error {
    ApiError::new(ErrorCode::ValidationFailed, format!("The {part} of the request is not valid: {error}")).into()
}

/// All routes that the document describes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(health::routes).service(
        scope(API_PREFIX)
            .configure(auth::routes)
            .configure(users::routes)
            // Before the routes of conversations, because these paths are longer.
            .configure(messages::routes)
            .configure(threads::routes)
            .configure(changes::routes)
            .configure(receipts::routes)
            .configure(conversations::routes)
            .configure(chat::routes)
            .configure(openapi::realtime_route),
    );
}

/// The facts of each operation, from beside its handler.
pub(crate) fn operations() -> impl Iterator<Item = &'static Operation> {
    let features = [
        health::OPERATIONS,
        auth::OPERATIONS,
        users::OPERATIONS,
        messages::OPERATIONS,
        threads::OPERATIONS,
        messages::reactions::OPERATIONS,
        messages::pins::OPERATIONS,
        changes::OPERATIONS,
        receipts::OPERATIONS,
        conversations::OPERATIONS,
        openapi::REALTIME_OPERATIONS,
    ];
    features.into_iter().chain(chat::OPERATIONS).flatten()
}
