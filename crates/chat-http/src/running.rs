use crate::{ApiError, HttpState};
use chat_realtime::Hub;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker, ready};
use tokio::runtime::Handle;
use tracing::Instrument as _;

/// A use case that the thread that began it polls. If it is dropped before its end, the main runtime runs the rest: a
/// client that disconnects cancels nothing.
pub(crate) struct Running<T: Send + 'static> {
    rest: Option<BoxFuture<'static, T>>,
    runtime: Handle,
}

impl HttpState {
    /// Prepares a use case that waits for nothing but answers that may come from any thread: no timer, no connection.
    /// It begins with its first poll. A panic in it fails only this request, with `INTERNAL`.
    pub(crate) fn prepare<T: Send + 'static>(&self, use_case: impl Future<Output = T> + Send + 'static) -> Running<T> {
        Running { rest: Some(use_case.in_current_span().boxed()), runtime: self.runtime.clone() }
    }

    /// Runs such a use case on this worker thread, and is woken with the events that were posted to it.
    pub(crate) async fn run_here<T: Send + 'static>(&self, mut running: Running<T>) -> Result<T, ApiError> {
        let waker = Hub::of_this_thread(&self.fan_out).inbox_waker();
        let mut has_begun = false;
        poll_fn(|context| {
            let woken = waker.poll_woken(context);
            if std::mem::replace(&mut has_begun, true) {
                ready!(woken);
            }
            running.poll_with(waker.waker())
        })
        .await
    }
}

impl<T: Send + 'static> Running<T> {
    /// Runs it as far as it goes; `waker` is woken when it can go on. Not to be polled again after its end.
    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<Result<T, ApiError>> {
        let failed = |cause: &str| ApiError::internal(cause.to_owned());
        let Some(rest) = &mut self.rest else { return Poll::Ready(Err(failed("a use case was polled after its end"))) };
        let polled = catch_unwind(AssertUnwindSafe(|| rest.poll_unpin(&mut Context::from_waker(waker))));
        let done = match polled {
            Ok(polled) => Ok(ready!(polled)),
            Err(_) => Err(failed("a use case panicked")),
        };
        self.rest = None;
        Poll::Ready(done)
    }
}

impl<T: Send + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take() {
            self.runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::ErrorCode;
    use tokio::sync::oneshot;

    fn running<T: Send + 'static>(use_case: impl Future<Output = T> + Send + 'static) -> Running<T> {
        Running { rest: Some(use_case.boxed()), runtime: Handle::current() }
    }

    #[tokio::test]
    async fn what_was_begun_runs_to_its_end_although_nobody_waits_for_it() {
        let (start, begun) = oneshot::channel();
        let (answer, answered) = oneshot::channel::<u8>();
        let (end, ended) = oneshot::channel();
        let mut running = running(async move {
            start.send(()).expect("waits");
            end.send(answered.await.expect("an answer")).expect("waits");
        });
        assert!(running.poll_with(Waker::noop()).is_pending());
        begun.await.expect("the first poll began it");
        drop(running);
        answer.send(7).expect("waits");
        assert_eq!(ended.await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_is_not_run_again() {
        let mut failing = running(async { panic!("a defect") });
        let Poll::Ready(Err(failed)) = failing.poll_with(Waker::noop()) else { panic!("it goes on") };
        assert_eq!(failed.failure().code, ErrorCode::Internal);
        assert!(failing.rest.is_none(), "nothing is left for the main runtime");
        assert!(matches!(running(async { 7 }).poll_with(Waker::noop()), Poll::Ready(Ok(7))));
    }
}
