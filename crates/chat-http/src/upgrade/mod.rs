//! The server whose upgraded sockets are our own: HTTP is actix-web's, and a request to upgrade leaves it with its TCP
//! stream (see `STACK`, "WebSocket", for what that saves).
//!
//! Requests with `Upgrade: websocket`, and `CONNECT`, pass the `App` by: their routing, Origin check, request log and
//! error answers happen here, with the code that the rest of the crate shares. The `App` opens no sockets: a request
//! that should have come here and did not, such as an upgrade with a body, is refused there. Other protocols that a
//! request offers are ignored (`offers.rs`).

mod answer;
mod offers;
mod service;

use crate::socketio::{Gateway, Listener};
use crate::traffic::{Paced, regulate};
use crate::{ApiError, HttpState, rest};
use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::Server;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use chat_domain::ErrorCode;
use chat_realtime::Counted;
use offers::Offers;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Serves REST, sockets and Socket.IO on these listeners, until the handle says to stop. Signals are the caller's, and
/// so is
/// [`chat_realtime::FanOut::drain`] before stopping: upgraded sockets are not counted as work in progress.
#[allow(clippy::needless_pass_by_value)] // A server takes over what it serves.
pub fn serve(
    state: HttpState,
    listeners: Vec<Listener>,
    workers: usize,
    shutdown_timeout: Duration,
) -> io::Result<Server> {
    let mut builder =
        Server::build().workers(workers.max(1)).disable_signals().shutdown_timeout(shutdown_timeout.as_secs().max(1));
    let stopping = builder.graceful_shutdown_signal();
    let gateways = Gateway::of_each(&state, listeners.iter().map(|listener| listener.dialect));
    for (listener, gateway) in listeners.into_iter().zip(gateways) {
        let address = listener.socket.local_addr()?;
        let (state, stopping) = (state.clone(), stopping.clone());
        builder = builder.listen(address.to_string(), listener.socket, move || {
            let (state, gateway, upgrading, stopping) =
                (state.clone(), gateway.clone(), gateway.clone(), stopping.clone());
            let regulating = Rc::new(state.clone());
            let http = HttpService::build()
                .keep_alive(state.settings.keep_alive)
                .client_request_timeout(state.settings.head_timeout)
                .on_connect_ext(|stream: &Offers, data| drop(data.insert(stream.traffic())))
                // A client that hangs up while it polls is noticed at once.
                .h1_allow_half_closed(false)
                // Idle connections are closed when a stop begins, busy ones after the answer they are at.
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .local_addr(address)
                .upgrade(fn_service(move |(request, framed)| service::upgrade(upgrading.clone(), request, framed)))
                .finish(apply_fn_factory(
                    map_config(
                        App::new()
                            .configure(gateway.configure())
                            .configure(rest::configure_without_sockets(state))
                            .into_factory()
                            .map_err(|error: actix_web::Error| error.error_response()),
                        |()| AppConfig::default(),
                    ),
                    move |request, app: &_| regulate(Rc::clone(&regulating), request, app),
                ));
            fn_service(accept).and_then(http)
        })?;
    }
    Ok(builder.run())
}

async fn accept(stream: TcpStream) -> Result<(Offers, Protocol, Option<SocketAddr>), DispatchError> {
    // Where it cannot be set the connection is gone, as the first read will tell.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    Ok((Offers::new(Paced::new(stream)), Protocol::Http1, peer))
}

/// A place for one more socket.
pub(crate) fn admit(state: &HttpState) -> Result<Counted, ApiError> {
    if state.readiness.is_draining() || state.fan_out.is_draining() {
        return Err(ApiError::new(ErrorCode::Unavailable, "The server is restarting, please try again"));
    }
    if !state.readiness.is_ready() {
        return Err(ApiError::new(ErrorCode::Unavailable, "The service is not available right now, please try again"));
    }
    state.fan_out.admit().ok_or_else(|| {
        ApiError::new(ErrorCode::TooManyConnections, "The server has as many connections as it may have")
    })
}
