//! Times, counters and histograms of one request: what `?metrics` answers and the decision log
//! keeps.
//!
//! Owned by one request, so without locks; a few names at most, so a list and no map. Must not
//! know: which names there are, who asks for them.

use std::time::{Duration, Instant};

use rego::{Number, Value};

/// Most names of each kind in one request; what comes later is not kept.
pub const NAMES_MAX: usize = 256;

/// Most samples a histogram keeps for its percentiles, as many as OPA's.
pub const SAMPLES_MAX: usize = 1028;

/// The metrics of one request.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    timers: Vec<(&'static str, u64)>,
    counters: Vec<(&'static str, u64)>,
    histograms: Vec<(&'static str, Samples)>,
}

/// A timer of a [`Metrics`]: adds up what is recorded.
pub struct Timer<'a>(Option<&'a mut u64>);

/// A counter of a [`Metrics`].
pub struct Counter<'a>(Option<&'a mut u64>);

/// A histogram of a [`Metrics`].
pub struct Histogram<'a>(Option<&'a mut Samples>);

impl Metrics {
    /// Returns metrics without any name.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the timer of this name; it is there from now on, with 0 ns at first.
    pub fn timer(&mut self, name: &'static str) -> Timer<'_> {
        Timer(entry(&mut self.timers, name))
    }

    /// Returns the counter of this name; it is there from now on, at 0.
    pub fn counter(&mut self, name: &'static str) -> Counter<'_> {
        Counter(entry(&mut self.counters, name))
    }

    /// Returns the histogram of this name; it is there from now on, without samples.
    pub fn histogram(&mut self, name: &'static str) -> Histogram<'_> {
        Histogram(entry(&mut self.histograms, name))
    }

    /// Runs `work` and adds how long it took to the timer of this name.
    pub fn time<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        self.timer(name).record(started.elapsed());
        result
    }

    /// Returns the nanoseconds of a timer, where there is one.
    pub fn timer_ns(&self, name: &str) -> Option<u64> {
        self.timers.iter().find(|(known, _)| *known == name).map(|(_, ns)| *ns)
    }

    /// Returns every timer, with its nanoseconds.
    pub fn timers(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.timers.iter().copied()
    }

    /// Returns whether nothing was asked for by name.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty() && self.counters.is_empty() && self.histograms.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.timers.clear();
        self.counters.clear();
        self.histograms.clear();
    }

    /// Takes over what another one holds: times, counts and samples are added.
    pub fn merge(&mut self, other: &Metrics) {
        for (name, ns) in &other.timers {
            self.timer(name).record(Duration::from_nanos(*ns));
        }
        for (name, count) in &other.counters {
            self.counter(name).add(*count);
        }
        for (name, samples) in &other.histograms {
            if let Some(mine) = entry(&mut self.histograms, name) {
                mine.merge(samples);
            }
        }
    }

    /// Returns `{"timer_<name>_ns": ns, "counter_<name>": count, "histogram_<name>": {...}}`.
    ///
    /// Source: OPA's REST reference, "Performance Metrics".
    pub fn to_value(&self) -> Value {
        let timers = self.timers.iter().map(|(name, ns)| (format!("timer_{name}_ns"), whole(*ns)));
        let counters = self.counters.iter().map(|(name, n)| (format!("counter_{name}"), whole(*n)));
        let histograms =
            self.histograms.iter().map(|(name, s)| (format!("histogram_{name}"), s.to_value()));
        let entries = timers.chain(counters).chain(histograms);
        Value::object(entries.map(|(name, value)| (Value::from(name), value)).collect())
    }
}

impl Timer<'_> {
    /// Adds a duration.
    pub fn record(self, duration: Duration) {
        if let Some(ns) = self.0 {
            let more = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
            *ns = ns.saturating_add(more);
        }
    }

    /// Adds the time since `started`.
    pub fn record_since(self, started: Instant) {
        self.record(started.elapsed());
    }
}

impl Counter<'_> {
    /// Adds one.
    pub fn increase(self) {
        self.add(1);
    }

    /// Adds `more`.
    pub fn add(self, more: u64) {
        if let Some(count) = self.0 {
            *count = count.saturating_add(more);
        }
    }
}

impl Histogram<'_> {
    /// Adds a sample.
    pub fn record(self, sample: u64) {
        if let Some(samples) = self.0 {
            samples.add(sample);
        }
    }
}

/// Finds the entry of a name, or makes it while there is room.
fn entry<'a, T: Default>(
    list: &'a mut Vec<(&'static str, T)>,
    name: &'static str,
) -> Option<&'a mut T> {
    match list.iter().position(|(known, _)| *known == name) {
        Some(at) => list.get_mut(at).map(|(_, value)| value),
        None if list.len() < NAMES_MAX => {
            list.push((name, T::default()));
            list.last_mut().map(|(_, value)| value)
        }
        None => None,
    }
}

/// What a histogram keeps: how many samples there were, and some of them.
#[derive(Clone, Debug, Default)]
struct Samples {
    kept: Vec<u64>,
    count: u64,
    turn: u64,
}

