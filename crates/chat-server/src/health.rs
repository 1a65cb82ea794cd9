//! Asks a running server how it is, for health checks of containers.

use crate::config::{Source, listen_address};
use anyhow::{Context as _, bail};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server that does not answer within this is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// More of an answer is not read: its first line says enough.
const MAX_HEAD_BYTES: u64 = 1_024;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the server listens; else as HOST and PORT say
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Ask whether it is ready for new work (/health/ready) instead of whether it lives (/health/live)
    #[arg(long)]
    ready: bool,
}

/// Ends well if the server answers 200.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let address = match options.address {
        Some(address) => address,
        None => reachable(listen_address(&Source::read(Path::new(".env"))?)?),
    };
    let path = if options.ready { "/health/ready" } else { "/health/live" };
    let asked = tokio::time::timeout(PATIENCE, status(address, path)).await;
    match asked.with_context(|| format!("{address} does not answer within {PATIENCE:?}"))?? {
        200 => Ok(()),
        status => bail!("{address}{path} answers {status}"),
    }
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

async fn status(address: SocketAddr, path: &str) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.context("cannot ask")?;
    let mut head = Vec::new();
    stream.take(MAX_HEAD_BYTES).read_to_end(&mut head).await.context("the answer breaks off")?;
    let head = String::from_utf8_lossy(&head);
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok());
    status.with_context(|| format!("{address} does not answer in HTTP"))
}
