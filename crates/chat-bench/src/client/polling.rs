//! Opens a Socket.IO session by long polling, which a websocket then takes over.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Returns the id of the new session, or the reason if there is none.
pub(super) async fn open(address: &str) -> Result<String, String> {
    let opening = async {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = opening.await.map_err(|error| error.to_string())?;
    let sid = answer.split_once(r#""sid":""#).and_then(|(_, rest)| rest.split('"').next());
    sid.map(str::to_owned).ok_or_else(|| answer.lines().next().unwrap_or_default().to_owned())
}
