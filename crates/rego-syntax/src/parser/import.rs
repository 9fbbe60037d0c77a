//! `package` and `import`.

use rego_source::Span;

use crate::ast::{Import, Name, Package, RegoVersion, Term, TermKind};
use crate::token::{Keywords, Tok};

use super::Parser;
use super::reference::value_name;

impl Parser<'_> {
    /// Moves from `package` or `import` to its path; `None` where it is a name.
    fn parse_path_start(&mut self) -> Option<()> {
        self.scan_blank();
        if matches!(self.tok(), Tok::Dot | Tok::LBrack) {
            return None;
        }
        if self.is(Tok::Whitespace) {
            self.scan();
        }
        if !self.is(Tok::Ident) && !self.tok().is_keyword() {
            self.illegal_token();
            return None;
        }
        self.at.tok = Tok::Ident;
        Some(())
    }

    /// Reads `package …`; `None` without an error where the word starts a reference.
    pub(super) fn parse_package(&mut self) -> Option<Package> {
        if !self.is(Tok::Package) {
            return None;
        }
        let start = self.at.span.start;
        self.parse_path_start()?;
        let term = self.parse_term()?;
        let path = self.path_of(term)?;
        Some(Package { path, span: self.span_from(start) })
    }

    /// Reads `import …`; `None` without an error where the word starts a reference.
    pub(super) fn parse_import(&mut self) -> Option<Import> {
        if !self.is(Tok::Import) {
            return None;
        }
        let start = self.at.span.start;
        self.parse_path_start()?;
        // What is imported may be named like a keyword of the future.
        let keywords = std::mem::take(&mut self.lexer.keywords);
        let term = self.parse_term();
        self.lexer.keywords = keywords;
        let Some(term) = term else {
            self.error(self.at.span, "expected path");
            return None;
        };
        let path = self.path_of(term)?;
        self.check_import_root(&path)?;
        let alias = if self.is(Tok::As) { Some(self.parse_alias()?) } else { None };
        if alias.is_none() {
            self.check_import_end(&path);
        }
        Some(Import { path, alias, span: self.span_from(start) })
    }

    fn parse_alias(&mut self) -> Option<Name> {
        self.scan();
        if self.is(Tok::Ident)
            && let Some(Term { kind: TermKind::Var(text), span }) = self.parse_term()
        {
            return Some(Name { text, span });
        }
        self.illegal("expected var");
        None
    }

    /// Returns the names of a path.
    fn path_of(&mut self, term: Term) -> Option<Vec<Name>> {
        let (head, steps) = match term.kind {
            TermKind::Var(text) => {
                return Some(vec![Name { text, span: term.span }]);
            }
            TermKind::Ref { head, path } => (*head, path),
            _ => {
                self.illegal_token();
                return None;
            }
        };
        let TermKind::Var(text) = head.kind else {
            let kind = value_name(&head);
            self.error(head.span, format!("unexpected {kind} token: expecting var"));
            return None;
        };
        let mut path = vec![Name { text, span: head.span }];
        for step in steps {
            let TermKind::String { value, .. } = step.term.kind else {
                let kind = value_name(&step.term);
                self.error(step.term.span, format!("unexpected {kind} token: expecting string"));
                return None;
            };
            path.push(Name { text: value, span: step.term.span });
        }
        Some(path)
    }

    fn check_import_root(&mut self, path: &[Name]) -> Option<()> {
        let root = path.first()?;
        if matches!(&*root.text, "data" | "input" | "future" | "rego") {
            return Some(());
        }
        self.hints.push("if this is unexpected, try updating OPA");
        let message = format!(
            "unexpected import path, must begin with one of: {{data, future, input, rego}}, got: {}",
            root.text
        );
        self.error(root.span, message);
        None
    }

    /// Reports a path without an alias whose last part could not be used as a name.
    fn check_import_end(&mut self, path: &[Name]) {
        if let Some(last) = keyword_end(path, self.version) {
            self.error(last.span, keyword_end_message(last));
        }
    }

    /// Brings the keywords of `import future.keywords…` into force.
    pub(super) fn check_future_import(&mut self, import: &Import) {
        let span = import_span(import);
        let mut parts = import.path.iter().map(|name| &*name.text).skip(1);
        if parts.next() != Some("keywords") {
            return self.error(span, "invalid import, must be `future.keywords`");
        }
        if import.alias.is_some() {
            return self.error(span, "`future` imports cannot be aliased");
        }
        match (parts.next(), parts.next()) {
            (Some(name), None) => {
                let pairs = Keywords::FUTURE.into_iter().zip(self.features.future_keywords);
                let known: Vec<&str> =
                    pairs.filter_map(|(known, allowed)| allowed.then_some(known)).collect();
                if !known.contains(&name) || !self.lexer.keywords.add(name) {
                    let known = known.join(" ");
                    self.error(span, format!("unexpected keyword, must be one of [{known}]"));
                }
            }
            _ => self.lexer.keywords = Keywords::of(self.features.future_keywords),
        }
    }

    /// Brings `import rego.v1` into force; returns whether it is that, in a v0 module.
    pub(super) fn check_rego_import(&mut self, import: &Import) -> bool {
        let span = import_span(import);
        let parts: Vec<&str> = import.path.iter().map(|name| &*name.text).collect();
        if parts != ["rego", "v1"] {
            let path = parts.join(".");
            self.error(span, format!("invalid import `{path}`, must be `rego.v1`"));
            return false;
        }
        if !self.features.rego_v1_import {
            let message = "invalid import, `rego.v1` is not supported by current capabilities";
            self.error(span, message);
            return false;
        }
        if self.version == RegoVersion::V1 {
            return true;
        }
        if import.alias.is_some() {
            self.error(span, "`rego` imports cannot be aliased");
            return false;
        }
        self.lexer.keywords = Keywords::all();
        true
    }
}

/// Returns the last part of an import's path, where it is a keyword and so no name for what is
/// imported.
pub(crate) fn keyword_end(path: &[Name], version: RegoVersion) -> Option<&Name> {
    let last = path.last()?;
    let is_future = path.first().is_some_and(|root| &*root.text == "future");
    let tok = Tok::of_word(last.text.as_bytes());
    let keywords = if version == RegoVersion::V1 { Keywords::all() } else { Keywords::default() };
    let is_keyword = tok.is_keyword() && keywords.allow(tok);
    (is_keyword && !(path.len() > 1 && is_future)).then_some(last)
}

/// Returns what is said of such a path.
pub(crate) fn keyword_end_message(last: &Name) -> String {
    format!("unexpected import path, must not end with a keyword, got: {}", last.text)
}

/// Returns the place of an import's path.
fn import_span(import: &Import) -> Span {
    let spans = import.path.iter().map(|name| name.span);
    spans.reduce(Span::to).unwrap_or(import.span)
}
