//! Asks the policy which decisions are not logged, and what is taken out of those that are.
//!
//! Must not know: where events go.
//!
//! Source: OPA documentation, "Drop Decision Logs", "Masking Sensitive Data". Where one of the
//! policies fails OPA logs nothing; here the decision is logged without what it was about.

use rego::{QueryOptions, Value};

use super::counters::{Count, Counters};
use super::event::{Event, json_form};
use super::mask::mask;
use crate::decide::{self, Failure, Limits};
use crate::host::SystemHost;
use crate::snapshot::Snapshot;

/// The queries of the two policies.
#[derive(Clone, Debug)]
pub(super) struct Queries {
    drop: String,
    mask: String,
}

impl Queries {
    /// Returns the queries of these paths below data, with slashes.
    pub(super) fn new(drop: &str, mask: &str) -> Self {
        Self { drop: query(drop), mask: query(mask) }
    }
}

fn query(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    segments.fold("data".to_string(), |text, segment| {
        format!("{text}[{}]", Value::from(segment).to_json())
    })
}

/// What is evaluated with.
pub(super) struct Evaluator<'a> {
    /// What both policies are called.
    pub(super) queries: &'a Queries,
    /// How much one evaluation may use.
    pub(super) limits: &'a Limits,
    /// The world outside.
    pub(super) host: &'a SystemHost,
    /// The labels of each event.
    pub(super) labels: &'a Value,
}

/// The field that says why an event has neither input nor result.
const NOTE: &str = "mask_error";

impl Evaluator<'_> {
    /// Returns the event as it may be logged; none where it is to be dropped.
    ///
    /// Where a policy fails, nothing that it could have hidden is left in the event.
    pub(super) fn run(
        &self,
        snapshot: &Snapshot,
        event: Event,
        counters: &Counters,
    ) -> Option<Judged> {
        let mut event = event;
        match self.decide(snapshot, &mut event) {
            Ok(Verdict::Drop) => None,
            Ok(Verdict::Log) => Some(Judged::Whole(event)),
            Err(reason) => {
                counters.add(Count::Masking, 1);
                tracing::error!(
                    decision_id = event.decision_id,
                    reason,
                    "a policy about logging failed: sent without input and result, not on the console"
                );
                event.strip();
                event.extra.push((NOTE, Value::from(reason)));
                Some(Judged::Stripped(event))
            }
        }
    }

    fn decide(&self, snapshot: &Snapshot, event: &mut Event) -> Result<Verdict, String> {
        let documents = [&mut event.input, &mut event.result, &mut event.nd_builtin_cache];
        for document in documents.into_iter().flatten() {
            *document = json_form(document).map_err(|reason| format!("the event is {reason}"))?;
        }
        let input = event.for_policy(self.labels);
        let drop = self.ask(snapshot, &self.queries.drop, &input);
        match drop.map_err(|failure| format!("the drop decision failed: {failure}"))? {
            Some(value) if value.is_true() => return Ok(Verdict::Drop),
            _ => {}
        }
        let rules = self.ask(snapshot, &self.queries.mask, &input);
        if let Some(rules) =
            rules.map_err(|failure| format!("the mask decision failed: {failure}"))?
        {
            mask(event, &rules).map_err(|reason| format!("the mask decision {reason}"))?;
        }
        Ok(Verdict::Log)
    }

    /// Errors: a reason that quotes nothing of the event.
    fn ask(
        &self,
        snapshot: &Snapshot,
        query: &str,
        input: &Value,
    ) -> Result<Option<Value>, String> {
        let prepared = snapshot.prepare(query, &QueryOptions::default());
        let (query, _) = prepared.map_err(|_| format!("`{query}` does not compile"))?;
        let answer =
            decide::evaluate(self.limits, self.host, |options| query.value(Some(input), options));
        answer.map_err(|failure| match failure {
            // Its message may hold what a builtin was given.
            Failure::Evaluation(error) => error.code.to_string(),
            Failure::Internal(_) => "internal error".to_string(),
            other => other.to_string(),
        })
    }
}

/// An event that may be logged.
pub(super) enum Judged {
    /// As the policies left it.
    Whole(Event),
    /// Without its documents: a policy failed.
    Stripped(Event),
}

enum Verdict {
    Drop,
    Log,
}
