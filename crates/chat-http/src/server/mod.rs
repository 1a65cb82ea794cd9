//! The whole server: both wings on its listeners, and the layers that a connection passes before either.
//!
//! actix-web serves HTTP. A request to upgrade leaves it with its TCP stream, so that an idle socket holds none of the
//! buffers that HTTP keeps for a request.
//!
//! Requests with `Upgrade: websocket`, and `CONNECT`, go to the gateway (`crate::gateway`), everything else to the
//! `App` (`crate::rest`), which opens no sockets: a request that should have gone to the gateway and did not, such as
//! an upgrade with a body, is rejected there. Other protocols that a request offers are ignored (`offers.rs`).
//! [`traffic`] limits the effect of one connection on the others.

mod offers;
/// Limits the effect of one HTTP connection on the others.
pub mod traffic;

use crate::HttpState;
use crate::gateway::{Gateway, Released, open_in_app, refuse_in_app, upgrade};
use crate::rest::{SocketDoor, mounted};
use actix_codec::Framed;
use actix_http::error::DispatchError;
use actix_http::h1::Codec;
use actix_http::{HttpService, Protocol, Request};
use actix_server::Server;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, apply_fn_factory, fn_service, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, web};
use chat_protocol::realtime::Dialect;
use offers::Offers;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use traffic::{Paced, regulate};

/// A port, and the default dialect of its clients.
#[derive(Debug)]
pub struct Listener {
    /// The listening socket.
    pub socket: TcpListener,
    /// The dialect of its clients, unless they name another.
    pub dialect: Dialect,
}

/// Creates the `App` of all HTTP routes. Each worker thread creates one.
pub fn app(
    state: HttpState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new().configure(configure(state))
}

/// Configures the same routes for a service that mounts them in its own `App`. They handle every request that no
/// earlier route handled, so register them last.
pub fn configure(state: HttpState) -> impl FnOnce(&mut web::ServiceConfig) {
    mounted(state, SocketDoor(open_in_app))
}

/// Serves REST, sockets and Socket.IO on these listeners until the handle stops the server. The caller handles signals,
/// and calls [`chat_realtime::FanOut::drain`] before stopping: upgraded sockets do not count as work in progress.
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
                // A polling client that disconnects is noticed at once.
                .h1_allow_half_closed(false)
                // When a stop begins, idle connections are closed at once, busy ones after their current answer.
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .local_addr(address)
                .upgrade(fn_service(move |(request, framed)| leave_http(upgrading.clone(), request, framed)))
                .finish(apply_fn_factory(
                    map_config(
                        App::new()
                            .configure(gateway.configure())
                            .configure(mounted(state, SocketDoor(refuse_in_app)))
                            .into_factory()
                            .map_err(|error: Error| error.error_response()),
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
    // If it cannot be set, the connection is lost, as the first read will show.
    let _ = stream.set_nodelay(true);
    let peer = stream.peer_addr().ok();
    Ok((Offers::new(Paced::new(stream)), Protocol::Http1, peer))
}

async fn leave_http(
    gateway: Gateway,
    request: Request,
    framed: Framed<Offers, Codec>,
) -> Result<(), actix_http::Error> {
    let parts = framed.into_parts();
    let (stream, read) = parts.io.into_parts(parts.read_buf);
    upgrade(gateway, request, Released { stream, read, unwritten: parts.write_buf.freeze() }).await;
    Ok(())
}
