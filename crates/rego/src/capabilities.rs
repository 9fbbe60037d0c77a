//! Capabilities: which builtins and parts of the language there are, as a file of OPA's says it,
//! as one of OPA's versions had it, or as this engine has it.
//!
//! Must not know: files, how calls are compiled.
//!
//! Source: OPA's documentation, "Capabilities"; the form of its `capabilities.json`.

mod decl;
mod history;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rego_analysis::builtin::Decl;
use rego_source::{Diagnostic, Location, Severity, SourceFile, Sources};
use rego_syntax::ast::RegoVersion as Grammar;
use rego_syntax::{Features, ParseOptions};
use rego_value::Value;

use crate::builtins;
use crate::compiler::{RegoVersion, parse_with};
use crate::errors::Errors;

/// Feature: template strings.
pub(crate) const TEMPLATE_STRINGS: &str = "template_strings";
/// Feature: keywords as parts of references.
const KEYWORDS_IN_REFS: &str = "keywords_in_refs";
/// Feature: Rego v1.
pub(crate) const REGO_V1: &str = "rego_v1";
/// Feature: `import rego.v1`.
pub(crate) const REGO_V1_IMPORT: &str = "rego_v1_import";
/// Feature: heads that are references, also with variables.
pub(crate) const HEAD_REFS: &str = "rule_head_refs";
/// Feature: heads that are references of constant strings.
pub(crate) const HEAD_STRING_PREFIXES: &str = "rule_head_ref_string_prefixes";

/// Most entries that a list of a file may have.
const ENTRIES_MAX: usize = 100_000;

/// Which builtins and parts of the language there are.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    builtins: Vec<Value>,
    names: BTreeSet<String>,
    future_keywords: Vec<String>,
    wasm_abi_versions: Vec<Value>,
    features: Vec<String>,
    allow_net: Option<Vec<String>>,
}

/// Why a text says nothing about capabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapabilitiesError(String);

impl fmt::Display for CapabilitiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CapabilitiesError {}

