//! A connection that wakes itself goes on at once. Left to the runtime, another thread would be woken to
//! look for work, and take the connection to where none of its memory is near.
//!
//! The parts of a connection tell each other of what comes: a head its timer, a handler that a body is
//! wanted. Must not know: what they say.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Most turns before others have one.
const TURNS_MAX: usize = 16;

/// A future that is polled again in the same turn, where it was woken during that.
pub(super) struct Steady<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl<F: Future> Steady<F> {
    pub(super) fn new(future: F) -> Self {
        let bell = Arc::new(Bell::default());
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&bell)), bell }
    }
}

impl<F: Future> Future for Steady<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.bell.tell(context.waker());
        for _ in 0..TURNS_MAX {
            this.bell.is_polled.store(true, Ordering::SeqCst);
            this.bell.has_rung.store(false, Ordering::SeqCst);
            let polled = this.future.as_mut().poll(&mut Context::from_waker(&this.waker));
            // Who rings now has either seen that nobody polls, and wakes the task, or is seen below.
            this.bell.is_polled.store(false, Ordering::SeqCst);
            if polled.is_ready() || !this.bell.has_rung.load(Ordering::SeqCst) {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// What the future is woken by.
#[derive(Default)]
struct Bell {
    has_rung: AtomicBool,
    is_polled: AtomicBool,
    /// Wakes the task that the future is part of.
    task: Mutex<Option<Waker>>,
}

impl Bell {
    /// Notes which task is to be woken.
    fn tell(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !task.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.has_rung.store(true, Ordering::SeqCst);
        if !self.is_polled.load(Ordering::SeqCst) {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            task.inspect(Waker::wake_by_ref);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    /// Counts how often a task is woken.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A future that is ready the `turns`th time it is polled, and wakes itself before.
    fn after(turns: usize) -> impl Future<Output = usize> {
        let mut turn = 0;
        poll_fn(move |context| {
            turn += 1;
            if turn == turns {
                return Poll::Ready(turn);
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
    }

    fn poll_once<F: Future>(steady: &mut Steady<F>, counter: &Arc<Counter>) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(counter));
        Pin::new(steady).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn what_wakes_itself_goes_on_in_the_same_turn() {
        let counter = Arc::new(Counter::default());
        let polled = poll_once(&mut Steady::new(after(TURNS_MAX)), &counter);
        assert_eq!((polled, counter.0.load(Ordering::SeqCst)), (Poll::Ready(TURNS_MAX), 0));
    }

    #[test]
    fn what_never_stops_lets_others_have_a_turn() {
        let counter = Arc::new(Counter::default());
        let mut steady = Steady::new(after(TURNS_MAX + 1));
        assert!(poll_once(&mut steady, &counter).is_pending());
        assert_eq!(counter.0.load(Ordering::SeqCst), 1, "and has another");
        assert_eq!(poll_once(&mut steady, &counter), Poll::Ready(TURNS_MAX + 1));
    }

    #[test]
    fn others_wake_the_task_that_polled_last() {
        let (first, last) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
        let mut held = None;
        let mut steady = Steady::new(poll_fn(|context| {
            held = Some(context.waker().clone());
            Poll::<()>::Pending
        }));
        assert!(poll_once(&mut steady, &first).is_pending());
        assert!(poll_once(&mut steady, &last).is_pending());
        drop(steady);
        held.unwrap().wake();
        let woken = [first, last].map(|counter| counter.0.load(Ordering::SeqCst));
        assert_eq!(woken, [0, 1]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_call_from_elsewhere_is_lost() {
        for _ in 0..2000 {
            let (send, receive) = tokio::sync::oneshot::channel();
            let waits = tokio::spawn(Steady::new(receive));
            tokio::spawn(async move { send.send(7) });
            assert_eq!(waits.await.unwrap(), Ok(7));
        }
    }
}
