use crate::extract::{Bearer, undocumented};
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
use apistos::{ApiComponent, Schema, api_operation};
use chat_protocol::messages::SendMessageData;
use chat_protocol::realtime::{
    AuthenticatedView, CallView, ConversationCreatedView, ConversationUpdatedView, FetchedView, FrameErrorView,
    MessageReceivedView, ParticipantAddedView, ParticipantRemovedView, PresenceStatusView, ResumedView, TypingView,
    UserOfflineView, UserOnlineView, WindowView,
};
use chat_protocol::receipts::PositionsView;
use std::collections::BTreeMap;
use std::future::{Ready, ready};

/// Explains the socket, as the description of its tag.
pub(super) const ABOUT: &str = "Everything that happens, as it happens, on a WebSocket at `/api/v1/ws`.

**Signing in.** Send the access token as `Authorization: Bearer` with the upgrade; or, from a browser, as the subprotocols \
`bearer, <token>`; or as the first frame `{\"event\": \"auth\", \"data\": {\"token\": \"...\"}}` within 10 seconds. Never in the URL. A fresh token may be \
given on the open socket by `auth` at any time; when the token in use expires, or its session ends, the socket is closed.

**Frames** are JSON text: `{\"event\": \"message:send\", \"data\": {...}, \"id\": \"c1\"}`. A frame with an `id` is answered by \
`{\"event\": \"ack\", \"id\": \"c1\", \"data\": {...}}` or `{\"event\": \"error\", \"id\": \"c1\", \"data\": {\"code\", \"message\"}}`. An ack of `message:send` means that \
the message is stored durably. Frames are handled in order. A frame has at most 1,000,000 bytes.

**Client to server:** `conversation:join` and `conversation:leave` (the open window: typing), `message:send`, `message:delivered`, `message:read`, \
`messages:fetch`, `typing:start`, `typing:stop`, `presence:update`, `presence:get`, `call:start`, `auth`, `resume`.

**Server to client:** `message:received` (also to the sender), `message:status`, `messages:fetched`, `typing:update`, `user:online`, `user:offline`, \
`conversation:created`, `conversation:updated`, `conversation:joined`, `conversation:left`, `participant:added`, `participant:removed`, `call:incoming`, `presence:status`, `resumed`, `ack`, `error`. \
The messages of all of one's conversations arrive without joining.

**Two dialects.** The names above are those of `colon`. With `?dialect=camel` a connection is told the same as `messageReceived`, `userTyping`, `groupUpdated`, ..., about private chats \
and groups; commands of both dialects are understood on every connection. Every command and event of both, with the schemas of their data, is in the AsyncAPI document at `/api/asyncapi.json`.

**Coming back.** Every durable event carries the `pos` of its conversation. Say what you have, as `resume: {conversationId: pos}` in the `auth` frame, or connect with \
`?resume=true` and send a first frame `resume`: what was missed comes as ordinary events in order, then `resumed {positions, limited}`; conversations in `limited` are read by REST.

**Close codes:** 4000 protocol error, 4001 authentication failed, 4002 token expired, 4003 session revoked, 4004 heartbeat missed, 4008 too slow a reader, 4009 rate limited, \
4012 server restarting (the reason carries `retryAfterMs`). After all but 4003: come back and resume, after \
4001 and 4002 with a renewed token; sign in again after 4003, and where renewing is refused.";

pub(crate) fn realtime_route(config: &mut ServiceConfig<'_>) {
    config.service(resource(SOCKET_PATH).route(get().to(open_socket)));
}

/// The payloads of events, which no REST operation mentions.
pub(super) fn schemas() -> Vec<(String, ReferenceOr<Schema>)> {
    macro_rules! payloads {
        ($($payload:ident),* $(,)?) => {
            [$(($payload::schema(), $payload::child_schemas())),*]
        };
    }
    let payloads = payloads![
        AuthenticatedView,
        CallView,
        ConversationCreatedView,
        ConversationUpdatedView,
        FetchedView,
        FrameErrorView,
        MessageReceivedView,
        ParticipantAddedView,
        ParticipantRemovedView,
        PositionsView,
        PresenceStatusView,
        ResumedView,
        SendMessageData,
        TypingView,
        UserOfflineView,
        UserOnlineView,
        WindowView,
    ];
    payloads.into_iter().flat_map(|(own, children)| children.into_iter().chain(own)).collect()
}

#[api_operation(
    operation_id = "openSocket",
    tag = "Realtime",
    summary = "Open the WebSocket",
    skip_args = "payload",
    description = "An upgrade (RFC 6455). See the description of the tag Realtime for signing in, frames, events and close codes."
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

/// Documents that the token may come with the upgrade, and need not. The connection reads it itself.
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

/// An upgrade that succeeded.
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
