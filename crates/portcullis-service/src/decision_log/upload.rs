//! Where chunks go, and how long to wait between attempts.
//!
//! Must not know: HTTP (that is who implements [`Upload`]), what a chunk holds.
//!
//! Source: OPA documentation, "Decision Logs"; OPA's delays and back-off.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use super::error::UploadError;

/// The end of an upload.
pub type Uploading<'a> = Pin<Box<dyn Future<Output = Result<(), UploadError>> + Send + 'a>>;

/// Takes chunks of the log.
pub trait Upload: Send + Sync {
    /// Delivers a chunk: a JSON array of events, compressed with gzip. Ok only once the other side
    /// has it.
    ///
    /// Errors: why it may not have it; the chunk is offered again.
    fn upload(&self, body: Bytes) -> Uploading<'_>;
}

/// The first wait after a failure.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// How much longer each further wait is.
const BACKOFF_FACTOR: f64 = 1.6;

/// How much shorter or longer than that a wait may be, so that many processes do not come at once.
const BACKOFF_JITTER: f64 = 0.2;

/// Returns how long to wait after so many failures, at least 1, in a row; no longer than `max`.
/// `random` is between 0 and 1.
pub(super) fn backoff(failures: u32, max: Duration, random: f64) -> Duration {
    let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
    let wait = BACKOFF_FIRST.as_secs_f64() * BACKOFF_FACTOR.powi(steps);
    let wait = wait.min(max.as_secs_f64()) * (1.0 + BACKOFF_JITTER * (2.0 * random - 1.0));
    Duration::try_from_secs_f64(wait).unwrap_or(max).min(max)
}

/// Returns a wait between the two. `random` is between 0 and 1.
pub(super) fn between(min: Duration, max: Duration, random: f64) -> Duration {
    min.saturating_add(max.saturating_sub(min).mul_f64(random.clamp(0.0, 1.0)))
}

/// Returns a random number between 0 and 1; 0.5 where the system has none.
pub(super) fn random() -> f64 {
    let number = getrandom::u32().unwrap_or(u32::MAX / 2);
    f64::from(number) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest() {
        let max = Duration::from_secs(10);
        let middle = |failures| backoff(failures, max, 0.5).as_millis();
        assert_eq!([1, 2, 3, 4].map(middle), [100, 160, 256, 409]);
        assert_eq!(backoff(1, max, 0.0).as_millis(), 80);
        assert_eq!(backoff(1, max, 1.0).as_millis(), 120);
        assert_eq!(backoff(u32::MAX, max, 1.0), max);
        assert_eq!(backoff(5, Duration::ZERO, 0.5), Duration::ZERO);
        let (low, high) = (Duration::from_secs(2), Duration::from_secs(4));
        assert_eq!(between(low, high, 0.25), Duration::from_millis(2500));
        assert_eq!(between(high, low, 1.0), high);
        assert!((0.0..=1.0).contains(&random()));
    }
}
