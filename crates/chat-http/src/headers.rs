use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Of answers that are data, not pages: nothing in them may be run or framed.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// One year, in seconds.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// What browsers are told about every answer. A handler that knows better (a page with its own policy) has set its
/// header already.
pub(crate) fn secure(headers: &mut HeaderMap, is_production: bool) {
    let mut unless_set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(header::X_FRAME_OPTIONS, "DENY");
    unless_set(header::REFERRER_POLICY, "no-referrer");
    unless_set(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    unless_set(header::CACHE_CONTROL, "no-store");
    if is_production {
        unless_set(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}
