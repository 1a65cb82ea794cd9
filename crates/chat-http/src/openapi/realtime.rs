use crate::extract::{Bearer, undocumented};
use crate::limits::RequestKind;
use crate::operation::Operation;
use crate::paths::SOCKET_PATH;
use crate::rest::SocketDoor;
use crate::{ApiError, HttpState};
use actix_web::body::BoxBody;
use actix_web::web::{Data, Payload};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder};
use apistos::paths::{Response, Responses};
use apistos::reference_or::ReferenceOr;
use apistos::security::SecurityScheme;
use apistos::web::{ServiceConfig, get, resource};
use apistos::{ApiComponent, api_operation};
use chat_domain::ErrorCode;
use chat_protocol::realtime::{COMMANDS, Dialect, EVENTS};
use std::collections::BTreeMap;
use std::future::{Ready, ready};

/// Explains the socket, as the description of its tag. The names come from the table of the socket.
pub(super) fn about() -> String {
    let commands = names_of_colon(COMMANDS.iter().flat_map(|row| row.names).map(|entry| (entry.dialect, entry.name)));
    let events = names_of_colon(EVENTS.iter().flat_map(|row| row.names).map(|entry| (entry.dialect, entry.name)));
    format!(
        "{BEFORE_NAMES}\n\n**Client to server:** {commands}. `conversation:join` means that the conversation is open \
        on screen, which is needed for typing events.\n\n**Server to client:** `ack`, {events}. A client receives the \
        messages of all its conversations without joining them, its own messages too.\n\n{AFTER_NAMES}"
    )
}

/// Returns the names of the dialect `colon`, each once, as code.
fn names_of_colon(names: impl Iterator<Item = (Dialect, &'static str)>) -> String {
    let mut listed: Vec<String> = Vec::new();
    for (_, name) in names.filter(|(dialect, _)| *dialect == Dialect::Colon) {
        let name = format!("`{name}`");
        if !listed.contains(&name) {
            listed.push(name);
        }
    }
    listed.join(", ")
}

const BEFORE_NAMES: &str = "Realtime events over a WebSocket at `/api/v1/ws`.

**Authentication.** Send the access token as `Authorization: Bearer` with the upgrade; or, from a browser, as \
the subprotocols `bearer, <token>`; or as the first frame `{\"event\": \"auth\", \"data\": {\"token\": \
\"...\"}}` within 10 seconds. Never send it in the URL. A client can send a new token with `auth` at any time. \
The server closes the socket when the current token expires or its session ends.

**Frames** are JSON text: `{\"event\": \"message:send\", \"data\": {...}, \"id\": \"c1\"}`. The server answers a \
frame that has an `id` with `{\"event\": \"ack\", \"id\": \"c1\", \"data\": {...}}` or `{\"event\": \"error\", \
\"id\": \"c1\", \"data\": {\"code\", \"message\"}}`. An ack of `message:send` means that the message is stored \
durably. The server handles the frames of a connection in order; consecutive sends overlap, and are stored and \
answered in order. The maximum size of a frame is 1,000,000 bytes.";

const AFTER_NAMES: &str =
    "**Two dialects.** The names above belong to the dialect `colon`. A connection with `?dialect=camel` receives the \
same events as `messageReceived`, `userTyping`, `groupUpdated` and so on, in terms of private chats and groups. \
Every connection can send the commands of both dialects. The AsyncAPI document at `/api/asyncapi.json` has all \
commands and events of both dialects with their schemas.

**Reconnecting.** Every durable event has a `pos`, its position in the conversation. Send your resume positions, \
as `resume: {conversationId: pos}` (the highest `pos` received in each conversation, or one less than that of the \
first `change:skipped`) and the `epoch` of the last `resumed`, in the `auth` frame; or connect with `?resume=true` and \
send `resume` as the first frame. The server sends the missed events in order, and then `resumed {epoch, positions, \
limited, reset}`. Read the conversations in `limited` by REST. Drop what you have of those in `reset`, and everything \
if `epoch` differs from the one that you sent: the database was restored from a backup.

**Close codes:** 4000 protocol error, 4001 authentication failed, 4002 token expired, 4003 session revoked (the \
reason of these three is the error code), 4004 \
heartbeat missed, 4008 client reads too slowly, 4009 rate limited, 4012 server restarting (the reason has \
`retryAfterMs`). After 4003 sign in again. After 4001 and 4002 refresh the token first, and sign in again if \
that fails. After any other code, reconnect and resume.";

pub(crate) fn realtime_route(config: &mut ServiceConfig<'_>) {
    config.service(resource(SOCKET_PATH).route(get().to(open_socket)));
}

/// The rate limit and the failures of each operation.
pub(crate) const OPERATIONS: &[Operation] = {
    use ErrorCode::{OriginNotAllowed, ProtocolError, TooManyConnections};
    &[Operation::new("openSocket", RequestKind::Connect, &[ProtocolError, OriginNotAllowed, TooManyConnections])]
};

#[api_operation(
    operation_id = "openSocket",
    tag = "Realtime",
    summary = "Open a WebSocket",
    skip_args = "payload",
    description = "An upgrade (RFC 6455) that needs `Upgrade: websocket` and `Sec-WebSocket-Version: 13`. The tag \
        Realtime describes authentication, frames, events and close codes."
)]
async fn open_socket(
    state: Data<HttpState>,
    door: Data<SocketDoor>,
    request: HttpRequest,
    payload: Payload,
    _token: SocketToken,
) -> Result<Upgraded, ApiError> {
    (door.0)(&state, &request, payload).map(Upgraded)
}

/// Documents that the upgrade may carry the token. The connection reads the token itself.
struct SocketToken;

impl FromRequest for SocketToken {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(_: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(Ok(Self))
    }
}

impl ApiComponent for SocketToken {
    undocumented!();

    fn required() -> bool {
        false
    }

    fn securities() -> BTreeMap<String, SecurityScheme> {
        Bearer::securities()
    }

    fn security_requirement_name() -> Option<String> {
        Bearer::security_requirement_name()
    }
}

/// A successful upgrade.
struct Upgraded(HttpResponse);

impl Responder for Upgraded {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl ApiComponent for Upgraded {
    undocumented!();

    fn responses(_: Option<String>) -> Option<Responses> {
        let response =
            Response { description: "The connection is a WebSocket from here on.".to_owned(), ..Response::default() };
        Some(Responses {
            responses: [("101".to_owned(), ReferenceOr::Object(response))].into(),
            ..Responses::default()
        })
    }
}
