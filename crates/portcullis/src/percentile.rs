//! Percentiles of measurements.
//!
//! Source: those of OPA's metrics (`go-metrics`).

/// Returns the value that a share of all values is below: between the two nearest ones, weighed by
/// distance. Nothing where there are none.
pub(crate) fn percentile(sorted: &[i64], share: f64) -> Option<f64> {
    let position = share * (sorted.len() as f64 + 1.0);
    let below = position as usize;
    if below < 1 {
        return sorted.first().map(|value| *value as f64);
    }
    let Some(above) = sorted.get(below) else {
        return sorted.last().map(|value| *value as f64);
    };
    let lower = *sorted.get(below - 1)? as f64;
    Some(lower + (position - below as f64) * (*above as f64 - lower))
}
