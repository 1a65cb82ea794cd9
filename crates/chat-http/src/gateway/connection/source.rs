use actix_web::web::Payload;
use bytes::BytesMut;
use chat_realtime::Connection;
use futures_util::Stream as _;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How much is read at a time.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread are read through one buffer: none of them owns one while nothing is coming.
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SCRATCH_BYTES));
}

/// Where a connection's bytes come from.
pub(crate) enum Source {
    /// The connection's own socket.
    Socket,
    /// The body of a request that was upgraded inside of somebody's `App`.
    Payload(Box<Payload>),
}

impl Source {
    /// Hands what has come to `take`; `false` when nothing more will come.
    pub(crate) fn poll_read(
        &mut self,
        connection: &Connection,
        context: &mut Context<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Poll<bool> {
        match self {
            Self::Socket => {
                let Some(socket) = connection.socket() else { return Poll::Ready(false) };
                loop {
                    if socket.poll_readable(context).is_pending() {
                        return Poll::Pending;
                    }
                    let read = SCRATCH.with_borrow_mut(|scratch| {
                        scratch.clear();
                        let read = socket.try_read(scratch);
                        if read.is_ok() {
                            take(scratch);
                        }
                        read
                    });
                    match read {
                        Ok(count) => return Poll::Ready(count > 0),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => return Poll::Ready(false),
                    }
                }
            }
            Self::Payload(payload) => match Pin::new(&mut **payload).poll_next(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(bytes))) => {
                    take(&bytes);
                    Poll::Ready(true)
                }
                Poll::Ready(Some(Err(_)) | None) => Poll::Ready(false),
            },
        }
    }
}
