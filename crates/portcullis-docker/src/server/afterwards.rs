//! Gives back to the system what big messages needed, once they have passed.
//!
//! The allocator keeps what was freed in pieces, so that a burst of bodies of a megabyte would stay
//! resident for good. Must not know: what a message asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use portcullis_memory::give_back;

/// How long after a big message; those that come meanwhile are served by the same turn.
const PAUSE: Duration = Duration::from_secs(1);

/// Whether memory is to be given back soon.
#[derive(Clone, Debug, Default)]
pub(super) struct Afterwards {
    is_due: Arc<AtomicBool>,
}

impl Afterwards {
    /// Has it given back in a moment. Whoever asks does not wait.
    pub(super) fn soon(&self) {
        if self.is_due.swap(true, Ordering::Relaxed) {
            return;
        }
        let is_due = Arc::clone(&self.is_due);
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            is_due.store(false, Ordering::Relaxed);
            // A panic would be that of a courtesy.
            let _ = tokio::task::spawn_blocking(give_back).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_messages_need_one_turn() {
        let afterwards = Afterwards::default();
        (0..3).for_each(|_| afterwards.soon());
        assert!(afterwards.is_due.load(Ordering::Relaxed));
        tokio::time::sleep(PAUSE * 2).await;
        assert!(!afterwards.is_due.load(Ordering::Relaxed), "the turn is over");
        afterwards.soon();
        assert!(afterwards.is_due.load(Ordering::Relaxed), "and there is a next one");
    }
}
