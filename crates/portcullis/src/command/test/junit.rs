//! Results as JUnit's XML: a suite a package, a case a test or a case of a test.
//!
//! Source: the schema that Jenkins and GitLab read ("JUnit XML", testmoapp's description of it).

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use rego::testing::Verdict;

use super::runner::TestResult;

/// The results so far, by package.
#[derive(Default)]
pub(super) struct JunitReport<'t> {
    suites: BTreeMap<&'t str, Vec<TestResult<'t>>>,
}

/// How many elements of a kind there are.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    time: Duration,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.time += other.time;
    }

    fn attributes(self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.6}\"",
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            self.time.as_secs_f64()
        )
    }
}

impl<'t> JunitReport<'t> {
    /// Takes a result.
    pub(super) fn take(&mut self, result: TestResult<'t>) {
        self.suites.entry(&result.test.package).or_default().push(result);
    }

    /// Writes the document.
    pub(super) fn finish(&self, out: &mut dyn Write) -> io::Result<()> {
        let (mut all, mut suites) = (Counts::default(), String::new());
        for (package, results) in &self.suites {
            let (mut counts, mut cases) = (Counts::default(), String::new());
            for result in results {
                let (count, text) = elements(result);
                counts.add(count);
                cases += &text;
            }
            let (name, attributes) = (escaped(package), counts.attributes());
            suites +=
                &format!("  <testsuite name=\"{name}\" {attributes}>\n{cases}  </testsuite>\n");
            all.add(counts);
        }
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        write!(out, "<testsuites {}>\n{suites}</testsuites>\n", all.attributes())
    }
}

/// Returns the elements of a test, and how many they are.
fn elements(result: &TestResult<'_>) -> (Counts, String) {
    let mut counts = Counts { time: result.duration, ..Counts::default() };
    let mut text = String::new();
    let name = &result.test.name;
    let output = output(&result.outcome.output);
    if result.outcome.cases.is_empty() {
        counts.tests = 1;
        let inner = match &result.outcome.verdict {
            Verdict::Passed => String::new(),
            Verdict::Failed => {
                counts.failures = 1;
                "      <failure message=\"the test is not true\"/>\n".to_string()
            }
            Verdict::Errored(error) => {
                counts.errors = 1;
                format!("      <error message=\"{}\"/>\n", escaped(&error.to_string()))
            }
            Verdict::Skipped => {
                counts.skipped = 1;
                "      <skipped/>\n".to_string()
            }
        };
        return (counts, element(result, name, result.duration, &(inner + &output)));
    }
    // The time of a case is not known: the first one has that of all.
    let mut time = result.duration;
    let mut output = output;
    result.outcome.cases.each(&mut |parts, case| {
        if !case.cases.is_empty() {
            return;
        }
        counts.tests += 1;
        counts.failures += usize::from(case.failed);
        let failure = "      <failure message=\"the case does not hold\"/>\n";
        let inner =
            if case.failed { failure } else { "" }.to_string() + &std::mem::take(&mut output);
        let name = format!("{name}/{}", parts.join("/"));
        text += &element(result, &name, std::mem::take(&mut time), &inner);
    });
    (counts, text)
}

fn element(result: &TestResult<'_>, name: &str, time: Duration, inner: &str) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6}\"",
        escaped(&result.test.package),
        escaped(name),
        escaped(&result.test.file),
        result.test.position.row,
        time.as_secs_f64()
    );
    match inner {
        "" => format!("{head}/>\n"),
        inner => format!("{head}>\n{inner}    </testcase>\n"),
    }
}

fn output(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("      <system-out>{}</system-out>\n", escaped(text)),
    }
}

/// Returns text for an attribute or an element; what XML cannot hold at all becomes `?`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a<b>\"&\u{1}\n"), "a&lt;b&gt;&quot;&amp;?&#10;");
    }
}
