use bytes::BytesMut;
use chat_realtime::Connection;
use std::cell::RefCell;
use std::io;
use std::task::{Context, Poll};

/// How much is read at a time.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread are read through one buffer: none of them owns one while nothing is coming.
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SCRATCH_BYTES));
}

/// Hands what has come on a connection's own socket to `take`; `false` when nothing more will come.
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
