//! A proxy that breaks WebSockets silently.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Starts a proxy in front of `base` that forwards plain requests and upgrades, and drops every frame.
pub(super) async fn swallowing(base: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let server = base.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = server.clone();
            // The side that closes first ends the connection.
            tokio::spawn(async move { drop(pass_on(client, &server).await) });
        }
    });
    format!("http://{address}")
}

async fn pass_on(mut client: TcpStream, server: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let head = read_head(&mut client).await?;
    server.write_all(&head).await?;
    if String::from_utf8_lossy(&head).to_ascii_lowercase().contains("upgrade: websocket") {
        let answer = read_head(&mut server).await?;
        client.write_all(&answer).await?;
        let (mut from_client, mut from_server) = ([0; 4_096], [0; 4_096]);
        loop {
            tokio::select! {
                read = client.read(&mut from_client) => if read? == 0 { return Ok(()) },
                read = server.read(&mut from_server) => if read? == 0 { return Ok(()) },
            }
        }
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// Reads up to the empty line, and returns everything that arrived.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    Ok(bytes)
}