impl Capabilities {
    /// Returns those of this engine, sorted by name; the features are those of a grammar.
    pub fn current(version: RegoVersion) -> Self {
        let mut decls: Vec<_> = builtins::all().map(|builtin| &builtin.decl).collect();
        decls.sort_by_key(|decl| decl.name);
        let features: &[&str] = match version {
            RegoVersion::V0 => &[
                KEYWORDS_IN_REFS,
                REGO_V1,
                REGO_V1_IMPORT,
                HEAD_STRING_PREFIXES,
                HEAD_REFS,
                TEMPLATE_STRINGS,
            ],
            RegoVersion::V1 | RegoVersion::Auto => &[KEYWORDS_IN_REFS, REGO_V1, TEMPLATE_STRINGS],
        };
        let keywords: &[&str] = match version {
            RegoVersion::V0 => &Features::FUTURE_KEYWORDS,
            RegoVersion::V1 | RegoVersion::Auto => &[],
        };
        let abi = |minor: i64| {
            let version = ("version", Value::from(1i64));
            Value::object_from_strs([("minor_version", Value::from(minor)), version])
        };
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            builtins: decls.iter().map(|decl| decl::builtin(decl)).collect(),
            names: decls.iter().map(|decl| decl.name.to_owned()).collect(),
            future_keywords: owned(keywords),
            wasm_abi_versions: vec![abi(1), abi(2)],
            features: owned(features),
            allow_net: None,
        }
    }

    /// Returns those of these builtins, in their order, and of these keywords and features.
    pub(crate) fn required<'d>(
        builtins: impl Iterator<Item = &'d Decl>,
        keywords: &BTreeSet<&str>,
        features: &BTreeSet<&str>,
    ) -> Self {
        let owned = |names: &BTreeSet<&str>| names.iter().map(|name| (*name).to_owned()).collect();
        let (names, builtins) =
            builtins.map(|decl| (decl.name.to_owned(), decl::builtin(decl))).unzip();
        Self {
            builtins,
            names,
            future_keywords: owned(keywords),
            features: owned(features),
            ..Self::default()
        }
    }

    /// Returns those that a version of OPA had, such as `v1.7.1`, as far as this engine has them;
    /// nothing for a version that is not one of [`Capabilities::versions`] or a patch of one.
    pub fn of_version(version: &str) -> Option<Self> {
        history::of_version(version)
    }

    /// Returns the versions of OPA whose capabilities are known, oldest first.
    pub fn versions() -> Vec<String> {
        history::versions()
    }

    /// Reads a file of OPA's form. What it says of operands is not compared: a builtin is the one
    /// of its name, and one that this engine does not have stays unknown.
    ///
    /// Errors: text that is not JSON, a field of the wrong type.
    pub fn from_json(text: &[u8]) -> Result<Self, CapabilitiesError> {
        let failed = |message: String| CapabilitiesError(message);
        let document = Value::from_json(text).map_err(|error| failed(error.to_string()))?;
        if document.as_object().is_none() {
            return Err(failed("capabilities must be an object".to_owned()));
        }
        let list = |name: &str| -> Result<&[Value], CapabilitiesError> {
            match document.get_path(&[name]) {
                None => Ok(&[]),
                Some(value) if *value == Value::NULL => Ok(&[]),
                Some(value) => value
                    .as_array()
                    .filter(|items| items.len() <= ENTRIES_MAX)
                    .ok_or_else(|| failed(format!("`{name}` must be an array"))),
            }
        };
        let texts = |name: &str| -> Result<Vec<String>, CapabilitiesError> {
            let items = list(name)?.iter().map(|item| {
                let text = item.as_str().map(str::to_owned);
                text.ok_or_else(|| failed(format!("`{name}` must be an array of strings")))
            });
            items.collect()
        };
        let mut names = BTreeSet::new();
        for builtin in list("builtins")? {
            let name = builtin.get_path(&["name"]).and_then(Value::as_str);
            let name = name.ok_or_else(|| failed("a builtin must have a `name`".to_owned()))?;
            names.insert(name.to_owned());
        }
        let allowed = document.get_path(&["allow_net"]).filter(|value| **value != Value::NULL);
        Ok(Self {
            builtins: list("builtins")?.to_vec(),
            names,
            future_keywords: texts("future_keywords")?,
            wasm_abi_versions: list("wasm_abi_versions")?.to_vec(),
            features: texts("features")?,
            allow_net: allowed.map(|_| texts("allow_net")).transpose()?,
        })
    }

    /// Returns the objects of the builtins: `name`, `decl`, `infix`, …
    pub fn builtins(&self) -> &[Value] {
        &self.builtins
    }

    /// Returns the keywords that may be imported.
    pub fn future_keywords(&self) -> &[String] {
        &self.future_keywords
    }

    /// Returns the objects of the versions of WebAssembly's interface.
    pub fn wasm_abi_versions(&self) -> &[Value] {
        &self.wasm_abi_versions
    }

    /// Returns the features.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Returns the hosts that may be asked; nothing where all may be.
    pub fn allow_net(&self) -> Option<&[String]> {
        self.allow_net.as_deref()
    }

    /// Whether keywords may be parts of references.
    pub fn has_keywords_in_refs(&self) -> bool {
        self.has(KEYWORDS_IN_REFS)
    }

    /// Returns what is wrong with a text for these capabilities: it uses parts of the language
    /// that there are not, or is no module at all.
    pub fn check_syntax(&self, name: &str, text: &str, version: RegoVersion) -> Result<(), Errors> {
        let mut sources = Sources::default();
        let source = sources.add(Arc::new(SourceFile::new(name, text)));
        let options = ParseOptions::default();
        let (_, mut found) = parse_with((source, text), version, &options, Some(self));
        found.retain(|error| error.severity == Severity::Error);
        if found.is_empty() { Ok(()) } else { Err(Errors { diagnostics: found, sources }) }
    }

    /// Returns the names of the builtins.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }

    /// Returns what the parser may read in a grammar.
    ///
    /// Errors: capabilities that no text can be read with, in OPA's words.
    pub(crate) fn grammar(&self, grammar: Grammar) -> Result<Features, Box<Diagnostic>> {
        let illegal = |what: String| {
            let message = format!("illegal capabilities: {what}");
            let mut error = Diagnostic::error("rego_parse_error", Location::default(), message);
            error.location = None;
            Box::new(error)
        };
        if grammar == Grammar::V1 && !self.has(REGO_V1) {
            return Err(illegal("rego_v1 feature required for parsing v1 Rego".to_owned()));
        }
        let known = |keyword: &&String| Features::FUTURE_KEYWORDS.contains(&keyword.as_str());
        let newer = |keyword: &&String| matches!(keyword.as_str(), "not" | "and" | "or");
        let unknown = self.future_keywords.iter().find(|word| !known(word) && !newer(word));
        if let Some(unknown) = unknown {
            return Err(illegal(format!("unknown keyword: {unknown}")));
        }
        let all = self.has(REGO_V1);
        let allowed = |keyword: &str| all || self.future_keywords.iter().any(|k| k == keyword);
        Ok(Features {
            template_strings: self.has(TEMPLATE_STRINGS),
            keywords_in_refs: self.has(KEYWORDS_IN_REFS),
            rego_v1_import: self.has(REGO_V1_IMPORT) || self.has(REGO_V1),
            future_keywords: Features::FUTURE_KEYWORDS.map(allowed),
        })
    }

    /// Returns which heads a rule may have.
    pub(crate) fn heads(&self) -> rego_analysis::HeadForms {
        use rego_analysis::HeadForms;
        if self.has(REGO_V1) || self.has(HEAD_REFS) {
            HeadForms::All
        } else if self.has(HEAD_STRING_PREFIXES) {
            HeadForms::StringPrefixes
        } else {
            HeadForms::Names
        }
    }
}
