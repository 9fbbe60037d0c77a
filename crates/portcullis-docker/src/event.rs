//! One decision as a line of JSON: the original's fields, and why and how long beside them.
//!
//! Must not know: the queue and the output.
//!
//! Source: opa-docker-authz README, "Logs"; OPA documentation, "Decision Logs".

use std::time::{Duration, SystemTime};

use portcullis_service::timestamp::rfc3339_nanos;
use rego::Value;

use crate::fields::Fields;
use crate::gate::Secrets;
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
    /// Whether the daemon was told to go on all the same.
    pub is_dry_run: bool,
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

/// Returns what writes a decision as one line, without its end. Secrets are treated
/// as `secrets` says.
pub fn encoder(
    labels: &Labels,
    secrets: Secrets,
) -> impl Fn(&Decision, &mut String) + Send + use<> {
    static FIELDS: Fields = Fields::new();
    let labels = labels.to_value();
    move |decision, line| {
        let input = match secrets {
            Secrets::Logged => decision.input.clone(),
            Secrets::Masked => mask(&decision.input),
        };
        let reasons = decision.reasons.iter().map(|reason| Value::from(reason.as_str())).collect();
        let nanoseconds = i64::try_from(decision.duration.as_nanos()).unwrap_or(i64::MAX);
        let entries = FIELDS.object([
            ("config_hash", Value::from(decision.config_hash.as_str())),
            ("decision_id", Value::from(uuid::Uuid::new_v4().to_string())),
            ("duration_ns", Value::from(nanoseconds)),
            ("input", input),
            ("labels", labels.clone()),
            ("path", Value::from(decision.path.as_str())),
            ("reasons", Value::array(reasons)),
            ("result", Value::from(decision.result)),
            ("timestamp", Value::from(rfc3339_nanos(decision.at))),
        ]);
        let dry_run = entries.as_object().filter(|_| decision.is_dry_run);
        let dry_run = dry_run.map(|entries| entries.with(&"dry_run".into(), Value::TRUE));
        dry_run.unwrap_or(entries).write_json(line);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

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
            is_dry_run: false,
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
            is_dry_run: true,
            duration: Duration::from_nanos(7),
        };
        let labels = Labels::new("gate");
        let write = |secrets| {
            let mut line = String::new();
            encoder(&labels, secrets)(&decision, &mut line);
            Value::from_json(line.as_bytes()).unwrap()
        };
        let event = write(Secrets::Masked);
        assert_eq!(event.get_path(&["labels", "app"]).and_then(Value::as_str), Some("gate"));
        assert_eq!(event.get_path(&["decision_id"]).and_then(Value::as_str).unwrap().len(), 36);
        assert_eq!(event.get_path(&["result"]), Some(&Value::FALSE));
        assert_eq!(event.get_path(&["dry_run"]), Some(&Value::TRUE));
        let env = |event: &Value| event.get_path(&["input", "Body", "Env"]).unwrap().to_json();
        assert_eq!(env(&event), r#"["A=**masked**"]"#);
        assert_eq!(env(&write(Secrets::Logged)), r#"["A=1"]"#);
    }
}
