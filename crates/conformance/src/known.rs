//! The list of cases that are known to fail, by reason. It only shrinks: a case on it that passes
//! is as wrong as a case that fails and is not on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::run::FileResult;

/// The list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Known {
    /// The groups, in the order of the file.
    pub group: Vec<Group>,
}

/// Cases that fail for the same reason.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Group {
    /// Why they fail.
    pub reason: String,
    /// Their ids.
    pub cases: BTreeSet<String>,
}

/// How a run differs from the list.
#[derive(Clone, Debug, Default)]
pub struct Deviations {
    /// Cases that failed and are not on the list.
    pub unexpected_failures: Vec<String>,
    /// Cases that passed and are on it.
    pub unexpected_passes: Vec<String>,
}

impl Deviations {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.unexpected_failures.is_empty() && self.unexpected_passes.is_empty()
    }
}

impl Known {
    /// Reads the list; a file that is not there is an empty one.
    ///
    /// Errors: a sentence, where the file is there but cannot be read.
    pub fn read(path: &Path) -> Result<Known, String> {
        if !path.exists() {
            return Ok(Known::default());
        }
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Writes the list.
    ///
    /// Errors: a sentence, where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        fs::write(path, self.text()).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// Compares a run with the list. Cases that did not run do not count.
    pub fn deviations(&self, results: &[FileResult]) -> Deviations {
        let known: BTreeSet<&String> = self.group.iter().flat_map(|g| &g.cases).collect();
        let mut found = Deviations::default();
        for file in results {
            let failed = file.failed.iter().map(|(id, _)| id).filter(|id| !known.contains(id));
            found.unexpected_failures.extend(failed.cloned());
            let passed = file.passed.iter().filter(|id| known.contains(id));
            found.unexpected_passes.extend(passed.cloned());
        }
        found
    }

    /// Takes out what passed and adds what failed; what stays keeps its reason, what is new gets the
    /// sort of its failure.
    pub fn update(&mut self, results: &[FileResult]) {
        for group in &mut self.group {
            for file in results {
                group.cases.retain(|id| !file.passed.contains(id));
            }
        }
        let known: BTreeSet<String> =
            self.group.iter().flat_map(|g| g.cases.iter().cloned()).collect();
        let mut new: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (id, failure) in results.iter().flat_map(|file| &file.failed) {
            if !known.contains(id) {
                new.entry(&failure.sort).or_default().insert(id.clone());
            }
        }
        for (reason, cases) in new {
            match self.group.iter_mut().find(|g| g.reason == reason) {
                Some(group) => group.cases.extend(cases),
                None => self.group.push(Group { reason: reason.to_owned(), cases }),
            }
        }
        self.group.retain(|group| !group.cases.is_empty());
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "# Cases of the conformance suites that fail, by reason. The list only shrinks: a case\n\
             # on it that passes fails the run, as does a failure that is not on it. After a change\n\
             # that makes cases pass: `cargo run --release -p conformance -- \
             --update-known-failures DIR…`.\n",
        );
        for group in &self.group {
            let _ = writeln!(out, "\n[[group]]\nreason = {}\ncases = [", literal(&group.reason));
            for case in &group.cases {
                let _ = writeln!(out, "    {},", literal(case));
            }
            out.push_str("]\n");
        }
        out
    }
}

/// Returns a string of TOML.
fn literal(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Failure;

    fn result(passed: &[&str], failed: &[(&str, &str)]) -> FileResult {
        let failed = failed.iter().map(|(id, sort)| {
            ((*id).to_owned(), Failure { sort: (*sort).to_owned(), ..Failure::default() })
        });
        FileResult {
            passed: passed.iter().map(|id| (*id).to_owned()).collect(),
            failed: failed.collect(),
            ..FileResult::default()
        }
    }

    fn list() -> Known {
        toml::from_str("[[group]]\nreason = \"later\"\ncases = [\"s/f: a\", \"s/f: b\"]").unwrap()
    }

    #[test]
    fn pass_on_the_list_and_failure_off_it_deviate() {
        let results = [result(&["s/f: a", "s/f: d"], &[("s/f: b", "x"), ("s/f: c", "x")])];
        let deviations = list().deviations(&results);
        assert_eq!(deviations.unexpected_passes, ["s/f: a"]);
        assert_eq!(deviations.unexpected_failures, ["s/f: c"]);
    }

    #[test]
    fn update_keeps_reasons_and_text_reads_back() {
        let mut known = list();
        known.update(&[result(&["s/f: a"], &[("s/f: b", "x"), ("s/f: \"c\" \\ d", "wrong")])]);
        let again: Known = toml::from_str(&known.text()).unwrap();
        let groups: Vec<_> = again
            .group
            .iter()
            .map(|g| (g.reason.as_str(), g.cases.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        assert_eq!(groups, [("later", vec!["s/f: b"]), ("wrong", vec!["s/f: \"c\" \\ d"])]);
    }
}
