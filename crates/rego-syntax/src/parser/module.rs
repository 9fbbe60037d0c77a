//! Modules and queries: the statements one after the other, and going on after an error.

use rego_source::{Diagnostic, SourceId, Span};

use crate::ParseOptions;
use crate::ast::{
    AnnotationTarget, Body, Comment, Expr, Import, Module, Package, RegoVersion, Rule, Text,
};
use crate::token::Tok;

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
    let first_errors_only = options.first_errors_only;
    let module = empty(options);
    let (statements, late) = (Vec::new(), Vec::new());
    Modules { parser, first_errors_only, statements, late, module }.run()
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
    let mut errors = parser.errors;
    if !errors.is_empty() {
        // OPA tries a rule first, and stops where that is one that is wrong.
        let mut parser = Parser::new(source, text, options);
        parser.parse_rules();
        if parser.failed() {
            errors = parser.errors;
        }
    }
    (Body { exprs, span: Span::new(0, text.len() as u32) }, errors)
}

fn empty(options: &ParseOptions) -> Module {
    Module {
        version: options.version,
        rego_v1_import: options.as_v1_too && options.version == RegoVersion::V0,
        package: Package { path: Vec::new(), span: Span::default() },
        imports: Vec::new(),
        rules: Vec::new(),
        comments: Vec::new(),
        annotations: Vec::new(),
        parens: Vec::new(),
    }
}

/// The reading of a module.
struct Modules<'s> {
    parser: Parser<'s>,
    first_errors_only: bool,
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
                if self.first_errors_only {
                    break;
                }
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
        self.module.parens = std::mem::take(&mut self.parser.parens);
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
}
