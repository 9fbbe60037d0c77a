//! Modules and queries: the statements one after the other, and going on after an error.

use rego_source::{Diagnostic, SourceId, Span};

use crate::ParseOptions;
use crate::ast::{
    AnnotationTarget, Body, Comment, Expr, Import, Module, Name, Package, RegoVersion, Rule, Term,
    TermKind, Text,
};
use crate::token::{Keywords, Tok};

use super::annotation::annotations;
use super::check::v1_faults;
use super::hint::error;
use super::rule::Parsed;
use super::{ERRORS_MAX, Parser};

/// Parses a module; see [`crate::parse_module`].
pub(crate) fn parse_module(
    source: SourceId,
    text: &str,
    options: &ParseOptions,
) -> (Module, Vec<Diagnostic>) {
    let parser = Parser::new(source, text, options);
    Modules { parser, statements: Vec::new(), late: Vec::new(), module: empty(options) }.run()
}

/// Parses a query; see [`crate::parse_query`].
pub(crate) fn parse_query(
    source: SourceId,
    text: &str,
    options: &ParseOptions,
) -> (Body, Vec<Diagnostic>) {
    let mut parser = Parser::new(source, text, options);
    let mut exprs = Vec::new();
    while !parser.is(Tok::Eof) {
        match parser.parse_statements(Tok::Eof, true) {
            Some(more) if !parser.failed() => exprs.extend(more),
            _ => break,
        }
    }
    (Body { exprs, span: Span::new(0, text.len() as u32) }, parser.errors)
}

fn empty(options: &ParseOptions) -> Module {
    Module {
        version: options.version,
        rego_v1_import: false,
        package: Package { path: Vec::new(), span: Span::default() },
        imports: Vec::new(),
        rules: Vec::new(),
        comments: Vec::new(),
        annotations: Vec::new(),
    }
}

/// The reading of a module.
struct Modules<'s> {
    parser: Parser<'s>,
    /// Where the statements start that a METADATA block may belong to.
    statements: Vec<(u32, AnnotationTarget)>,
    /// Errors that OPA finds only once it has read the whole text.
    late: Vec<Diagnostic>,
    module: Module,
}

impl Modules<'_> {
    fn run(mut self) -> (Module, Vec<Diagnostic>) {
        let mut first = true;
        while !self.parser.is(Tok::Eof) && !self.parser.gives_up() {
            self.parser.errors_before = self.parser.errors.len();
            self.parser.furthest = self.parser.at.span.start;
            let start = self.parser.at.span.start;
            let done = self.parse_statement(first);
            if self.parser.failed() || !done {
                self.recover(start, first);
            }
            first = false;
        }
        if first && self.parser.errors.is_empty() {
            self.late_error(Span::NOWHERE, "empty module");
        }
        self.finish()
    }

    /// Reads one statement; `false` where it found none.
    fn parse_statement(&mut self, first: bool) -> bool {
        let saved = self.parser.save();
        let start = saved.cursor.span.start;
        if let Some(package) = self.parser.parse_package() {
            if first {
                self.statements.push((start, AnnotationTarget::Package));
                self.module.package = package;
            } else {
                self.late_error(package.span, "unexpected package");
            }
            return true;
        }
        if self.parser.failed() {
            return false;
        }
        self.parser.restore(saved);
        if let Some(import) = self.parser.parse_import() {
            self.expect_package(first, start);
            let target = AnnotationTarget::Import(self.module.imports.len());
            self.statements.push((start, target));
            self.keep_import(import);
            return true;
        }
        if self.parser.failed() {
            return false;
        }
        self.parser.restore(saved);
        match self.parser.parse_rules() {
            Parsed::Rules(rules) => self.keep_rules(first, start, rules),
            Parsed::Other if self.parser.failed() => return false,
            Parsed::Other => {
                self.parser.restore(saved);
                let Some(exprs) = self.parser.parse_statements(Tok::Eof, true) else {
                    return false;
                };
                self.keep_statement(first, start, exprs);
            }
        }
        true
    }

    fn keep_rules(&mut self, first: bool, start: u32, rules: Vec<Rule>) {
        if !self.expect_package(first, start) {
            return;
        }
        self.statements.push((start, AnnotationTarget::Rule(self.module.rules.len())));
        self.module.rules.extend(rules);
    }

    /// Keeps a statement that was not written as a rule.
    fn keep_statement(&mut self, first: bool, start: u32, exprs: Vec<Expr>) {
        if !self.expect_package(first, start) || self.parser.failed() {
            return;
        }
        let span = exprs.first().map_or(Span::new(start, start), |expr| expr.span);
        match self.parser.rule_of_statement(exprs) {
            Ok(rule) => self.keep_rules(false, start, vec![rule]),
            Err(why) => self.late_error(span, &why),
        }
    }

    /// Reports that the first statement is not the package; `false` if so.
    fn expect_package(&mut self, first: bool, start: u32) -> bool {
        if first && !self.parser.failed() {
            let span = self.parser.span_from(start);
            self.late_error(span, "package expected");
        }
        !first
    }

    fn keep_import(&mut self, import: Import) {
        let root = import.path.first().map(|name| &*name.text);
        let is_rego_v1 = match root {
            Some("rego") => self.parser.check_rego_import(&import),
            Some("future") => {
                self.parser.check_future_import(&import);
                false
            }
            _ => false,
        };
        self.module.rego_v1_import |= is_rego_v1;
        self.module.imports.push(import);
    }

    fn late_error(&mut self, span: Span, message: &str) {
        if self.late.len() < ERRORS_MAX {
            self.late.push(error(self.parser.location(span), message));
        }
    }

    /// Goes on where the next rule seems to start: at a word at the start of a line, from the
    /// line of the furthest token on. OPA reports all it finds in the first bad statement; of
    /// each further one only the first is kept.
    fn recover(&mut self, start: u32, first: bool) {
        let before = self.parser.errors_before;
        if !self.parser.failed() {
            self.parser.illegal_token();
        }
        if before > 0 {
            self.parser.errors.truncate(before + 1);
        }
        let next = self.next_line(start);
        self.parser.go_to(next);
        if first && self.module.package.path.is_empty() {
            // The package is what is broken, and said so.
            self.module.package.span = Span::new(start, next);
        }
    }

    fn next_line(&self, start: u32) -> u32 {
        let text = self.parser.lexer.text;
        let furthest = self.parser.furthest as usize;
        let before = text.get(..furthest).unwrap_or(text);
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let from = if line > start as usize { line } else { furthest + 1 };
        let mut at = from;
        while let Some(rest) = text.as_bytes().get(at..)
            && !rest.is_empty()
        {
            let at_line_start = at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
            if at_line_start && starts_statement(rest) {
                return at as u32;
            }
            let line_break = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            at += line_break + 1;
        }
        text.len() as u32
    }

    fn finish(mut self) -> (Module, Vec<Diagnostic>) {
        let text = self.parser.lexer.text;
        if self.module.version == RegoVersion::V1 || self.module.rego_v1_import {
            for (span, message) in self.module.rules.iter().flat_map(v1_faults).take(ERRORS_MAX) {
                self.late.push(error(self.parser.location(span), &message));
            }
        }
        self.module.comments =
            self.parser.comments.iter().map(|span| comment(text, *span)).collect();
        self.module.annotations = annotations(text, &self.module.comments, &self.statements);
        let mut errors = self.parser.errors;
        errors.append(&mut self.late);
        (self.module, errors)
    }
}

