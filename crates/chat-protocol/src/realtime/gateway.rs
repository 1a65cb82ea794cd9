use super::payloads::{FrameErrorView, ResumedView};
use super::{Both, EventName};
use crate::{Failure, FaultView};
use chat_domain::{ConversationId, Epoch, Pos};
use serde::Serialize;

/// The frame around an event, an acknowledgement or an error, for one kind of socket. Everything that is sent to a
/// client is encoded here, so another kind of frame is another arm in each of these functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gateway {
    /// Plain WebSocket: `{"event": ..., "id"?: ..., "data": ...}`, one text message each.
    #[default]
    WebSocket,
    /// Socket.IO v5 over Engine.IO v4, over any transport: each text is one message packet of Engine.IO that contains
    /// an EVENT or ACK packet of [`Gateway::NAMESPACE`]. Ids of commands are the protocol's own numbers, in decimal.
    SocketIo,
}

#[derive(Serialize)]
struct Named<'frame, T> {
    event: &'frame str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'frame str>,
    data: &'frame T,
}

fn text<T: Serialize>(event: &str, id: Option<&str>, data: &T) -> String {
    // Views contain only strings, numbers and maps with string keys, so writing them to memory cannot fail.
    serde_json::to_string(&Named { event, id, data }).unwrap_or_default()
}

/// Encodes a packet of Socket.IO with `data` as JSON. `kind` is the prefix of the packet.
fn packet<T: Serialize>(kind: &str, id: &str, data: &T) -> String {
    let mut text = [kind, Gateway::NAMESPACE, ",", id].concat().into_bytes();
    // Cannot fail, as above. serde_json writes UTF-8.
    let _ = serde_json::to_writer(&mut text, data);
    String::from_utf8(text).unwrap_or_default()
}

/// The prefixes of packets of Socket.IO that carry data, as messages of Engine.IO.
const EVENT_PACKET: &str = "42";
const ACK_PACKET: &str = "43";

/// The only argument of an acknowledgement's callback.
#[derive(Serialize)]
struct Answered<'answer, T, E> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'answer T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'answer E>,
}

impl Gateway {
    /// The namespace of Socket.IO that carries all frames.
    pub const NAMESPACE: &'static str = "/chat";

    /// Every gateway, in the order of [`Self::index`].
    pub const ALL: &'static [Self] = &[Self::WebSocket, Self::SocketIo];

    /// Returns its index in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Encodes an event.
    pub fn event<T: Serialize>(self, event: EventName<T>, data: &T) -> String {
        match self {
            Self::WebSocket => text(event.as_str(), None, data),
            Self::SocketIo => packet(EVENT_PACKET, "", &(event.as_str(), data)),
        }
    }

    /// Encodes the acknowledgement of the command with this id.
    pub fn ack<T: Serialize>(self, id: &str, data: &T) -> String {
        match self {
            Self::WebSocket => text("ack", Some(id), data),
            Self::SocketIo => {
                packet(ACK_PACKET, id, &[Answered::<T, ()> { success: true, data: Some(data), error: None }])
            }
        }
    }

    /// Encodes an acknowledgement without a result.
    pub fn empty_ack(self, id: &str) -> String {
        #[derive(Serialize)]
        struct Nothing {}
        self.ack(id, &Nothing {})
    }

    /// Encodes the failure of the command with this id, or of a command without an id.
    pub fn error(self, id: Option<&str>, failure: &Failure) -> String {
        let view = FrameErrorView::from(failure);
        match (self, id) {
            (Self::WebSocket, id) => text(Both::ERROR.as_str(), id, &view),
            (Self::SocketIo, None) => self.event(Both::ERROR, &view),
            (Self::SocketIo, Some(id)) => {
                packet(ACK_PACKET, id, &[Answered::<(), _> { success: false, data: None, error: Some(&view) }])
            }
        }
    }

