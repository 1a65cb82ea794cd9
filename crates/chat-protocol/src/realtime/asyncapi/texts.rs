use super::Dialect;

/// What the document says of itself.
pub(super) const ABOUT: &str = "Everything that happens to a user, as it happens, over one plain WebSocket per device.

Each message is one JSON text frame: `{\"event\", \"data\", \"id\"?}`. A command with an `id` is answered by one `ack` or one `error` of that id. Frames of one \
connection are handled in order. A frame has at most 1,000,000 bytes.

Commands of both dialects are understood on every connection; what a connection is told follows its own, which the query `dialect` chooses. \
Messages of all of one's conversations arrive without joining anything. An ack of a message means that it is stored durably.

Durable events carry the `pos` of their conversation: 1, 2, 3, ... without a gap. Who comes back says the highest it has of each, and gets exactly what it missed, \
in order, and then `resumed`.

The reference, with guarantees, limits, close codes, and complete clients in JavaScript, Python and Rust, is docs/realtime.md in the source; what fails and how is docs/errors.md.";

/// Where a token goes.
pub(super) const SIGNING_IN: &str = "An access token of POST /api/v1/auth/login, in the header of the upgrade; or, from a browser, as the subprotocols `bearer, <token>`; or in a \
first frame `auth`. Never in the URL. A fresh one may be given on the open socket, by `auth`, at any time.";

pub(super) const fn channel(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Colon => {
            "Names such as message:send and message:received; about conversations, direct ones and groups alike. What a connection is told where it chooses nothing."
        }
        Dialect::Camel => {
            "Names such as sendMessage and messageReceived; about private chats and groups, the same that the other dialect calls conversations. Chosen by ?dialect=camel."
        }
    }
}
