use super::Dialect;

/// The description of the document.
pub(super) const ABOUT: &str = "Realtime events and commands of a user over one plain WebSocket per device.

Each message is one JSON text frame: `{\"event\", \"data\", \"id\"?}`. The server answers a command that has an \
`id` with one `ack` or one `error` of the same id. It handles the frames of a connection in order; consecutive \
sends overlap, and are stored and answered in order. The maximum size of a frame is 1,000,000 bytes.

Every connection can send the commands of both dialects. The query parameter `dialect` chooses the dialect of \
the events that the connection receives. A client receives the messages of all its conversations without joining \
them. An ack of a message means that the message is stored durably.

Every durable event has the `pos` of its conversation: 1, 2, 3 and so on, without gaps. A client that reconnects \
sends its resume positions (the highest `pos` received in each conversation, or one less than that of the first \
`change:skipped`), receives the missed events in order, and then `resumed`.

The guarantees, limits and close codes, and complete clients in JavaScript, Python and Rust, are in \
docs/realtime.md in the source. The errors are in docs/errors.md.";

/// The description of the security scheme.
pub(super) const SIGNING_IN: &str = "An access token of POST /api/v1/auth/login, in the header of the upgrade; \
or, from a browser, as the subprotocols `bearer, <token>`; or in a first frame `auth`. Never send it in the URL. \
A client can send a new token with `auth` at any time.";

pub(super) const fn channel(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Colon => {
            "Names such as message:send and message:received, for all kinds of conversations. The default."
        }
        Dialect::Camel => {
            "Names such as sendMessage and messageReceived, for private chats and groups. Chosen by ?dialect=camel."
        }
    }
}
