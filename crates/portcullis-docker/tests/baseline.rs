//! The embedded policies: their own tests, written in Rego, and what the program says of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "functions that tests share"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_docker::profile::Profile;
use portcullis_docker::{baseline, settings};
use rego::{Compiler, EvalOptions, Policy, Value};

/// Returns the names and the texts of the modules in the project, tests or not.
fn files(are_tests: bool) -> BTreeMap<String, Arc<str>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeMap::new();
    let mut directories = vec![PathBuf::from("policies/docker")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(root.join(&directory)).unwrap() {
            let path = directory.join(entry.unwrap().file_name());
            let name = path.to_str().unwrap().to_string();
            if root.join(&path).is_dir() {
                directories.push(path);
            } else if name.ends_with(".rego") && name.ends_with("_test.rego") == are_tests {
                let text = std::fs::read_to_string(root.join(&path)).unwrap();
                found.insert(name, text.into());
            }
        }
    }
    found
}

fn compiler(modules: impl IntoIterator<Item = (String, Arc<str>)>) -> Compiler {
    modules.into_iter().fold(Compiler::new(), |c, (name, text)| c.module(name, text))
}

fn value(policy: &Policy, query: &str) -> Option<Value> {
    let query = policy.prepare(query).unwrap_or_else(|errors| panic!("{query}: {errors}"));
    query.value(None, &EvalOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_module_of_the_project_is_embedded() {
    let embedded: BTreeMap<_, _> = baseline::modules().into_iter().collect();
    assert_eq!(embedded, files(false));
}

#[test]
fn every_rego_test_of_the_policies_passes() {
    let tests = files(true);
    let all = baseline::modules().into_iter().chain(tests.clone());
    let policy = compiler(all).compile().unwrap_or_else(|errors| panic!("{errors}"));
    let mut count = 0;
    for text in tests.values() {
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap();
        let names = text.lines().filter_map(|line| line.split(' ').next());
        for name in names.filter(|name| name.starts_with("test_")) {
            let found = value(&policy, &format!("data.{package}.{name}"));
            assert_eq!(found, Some(Value::TRUE), "{package}.{name}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_policies_are_free_of_likely_mistakes() {
    let all = baseline::modules().into_iter().chain(files(true));
    let found = compiler(all).lint(&[]).unwrap();
    assert_eq!(found.diagnostics, []);
}

#[test]
fn the_list_of_settings_has_the_defaults_of_the_rules() {
    let policy = compiler(baseline::modules()).compile().unwrap();
    let listed = Value::from_yaml(settings::DEFAULTS.as_bytes()).unwrap();
    let mut count = 0;
    for (category, settings) in listed.as_object().unwrap().iter() {
        let category = category.as_str().unwrap();
        for (name, default) in settings.as_object().unwrap().iter() {
            let path = format!("data.docker.rules.{category}.{}", name.as_str().unwrap());
            assert_eq!(value(&policy, &path).as_ref(), Some(default), "{path}");
            count += 1;
        }
    }
    let read = |line: &&str| line.contains(":= data.docker.settings.");
    let in_rules: usize = files(false).values().map(|text| text.lines().filter(read).count()).sum();
    assert_eq!(count, in_rules, "settings that the rules read, and those that are listed");
}

#[test]
fn every_category_is_asked() {
    let modules: BTreeMap<_, _> = baseline::modules().into_iter().collect();
    let listed = Value::from_yaml(settings::DEFAULTS.as_bytes()).unwrap();
    for (category, _) in listed.as_object().unwrap().iter() {
        let category = category.as_str().unwrap();
        let asked = format!("some msg in rules.{category}.deny\n");
        assert!(modules["policies/docker/authz.rego"].contains(&asked), "{category}");
        let severity = format!("\"{category}\": \"");
        assert!(modules["policies/docker/audit.rego"].contains(&severity), "{category}");
        assert!(modules.contains_key(&format!("policies/docker/rules/{category}.rego")));
    }
    let rules = modules.keys().filter(|name| name.contains("/rules/")).count();
    assert_eq!(rules, listed.as_object().unwrap().len());
}

#[test]
fn every_setting_stands_in_the_documentation() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/docker-policies.md")).unwrap();
    let listed = Value::from_yaml(settings::DEFAULTS.as_bytes()).unwrap();
    for (category, settings) in listed.as_object().unwrap().iter() {
        let category = category.as_str().unwrap();
        let section = text.split(&format!("\n### `{category}`")).nth(1);
        let section = section.unwrap_or_else(|| panic!("no section of {category}"));
        let section = section.split("\n### ").next().unwrap();
        for (name, _) in settings.as_object().unwrap().iter() {
            let name = name.as_str().unwrap();
            assert!(section.contains(&format!("`{name}`")), "{category}.{name}");
        }
    }
}

#[test]
fn profiles_set_what_there_is() {
    for profile in [Profile::Baseline, Profile::Restricted, Profile::ReadOnly, Profile::Ci] {
        let given = Value::from_yaml(profile.text().as_bytes()).unwrap();
        let given = given.get_path(&[profile.name()]).unwrap();
        settings::check(given).unwrap_or_else(|error| panic!("{profile:?}: {error}"));
    }
}
