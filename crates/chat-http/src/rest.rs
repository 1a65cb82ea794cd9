//! The REST surface as one piece: its routes, its middleware, and the `App` that holds nothing else.

use crate::limits::limited;
use crate::middleware::{cors, edge, spare_small_answers};
use crate::{ApiError, HttpState, auth, chat, conversations, health, messages, openapi, receipts, users};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, JsonConfig, PathConfig, QueryConfig};
use actix_web::{App, Error};
use apistos::web::{ServiceConfig, scope};
use chat_domain::ErrorCode;

/// Where version 1 of the API lives.
pub const API_PREFIX: &str = "/api/v1";

/// Everything that is HTTP, as an `App`. One is made on every worker thread.
pub fn app(
    state: HttpState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().configure(configure(state))
}

/// The same for a service that mounts our routes in an `App` of its own. It takes whatever no earlier route took, so it
/// is registered last.
pub fn configure(state: HttpState) -> impl FnOnce(&mut web::ServiceConfig) {
    mounted(state, openapi::realtime_route)
}

/// The same without the WebSocket, for a server that takes its sockets over before the `App` sees their requests.
pub(crate) fn configure_without_sockets(state: HttpState) -> impl FnOnce(&mut web::ServiceConfig) {
    mounted(state, openapi::refusing_route)
}

fn mounted(state: HttpState, socket: fn(&mut ServiceConfig<'_>)) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let origins = state.settings.allowed_origins.clone();
        config.app_data(Data::new(state));
        config.service(
            web::scope("")
                .app_data(JsonConfig::default().error_handler(|error, _| in_envelope("body", &error)))
                .app_data(PathConfig::default().error_handler(|error, _| in_envelope("path", &error)))
                .app_data(QueryConfig::default().error_handler(|error, _| in_envelope("query", &error)))
                .configure(|config| routes(&mut ServiceConfig::from(config), socket))
                .configure(openapi::docs)
                .default_service(web::to(health::nowhere))
                .wrap(from_fn(limited))
                .wrap(cors(origins))
                .wrap(from_fn(spare_small_answers))
                .wrap(Compress::default())
                .wrap(from_fn(edge)),
        );
        // Targets that are no path, such as that of `OPTIONS *`, belong to no scope.
        config.default_service(web::route().to(health::no_path).wrap(from_fn(edge)));
    }
}

/// The handlers here read their input with extractors of their own; should one use the framework's, its failures look
/// the same.
fn in_envelope(part: &str, error: &dyn std::fmt::Display) -> Error {
    ApiError::new(ErrorCode::ValidationFailed, format!("The {part} of the request is not valid: {error}")).into()
}

/// Every route that the document describes.
pub(crate) fn documented(config: &mut ServiceConfig<'_>) {
    routes(config, openapi::realtime_route);
}

fn routes(config: &mut ServiceConfig<'_>, socket: fn(&mut ServiceConfig<'_>)) {
    config.configure(health::routes).service(
        scope(API_PREFIX)
            .configure(auth::routes)
            .configure(users::routes)
            // Before the conversations themselves: the longer paths.
            .configure(messages::routes)
            .configure(receipts::routes)
            .configure(conversations::routes)
            .configure(chat::routes)
            .configure(socket),
    );
}
