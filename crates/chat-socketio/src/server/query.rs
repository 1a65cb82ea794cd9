use crate::engine::{Fault, Sid};
use actix_http::RequestHead;
use actix_web::web::Query;
use serde::Deserialize;

/// The supported version of Engine.IO.
const VERSION: &str = "4";

#[derive(Deserialize)]
struct Parameters {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// The query parameters of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) is_websocket: bool,
    /// The client's session; `None` if the request opens one.
    pub(super) sid: Option<Sid>,
    is_our_version: bool,
}

impl Asked {
    pub(super) fn read(head: &RequestHead) -> Result<Self, Fault> {
        let query = head.uri.query().unwrap_or_default();
        let parameters = Query::<Parameters>::from_query(query).map_err(|_| Fault::BadRequest)?.into_inner();
        let is_websocket = match parameters.transport.as_deref() {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Fault::UnknownTransport),
        };
        let sid = parameters.sid.map(|sid| Sid::parse(&sid).ok_or(Fault::UnknownSid)).transpose()?;
        Ok(Self { is_websocket, sid, is_our_version: parameters.version.as_deref() == Some(VERSION) })
    }

    /// Checked last, and only for requests that open a session.
    pub(super) const fn check_version(self) -> Result<(), Fault> {
        if self.is_our_version { Ok(()) } else { Err(Fault::UnsupportedVersion) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Asked, Fault> {
        let mut head = RequestHead::default();
        head.uri = format!("/socket.io/?{query}").parse().expect("a URI");
        Asked::read(&head)
    }

    #[test]
    fn the_transport_is_judged_before_the_session_and_the_version_last() {
        assert_eq!(read("EIO=4&sid=x"), Err(Fault::UnknownTransport));
        assert_eq!(read("EIO=3&transport=polling&sid=x"), Err(Fault::UnknownSid));
        assert_eq!(read("transport=polling&transport=polling"), Err(Fault::BadRequest));
        let asked = read("EIO=3&transport=websocket&t=1").expect("a query");
        assert_eq!((asked.is_websocket, asked.check_version()), (true, Err(Fault::UnsupportedVersion)));
        let sid = Sid::new(3);
        let asked = read(&format!("EIO=4&transport=polling&sid={}", sid.to_text())).expect("a query");
        assert_eq!((asked.sid, asked.check_version()), (Some(sid), Ok(())));
    }
}
