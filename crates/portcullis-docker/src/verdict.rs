//! From what a policy says to what the daemon is told: only `true` allows, and only an empty set of
//! reasons does not refuse.
//!
//! Pure. Must not know: the wire, files.

use portcullis_service::decide::Outcome;
use rego::{Value, View};

/// What the user is told where the policy gives no reason: the original's words.
pub const REJECTED: &str = "request rejected by administrative policy";

/// Most reasons that the user is told.
pub const REASONS_MAX: usize = 16;

/// Longest single reason that the user is told, in bytes.
pub const REASON_BYTES_MAX: usize = 512;

/// What is decided about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The daemon may go on.
    Allow,
    /// It may not. The policy's own reasons, sorted; none where it gives none.
    Deny(Vec<String>),
    /// It may not, since there is no decision: why.
    Error(String),
}

impl Verdict {
    /// Whether the daemon may go on.
    pub fn is_allow(&self) -> bool {
        matches!(self, Self::Allow)
    }

    /// Returns what the user is told; empty where the request is allowed.
    pub fn message(&self) -> String {
        match self {
            Self::Allow => String::new(),
            Self::Deny(reasons) if reasons.iter().all(|r| r.trim().is_empty()) => {
                REJECTED.to_string()
            }
            Self::Deny(reasons) => reasons.join("; "),
            Self::Error(reason) => format!("{REJECTED}: {reason}"),
        }
    }

    /// Returns what a log says about why: the policy's reasons, or why there is no decision.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Allow => Vec::new(),
            Self::Deny(reasons) => reasons.clone(),
            Self::Error(reason) => vec![reason.clone()],
        }
    }

    /// Returns the verdict where both this one and `other` must allow. Reasons of the policy win
    /// over none, and come before what is said of a missing decision.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Self::Allow, verdict) | (verdict, Self::Allow) => verdict,
            (Self::Error(error), Self::Deny(mut reasons))
            | (Self::Deny(mut reasons), Self::Error(error))
                if !reasons.is_empty() =>
            {
                reasons.push(error);
                Self::Deny(reasons)
            }
            (Self::Error(one), Self::Error(other)) => Self::Error(format!("{one}; {other}")),
            (Self::Error(reason), _) | (_, Self::Error(reason)) => Self::Error(reason),
            (Self::Deny(mut reasons), Self::Deny(more)) => {
                reasons.extend(more);
                Self::Deny(reasons)
            }
        }
    }
}

/// Returns the verdict of a decision that must be exactly `true`. `path` names it in messages.
pub fn of_allow(outcome: &Outcome, path: &str) -> Verdict {
    match outcome {
        Outcome::Defined(value) if value.is_true() => Verdict::Allow,
        Outcome::Defined(value) if value.is_false() => Verdict::Deny(Vec::new()),
        Outcome::Defined(value) => Verdict::Error(format!(
            "policy decision `{path}` is not a boolean but of type {}",
            value.type_name()
        )),
        Outcome::Undefined => Verdict::Error(format!("policy decision `{path}` is undefined")),
        Outcome::Failed(failure) => Verdict::Error(failure.to_string()),
    }
}

/// Returns the verdict of a set or array of messages (strings, or objects with `msg`): it must be
/// defined and empty. `path` names it in messages.
pub fn of_deny(outcome: &Outcome, path: &str) -> Verdict {
    let value = match outcome {
        Outcome::Defined(value) => value,
        Outcome::Undefined => {
            return Verdict::Error(format!("policy decision `{path}` is undefined"));
        }
        Outcome::Failed(failure) => return Verdict::Error(failure.to_string()),
    };
    match value.as_elements() {
        Some([]) => Verdict::Allow,
        Some(elements) => Verdict::Deny(reasons(elements)),
        None => Verdict::Error(format!(
            "policy decision `{path}` is neither a set nor an array but of type {}",
            value.type_name()
        )),
    }
}

/// Returns the reasons, sorted, each once, capped in number and length.
fn reasons(elements: &[Value]) -> Vec<String> {
    let mut reasons: Vec<_> = elements.iter().map(reason).collect();
    reasons.sort();
    reasons.dedup();
    if reasons.len() > REASONS_MAX {
        let more = reasons.len() - REASONS_MAX;
        reasons.truncate(REASONS_MAX);
        reasons.push(format!("and {more} more"));
    }
    reasons
}

