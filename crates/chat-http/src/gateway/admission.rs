use crate::{ApiError, HttpState};
use chat_domain::{ErrorCode, TRY_LATER};
use chat_realtime::Counted;

/// Reserves a place for one more socket.
pub(crate) fn admit(state: &HttpState) -> Result<Counted, ApiError> {
    if state.readiness.is_draining() || state.fan_out.is_draining() {
        return Err(ApiError::new(ErrorCode::Unavailable, "The server is restarting, please try again"));
    }
    if !state.readiness.is_ready() {
        return Err(ApiError::new(ErrorCode::Unavailable, TRY_LATER));
    }
    state.fan_out.admit().ok_or_else(|| {
        ApiError::new(ErrorCode::TooManyConnections, "The server has too many connections, please try again later")
    })
}
