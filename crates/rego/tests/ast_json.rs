//! Modules as OPA's JSON: against recorded answers of OPA, and rule by rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rego::ast_json::AstModules;
use rego::{RegoVersion, Value, View};

/// How many recorded modules there are at least.
const AGREED_MIN: usize = 18;

/// Recorded modules that do not agree with OPA's form yet: file and number of the module in it.
const KNOWN_DIFFERENCES: [&str; 0] = [];

/// Returns the folder of recorded answers, or `None`, with a printed reason, where it is missing.
fn transcripts() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/rest");
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

/// Adds each object with `raw` and `ast` at any depth.
fn pairs<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value.view() {
        View::Array(items) => items.iter().for_each(|item| pairs(item, found)),
        View::Object(object) => {
            if object.get_str("ast").is_some() && object.get_str("raw").is_some() {
                found.push(value);
            }
            object.values().iter().for_each(|value| pairs(value, found));
        }
        _ => {}
    }
}

/// Numbers made-up names by their first occurrence, so that two trees differ only where they say
/// different things.
fn renamed(value: &Value, names: &mut BTreeMap<String, String>) -> Value {
    match value.view() {
        View::Array(items) => Value::array(items.iter().map(|v| renamed(v, names)).collect()),
        View::Object(object) => {
            let entries = object.iter().map(|(key, value)| (key.clone(), renamed(value, names)));
            Value::object(entries.collect())
        }
        View::String(text) if text.starts_with("__local") || text.starts_with('$') => {
            let next = format!("made-up {}", names.len());
            Value::from(&**names.entry(text.to_owned()).or_insert(next))
        }
        _ => value.clone(),
    }
}

fn canonical(value: &Value) -> String {
    renamed(value, &mut BTreeMap::new()).to_json_pretty(" ")
}

fn ours(id: &str, raw: &str, version: RegoVersion) -> String {
    let mut modules = AstModules::new();
    match modules.add(id, raw, version) {
        Ok(()) => modules.compiled(id).map_or_else(String::new, |ast| canonical(&ast)),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn recorded_modules_have_opas_form() {
    let Some(root) = transcripts() else { return };
    let mut paths: Vec<_> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let (mut differ, mut agreed) = (Vec::new(), 0);
    for path in paths {
        let file = Value::from_json(&fs::read(&path).unwrap()).unwrap();
        let mut number = 0;
        for scenario in file.as_array().unwrap() {
            let flags = scenario.get_path(&["server", "flags"]).and_then(Value::as_array);
            let is_old = flags.is_some_and(|flags| flags.contains(&Value::from("--v0")));
            let version = if is_old { RegoVersion::V0 } else { RegoVersion::V1 };
            let mut found = Vec::new();
            pairs(scenario, &mut found);
            for pair in found {
                number += 1;
                let text = |name: &str| pair.get_path(&[name]).and_then(Value::as_str).unwrap();
                let want = canonical(pair.get_path(&["ast"]).unwrap());
                let got = ours(text("id"), text("raw"), version);
                if got == want {
                    agreed += 1;
                    continue;
                }
                let name = path.file_stem().unwrap().to_string_lossy();
                println!("{name} {number}\n{}", text("raw"));
                let lines = got.lines().zip(want.lines()).enumerate();
                for (at, (got, want)) in lines.filter(|(_, (got, want))| got != want).take(4) {
                    println!("  line {at}: ours {got}, OPA's {want}");
                }
                differ.push(format!("{name} {number}"));
            }
        }
    }
    println!("{agreed} modules have OPA's form, {} differ", differ.len());
    assert!(agreed >= AGREED_MIN, "modules are missing");
    assert_eq!(differ, KNOWN_DIFFERENCES, "left: what differs, right: what is known to");
}
