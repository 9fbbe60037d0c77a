//! Where a connection stands, so that a head that never ends is cut off while a connection that is
//! kept for later may be silent, though not for ever.
//!
//! Must not know: what requests say.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep};

use crate::listen::ListenLimits;

/// What has happened on a connection, and when, in milliseconds since its beginning.
pub(super) struct Pulse {
    began: Instant,
    /// Requests that are not answered yet.
    open: AtomicUsize,
    /// When the head that is awaited began, one more than that; 0 while none is.
    head_since: AtomicU64,
    /// When the last request was answered, or bytes of an answer were taken.
    moved: AtomicU64,
    /// Whether bytes may come at any time without a head having begun (HTTP/2).
    is_multiplexed: AtomicBool,
}

/// A request that is not answered yet.
pub(super) struct Open(Arc<Pulse>);

impl Pulse {
    /// Returns the pulse of a new connection, which must send a head at once.
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            open: AtomicUsize::new(0),
            head_since: AtomicU64::new(1),
            moved: AtomicU64::new(0),
            is_multiplexed: AtomicBool::new(false),
        }
    }

    /// To be told when a head is complete; the request is open until what is returned is dropped.
    pub(super) fn head_is_read(self: &Arc<Self>, version: http::Version) -> Open {
        if version == http::Version::HTTP_2 {
            self.is_multiplexed.store(true, Relaxed);
        }
        self.open.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        Open(Arc::clone(self))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn bytes_came(&self) {
        let begins = self.open.load(Relaxed) == 0
            && self.head_since.load(Relaxed) == 0
            && !self.is_multiplexed.load(Relaxed);
        if begins {
            self.head_since.store(self.now() + 1, Relaxed);
        }
    }

    fn bytes_went(&self) {
        self.moved.store(self.now(), Relaxed);
    }

    /// Completes when a head has been on its way for too long, or nothing has happened for too
    /// long while no request is open.
    ///
    /// It looks from time to time only: what is too long is up to twice the limit.
    pub(super) async fn is_overdue(&self, limits: &ListenLimits) {
        loop {
            let now = self.now();
            let head_since = self.head_since.load(Relaxed);
            let left = if self.open.load(Relaxed) > 0 {
                limits.head_timeout
            } else if head_since > 0 {
                limits.head_timeout.saturating_sub(since(now, head_since - 1))
            } else {
                let silent = since(now, self.moved.load(Relaxed));
                limits.idle_timeout.saturating_sub(silent).min(limits.head_timeout)
            };
            if left.is_zero() {
                return;
            }
            // A millisecond more: the clock here counts whole ones.
            sleep(left + Duration::from_millis(1)).await;
        }
    }
}

fn since(now: u64, then: u64) -> Duration {
    Duration::from_millis(now.saturating_sub(then))
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.bytes_went();
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// A stream that tells a [`Pulse`] what happens on it.
pub(super) struct Felt<S> {
    stream: S,
    pulse: Arc<Pulse>,
}

impl<S> Felt<S> {
    pub(super) fn new(stream: S, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse }
    }

    fn went(&self, polled: &Poll<io::Result<usize>>) {
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.pulse.bytes_went();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Felt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.pulse.bytes_came();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Felt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.went(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.went(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
