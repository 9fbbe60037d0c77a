//! A credential kept until shortly before it expires.
//!
//! Must not know: where it comes from.

use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use crate::RemoteError;

/// A value and the time until which it may be used. None: it does not expire.
pub(crate) type Dated<T> = (T, Option<SystemTime>);

/// Holds one value. While it is fetched, others wait for it instead of fetching it too.
pub(crate) struct Cached<T> {
    margin: Duration,
    slot: Mutex<Option<Dated<T>>>,
}

impl<T: Clone> Cached<T> {
    /// Starts empty. A value is fetched anew once it has only `margin` left.
    pub(crate) fn new(margin: Duration) -> Self {
        Self { margin, slot: Mutex::new(None) }
    }

    /// Returns the value, fetched if there is none that lasts.
    pub(crate) async fn get(
        &self,
        fetch: impl Future<Output = Result<Dated<T>, RemoteError>>,
    ) -> Result<T, RemoteError> {
        let mut slot = self.slot.lock().await;
        if let Some((value, expiry)) = slot.as_ref() {
            let needed = SystemTime::now() + self.margin;
            if expiry.is_none_or(|expiry| expiry > needed) {
                return Ok(value.clone());
            }
        }
        let (value, expiry) = fetch.await?;
        *slot = Some((value.clone(), expiry));
        Ok(value)
    }
}

/// Returns a number of seconds, which some write as text and some as a fraction. None: it is none.
pub(crate) fn seconds(value: &serde_json::Value) -> Option<u64> {
    let number: f64 = match value {
        serde_json::Value::String(text) => text.parse().ok()?,
        other => other.as_f64()?,
    };
    // A cast saturates; what is too long is cut by `in_seconds`.
    (number >= 0.0).then_some(number as u64)
}

/// Longest life of a token we believe in: a year.
const LIFE_SECONDS_MAX: u64 = 365 * 24 * 3600;

/// Returns the time `seconds` from now, at most a year ahead.
pub(crate) fn in_seconds(seconds: u64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds.min(LIFE_SECONDS_MAX))
}
