//! Every module of the conformance corpora is read: without an error where none is wanted, with
//! OPA's first error where a parse error is.
//!
//! What does not agree is listed in `known_failures.txt`, which only shrinks: an entry that
//! agrees fails the test, too.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use rego_source::{Diagnostic, Position, SourceFile, SourceId};
    use rego_syntax::ast::RegoVersion;
    use rego_syntax::{ParseOptions, parse_module, parse_query};
    use serde_json::Value;

    /// How many of the texts that OPA refuses get exactly its list of errors; we go on after the first
    /// bad statement, so that not all can.
    const ALL_ERRORS_EQUAL_MIN: u32 = 158;

    /// Returns the folder of shared data, or `None`, with a printed reason, where it is missing.
    fn shared(name: &str) -> Option<PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
        if root.is_dir() {
            return Some(root);
        }
        assert!(
            std::env::var_os("PORTCULLIS_REQUIRE_ALL").is_none(),
            "{} is missing and PORTCULLIS_REQUIRE_ALL is set",
            root.display()
        );
        println!("skipped: {} is missing", root.display());
        None
    }

    fn cases(folder: &Path) -> Vec<Value> {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
        paths.sort();
        let read = |path: PathBuf| -> Vec<Value> {
            let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            file["cases"].as_array().unwrap().clone()
        };
        paths.into_iter().flat_map(read).collect()
    }

    /// An error as the corpora write it.
    #[derive(Debug, PartialEq, Eq)]
    struct Error {
        code: String,
        message: String,
        row: u64,
        col: u64,
    }

    fn ours(text: &str, diagnostic: &Diagnostic) -> Error {
        let file = SourceFile::new("", text);
        let offset = diagnostic.location.unwrap().span.start;
        let Position { row, col } = file.error_position(offset);
        let (code, message) = (diagnostic.code.to_owned(), diagnostic.message.clone());
        Error { code, message, row: row.into(), col: col.into() }
    }

    fn wanted(case: &Value) -> Option<Vec<Error>> {
        let errors = case.get("want_errors")?.as_array()?;
        let text = |error: &Value, key: &str| error[key].as_str().unwrap_or("").to_owned();
        let number = |error: &Value, key: &str| error[key].as_u64().unwrap_or(0);
        let read = |error: &Value| Error {
            code: text(error, "code"),
            message: text(error, "message"),
            row: number(error, "row"),
            col: number(error, "col"),
        };
        Some(errors.iter().map(read).collect())
    }

    fn errors_of(case: &Value) -> Vec<Error> {
        let v0 = case["v0"].as_bool().unwrap_or(false);
        let version = if v0 { RegoVersion::V0 } else { RegoVersion::V1 };
        let options = ParseOptions { version, ..ParseOptions::default() };
        let mut found = Vec::new();
        let modules = case["modules"].as_array().cloned().unwrap_or_default();
        for module in &modules {
            let text = module.as_str().unwrap();
            let (_, errors) = parse_module(SourceId(0), text, &options);
            found.extend(errors.iter().map(|e| ours(text, e)));
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty()
            && let Some(query) = case["query"].as_str()
        {
            let (_, errors) = parse_query(SourceId(0), query, &options);
            found.extend(errors.iter().map(|e| ours(query, e)));
        }
        found
    }

    /// Returns why a case does not agree with OPA.
    fn disagreement(case: &Value) -> Option<String> {
        let found = errors_of(case);
        let wanted = wanted(case);
        let first = wanted.as_ref().and_then(|errors| errors.first());
        let is_parse_error = case["want_error_code"] == "rego_parse_error";
        match first {
            Some(first) if is_parse_error => {
                let got = found.first();
                (got != Some(first)).then(|| format!("want {first:?}, got {got:?}"))
            }
            _ if is_parse_error => found.is_empty().then(|| "want a parse error".to_owned()),
            _ => found.first().map(|error| format!("want none, got {error:?}")),
        }
    }

    #[test]
    fn modules_of_the_corpora_read_as_opa_reads_them() {
        let Some(root) = shared("conformance") else {
            return;
        };
        let list = fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/known_failures.txt"),
        );
        let known: BTreeSet<String> = list.unwrap().lines().map(str::to_owned).collect();
        let mut failed = BTreeSet::new();
        let mut all_errors = (0, 0);
        for folder in ["rego-v1", "rego-v0", "surface"] {
            let cases = cases(&root.join(folder));
            let mut agreed = 0;
            for case in &cases {
                if case["want_error_code"] == "rego_parse_error" {
                    all_errors.1 += 1;
                    all_errors.0 += u32::from(wanted(case) == Some(errors_of(case)));
                }
                match disagreement(case) {
                    None => agreed += 1,
                    Some(why) => {
                        let note = format!("{folder}: {}", case["note"].as_str().unwrap());
                        if !known.contains(&note) {
                            println!("{note}\n  {why}");
                        }
                        failed.insert(note);
                    }
                }
            }
            println!("{folder}: {agreed} of {} agree", cases.len());
        }
        println!("all errors of a text equal OPA's: {} of {}", all_errors.0, all_errors.1);
        assert!(all_errors.0 >= ALL_ERRORS_EQUAL_MIN, "fewer texts agree in all errors");
        assert_eq!(failed, known, "left: what fails, right: what is known to");
    }

    #[test]
    fn the_seeds_policies_parse() {
        let Some(root) = shared("seeds/policies") else {
            return;
        };
        for entry in fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            let text: Arc<str> = fs::read_to_string(&path).unwrap().into();
            let v0 = path.file_stem().unwrap().to_string_lossy().ends_with("_v0");
            let version = if v0 { RegoVersion::V0 } else { RegoVersion::V1 };
            let options = ParseOptions { version, ..ParseOptions::default() };
            let (_, errors) = parse_module(SourceId(0), &text, &options);
            let errors: Vec<_> = errors.iter().map(|e| ours(&text, e)).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
    }
}
