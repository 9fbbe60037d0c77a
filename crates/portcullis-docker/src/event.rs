//! One decision as a line of JSON: the original's fields, and why and how long beside them.
//!
//! Must not know: the queue and the output.
//!
//! Source: opa-docker-authz README, "Logs"; OPA documentation, "Decision Logs".

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rego::Value;

use crate::mask::mask;

/// A decision that was made.
#[derive(Clone, Debug)]
pub struct Decision {
    /// When.
    pub at: SystemTime,
    /// The SHA-256 of the policy's texts.
    pub config_hash: String,
    /// What the policy saw; `null` where there was nothing to show it.
    pub input: Value,
    /// Which documents decided.
    pub path: String,
    /// Whether the request was allowed.
    pub result: bool,
    /// Why not.
    pub reasons: Vec<String>,
    /// How long it took, from bytes to answer.
    pub duration: Duration,
}

impl Decision {
    /// Returns the decision with those parts of its input only that say who asked for what.
    #[must_use]
    pub fn without_details(mut self) -> Self {
        let kept = ["AuthMethod", "Method", "Path", "PathPlain", "User"];
        let field = |name| Some((Value::from(name), self.input.get_path(&[name])?.clone()));
        self.input = Value::object(kept.into_iter().filter_map(field).collect());
        self
    }
}

/// What is the same in each line of one process.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The name the plugin goes by.
    pub app: String,
    /// The id of this process.
    pub id: String,
    /// The version of the program.
    pub version: String,
}

impl Labels {
    /// Returns labels for this process under a plugin's name.
    pub fn new(app: &str) -> Self {
        let id = uuid::Uuid::new_v4().to_string();
        Self { app: app.to_string(), id, version: env!("CARGO_PKG_VERSION").to_string() }
    }

    fn to_value(&self) -> Value {
        Value::object_from_strs([
            ("app", Value::from(self.app.as_str())),
            ("id", Value::from(self.id.as_str())),
            ("plugin_version", Value::from(self.version.as_str())),
        ])
    }
}

/// Returns what writes a decision as one line, without its end. Secrets stay in only where
/// `unmasked`.
pub fn encoder(labels: &Labels, unmasked: bool) -> impl Fn(&Decision, &mut String) + Send + use<> {
    let labels = labels.to_value();
    move |decision, line| {
        let input = if unmasked { decision.input.clone() } else { mask(&decision.input) };
        let reasons = decision.reasons.iter().map(|reason| Value::from(reason.as_str())).collect();
        let nanoseconds = i64::try_from(decision.duration.as_nanos()).unwrap_or(i64::MAX);
        let event = Value::object_from_strs([
            ("config_hash", Value::from(decision.config_hash.as_str())),
            ("decision_id", Value::from(uuid::Uuid::new_v4().to_string())),
            ("duration_ns", Value::from(nanoseconds)),
            ("input", input),
            ("labels", labels.clone()),
            ("path", Value::from(decision.path.as_str())),
            ("reasons", Value::array(reasons)),
            ("result", Value::from(decision.result)),
            ("timestamp", Value::from(timestamp(decision.at))),
        ]);
        event.write_json(line);
    }
}

/// Returns the moment in UTC as RFC 3339 with as many digits of the second as it needs.
fn timestamp(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = format!(".{:09}", since.subsec_nanos());
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Returns year, month and day of a number of days since 1970-01-01.
///
/// Counts in eras of 400 years that begin on the first of March, so that a leap day ends a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_as_rfc_3339() {
        let at = |seconds, nanoseconds| UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        assert_eq!(timestamp(at(0, 0)), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(at(951_782_400, 0)), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(at(1_592_326_494, 328_705_300)), "2020-06-16T16:54:54.3287053Z");
        assert_eq!(timestamp(at(4_107_542_399, 5)), "2100-02-28T23:59:59.000000005Z");
    }

    #[test]
    fn a_small_decision_still_says_who_asked_for_what() {
        let input = br#"{"Body":{"a":1},"Headers":{},"Method":"GET","Path":"/x","User":"u"}"#;
        let decision = Decision {
            at: UNIX_EPOCH,
            config_hash: String::new(),
            input: Value::from_json(input).unwrap(),
            path: String::new(),
            result: true,
            reasons: Vec::new(),
            duration: Duration::ZERO,
        };
        let input = decision.without_details().input.to_json();
        assert_eq!(input, r#"{"Method":"GET","Path":"/x","User":"u"}"#);
    }

    #[test]
    fn writes_the_fields_of_the_original() {
        let decision = Decision {
            at: UNIX_EPOCH,
            config_hash: "abc".to_string(),
            input: Value::from_json(br#"{"Body":{"Env":["A=1"]}}"#).unwrap(),
            path: "data.docker.authz.allow".to_string(),
            result: false,
            reasons: vec!["r".to_string()],
            duration: Duration::from_nanos(7),
        };
        let labels = Labels::new("gate");
        let write = |unmasked| {
            let mut line = String::new();
            encoder(&labels, unmasked)(&decision, &mut line);
            Value::from_json(line.as_bytes()).unwrap()
        };
        let event = write(false);
        assert_eq!(event.get_path(&["labels", "app"]).and_then(Value::as_str), Some("gate"));
        assert_eq!(event.get_path(&["decision_id"]).and_then(Value::as_str).unwrap().len(), 36);
        assert_eq!(event.get_path(&["result"]), Some(&Value::FALSE));
        let env = |event: &Value| event.get_path(&["input", "Body", "Env"]).unwrap().to_json();
        assert_eq!(env(&event), r#"["A=**masked**"]"#);
        assert_eq!(env(&write(true)), r#"["A=1"]"#);
    }
}
