//! How often a plugin acts, and what sets it off.
//!
//! Must not know: what the plugin does then.

use std::time::Duration;

use super::read::Section;

/// Shortest and longest wait between two polls, where none are given.
const POLLING_DEFAULT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(120));

/// What sets a plugin off.
///
/// Source: OPA's configuration reference, `trigger`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// Time: after each delay.
    #[default]
    Periodic,
    /// The program around it alone.
    Manual,
    /// A full chunk of the decision log, or the longest delay.
    Immediate,
}

impl Trigger {
    fn word(self) -> &'static str {
        match self {
            Self::Periodic => "periodic",
            Self::Manual => "manual",
            Self::Immediate => "immediate",
        }
    }
}

/// The words of most plugins.
pub(super) const TRIGGERS: &[(&str, Trigger)] =
    &[("periodic", Trigger::Periodic), ("manual", Trigger::Manual)];

/// The words of the decision log.
pub(super) const LOG_TRIGGERS: &[(&str, Trigger)] = &[
    ("periodic", Trigger::Periodic),
    ("manual", Trigger::Manual),
    ("immediate", Trigger::Immediate),
];

/// Reads `trigger`. Without one it is that of discovery, which it must not contradict.
pub(super) fn trigger(
    section: &Section<'_>,
    words: &[(&str, Trigger)],
    discovery: Option<Trigger>,
) -> Trigger {
    let Some(own) = section.choice("trigger", words) else { return discovery.unwrap_or_default() };
    // Immediate differs from periodic only in what sends sooner: both go by themselves.
    let agrees = |discovery: Trigger| (own == Trigger::Manual) == (discovery == Trigger::Manual);
    if let Some(discovery) = discovery.filter(|discovery| !agrees(*discovery)) {
        let (own, discovery) = (own.word(), discovery.word());
        section.unfit("trigger", format!("is `{own}`, but `{discovery}` for discovery"));
    }
    own
}

/// Waits between two polls: each one is drawn from between the two.
///
/// Source: OPA's configuration reference, `polling`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    /// Shortest wait; 60 s by default.
    pub min: Duration,
    /// Longest wait; 120 s by default.
    pub max: Duration,
    /// How long the server may hold a poll back until there is news; none: it is not asked to.
    pub long_poll: Option<Duration>,
}

impl Default for Polling {
    fn default() -> Self {
        Self { min: POLLING_DEFAULT.0, max: POLLING_DEFAULT.1, long_poll: None }
    }
}

impl Polling {
    /// Reads a plugin's `polling`.
    pub(super) fn read(plugin: &Section<'_>) -> Self {
        let section = plugin.section_or_empty("polling");
        let (min, max) = delays(&section, POLLING_DEFAULT);
        Self { min, max, long_poll: section.seconds("long_polling_timeout_seconds", 1) }
    }
}

/// Reads `min_delay_seconds` and `max_delay_seconds`: both or neither, and in this order.
pub(super) fn delays(section: &Section<'_>, default: (Duration, Duration)) -> (Duration, Duration) {
    let min = section.seconds("min_delay_seconds", 0);
    let max = section.seconds("max_delay_seconds", 0);
    match (section.is_set("min_delay_seconds"), section.is_set("max_delay_seconds")) {
        (true, false) => {
            section.unfit_whole("`min_delay_seconds` needs `max_delay_seconds` beside it")
        }
        (false, true) => {
            section.unfit_whole("`max_delay_seconds` needs `min_delay_seconds` beside it")
        }
        _ => {}
    }
    match (min, max) {
        (Some(min), Some(max)) if min > max => {
            let (min, max) = (min.as_secs(), max.as_secs());
            let message =
                format!("`min_delay_seconds` {min} is more than `max_delay_seconds` {max}");
            section.unfit_whole(message);
            default
        }
        (Some(min), Some(max)) => (min, max),
        _ => default,
    }
}
