use super::answer::Answer;
use super::{BYTES_AHEAD, REFUSAL_COST, Traffic};
use crate::error::{error_response, status_of};
use crate::gateway::{Gateway, MAX_MESSAGE_BYTES};
use crate::limits::{EXPOSED, are_on};
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::{ApiError, HttpState};
use actix_http::body::MessageBody;
use actix_http::{ConnectionType, Method, Request, Response, StatusCode, Uri};
use actix_service::Service;
use std::future::{Future, pending, poll_fn};
use std::net::IpAddr;
use std::rc::Rc;
use std::task::Poll;

/// Answers a request when it is its connection's turn, charges it, and closes the connection if it has used up its
/// budget. Requests sent before the connection was closed are not answered. A connection is also closed if a request is
/// answered before its body has arrived: otherwise the server would read the rest for as long as the client sends it.
pub(crate) fn regulate<S, R, B>(
    state: Rc<HttpState>,
    request: Request,
    service: &S,
) -> impl Future<Output = Result<Response<Answer>, S::Error>> + use<S, R, B>
where
    S: Service<Request, Response = R>,
    R: Into<Response<B>>,
    B: MessageBody + 'static,
{
    let traffic = request.conn_data::<Rc<Traffic>>().cloned().unwrap_or_default();
    let asked = Asked::of(&state, &request);
    let under_way = (!traffic.is_closing()).then(|| traffic.begin(most_body(&state)));
    let answer = under_way.is_some().then(|| service.call(request));
    async move {
        if !traffic.take_turn() || answer.is_none() {
            tokio::task::yield_now().await;
        }
        let Some(answer) = answer.filter(|_| !traffic.is_closing()) else {
            // The stream has ended for the dispatcher, which drops this future.
            return pending().await;
        };
        let response = answer.await?.into();
        let mut response = response.map_body(|_, body| Answer::new(body.boxed(), under_way));
        if state.readiness.is_leaving() && !state.readiness.is_draining() {
            // The proxy sends its next request to another node.
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        let cost = asked.cost(response.status(), response.headers().contains_key(EXPOSED[0]));
        if !traffic.charge(cost, state.settings.request_quota) {
            tracing::warn!(address = ?asked.peer, "closing connection: too many requests that no other limit counts");
            if asked.is_direct {
                state.penalize(asked.peer);
            }
        } else if cost > 0
            && asked.is_direct
            && !asked.is_health
            && traffic.is_first_charge()
            && let Err(error) = state.limits.check_offender(asked.peer).await
        {
            traffic.close();
            response = refused(&state, &asked, response, &error);
        }
        if traffic.is_body_open() {
            traffic.close();
        }
        if traffic.is_closing() {
            response.head_mut().set_connection_type(ConnectionType::Close);
            // The connection's task runs once more when the answer is written, and ends the stream.
            poll_fn(|context| {
                traffic.wait(context);
                Poll::Ready(())
            })
            .await;
        }
        Ok(response)
    }
}

/// The maximum number of bytes read of a request's body: the largest body of any handler.
fn most_body(state: &HttpState) -> u64 {
    state.settings.max_body_bytes.max(MAX_MESSAGE_BYTES) as u64 + BYTES_AHEAD
}

/// Returns the answer to a new connection of an address whose other connections were closed. A refusal with the same
/// status stays unchanged.
fn refused(state: &HttpState, asked: &Asked, response: Response<Answer>, error: &ApiError) -> Response<Answer> {
    let status = status_of(error.failure().code);
    if response.status() == status {
        return response;
    }
    let request_id = RequestId::of(response.headers());
    let refusal = error_response(error.failure(), status, asked.uri.path(), &request_id, state.clock.now());
    let mut refusal = refusal.map_body(|_, body| response.into_body().with_body(body));
    refusal.headers_mut().insert(X_REQUEST_ID, request_id.to_header());
    if let Some(bucket) = error.bucket() {
        bucket.write(refusal.headers_mut());
    }
    refusal
}

/// The facts of a request that are needed when its answer is ready.
struct Asked {
    peer: Option<IpAddr>,
    /// Whether the connection is the client's own, not that of a proxy, which carries the requests of many clients.
    is_direct: bool,
    /// Whether a successful answer has a cost too.
    is_uncounted: bool,
    is_health: bool,
    uri: Uri,
}

impl Asked {
    fn of(state: &HttpState, request: &Request) -> Self {
        let head = request.head();
        let peer = head.peer_addr.map(|peer| peer.ip());
        let client = state.settings.trusted_proxies.client_address(&head.headers, head.peer_addr);
        let path = head.uri.path();
        // Requests of polling clients are charged to their session.
        let is_uncounted = head.method == Method::OPTIONS
            || (!Gateway::serves(path) && (!are_on(path) || !state.limits.spares(client)));
        Self {
            peer,
            is_direct: client == peer.map(|peer| peer.to_canonical()),
            is_uncounted,
            is_health: path.starts_with("/health/"),
            uri: head.uri.clone(),
        }
    }

    /// Returns the cost of the answer. `was_counted`: a rate limit has counted the request, as its headers show.
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
        let asked =
            |is_uncounted| Asked { peer: None, is_direct: true, is_uncounted, is_health: false, uri: Uri::default() };
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
