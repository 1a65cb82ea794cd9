//! The life of the process: start, serve, drain, stop.

use crate::config::Config;
use crate::metrics::{self, Metrics};
use crate::store::Store;
use crate::{tickers, wiring};
use anyhow::{Context as _, bail};
use chat_http::{Dialect, Listener};
use futures_util::future::OptionFuture;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The exit code that shells report for a process ended by SIGINT.
const EXIT_AT_ONCE: i32 = 130;

/// Serves until a signal asks it to stop, then stops in order: report not ready, close sockets, finish requests, close
/// the database.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    raise_open_files();
    let mut signals = stop_signals()?;
    let _claim = Store::claim(&config.database)?;
    let (wired, landmarks) = tokio::select! {
        wired = wiring::wire(&config) => wired?,
        _ = signals.recv() => bail!("stopped while waiting for the database"),
    };
    let main = bind(SocketAddr::new(config.host, config.port), "HOST or PORT")?;
    let second = config.realtime_port.map(|port| SocketAddr::new(config.host, port));
    let second = second.map(|address| bind(address, "REALTIME_PORT (0 turns it off)")).transpose()?;
    let address = main.local_addr().context("the listener has no address")?;
    let realtime = second.as_ref().and_then(|listener| listener.local_addr().ok());
    let listeners = std::iter::once(Listener { socket: main, dialect: Dialect::Colon })
        .chain(second.map(|socket| Listener { socket, dialect: Dialect::Camel }))
        .collect();
    let admin =
        config.admin.map(|address| bind(address, "ADMIN_HOST or ADMIN_PORT (0 turns metrics off)")).transpose()?;
    let admin = admin.map(|listener| metrics::serve(wired.clone(), listener)).transpose()?;
    let admin_handle = admin.as_ref().map(actix_web::dev::Server::handle);
    tokio::spawn(async move {
        if let Some(Err(error)) = OptionFuture::from(admin).await {
            tracing::error!(%error, "the metrics listener failed: metrics are no longer available");
        }
    });
    let Metrics { state, store, cluster, .. } = wired;
    state.app.auth.refresh_ended_sessions().await.context("cannot read the ended sessions")?;
    // From here on, no new member is missed.
    state.fan_out.check_tails().await.context("cannot read the newest members of conversations")?;
    let mut tickers = tickers::start(&state, &store, &landmarks);
    if let Some(cluster) = &cluster {
        tickers::keep_presence(&mut tickers, &state, cluster);
    }
    state.fan_out.spawn_upkeep();

    let workers = worker_count(config.workers);
    let server =
        chat_http::serve(state.clone(), listeners, workers, config.shutdown_timeout).context("cannot serve")?;
    let handle = server.handle();
    let mut serving = tokio::spawn(server);
    announce(address, realtime);

    let is_asked = tokio::select! {
        ended = &mut serving => bail!("the server stopped unexpectedly: {ended:?}"),
        _ = signals.recv() => true,
        () = landmarks.epoch_ended() => false,
    };
    tracing::info!(
        delay = ?config.shutdown_delay,
        timeout = ?config.shutdown_timeout,
        "stopping; a second signal stops immediately"
    );
    tokio::spawn(async move {
        signals.recv().await;
        std::process::exit(EXIT_AT_ONCE);
    });
    state.readiness.leave();
    tokio::time::sleep(config.shutdown_delay).await;
    state.readiness.drain();
    let drained = tokio::time::timeout(config.shutdown_timeout, async {
        state.fan_out.drain().await;
        state.app.presence.told().await;
        handle.stop(true).await;
    });
    let in_time = drained.await.is_ok();
    drop(tickers);
    if let Some(cluster) = cluster {
        state.app.presence.tell(cluster.upkeep.retire().await).await;
    }
    if let Some(admin) = admin_handle {
        admin.stop(false).await;
    }
    landmarks.note().await;
    store.close().await?;
    if !is_asked {
        bail!("stopped because a new epoch of the database has begun: start the server again");
    }
    if in_time {
        tracing::info!("stopped");
        Ok(())
    } else {
        bail!("stopped after {:?} with unfinished requests", config.shutdown_timeout)
    }
}

/// The configured number of workers, or one per core.
fn worker_count(configured: usize) -> usize {
    match configured {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        workers => workers,
    }
}

fn bind(address: SocketAddr, settings: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}: choose another {settings}"))
}

/// Logs the addresses in one record: links for people, fields for programs.
fn announce(address: SocketAddr, realtime: Option<SocketAddr>) {
    tracing::info!(
        url = %format_args!("http://{address}"),
        websocket = %format_args!("ws://{address}/api/v1/ws"),
        socketio = %format_args!("http://{address}/chat"),
        realtime = realtime.map(|address| format!("http://{address}/chat")),
        docs = %format_args!("http://{address}/api/docs"),
        "listening"
    );
}

/// One message per SIGTERM or SIGINT, from now on.
fn stop_signals() -> anyhow::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Raises the limit of open files to its maximum. Each socket is a file, and many systems start processes with a limit
/// of 1,024 although they allow more.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
