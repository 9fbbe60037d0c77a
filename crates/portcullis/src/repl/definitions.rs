//! What was defined at the prompt: packages, their imports and rules.
//!
//! Must not know: evaluation.

use std::collections::BTreeMap;

use rego::{RegoVersion, Value, ast_json};

/// The package that the shell starts in.
pub(super) const HOME: &str = "repl";

/// Most statements that are kept, in bytes of text. Ours.
const BYTES_MAX: usize = 16 << 20;

/// What was defined.
#[derive(Clone, Debug)]
pub(super) struct Definitions {
    /// The package that statements see now, without `data.`.
    pub(super) package: String,
    modules: BTreeMap<String, Module>,
    version: RegoVersion,
}

#[derive(Clone, Debug, Default)]
struct Module {
    imports: Vec<String>,
    /// The name of each rule and its text.
    rules: Vec<(String, String)>,
}

/// What a text defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Defined {
    Package(String),
    Import(String),
    /// Rules: the name of each, whether it is assigned by `:=`.
    Rules(Vec<(String, bool)>),
}

impl Definitions {
    pub(super) fn new(version: RegoVersion) -> Self {
        Self { package: HOME.to_string(), modules: BTreeMap::new(), version }
    }

    /// Returns what a text defines; nothing where it is a query, or neither.
    pub(super) fn read(&self, text: &str) -> Option<Defined> {
        if let Some(name) = text.strip_prefix("package ") {
            let name = name.trim();
            let parsed = ast_json::parsed("", &format!("package {name}\n"), self.version);
            return parsed.ok().map(|_| Defined::Package(name.to_string()));
        }
        let module =
            ast_json::parsed("", &format!("package {HOME}\n\n{text}\n"), self.version).ok()?;
        let list = |key: &str| module.get(&Value::from(key)).and_then(Value::as_array);
        if let Some(path) = text.strip_prefix("import ")
            && list("imports").is_some_and(|imports| imports.len() == 1)
        {
            return Some(Defined::Import(path.trim().to_string()));
        }
        let rules = list("rules")?;
        let defines = rules.iter().any(|rule| is_definition(rule, text));
        let named = rules.iter().map(|rule| (name_of(rule), is_assigned(rule)));
        defines.then(|| Defined::Rules(named.collect()))
    }

    /// Adds what was defined. Returns what to say about it.
    pub(super) fn add(&mut self, defined: &Defined, text: &str) -> String {
        let bytes =
            self.modules.values().flat_map(|m| &m.rules).map(|(_, t)| t.len()).sum::<usize>();
        if bytes + text.len() > BYTES_MAX {
            return "too much is defined: unset something first".to_string();
        }
        match defined {
            Defined::Package(name) => {
                self.package.clone_from(name);
                self.modules.entry(name.clone()).or_default();
                String::new()
            }
            Defined::Import(path) => {
                let imports = &mut self.here().imports;
                if !imports.contains(path) {
                    imports.push(path.clone());
                }
                String::new()
            }
            Defined::Rules(rules) => {
                let package = self.package.clone();
                let module = self.here();
                let mut said = Vec::new();
                for (name, assigned) in rules {
                    let before = module.rules.len();
                    if *assigned {
                        module.rules.retain(|(other, _)| other != name);
                    }
                    let re = if module.rules.len() < before { "re-" } else { "" };
                    said.push(format!(
                        "Rule '{name}' {re}defined in package {package}. Type 'show' to see rules."
                    ));
                }
                let name = rules.first().map_or(String::new(), |(name, _)| name.clone());
                module.rules.push((name, text.to_string()));
                said.dedup();
                said.join("\n")
            }
        }
    }

    /// Forgets the rules or imports of a name in the package. Returns whether there were any.
    pub(super) fn unset(&mut self, name: &str) -> bool {
        let module = self.here();
        let before = (module.rules.len(), module.imports.len());
        module.rules.retain(|(other, _)| other != name);
        let ends = |path: &String| path.split([' ', '.']).next_back() == Some(name);
        module.imports.retain(|path| !ends(path));
        before != (module.rules.len(), module.imports.len())
    }

    /// Forgets a package. Returns whether it was defined here.
    pub(super) fn unset_package(&mut self, name: &str) -> bool {
        let name = name.strip_prefix("data.").unwrap_or(name);
        let was = self.modules.remove(name).is_some();
        if was && self.package == name {
            self.package = HOME.to_string();
        }
        was
    }

    /// Returns the imports that statements see.
    pub(super) fn imports(&self) -> Vec<String> {
        self.modules.get(&self.package).map(|module| module.imports.clone()).unwrap_or_default()
    }

    /// Returns the text of each package.
    pub(super) fn texts(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.modules.iter().map(|(name, module)| {
            let imports: String =
                module.imports.iter().map(|path| format!("import {path}\n")).collect();
            let rules: String =
                module.rules.iter().map(|(_, text)| format!("\n{text}\n")).collect();
            (name.clone(), format!("package {name}\n\n{imports}{rules}"))
        })
    }

    /// Returns what was defined in the package that statements see.
    pub(super) fn shown(&self) -> String {
        let text = self.texts().find(|(name, _)| *name == self.package).map(|(_, text)| text);
        text.map_or_else(|| "no rules defined".to_string(), |text| text.trim_end().to_string())
    }

    fn here(&mut self) -> &mut Module {
        self.modules.entry(self.package.clone()).or_default()
    }
}

/// Whether a rule is more than a query that happens to read as one, such as `x = 1`.
fn is_definition(rule: &Value, text: &str) -> bool {
    let has =
        |path: &[&str]| path.iter().try_fold(rule, |at, key| at.get(&Value::from(*key))).is_some();
    let words = |word: &str| text.split_whitespace().any(|other| other == word);
    is_assigned(rule)
        || has(&["default"])
        || has(&["else"])
        || has(&["head", "key"])
        || words("if")
        || words("contains")
        || text.trim_end().ends_with('}')
}

fn is_assigned(rule: &Value) -> bool {
    let head = rule.get(&Value::from("head"));
    head.and_then(|head| head.get(&Value::from("assign"))).is_some_and(Value::is_true)
}

fn name_of(rule: &Value) -> String {
    let head = rule.get(&Value::from("head"));
    let parts = head.and_then(|head| head.get(&Value::from("ref"))).and_then(Value::as_array);
    let part =
        |part: &Value| part.get(&Value::from("value")).and_then(Value::as_str).map(String::from);
    parts.unwrap_or_default().iter().map_while(part).collect::<Vec<_>>().join(".")
}