/// Returns what the user is told of one member of a document of reasons.
pub(crate) fn reason(element: &Value) -> String {
    let message = match element.view() {
        View::Object(object) => object.get_str("msg").unwrap_or(element),
        _ => element,
    };
    match message.as_str() {
        Some(text) => printable(text),
        None => printable(&message.to_json()),
    }
}

/// Returns the text for a terminal: capped, without characters that control it or change the
/// direction of text, which a client could have put into a name that a policy repeats.
fn printable(text: &str) -> String {
    let steers = |c| matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = |c: char| if c.is_control() || steers(c) { ' ' } else { c };
    let mut capped: String = text.chars().take(REASON_BYTES_MAX).map(plain).collect();
    if capped.len() > REASON_BYTES_MAX {
        capped.truncate(capped.floor_char_boundary(REASON_BYTES_MAX));
    }
    if capped.len() < text.len() {
        capped.push('…');
    }
    capped
}

#[cfg(test)]
mod tests {
    use portcullis_service::decide::Failure;

    use super::*;

    fn defined(json: &str) -> Outcome {
        Outcome::Defined(Value::from_json(json.as_bytes()).unwrap())
    }

    #[test]
    fn only_true_allows() {
        assert_eq!(of_allow(&defined("true"), "p"), Verdict::Allow);
        assert_eq!(of_allow(&defined("false"), "p").message(), REJECTED);
        for json in ["null", "1", "\"true\"", "[true]", "{\"allow\":true}"] {
            let verdict = of_allow(&defined(json), "data.p");
            assert!(verdict.message().contains("`data.p` is not a boolean"), "{json}");
        }
        assert!(of_allow(&Outcome::Undefined, "data.p").message().contains("undefined"));
        let failed = Outcome::Failed(Failure::Budget("steps".to_string()));
        assert!(of_allow(&failed, "p").message().ends_with("exceeded its budget: steps"));
    }

    #[test]
    fn reasons_are_sorted_and_reach_the_user() {
        let deny = of_deny(&defined(r#"["b", {"msg": "a", "code": 1}, "b", 7]"#), "p");
        assert_eq!(deny, Verdict::Deny(vec!["7".into(), "a".into(), "b".into()]));
        assert_eq!(deny.message(), "7; a; b");
        assert_eq!(of_deny(&Outcome::Defined(Value::set(vec![])), "p"), Verdict::Allow);
        assert_eq!(of_deny(&defined("[]"), "p"), Verdict::Allow);
    }

    #[test]
    fn no_set_is_no_decision() {
        for json in ["true", "false", "null", "{}", "\"\""] {
            assert!(matches!(of_deny(&defined(json), "p"), Verdict::Error(_)), "{json}");
        }
        assert!(matches!(of_deny(&Outcome::Undefined, "p"), Verdict::Error(_)));
    }

    #[test]
    fn reasons_are_capped_and_printable() {
        let many: Vec<_> = (0..100i64).map(|n| Value::from(format!("{n:03}"))).collect();
        let deny = of_deny(&Outcome::Defined(Value::set(many)), "p");
        assert_eq!(deny.reasons().len(), REASONS_MAX + 1);
        let long = Value::from("ä\u{1b}[31m\u{202e}".repeat(1000));
        let deny = of_deny(&Outcome::Defined(Value::array(vec![long])), "p");
        assert!(deny.message().len() < REASON_BYTES_MAX + 8);
        assert!(!deny.message().contains(['\u{1b}', '\u{202e}']));
        let empty = of_deny(&defined(r#"["", " "]"#), "p");
        assert_eq!((empty.is_allow(), empty.message()), (false, REJECTED.to_string()));
    }

    #[test]
    fn both_decisions_must_agree() {
        let reasons = Verdict::Deny(vec!["r".into()]);
        let error = Verdict::Error("e".into());
        assert_eq!(Verdict::Allow.and(Verdict::Allow), Verdict::Allow);
        assert_eq!(Verdict::Deny(vec![]).and(reasons.clone()), reasons);
        assert_eq!(Verdict::Allow.and(reasons.clone()), reasons);
        assert_eq!(Verdict::Deny(vec![]).and(error.clone()), error);
        assert_eq!(error.clone().and(Verdict::Allow), error);
        assert_eq!(
            error.clone().and(Verdict::Error("f".into())).message(),
            format!("{REJECTED}: e; f")
        );
        let both = Verdict::Deny(vec!["r".into(), "e".into()]);
        assert_eq!(reasons.clone().and(error.clone()), both);
        assert_eq!(error.and(reasons), both);
    }
}
