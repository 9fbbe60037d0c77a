//! Judges one answer against the recorded one.
//!
//! The status, the type and encoding of the body and the body itself must be right; other header
//! fields and exact texts are graded. One thing is judged harder than the corpus's README asks for:
//! the body of a 404 that is JSON counts, since clients read its code.
//!
//! Must not know: connections, processes.

use serde_json::Value;

use crate::compare::{self, Kind, Rules, shortened};
use crate::error::Error;
use crate::exchange::Answer;
use crate::finer::{Finer, Grade};
use crate::placeholder;
use crate::scenario::{Recorded, Request, Step};

/// Statuses whose texts are the server's own affair.
const FREE_BODIES: &[u16] = &[301, 307, 404, 405];

/// Header fields that must be right.
const STRICT_HEADERS: &[&str] = &["Content-Type", "Content-Encoding"];

/// Header fields that are graded.
const GRADED_HEADERS: &[(&str, Grade)] = &[
    ("Vary", Grade::Vary),
    ("Allow", Grade::Allow),
    ("Location", Grade::Location),
    ("ETag", Grade::OtherHeaders),
    ("WWW-Authenticate", Grade::OtherHeaders),
];

/// What is said of a step.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// What is wrong; nothing where the step passes.
    pub complaints: Vec<String>,
    /// The finer grades.
    pub finer: Finer,
}

impl Judgement {
    /// Returns the judgement of a step that came to nothing.
    pub fn failed(error: &Error) -> Judgement {
        Judgement { complaints: vec![error.to_string()], finer: Finer::default() }
    }
}

/// Judges an answer, or that there was none.
pub fn step(step: &Step, answer: &Result<Answer, Error>) -> Judgement {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Judgement::failed(error),
    };
    let mut judgement = Judgement::default();
    let text = String::from_utf8_lossy(&answer.body);
    let Some(status) = step.response.status else {
        // OPA closed the connection where it should have said whose mistake it was.
        if !(400..500).contains(&answer.status) {
            judgement.complaints.push(format!("want a status of 4xx, got {}", answer.status));
        }
        return judgement;
    };
    if answer.status != status {
        let complaint =
            format!("status: want {status}, got {} `{}`", answer.status, shortened(&text));
        judgement.complaints.push(complaint);
        return judgement;
    }
    headers(&step.response, answer, &mut judgement);
    if step.request.method != "HEAD" {
        body(step, answer, &mut judgement);
    }
    if let Some(want) = &step.response.text {
        let is_right = placeholder::text_agrees(want, &text);
        judgement
            .finer
            .count(Grade::Text, is_right, || format!("want {want:?}, got {:?}", shortened(&text)));
    }
    contents(&step.response, &text, &mut judgement);
    judgement
}

fn headers(recorded: &Recorded, answer: &Answer, judgement: &mut Judgement) {
    // Of the text for Prometheus only names were recorded, not even its type.
    let strict = STRICT_HEADERS.iter().filter(|_| recorded.metric_names.is_empty());
    for name in strict {
        let (want, got) = (recorded.headers.get(*name), answer.header(name));
        if want != got.as_ref() {
            judgement.complaints.push(format!("{name}: want {want:?}, got {got:?}"));
        }
    }
    for (name, grade) in GRADED_HEADERS {
        let (want, got) = (recorded.headers.get(*name), answer.header(name));
        if want.is_some() || got.is_some() {
            let is_right = want == got.as_ref();
            judgement.finer.count(*grade, is_right, || format!("want {want:?}, got {got:?}"));
        }
    }
}

fn body(step: &Step, answer: &Answer, judgement: &mut Judgement) {
    let Some(want) = &step.response.body else { return };
    let is_json = step
        .response
        .headers
        .get("Content-Type")
        .is_some_and(|t| t.starts_with("application/json"));
    if !is_json {
        return text_body(want, answer, judgement);
    }
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(got) => {
            let found = compare::bodies(rules(&step.request, answer.status), want, &got);
            judgement.complaints.extend(found.complaints);
            judgement.finer.add(&found.finer);
        }
        Err(error) => {
            let text = String::from_utf8_lossy(&answer.body);
            judgement.complaints.push(format!("body: no JSON ({error}): `{}`", shortened(&text)));
        }
    }
}

fn text_body(want: &Value, answer: &Answer, judgement: &mut Judgement) {
    let want = want.as_str().unwrap_or_default();
    let got = String::from_utf8_lossy(&answer.body);
    let is_right = placeholder::text_agrees(want, &got);
    let complaint = || format!("body: want {want:?}, got {:?}", shortened(&got));
    if FREE_BODIES.contains(&answer.status) {
        judgement.finer.count(Grade::FreeBodies, is_right, complaint);
    } else if !is_right {
        judgement.complaints.push(complaint());
    }
}

/// Looks for what must occur somewhere in a text.
fn contents(recorded: &Recorded, text: &str, judgement: &mut Judgement) {
    for what in recorded.body_contains.iter().chain(&recorded.metric_names) {
        if !text.contains(what) {
            judgement.complaints.push(format!("body: `{what}` does not occur"));
        }
    }
    for labels in &recorded.handler_labels {
        let has_all = |line: &str| labels.split(',').all(|label| line.contains(label));
        if !text.lines().any(has_all) {
            judgement.complaints.push(format!("body: no line has the labels `{labels}`"));
        }
    }
}

fn rules(request: &Request, status: u16) -> Rules {
    let mut segments = request.route().split('/').filter(|segment| !segment.is_empty());
    let kind = match (segments.next(), segments.next()) {
        (None, _) | (Some("v0"), Some("data")) if status == 200 => Kind::Document,
        (Some("v1"), Some("data")) => Kind::Data,
        (Some("v1"), Some("query")) => Kind::Query,
        (Some("v1"), Some("policies")) => Kind::Policies,
        (Some("v1"), Some("compile")) => Kind::Compile,
        _ => Kind::Api,
    };
    Rules { kind, metric_values: !request.asks_for("instrument") }
}
