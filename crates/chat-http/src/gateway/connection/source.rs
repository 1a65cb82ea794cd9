use bytes::BytesMut;
use chat_realtime::Connection;
use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll};

/// How many bytes are read at a time.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread share one read buffer, so that an idle socket owns none.
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SCRATCH_BYTES));
}

/// Passes received data of a connection's own socket to `take`. Returns `false` if no more will arrive.
pub(super) fn poll_read(connection: &Connection, context: &mut Context<'_>, mut take: impl FnMut(&[u8])) -> Poll<bool> {
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