    /// Encodes `resumed`, which is the same in every dialect: the epoch, the newest `pos` of each conversation, the
    /// conversations with more missed events than the server has sent, and those whose positions are void.
    pub fn resumed(
        self,
        epoch: Epoch,
        positions: impl IntoIterator<Item = (ConversationId, Pos)>,
        limited: impl IntoIterator<Item = ConversationId>,
        reset: impl IntoIterator<Item = ConversationId>,
    ) -> String {
        let view = ResumedView {
            epoch: epoch.as_uuid(),
            positions: positions.into_iter().map(|(id, pos)| (id.as_uuid(), pos.get())).collect(),
            limited: limited.into_iter().map(ConversationId::as_uuid).collect(),
            reset: reset.into_iter().map(ConversationId::as_uuid).collect(),
        };
        self.event(Both::RESUMED, &view)
    }
}

impl From<&Failure> for FrameErrorView {
    fn from(failure: &Failure) -> Self {
        // Rounded up, so that a client does not retry too early.
        let millis = |pause: std::time::Duration| u64::try_from(pause.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        Self {
            code: failure.code.as_str().to_owned(),
            message: failure.messages.join("; "),
            details: failure.details.iter().cloned().map(FaultView::from).collect(),
            retry_after_ms: failure.retry_after.map(millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;
    use chat_domain::ErrorCode;
    use serde_json::{Value, json};
    use std::time::Duration;
    use uuid::Uuid;

    const SOCKET: Gateway = Gateway::WebSocket;
    const EPOCH: Epoch = Epoch::new(Uuid::from_u128(9));

    fn read(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn each_gateway_has_a_place_of_its_own() {
        for (place, gateway) in Gateway::ALL.iter().enumerate() {
            assert_eq!(gateway.index(), place);
        }
    }

    #[test]
    fn answers_name_the_command_and_errors_say_what_is_wrong() {
        assert_eq!(read(&SOCKET.empty_ack("c1")), json!({"event": "ack", "id": "c1", "data": {}}));
        assert_eq!(read(&SOCKET.ack("c1", &json!({"a": 1}))), json!({"event": "ack", "id": "c1", "data": {"a": 1}}));
        let mut failure = Failure::new(ErrorCode::ValidationFailed, "content must not be empty");
        assert_eq!(
            read(&SOCKET.error(None, &failure)),
            json!({"event": "error", "data": {"code": "VALIDATION_FAILED", "message": "content must not be empty"}})
        );
        failure.details.push(Fault::new("content", "must not be empty"));
        failure.retry_after = Some(Duration::from_micros(1_001));
        let frame = read(&SOCKET.error(Some("c2"), &failure));
        assert_eq!((frame["id"].as_str(), &frame["data"]["details"][0]["field"]), (Some("c2"), &json!("content")));
        assert_eq!(frame["data"]["retryAfterMs"], 2, "rounded up");
    }

    #[test]
    fn socket_io_has_packets_of_its_own_for_events_and_answers() {
        let (gateway, failure) = (Gateway::SocketIo, Failure::new(ErrorCode::Forbidden, "no"));
        assert_eq!(gateway.ack("7", &json!({"a": 1})), r#"43/chat,7[{"success":true,"data":{"a":1}}]"#);
        assert_eq!(gateway.empty_ack("0"), r#"43/chat,0[{"success":true,"data":{}}]"#);
        let error = r#"{"code":"FORBIDDEN","message":"no"}"#;
        assert_eq!(gateway.error(None, &failure), format!(r#"42/chat,["error",{error}]"#));
        assert_eq!(gateway.error(Some("12"), &failure), format!(r#"43/chat,12[{{"success":false,"error":{error}}}]"#));
        let resumed = format!(r#"42/chat,["resumed",{{"epoch":"{EPOCH}","positions":{{}},"limited":[],"reset":[]}}]"#);
        assert_eq!(gateway.resumed(EPOCH, [], [], []), resumed);
    }

    #[test]
    fn resumed_maps_conversations_to_positions() {
        let id = ConversationId::new(Uuid::from_u128(1));
        assert_eq!(
            read(&SOCKET.resumed(EPOCH, [(id, Pos::new(3))], [id], [id])),
            json!({"event": "resumed", "data": {
                "epoch": EPOCH.as_uuid(), "positions": {id.to_string(): 3}, "limited": [id.as_uuid()],
                "reset": [id.as_uuid()]}})
        );
    }
}
