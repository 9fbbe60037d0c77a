//! Rules that cannot stand side by side: of different kinds under one name, one inside the value
//! of another, two defaults, a package where a rule is, base data where a rule is.
//!
//! Source: OPA `v1/ast/compile.go` (`checkRuleConflicts`), `v1/ast/conflicts.go`.

use std::sync::Arc;

use foldhash::HashMap;
use rego_source::{Diagnostic, Location, Sources};
use rego_syntax::ast::TermKind;
use rego_value::Value;

use crate::catalog::{Trie, TrieNode};
use crate::finding::{COMPILE, Findings, Stage, TYPE};
use crate::heads::{Head, Shape};
use crate::lower::path_text;
use crate::pipeline::ParsedModule;
use crate::tree::{Resolved, Rule};
use crate::unit::Unit;

/// Checks all heads against each other.
pub(crate) struct Conflicts<'a> {
    pub(crate) heads: &'a [Head<'a>],
    pub(crate) trie: &'a Trie,
    pub(crate) modules: &'a [ParsedModule],
    pub(crate) units: &'a [Unit],
    pub(crate) sources: &'a Sources,
}

impl Conflicts<'_> {
    /// Reports all conflicts.
    pub(crate) fn check(&self, base: Option<&Value>, findings: &mut Findings) {
        for node in &self.trie.nodes {
            if !node.heads.is_empty() {
                self.node(node, findings);
            }
        }
        if let Some(base) = base {
            self.base_data(base, findings);
        }
        self.packages(findings);
    }

    fn heads_at<'s>(&'s self, node: &'s TrieNode) -> impl Iterator<Item = &'s Head<'s>> + 's {
        node.heads.iter().filter_map(|at| self.heads.get(*at))
    }

    fn node(&self, node: &TrieNode, findings: &mut Findings) {
        let Some(first) = self.heads_at(node).next() else { return };
        let ground = self.heads_at(node).any(|head| head.dynamic.is_empty());
        let inside = match ground && !node.children.is_empty() {
            true => self.extent(node),
            false => Vec::new(),
        };
        let name = || self.heads_at(node).last().map(|head| self.name(head)).unwrap_or_default();
        if !inside.is_empty() {
            let shown: Vec<String> = inside.iter().map(|head| self.name(head)).collect();
            let message = format!("rule {} conflicts with [{}]", name(), shown.join(" "));
            let mut error = Diagnostic::error(TYPE, first.location, message)
                .with_hint("the value of the one would have to hold the other; rename one");
            if let Some(other) = inside.first() {
                error = error.with_note(other.location, "this one is inside");
            }
            findings.add(Stage::RuleConflicts, error);
        } else if let Some(other) = self.differing(node, first) {
            let message = format!("conflicting rules {} found", name());
            let hint = "all definitions of a name have to be of one kind: one value, a set, or a \
                        function of as many arguments";
            let error = Diagnostic::error(TYPE, first.location, message)
                .with_note(other.location, "this definition is of another kind")
                .with_hint(hint);
            findings.add(Stage::RuleConflicts, error);
        } else {
            self.defaults(node, &name(), findings);
        }
    }

    /// Returns the first head of another kind than the first one's.
    fn differing<'s>(&'s self, node: &'s TrieNode, first: &Head<'_>) -> Option<&'s Head<'s>> {
        let kind = |head: &Head<'_>| {
            let multi = head.shape == Shape::Multi;
            (multi, head.arity(), !multi && head.dynamic.is_empty())
        };
        self.heads_at(node).find(|head| kind(head) != kind(first))
    }

    fn defaults(&self, node: &TrieNode, name: &str, findings: &mut Findings) {
        let defaults: Vec<&Head<'_>> =
            self.heads_at(node).filter(|head| head.rule.default).collect();
        let [first, second, ..] = defaults.as_slice() else { return };
        let places: Vec<String> = defaults.iter().map(|head| self.place(head)).collect();
        let message = format!("multiple default rules {name} found at {}", places.join(", "));
        let Some((unit, parsed)) = self.units.get(first.module).zip(self.modules.get(first.module))
        else {
            return;
        };
        let error = Diagnostic::error(TYPE, unit.at(parsed.module.package.span), message)
            .with_note(first.location, "first default here")
            .with_note(second.location, "and here again");
        findings.add(Stage::RuleConflicts, error);
    }

    /// Returns the topmost heads below a node.
    fn extent(&self, node: &TrieNode) -> Vec<&Head<'_>> {
        let mut found = Vec::new();
        let mut open: Vec<u32> = node.children.clone();
        while let Some(at) = open.pop() {
            let Some(node) = self.trie.nodes.get(at as usize) else { continue };
            match node.heads.first().and_then(|at| self.heads.get(*at)) {
                Some(head) => found.push(head),
                None => open.extend(&node.children),
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }

    fn packages(&self, findings: &mut Findings) {
        let mut by_path: HashMap<&[Value], Vec<usize>> = HashMap::default();
        for (at, unit) in self.units.iter().enumerate() {
            by_path.entry(&unit.package).or_default().push(at);
        }
        for head in self.heads.iter().filter(|head| head.dynamic.is_empty()) {
            for at in by_path.get(&*head.path).into_iter().flatten() {
                let (Some(unit), Some(parsed)) = (self.units.get(*at), self.modules.get(*at))
                else {
                    continue;
                };
                let package = self.package_text(unit);
                let rule = self.own_name(head);
                let place = self.place(head);
                let message =
                    format!("package {package} conflicts with rule {rule} defined at {place}");
                let at = unit.at(parsed.module.package.span);
                let error = Diagnostic::error(TYPE, at, message)
                    .with_note(head.location, "the rule is here");
                findings.add(Stage::RuleConflicts, error);
            }
        }
    }

    /// Reports rules where base data already has a value.
    fn base_data(&self, base: &Value, findings: &mut Findings) {
        for node in &self.trie.nodes {
            let Some(first) = self.heads_at(node).next() else { continue };
            if let Some(conflict) = base_conflict(base, &first.path, first.location) {
                findings.add(Stage::RuleConflicts, conflict);
            }
        }
    }

    fn place(&self, head: &Head<'_>) -> String {
        let resolved = self.sources.resolve(head.location);
        resolved.map_or_else(String::new, |(file, at)| format!("{file}:{}", at.row))
    }

    fn package_text(&self, unit: &Unit) -> String {
        let root = unit.package.first().and_then(Value::as_str).unwrap_or_default();
        path_text(root, unit.package.get(1..).unwrap_or_default())
    }

    /// Returns the whole path of a head as text.
    pub(crate) fn name(&self, head: &Head<'_>) -> String {
        head_name(head, self.sources)
    }

    fn own_name(&self, head: &Head<'_>) -> String {
        let own = head.path.get(head.own..).unwrap_or_default();
        let root = own.first().and_then(Value::as_str).unwrap_or_default();
        path_text(root, own.get(1..).unwrap_or_default())
    }
}

