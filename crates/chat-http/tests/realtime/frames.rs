use crate::house::{BINARY, CLOSE, FIN, House, PING, PONG, Socket, TEXT, command, frame, head};
use serde_json::json;
use std::time::Duration;

async fn signed_in(house: &House) -> Socket {
    let ann = house.register("ann").await;
    house.connect(&ann).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fragments_make_one_message_and_a_ping_between_them_is_answered() {
    let house = House::open();
    let mut socket = signed_in(&house).await;
    let message = json!({"event": "presence:update", "data": {"status": "busy"}, "id": "é"}).to_string();
    let bytes = message.as_bytes();
    let cut = message.find('é').expect("it is there") + 1;
    for (index, byte) in frame(TEXT, &bytes[..cut]).into_iter().enumerate() {
        socket.write(&[byte]).await;
        if index % 8 == 0 {
            tokio::task::yield_now().await;
        }
    }
    socket.write(&frame(FIN | PING, b"there?")).await;
    assert_eq!(socket.frame().await, Some((FIN | PONG, b"there?".to_vec())));
    socket.write(&frame(FIN, &bytes[cut..])).await;
    assert_eq!(socket.event("ack").await["id"], "é");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_breach_of_the_protocol_ends_with_its_code() {
    let house = House::open();
    let ann = house.register("ann").await;
    let cases: [(&str, Vec<u8>, u16); 6] = [
        ("unmasked", vec![FIN | TEXT, 2, b'{', b'}'], 1002),
        ("reserved bits", frame(FIN | 0x40 | TEXT, b"{}"), 1002),
        ("a continuation of nothing", frame(FIN, b"{}"), 1002),
        ("binary", frame(FIN | BINARY, b"{}"), 1003),
        ("half a character", frame(FIN | TEXT, &[0xC3]), 1007),
        ("ten megabytes, announced", head(FIN | TEXT, 10_000_000), 1009),
    ];
    for (what, bytes, code) in cases {
        let mut socket = house.connect(&ann).await;
        socket.write(&bytes).await;
        assert_eq!(socket.close_code().await, code, "{what}");
        assert_eq!(socket.frame().await, None, "{what}: the server closes the connection");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_in_full_are_refused_and_cost_nobody_else() {
    let house = House::open();
    let ann = house.register("ann").await;
    let mut other = house.connect(&ann).await;
    let socket = house.connect(&ann).await;
    let big = frame(FIN | TEXT, &vec![b'x'; 10_000_000]);
    let (mut reading, mut writing) = socket.stream.into_split();
    let write = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        // The server may close the connection before it has read everything.
        let _ = writing.write_all(&big).await;
        writing
    });
    let mut answer = vec![0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut reading, &mut answer).await.expect("a Close frame");
    assert_eq!((answer[0], u16::from_be_bytes([answer[2], answer[3]])), (FIN | CLOSE, 1009));
    drop(write.await);
    other.write(&command("presence:get", &json!({"userId": ann.id.to_string()}), "1")).await;
    assert_eq!(other.event("ack").await["id"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_goodbye_is_answered_with_its_own_code_and_the_socket_is_let_go_of() {
    let house = House::open();
    let mut socket = signed_in(&house).await;
    socket.write(&frame(FIN | CLOSE, &1001_u16.to_be_bytes())).await;
    assert_eq!(socket.frame().await, Some((FIN | CLOSE, 1001_u16.to_be_bytes().to_vec())));
    assert_eq!(socket.frame().await, None);
    let gone = house.state.fan_out.all_left();
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("nothing is left of it");
}
