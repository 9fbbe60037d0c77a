//! The list of steps that are known to fail, by reason. It only shrinks: a step on it that passes is
//! as wrong as a step that fails and is not on it.
//!
//! Must not know: why a step failed.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::Error;
use crate::run::FileResult;

/// The reason that a step gets which no one has given one.
const NO_REASON: &str = "no reason given yet";

/// The list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Known {
    /// The groups, in the order of the file.
    pub group: Vec<Group>,
}

/// Steps that fail for the same reason.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Why they fail.
    pub reason: String,
    /// The scenario's note, ` #` and the step's number from 0, or ` #console`.
    pub steps: BTreeSet<String>,
}

/// How a run differs from the list.
#[derive(Clone, Debug, Default)]
pub struct Deviations {
    /// Steps that failed and are not on the list.
    pub unexpected_failures: Vec<String>,
    /// Steps that passed and are on it.
    pub unexpected_passes: Vec<String>,
    /// What is on the list and is no step of a file that ran.
    pub unknown: Vec<String>,
}

impl Deviations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        let Deviations { unexpected_failures, unexpected_passes, unknown } = self;
        unexpected_failures.is_empty() && unexpected_passes.is_empty() && unknown.is_empty()
    }
}

impl Known {
    /// Reads the list; a file that is not there is an empty one.
    ///
    /// Errors: the file is there and cannot be read, or is not of the form.
    pub fn read(path: &Path) -> Result<Known, Error> {
        if !path.exists() {
            return Ok(Known::default());
        }
        let text = fs::read_to_string(path).map_err(Error::of_file(path))?;
        toml::from_str(&text).map_err(|error| Error::Known(path.to_owned(), error))
    }

    /// Writes the list.
    ///
    /// Errors: the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        fs::write(path, self.text()).map_err(Error::of_file(path))
    }

    /// Compares a run with the list. Scenarios that did not run do not count.
    pub fn deviations(&self, results: &[FileResult]) -> Deviations {
        let known: BTreeSet<&String> = self.group.iter().flat_map(|g| &g.steps).collect();
        let mut found = Deviations::default();
        let mut ran = BTreeSet::new();
        for step in results.iter().flat_map(|file| &file.steps) {
            ran.insert(&step.id);
            match (step.judgement.complaints.is_empty(), known.contains(&step.id)) {
                (true, true) => found.unexpected_passes.push(step.id.clone()),
                (false, false) => found.unexpected_failures.push(step.id.clone()),
                _ => {}
            }
        }
        // A step that is gone from its scenario would stay on the list for ever.
        let notes: BTreeSet<&str> = ran.iter().map(|id| note_of(id)).collect();
        let unknown = known.iter().filter(|id| notes.contains(note_of(id)) && !ran.contains(**id));
        found.unknown = unknown.map(|id| (*id).clone()).collect();
        found
    }

    /// Takes out what passed and what is no step, adds what failed; what stays keeps its reason.
    pub fn update(&mut self, results: &[FileResult]) {
        let Deviations { unexpected_failures, unexpected_passes, unknown } =
            self.deviations(results);
        for group in &mut self.group {
            group.steps.retain(|id| !unexpected_passes.contains(id) && !unknown.contains(id));
        }
        if !unexpected_failures.is_empty() {
            let steps = unexpected_failures.into_iter();
            match self.group.iter_mut().find(|group| group.reason == NO_REASON) {
                Some(group) => group.steps.extend(steps),
                None => {
                    self.group.push(Group { reason: NO_REASON.to_owned(), steps: steps.collect() })
                }
            }
        }
        self.group.retain(|group| !group.steps.is_empty());
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "# Steps of the REST transcripts that fail, by reason. The list only shrinks: a step on it\n\
             # that passes fails the run, as does a failure that is not on it. After a change that makes\n\
             # steps pass: `cargo run --release -p rest-conformance -- --update-known-failures DIR…`.\n",
        );
        for group in &self.group {
            let _ = writeln!(out, "\n[[group]]\nreason = {}\nsteps = [", literal(&group.reason));
            for step in &group.steps {
                let _ = writeln!(out, "    {},", literal(step));
            }
            out.push_str("]\n");
        }
        out
    }
}

fn note_of(id: &str) -> &str {
    id.rsplit_once(" #").map_or(id, |(note, _)| note)
}

/// Returns a string of TOML.
fn literal(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Judgement;
    use crate::run::StepResult;

    fn result(passed: &[&str], failed: &[&str]) -> FileResult {
        let step = |id: &&str, complaints: Vec<String>| StepResult {
            id: (*id).to_owned(),
            judgement: Judgement { complaints, ..Judgement::default() },
        };
        let passed = passed.iter().map(|id| step(id, Vec::new()));
        let failed = failed.iter().map(|id| step(id, vec!["wrong".to_owned()]));
        let steps = passed.chain(failed).collect();
        FileResult { name: "f.json".to_owned(), steps, remarks: Vec::new() }
    }

    fn list() -> Known {
        toml::from_str("[[group]]\nreason = \"later\"\nsteps = [\"a #0\", \"a #1\", \"b #0\"]")
            .unwrap()
    }

    #[test]
    fn what_deviates() {
        let found = list().deviations(&[result(&["a #0", "a #2"], &["a #3"])]);
        assert_eq!(found.unexpected_passes, ["a #0"]);
        assert_eq!(found.unexpected_failures, ["a #3"]);
        // Of `a` the list names a step that is not there; `b` did not run at all.
        assert_eq!(found.unknown, ["a #1"]);
        assert!(list().deviations(&[result(&[], &["a #0", "a #1"])]).is_empty());
    }

    #[test]
    fn update_keeps_reasons_and_text_reads_back() {
        let mut known = list();
        known.update(&[result(&["a #0"], &["a #1", "c \"x\" #console"])]);
        let again: Known = toml::from_str(&known.text()).unwrap();
        let groups: Vec<_> = again
            .group
            .iter()
            .map(|g| (g.reason.as_str(), g.steps.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        let new = (NO_REASON, vec!["c \"x\" #console"]);
        assert_eq!(groups, [("later", vec!["a #1", "b #0"]), new]);
    }
}