/// Returns the rules of a policy where this base data already has a value, or a value above them
/// that is no object: what is to be asked before data changes under a policy that stays.
///
/// Source: OPA `v1/ast/conflicts.go`, `v1/storage/path.go`.
pub fn base_conflicts(resolved: &Resolved, base: &Value) -> Vec<Diagnostic> {
    let conflict = |rule: &Arc<Rule>| {
        let first = rule.definitions.first().or(rule.default.as_deref())?;
        base_conflict(base, &rule.path, first.location)
    };
    resolved.rules.iter().filter_map(conflict).collect()
}

fn base_conflict(base: &Value, path: &[Value], location: Location) -> Option<Diagnostic> {
    let keys: Vec<&str> = path.iter().map(Value::as_str).collect::<Option<_>>()?;
    let mut at = base;
    for key in &keys {
        // What is no object cannot hold the rule's document beside itself.
        let Some(object) = at.as_object() else { break };
        at = object.get_str(key)?;
    }
    let message = format!("conflicting rule for data path {} found", keys.join("/"));
    Some(Diagnostic::error(COMPILE, location, message))
}

/// Returns the whole path of a head as text, from `data` on.
pub(crate) fn head_name(head: &Head<'_>, sources: &Sources) -> String {
    let mut text = path_text("data", &head.path);
    for term in &head.dynamic {
        match (crate::heads::scalar(term), &term.kind) {
            (Some(key), _) => text = path_text(&text, &[key]),
            (None, TermKind::Var(name)) => text.push_str(&format!("[{name}]")),
            (None, _) => {
                let file = sources.get(head.location.source);
                let written = file.map_or("", |file| file.slice(term.span));
                text.push_str(&format!("[{written}]"));
            }
        }
    }
    text
}
