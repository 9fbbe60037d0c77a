//! How long to wait between two polls.
//!
//! Must not know: what is polled.
//!
//! Source: OPA documentation, "Bundles", "Polling"; OPA's delays and back-off.

use std::time::Duration;

use crate::config::Polling;

/// The first wait after a failure.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);

/// How much longer each further wait is.
const BACKOFF_FACTOR: f64 = 1.6;

/// How much shorter or longer than that a wait may be, so that many processes do not come at once.
const BACKOFF_JITTER: f64 = 0.2;

/// Shortest wait of all. Ours: a delay of 0, or a server that answers long polls at once, must not
/// become a loop that does nothing else.
const WAIT_MIN: Duration = Duration::from_millis(50);

/// How the last poll went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// Well; it is time to wait.
    Fine,
    /// Well, and the server holds the next one back itself until there is news.
    LongPoll,
    /// So many polls in a row failed, at least one.
    Failed(u32),
}

/// Returns how long to wait until the next poll. `random` is between 0 and 1.
pub(super) fn wait(polling: &Polling, last: Last, random: f64) -> Duration {
    let wait = match last {
        Last::LongPoll => Duration::ZERO,
        Last::Fine => {
            let more = polling.max.saturating_sub(polling.min);
            polling.min.saturating_add(more.mul_f64(random.clamp(0.0, 1.0)))
        }
        Last::Failed(count) => {
            let steps = i32::try_from(count.saturating_sub(1)).unwrap_or(i32::MAX);
            let max = polling.max.as_secs_f64();
            let wait = (BACKOFF_FIRST.as_secs_f64() * BACKOFF_FACTOR.powi(steps)).min(max);
            let wait = wait * (1.0 + BACKOFF_JITTER * (2.0 * random - 1.0));
            Duration::try_from_secs_f64(wait).unwrap_or(polling.max).min(polling.max)
        }
    };
    wait.max(WAIT_MIN)
}

/// Returns a random number between 0 and 1; 0.5 where the system has none.
pub(super) fn random() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_drawn_and_grow_after_failures() {
        let second = Duration::from_secs(1);
        let polling = Polling { min: 2 * second, max: 10 * second, long_poll: None };
        assert_eq!(wait(&polling, Last::Fine, 0.0), 2 * second);
        assert_eq!(wait(&polling, Last::Fine, 0.5), 6 * second);
        assert_eq!(wait(&polling, Last::Fine, 1.0), 10 * second);
        let failed = |count| wait(&polling, Last::Failed(count), 0.5).as_millis();
        assert_eq!([1, 2, 3, 4].map(failed), [100, 160, 256, 409]);
        assert_eq!(wait(&polling, Last::Failed(1), 0.0).as_millis(), 80);
        assert_eq!(wait(&polling, Last::Failed(u32::MAX), 1.0), 10 * second);
        assert_eq!(wait(&polling, Last::LongPoll, 0.5), WAIT_MIN);
        let at_once = Polling { min: Duration::ZERO, max: Duration::ZERO, long_poll: None };
        assert_eq!(wait(&at_once, Last::Failed(5), 0.5), WAIT_MIN);
        assert!((0.0..=1.0).contains(&random()));
    }
}
