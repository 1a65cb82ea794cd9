//! A small WebSocket client that prints each frame it receives, for people who try the server and have curl but no
//! WebSocket client.

use crate::cli::print;
use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// An empty resume: its answer holds the positions of every conversation, and says that every later event will be
/// delivered.
const RESUME: &str = r#"{"event":"resume","data":{"resume":{}}}"#;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// An access token, from the response of a login
    token: String,
    /// WebSocket address of the server
    #[arg(long, default_value = "ws://127.0.0.1:3000/api/v1/ws")]
    url: String,
    /// Stop after the first event with this name, such as message:received
    #[arg(long)]
    until: Option<String>,
}

/// Prints one frame per line, until the server closes the connection, the awaited event arrives, or Ctrl-C.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let mut socket = connect(&options).await?;
    socket.send(Message::text(RESUME)).await?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(frame))) => {
                print(&format!("{frame}\n"))?;
                if options.until.is_some() && event_of(&frame) == options.until {
                    let _ = socket.close(None).await;
                    return Ok(());
                }
            }
            Some(Ok(Message::Close(Some(close)))) => {
                bail!("the server closed the connection: {} {}", u16::from(close.code), close.reason)
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error).context("the connection failed"),
            None => bail!("the connection ended"),
        }
    }
}

async fn connect(options: &Options) -> anyhow::Result<WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>> {
    let address = format!("{}?resume=true", options.url);
    let mut request = address.into_client_request().with_context(|| format!("{} is not a ws:// URL", options.url))?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", options.token))
        .context("the token contains characters that a header cannot hold")?;
    request.headers_mut().insert("authorization", bearer);
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => {
            let body = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            bail!("the server answered {}: {body}", answer.status())
        }
        Err(error) => Err(error).with_context(|| format!("cannot connect to {}", options.url)),
    }
}

fn event_of(frame: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(frame).ok()?;
    frame["event"].as_str().map(str::to_owned)
}
