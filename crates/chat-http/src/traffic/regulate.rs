use super::{REFUSAL_COST, Traffic};
use crate::HttpState;
use crate::limits::{EXPOSED, are_on};
use crate::socketio::Gateway;
use actix_http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_http::{ConnectionType, Method, Request, Response, StatusCode};
use actix_service::Service;
use std::future::{Future, pending};
use std::net::IpAddr;
use std::rc::Rc;

/// Answers a request when it is its connection's turn, charges it, and closes the connection where it has used up its budget. Requests that had been sent before
/// the connection was closed are not answered.
pub(crate) fn regulate<S, R, B>(
    state: Rc<HttpState>,
    request: Request,
    service: &S,
) -> impl Future<Output = Result<Response<B>, S::Error>> + use<S, R, B>
where
    S: Service<Request, Response = R>,
    R: Into<Response<B>>,
{
    let traffic = request.conn_data::<Rc<Traffic>>().cloned().unwrap_or_default();
    let asked = Asked::of(&state, &request);
    let under_way = traffic.begin(body_length(&state, &request));
    let answer = (!traffic.is_closing()).then(|| service.call(request));
    async move {
        if !traffic.take_turn() || answer.is_none() {
            tokio::task::yield_now().await;
        }
        let Some(answer) = answer.filter(|_| !traffic.is_closing()) else {
            // The stream has ended for the dispatcher, which drops this.
            return pending().await;
        };
        let mut response = answer.await?.into();
        drop(under_way);
        if state.readiness.is_leaving() {
            // The proxy's next request goes to another node.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let cost = asked.cost(response.status(), response.headers().contains_key(EXPOSED[0]));
        if !traffic.charge(cost, state.settings.request_quota) {
            tracing::warn!(address = ?asked.peer, "closing connection: too many requests that no other limit counts");
            response.head_mut().set_connection_type(ConnectionType::Close);
            if asked.is_direct {
                state.penalize(asked.peer);
            }
        }
        Ok(response)
    }
}

/// How long the request's body is; where it does not say, how long one may be.
fn body_length(state: &HttpState, request: &Request) -> usize {
    let headers = &request.head().headers;
    match headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()) {
        Some(length) => length,
        None if headers.contains_key(TRANSFER_ENCODING) => state.settings.max_body_bytes,
        None => 0,
    }
}

/// What has to be known of a request when its answer is there.
struct Asked {
    peer: Option<IpAddr>,
    /// The connection is the client's own, not that of a proxy, which carries the requests of many.
    is_direct: bool,
    /// A success costs something too.
    is_uncounted: bool,
}

impl Asked {
    fn of(state: &HttpState, request: &Request) -> Self {
        let head = request.head();
        let peer = head.peer_addr.map(|peer| peer.ip());
        let client = state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr);
        let path = head.uri.path();
        // Requests of those who poll are charged to their session.
        let is_uncounted =
            !Gateway::serves(path) && (head.method == Method::OPTIONS || !are_on(path) || !state.limits.spares(client));
        Self { peer, is_direct: client == peer.map(|peer| peer.to_canonical()), is_uncounted }
    }

    /// `was_counted`: a limit has counted the request, and says so in the answer.
    fn cost(&self, status: StatusCode, was_counted: bool) -> u32 {
        if status == StatusCode::TOO_MANY_REQUESTS {
            REFUSAL_COST
        } else if was_counted {
            0
        } else if status.is_client_error() || status.is_server_error() {
            REFUSAL_COST
        } else {
            u32::from(self.is_uncounted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_cost_most_and_what_a_limit_has_counted_costs_nothing() {
        let asked = |is_uncounted| Asked { peer: None, is_direct: true, is_uncounted };
        for (status, was_counted, is_uncounted, expected) in [
            (200, true, true, 0),
            (404, true, false, 0),
            (429, true, false, REFUSAL_COST),
            (404, false, false, REFUSAL_COST),
            (503, false, true, REFUSAL_COST),
            (200, false, true, 1),
            (200, false, false, 0),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            assert_eq!(asked(is_uncounted).cost(status, was_counted), expected, "{status} {was_counted}");
        }
    }
}