/// Returns whether a line may start a statement of a module.
fn starts_statement(line: &[u8]) -> bool {
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let len = line.iter().position(|b| !is_word(b)).unwrap_or(line.len());
    let word = line.get(..len).unwrap_or_default();
    let starts = word.first().is_some_and(|b| !b.is_ascii_digit());
    let tok = Tok::of_word(word);
    starts && (!tok.is_keyword() || matches!(tok, Tok::Default | Tok::Import | Tok::Package))
}

fn comment(text: &str, span: Span) -> Comment {
    let written = text.get(span.start as usize + 1..span.end as usize).unwrap_or("");
    Comment { text: Text::from(written.strip_suffix('\r').unwrap_or(written)), span }
}

impl Parser<'_> {
    /// Starts to read again at an offset.
    fn go_to(&mut self, offset: u32) {
        self.hints.clear();
        self.depth = 0;
        self.at.tok = Tok::Whitespace;
        self.at.span = Span::new(offset, offset);
        let before = self.errors.len();
        self.scan();
        self.errors_before = before;
    }

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

    fn parse_package(&mut self) -> Option<Package> {
        if !self.is(Tok::Package) {
            return None;
        }
        let start = self.at.span.start;
        self.parse_path_start()?;
        let term = self.parse_term()?;
        let path = self.path_of(term)?;
        Some(Package { path, span: self.span_from(start) })
    }

    fn parse_import(&mut self) -> Option<Import> {
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
            let kind = super::reference::value_name(&head);
            self.error(head.span, format!("unexpected {kind} token: expecting var"));
            return None;
        };
        let mut path = vec![Name { text, span: head.span }];
        for step in steps {
            let TermKind::String { value, .. } = step.term.kind else {
                let kind = super::reference::value_name(&step.term);
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
        let Some(last) = path.last() else { return };
        let is_future = path.first().is_some_and(|root| &*root.text == "future");
        if (path.len() > 1 && is_future) || !self.is_keyword_of_version(&last.text) {
            return;
        }
        let message =
            format!("unexpected import path, must not end with a keyword, got: {}", last.text);
        self.error(last.span, message);
    }

    fn is_keyword_of_version(&self, name: &str) -> bool {
        let tok = Tok::of_word(name.as_bytes());
        let keywords =
            if self.version == RegoVersion::V1 { Keywords::all() } else { Keywords::default() };
        tok.is_keyword() && keywords.allow(tok)
    }

    /// Brings the keywords of `import future.keywords…` into force.
    fn check_future_import(&mut self, import: &Import) {
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
                if !self.lexer.keywords.add(name) {
                    let known = Keywords::FUTURE.join(" ");
                    self.error(span, format!("unexpected keyword, must be one of [{known}]"));
                }
            }
            _ => self.lexer.keywords = Keywords::all(),
        }
    }

    /// Brings `import rego.v1` into force; returns whether it is that, in a v0 module.
    fn check_rego_import(&mut self, import: &Import) -> bool {
        let span = import_span(import);
        let parts: Vec<&str> = import.path.iter().map(|name| &*name.text).collect();
        if parts != ["rego", "v1"] {
            let path = parts.join(".");
            self.error(span, format!("invalid import `{path}`, must be `rego.v1`"));
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

/// Returns the place of an import's path.
fn import_span(import: &Import) -> Span {
    let spans = import.path.iter().map(|name| name.span);
    spans.reduce(Span::to).unwrap_or(import.span)
}
