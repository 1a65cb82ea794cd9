//! Checks the health of a running server, for health checks of containers.

use crate::config::{Source, listen_address};
use anyhow::{Context as _, bail};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server that does not answer within this time counts as unhealthy.
const PATIENCE: Duration = Duration::from_secs(3);

/// How much of the response is read: enough for its first line.
const MAX_HEAD_BYTES: u64 = 1_024;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Address of the server; by default the one that HOST and PORT give
    #[arg(long)]
    address: Option<SocketAddr>,
    /// Check whether the server is ready for requests (/health/ready), not only alive (/health/live)
    #[arg(long)]
    ready: bool,
}

/// Succeeds if the server answers 200.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let address = match options.address {
        Some(address) => address,
        None => reachable(listen_address(&Source::read(Path::new(".env"))?)?),
    };
    let path = if options.ready { "/health/ready" } else { "/health/live" };
    let asked = tokio::time::timeout(PATIENCE, status(address, path)).await;
    match asked.with_context(|| format!("{address} did not answer within {PATIENCE:?}"))?? {
        200 => Ok(()),
        status => bail!("{address}{path} answered {status}"),
    }
}

/// Returns the loopback address for a server that listens on all addresses.
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
    stream.write_all(request.as_bytes()).await.context("cannot send the request")?;
    let mut head = Vec::new();
    stream.take(MAX_HEAD_BYTES).read_to_end(&mut head).await.context("the response is incomplete")?;
    let head = String::from_utf8_lossy(&head);
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok());
    status.with_context(|| format!("{address} did not answer with HTTP"))
}