impl Samples {
    fn add(&mut self, sample: u64) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() < SAMPLES_MAX {
            return self.kept.push(sample);
        }
        // Of later samples each is kept with the same likelihood as any earlier one. The draw
        // needs to be even, not secret.
        self.turn = self.turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let place = usize::try_from((self.turn >> 16) % self.count).unwrap_or(usize::MAX);
        if let Some(slot) = self.kept.get_mut(place) {
            *slot = sample;
        }
    }

    fn merge(&mut self, other: &Samples) {
        other.kept.iter().for_each(|sample| self.add(*sample));
        let unseen = other.count.saturating_sub(other.kept.len() as u64);
        self.count = self.count.saturating_add(unseen);
    }

    fn to_value(&self) -> Value {
        let mut sorted = self.kept.clone();
        sorted.sort_unstable();
        let n = sorted.len().max(1) as f64;
        let mean = sorted.iter().map(|sample| *sample as f64).sum::<f64>() / n;
        let variance = sorted.iter().map(|sample| (*sample as f64 - mean).powi(2)).sum::<f64>() / n;
        let part = |share| fraction(percentile(&sorted, share));
        Value::object_from_strs([
            ("count", whole(self.count)),
            ("min", whole(sorted.first().copied().unwrap_or(0))),
            ("max", whole(sorted.last().copied().unwrap_or(0))),
            ("mean", fraction(mean)),
            ("stddev", fraction(variance.sqrt())),
            ("median", part(0.5)),
            ("75%", part(0.75)),
            ("90%", part(0.9)),
            ("95%", part(0.95)),
            ("99%", part(0.99)),
            ("99.9%", part(0.999)),
            ("99.99%", part(0.9999)),
        ])
    }
}

/// Returns the value below which `share` of the samples are, between two samples in proportion.
fn percentile(sorted: &[u64], share: f64) -> f64 {
    let place = share * (sorted.len() as f64 + 1.0);
    let below = place.floor();
    let sample = |at: f64| sorted.get(at as usize).map(|sample| *sample as f64);
    let last = sorted.last().map_or(0.0, |sample| *sample as f64);
    if below < 1.0 {
        return sample(0.0).unwrap_or(0.0);
    }
    match (sample(below - 1.0), sample(below)) {
        (Some(low), Some(high)) => low + (place - below) * (high - low),
        _ => last,
    }
}

fn whole(number: u64) -> Value {
    Value::from(Number::from(number))
}

/// Makes a number; one without a fraction is written as an integer.
fn fraction(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or_else(|| whole(0), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(metrics: &Metrics, name: &str) -> Option<i64> {
        metrics.to_value().get(&Value::from(name)).and_then(Value::as_i64)
    }

    #[test]
    fn timers_and_counters_add_up() {
        let mut metrics = Metrics::new();
        assert!(metrics.is_empty());
        metrics.timer("rego_query_eval").record(Duration::from_nanos(5));
        metrics.timer("rego_query_eval").record(Duration::from_nanos(7));
        metrics.counter("server_query_cache_hit").increase();
        metrics.counter("zero").add(0);
        assert_eq!(int(&metrics, "timer_rego_query_eval_ns"), Some(12));
        assert_eq!(int(&metrics, "counter_server_query_cache_hit"), Some(1));
        assert_eq!(int(&metrics, "counter_zero"), Some(0));
        assert_eq!(metrics.timer_ns("rego_query_eval"), Some(12));
        assert_eq!(metrics.time("server_handler", || 3), 3);
        assert!(metrics.timer_ns("server_handler").is_some());
        let copy = metrics.clone();
        metrics.merge(&copy);
        assert_eq!(int(&metrics, "timer_rego_query_eval_ns"), Some(24));
    }

    #[test]
    fn names_are_bounded() {
        let mut metrics = Metrics::new();
        for n in 0..NAMES_MAX * 2 {
            let name: &'static str = Box::leak(format!("n{n}").into_boxed_str());
            metrics.counter(name).increase();
        }
        assert_eq!(metrics.counters.len(), NAMES_MAX);
    }

    #[test]
    fn a_histogram_says_where_its_samples_are() {
        let mut metrics = Metrics::new();
        (1..=100).for_each(|n| metrics.histogram("eval_op_plug").record(n));
        let value = metrics.to_value();
        let histogram = value.get(&Value::from("histogram_eval_op_plug")).unwrap();
        let read = |key| histogram.get(&Value::from(key)).unwrap().as_number().unwrap().to_f64();
        for (key, expected) in [
            ("count", 100.0),
            ("min", 1.0),
            ("max", 100.0),
            ("mean", 50.5),
            ("stddev", 28.866_070_047_722_12),
            ("median", 50.5),
            ("75%", 75.75),
            ("90%", 90.9),
            ("95%", 95.95),
            ("99%", 99.99),
            ("99.9%", 100.0),
            ("99.99%", 100.0),
        ] {
            assert!((read(key) - expected).abs() < 1e-9, "{key}: {}", read(key));
        }
    }

    #[test]
    fn a_histogram_keeps_a_bounded_number_of_samples() {
        let mut samples = Samples::default();
        (0..100_000).for_each(|n| samples.add(n));
        assert_eq!((samples.kept.len(), samples.count), (SAMPLES_MAX, 100_000));
        let middle = percentile(
            &{
                let mut sorted = samples.kept.clone();
                sorted.sort_unstable();
                sorted
            },
            0.5,
        );
        assert!((35_000.0..65_000.0).contains(&middle), "{middle}");
        assert_eq!(percentile(&[], 0.5), 0.0);
        assert_eq!(percentile(&[7], 0.999), 7.0);
    }
}
