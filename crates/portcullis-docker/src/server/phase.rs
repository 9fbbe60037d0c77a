//! Where a connection stands between two requests, so that a head that never ends is cut off while
//! a connection that is kept for later may be silent, though not for ever.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Counts heads: even while one is awaited or on its way, odd while none is.
///
/// A new connection awaits one at once; a kept one awaits none until bytes come.
#[derive(Default)]
pub(super) struct Phase {
    heads: AtomicU64,
    head_began: Notify,
}

impl Phase {
    /// To be told when a head is complete.
    pub(super) fn head_is_read(&self) {
        let heads = self.heads.load(Ordering::Acquire);
        // A head that came together with the request before it was never awaited.
        let read = if heads & IDLE == 0 { heads | 1 } else { (heads & !IDLE) + 2 };
        self.heads.store(read, Ordering::Release);
    }

    /// To be told when the request is answered: the next bytes begin a head.
    pub(super) fn is_answered(&self) {
        // Stays odd: `bytes_came` sees from the flag below that a request is over.
        self.heads.fetch_or(IDLE, Ordering::AcqRel);
    }

    fn bytes_came(&self) {
        let heads = self.heads.load(Ordering::Acquire);
        if heads & IDLE != 0 {
            // The next even number: a head has begun.
            self.heads.store((heads & !IDLE) + 1, Ordering::Release);
            self.head_began.notify_one();
        }
    }

    /// Completes when a head has been on its way for longer than `head`, or nothing has come for
    /// longer than `idle` between two requests.
    pub(super) async fn is_overdue(&self, head: Duration, idle: Duration) {
        loop {
            let began = self.heads.load(Ordering::Acquire);
            let is_awaited = began & 1 == 0;
            if is_awaited {
                sleep(head).await;
            } else if timeout(idle, self.head_began.notified()).await.is_ok() {
                continue;
            }
            let is_bounded = is_awaited || began & IDLE != 0;
            if is_bounded && self.heads.load(Ordering::Acquire) == began {
                return;
            }
        }
    }
}

/// Set while a connection waits for a next request.
const IDLE: u64 = 1 << 63;

/// A stream that tells a [`Phase`] when bytes come.
pub(super) struct Phased<S> {
    stream: S,
    phase: std::sync::Arc<Phase>,
}

impl<S> Phased<S> {
    pub(super) fn new(stream: S, phase: std::sync::Arc<Phase>) -> Self {
        Self { stream, phase }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Phased<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.phase.bytes_came();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Phased<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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
