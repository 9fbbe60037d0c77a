//! Judges what a server wrote on its console: every decision, and the last status.
//!
//! Must not know: how lines are read.

use serde_json::Value;

use crate::compare::{self, Kind, Rules};
use crate::judge::Judgement;

const DECISION: &str = "Decision Log";
const STATUS: &str = "Status Log";

/// Whether as many decisions are there as were recorded, and the last status is right: what is worth
/// waiting for.
pub fn is_complete(want: &[Value], got: &[Value]) -> bool {
    lines(got, DECISION).len() >= lines(want, DECISION).len()
        && status(want, got).complaints.is_empty()
}

/// Judges the decisions, one by one.
pub fn decisions(want: &[Value], got: &[Value]) -> Judgement {
    let (want, got) = (lines(want, DECISION), lines(got, DECISION));
    let mut judgement = Judgement::default();
    if want.len() != got.len() {
        let complaint = format!("want {} decisions, got {}", want.len(), got.len());
        judgement.complaints.push(complaint);
    }
    for (i, (want, got)) in want.iter().zip(&got).enumerate() {
        add(&mut judgement, &format!("decision {i}"), want, got);
    }
    judgement
}

/// Judges the last status.
pub fn status(want: &[Value], got: &[Value]) -> Judgement {
    let mut judgement = Judgement::default();
    match (lines(want, STATUS).last(), lines(got, STATUS).last()) {
        (Some(want), Some(got)) => add(&mut judgement, "last status", want, got),
        (Some(_), None) => judgement.complaints.push("no status".to_owned()),
        (None, _) => {}
    }
    judgement
}

fn lines<'a>(log: &'a [Value], msg: &str) -> Vec<&'a Value> {
    let is_such = |line: &&Value| line.get("msg").and_then(Value::as_str) == Some(msg);
    log.iter().filter(is_such).collect()
}

fn add(judgement: &mut Judgement, what: &str, want: &Value, got: &Value) {
    let rules = Rules { kind: Kind::LogLine, metric_values: true };
    let found = compare::bodies(rules, want, got);
    judgement.complaints.extend(found.complaints.iter().map(|text| format!("{what}: {text}")));
    judgement.finer.add(&found.finer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decision(result: Value) -> Value {
        json!({"msg": "Decision Log", "level": "info", "time": "<timestamp>", "result": result,
               "metrics": {"timer_rego_query_eval_ns": "<ns>"}})
    }

    fn written(result: Value) -> Value {
        json!({"msg": "Decision Log", "level": "info", "time": "2026-01-02T03:04:05Z",
               "result": result, "metrics": {"timer_rego_query_eval_ns": 5, "counter_other": 1}})
    }

    #[test]
    fn decisions_are_compared_one_by_one_in_their_order() {
        let want = [decision(json!(1)), decision(json!(2))];
        let other = json!({"msg": "Received request."});
        let right = [written(json!(1)), other, written(json!(2))];
        assert!(decisions(&want, &right).complaints.is_empty());
        let swapped = [written(json!(2)), written(json!(1))];
        assert_eq!(decisions(&want, &swapped).complaints.len(), 2);
        let one = [written(json!(1))];
        assert_eq!(decisions(&want, &one).complaints, ["want 2 decisions, got 1"]);
        assert!(is_complete(&want, &right));
        assert!(!is_complete(&want, &one));
    }

    #[test]
    fn of_statuses_only_the_last_one_counts() {
        let line =
            |state: &str| json!({"msg": "Status Log", "plugins": {"bundle": {"state": state}}});
        let want = [line("NOT_READY"), line("NOT_READY"), line("OK")];
        assert!(is_complete(&want, &[line("OK")]));
        assert!(status(&want, &[line("x"), line("OK")]).complaints.is_empty());
        assert!(!status(&want, &[line("OK"), line("NOT_READY")]).complaints.is_empty());
        assert!(!status(&want, &[]).complaints.is_empty());
    }

    #[test]
    fn what_the_logger_adds_is_graded_only() {
        let line = |kind: &str| json!({"msg": "Decision Log", "type": kind});
        let judgement = decisions(&[line("a")], &[line("b")]);
        assert!(judgement.complaints.is_empty());
        assert_eq!(judgement.finer.misses.len(), 1);
    }

    #[test]
    fn solutions_in_a_line_have_no_order() {
        let line = |x: i32, y: i32| json!({"msg": "Decision Log", "query": "q", "result": [{"x": x}, {"x": y}]});
        assert!(decisions(&[line(1, 2)], &[line(2, 1)]).complaints.is_empty());
        assert!(!decisions(&[line(1, 2)], &[line(2, 2)]).complaints.is_empty());
    }
}
