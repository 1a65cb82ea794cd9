use super::*;
use proptest::prelude::*;

/// Returns the reader's output for these bytes in pieces of this size, and the part to which the next byte belongs.
fn passed(text: &str, piece: usize) -> (String, Requests) {
    let (mut requests, mut held, mut out) = (Requests::Head, Vec::new(), Vec::new());
    for piece in text.as_bytes().chunks(piece) {
        held.extend_from_slice(piece);
        let settled = requests.settle(&mut held, |_| ());
        out.extend(held.drain(..settled));
    }
    out.extend(held);
    (String::from_utf8(out).expect("text"), requests)
}

const OFFER: &str = "Host: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
const HIDDEN: &str = "Host: h\r\nConnection: ignored, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
/// A body that looks like a head.
const BODY: &str = "x\r\nConnection: Upgrade\r\n\r\n";

#[test]
fn an_offer_in_any_head_is_hidden_and_in_a_body_left_alone() {
    let length = BODY.len();
    let requests = |offer: &str| {
        format!(
            "GET /a HTTP/1.1\r\n{offer}\r\n\
             POST /b HTTP/1.1\r\n{offer}Content-Length: {length}\r\n\r\n{BODY}\
             POST /c HTTP/1.1\r\n{offer}Transfer-Encoding: chunked\r\n\r\n\
             {length:x}\r\n{BODY}\r\n1;x=y\r\nz\r\n0\r\nConnection: Upgrade\r\n\r\n\
             \r\nGET /d HTTP/1.1\nconnection:upgrade\n{offer}\n"
        )
    };
    let sent = requests(OFFER);
    let expected = requests(HIDDEN).replace("connection:upgrade\n", "connection:ignored\n");
    for piece in [1, 2, 3, 7, 50, sent.len()] {
        assert_eq!(passed(&sent, piece), (expected.clone(), Requests::Head), "in pieces of {piece}");
    }
}

#[test]
fn what_leaves_http_or_is_no_http_passes_as_it_is() {
    for head in [
        "GET /api/v1/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "POST /api/v1/ws?a=b HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nContent-Length: 5\r\n\r\n",
        "GET http://h/api/v1/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "CONNECT h:1 HTTP/1.1\r\nConnection: Upgrade\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\nConnection: Upgrade\r\n\r\n",
        "GET\r\nConnection: Upgrade\r\n\r\n",
    ] {
        let sent = format!("{head}GET / HTTP/1.1\r\nConnection: Upgrade\r\n\r\n");
        assert_eq!(passed(&sent, sent.len()), (sent.clone(), Requests::Opaque));
    }
    let chunked =
        "GET /api/v1/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n";
    let hidden = chunked.replace("Connection: Upgrade", "Connection: ignored");
    assert_eq!(passed(chunked, 9), (hidden, Requests::ChunkSize), "it goes to no upgrade");
}

#[test]
fn a_websocket_is_not_offered_where_none_is_served() {
    for target in ["/", "/health/live", "/api/v1/users/me?a=/api/v1/ws", "http://h/api/docs", "/api/v1/ws/", "*"] {
        let offer = "Connection: keep-alive, Upgrade\r\nUpgrade:\t WebSocket \r\nX-Upgrade: websocket\r\n";
        let hidden = "Connection: keep-alive, ignored\r\nUpgrade:\t unoffered \r\nX-Upgrade: websocket\r\n";
        let requests = |offer: &str| {
            format!(
                "GET {target} HTTP/1.1\r\n{offer}\r\nPOST {target} HTTP/1.1\r\n{offer}Content-Length: \
                 9\r\n\r\nwebsocket\
                 PUT {target} HTTP/1.1\r\nupgrade: websocket\r\nTransfer-Encoding: \
                 chunked\r\n\r\n9\r\nwebsocket\r\n0\r\n\r\n"
            )
        };
        let sent = requests(offer);
        let expected = requests(hidden).replace("\nupgrade: websocket", "\nupgrade: unoffered");
        for piece in [1, 7, sent.len()] {
            assert_eq!(passed(&sent, piece), (expected.clone(), Requests::Head), "{target} in pieces of {piece}");
        }
    }
}

#[test]
fn words_that_only_contain_the_option_are_left_alone() {
    let sent = "GET / HTTP/1.1\r\nConnection: upgrades, x-upgrade\r\nX-Connection: upgrade\r\n\r\n";
    assert_eq!(passed(sent, sent.len()).0, sent);
    let sent = "GET / HTTP/1.1\r\nConnection: close,\tUPGRADE ,upgrades\r\n\r\n";
    assert_eq!(passed(sent, sent.len()).0, sent.replace("UPGRADE", "ignored"));
}

proptest! {
    #[test]
    fn no_byte_is_added_removed_or_moved(text in "(GET / HTTP/1.1|[A-Za-z:, \r\n0-9]{0,9}|Connection: Upgrade|Upgrade: \
        websocket|\r\n){0,20}", piece in 1_usize..40) {
        let (passed, _) = passed(&text, piece);
        prop_assert_eq!(passed.len(), text.len());
        let differ = passed.bytes().zip(text.bytes()).filter(|(one, other)| one != other);
        let is_written = |byte| UNREADABLE.contains(&byte) || UNREADABLE_WEBSOCKET.contains(&byte);
        prop_assert!(differ.map(|(one, _)| one).all(is_written));
    }
}
