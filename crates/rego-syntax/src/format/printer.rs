//! The printer's state, and the statements of a module.
//!
//! The layout is OPA's, to the byte, oddities included: what follows a row of the source, when a
//! comment moves, when a term stays as it is written. Where OPA would lose a comment or a part of a
//! rule, the rule's comments go above it instead. Must not know: how the tree is made.

use rego_source::{Diagnostic, Location, SourceId, Span};

use super::infix::Infix;
use super::page::{Clash, Page, Raw};
use super::place::{Lines, Place};
use super::style::Style;
use super::tree::{Node, Rule};

/// Prints nodes onto a page.
pub(super) struct Printer<'a> {
    pub(super) lines: &'a Lines<'a>,
    pub(super) page: Page,
    pub(super) style: Style,
    /// Whether a comment after a term that stays as it is written is put right behind it.
    pub(super) takes_last_comment: bool,
    /// Whether the comments within the rule stand above it already.
    pub(super) moves_comments: bool,
    /// Whether the statement that comes next stands below another one.
    pub(super) follows: bool,
    /// How deep the current term stands in others.
    pub(super) depth: u32,
    /// Whether something was left out after a clash.
    pub(super) cut: bool,
    /// Whether comments within rules go above them.
    pub(super) comments_go_above: bool,
    /// What cannot be formatted.
    pub(super) faults: Vec<Diagnostic>,
}

/// Printing, unless comments clash.
pub(super) type Printed = Result<(), Clash>;

impl<'a> Printer<'a> {
    /// Returns a printer with an empty page.
    pub(super) fn new(lines: &'a Lines<'a>, page: Page, style: Style) -> Self {
        Self {
            lines,
            page,
            style,
            takes_last_comment: false,
            moves_comments: false,
            follows: false,
            depth: 0,
            cut: false,
            comments_go_above: false,
            faults: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, text: &str) {
        self.page.write(text);
    }

    /// Returns the text of a place, for printing it as it is.
    pub(super) fn raw(&self, place: Place) -> Raw<'a> {
        let text = self.lines.slice(place.text);
        Raw { text, span: place.text, last_row: place.row + self.lines.breaks(place.text) }
    }

    /// Prints the comments above a row; see [`Page::comments_to`]. What was to follow a clash is
    /// left out, unless a term around it stays as it is written.
    pub(super) fn comments_to(&mut self, row: u32) -> Printed {
        let printed = self.page.comments_to(row);
        self.cut |= printed.is_err();
        printed
    }

    /// Prints the comments above a closing bracket, where OPA finds it.
    pub(super) fn comments_to_closing(&mut self, row: Option<u32>) -> Printed {
        row.map_or(Ok(()), |row| self.comments_to(row))
    }

    /// Notes that an operator's function has the wrong number of operands.
    pub(super) fn wrong_arity(&mut self, op: &Infix, at: Place, args: &[Node<'_>]) {
        let location = Location { source: SourceId(0), span: Span::new(at.at, at.text.end) };
        let have: Vec<&str> = args.iter().map(Node::type_name).collect();
        let want = vec![op.operand; op.arity];
        let fault =
            Diagnostic::error("rego_type_error", location, format!("{}: arity mismatch", op.name));
        let fault = fault.with_detail(format!("have: ({})", have.join(",")));
        self.faults.push(fault.with_detail(format!("want: ({})", want.join(","))));
    }

    /// Prints rules that follow each other.
    pub(super) fn rules(&mut self, rules: &[Rule<'a>]) {
        for (index, rule) in rules.iter().enumerate() {
            self.rule_whole(rule);
            let next = rules.get(index + 1).filter(|_| self.may_be_grouped(rule));
            let adjacent = next.is_some_and(|next| {
                self.may_be_grouped(next) && next.place.row == rule.place.row + 1
            });
            if !adjacent {
                self.page.blank_line();
            } else if self.page.is_inline() {
                self.page.end_line();
            }
        }
    }

    /// Returns whether a rule may stand right below another one.
    fn may_be_grouped(&self, rule: &Rule<'_>) -> bool {
        rule.body.len() == 1 && !rule.default && self.style.has_if(&rule.head)
    }

    /// Prints a rule with the comments above it. Where one of its comments, or a part of it, would
    /// get lost, its comments go above it.
    fn rule_whole(&mut self, rule: &Rule<'a>) {
        if self.comments_go_above {
            return self.rule_below_comments(rule);
        }
        let start = self.page.mark();
        let faults = self.faults.len();
        self.cut = false;
        // Whether something clashed matters only in that something got lost.
        let _ = self.page.comments_to(rule.place.row);
        let _ = self.rule(rule);
        if !self.cut && self.page.kept_all_since(start) {
            return;
        }
        self.page.rewind(start);
        self.faults.truncate(faults);
        self.rule_below_comments(rule);
    }

    fn rule_below_comments(&mut self, rule: &Rule<'a>) {
        if self.page.is_inline() {
            self.page.end_line();
        }
        self.page.comments_within(rule.span);
        self.moves_comments = true;
        // Without comments nothing clashes.
        let _ = self.rule(rule);
        self.moves_comments = false;
    }
}
