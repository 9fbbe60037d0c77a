//! Denials that vanish because something they only tell of is not there.

use std::collections::{BTreeMap, BTreeSet};

use rego_source::Diagnostic;
use rego_syntax::ast::{Body, Expr, ExprKind, Term, TermKind};

use super::Rule;
use super::denial::is_denial;
use super::reference::{Key, call, first_name, key};
use super::view::{Site, View};
use super::walk::{Branch, Depth, Node, below, branches};

const ID: &str = "undefined-in-denial";

pub(super) const RULE: Rule = Rule {
    id: ID,
    summary: "a denial vanishes where something that it only tells of is missing",
    explanation: "\
A statement with an undefined operand makes the whole body fail. Where a rule that denies reads a \
field only for its message, for the element it adds, or for what is negated next, a request without \
that field is not denied at all:

    deny contains msg if {
        input.privileged
        msg := sprintf(\"%s must not do that\", [input.user])    # nobody logged in: allowed
    }

    deny contains msg if {
        user := input.user             # nobody logged in: allowed
        not user in data.admins
        msg := \"only for admins\"
    }

Give what is only told of a default, `object.get(input, \"user\", \"nobody\")`, or deny in a rule of its \
own where it is missing: `not input.user`. A field that is meant to be there for the denial to hold \
can be named as a condition: `input.user`.",
    check,
};

fn check(view: &View<'_>, out: &mut Vec<Diagnostic>) {
    for site in view.sites().filter(|site| is_denial(*site)) {
        let locals = site.locals();
        for branch in branches(site.rule) {
            let parts = Parts::of(site, &branch);
            for term in parts.told_terms() {
                let Some(name) = first_name(term) else { continue };
                // What rules and data hold is the policy's own affair.
                let is_global = view.resolve(site, &locals, term).is_some();
                if is_global || parts.made.contains(name) || parts.is_known(term) {
                    continue;
                }
                let text = view.text(site, term);
                let message = format!("where `{text}` is undefined, this denial vanishes");
                let hint = format!(
                    "give it a default with `object.get`, or deny where it is missing: `not {text}`"
                );
                out.push(site.finding(ID, term.span, message).with_hint(hint));
            }
        }
    }
}

/// The statements of a branch: what decides, and what only tells.
struct Parts<'a> {
    /// Terms that must be defined without being asked for.
    told: Vec<&'a Term>,
    /// References that statements which decide need anyway.
    known: Vec<Key>,
    /// Variables that are given a literal: their fields are known.
    made: BTreeSet<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(site: Site<'_, 'a>, branch: &Branch<'a>) -> Self {
        let statements = branch.body.map_or(&[][..], |body: &'a Body| &body.exprs);
        let mut given: BTreeMap<&str, &Term> = BTreeMap::new();
        let mut made = BTreeSet::new();
        for expr in statements {
            let Some((name, term)) = assignment(expr) else { continue };
            given.insert(name, term);
            if matches!(term.kind, TermKind::Object(_) | TermKind::Array(_)) {
                made.insert(name);
            }
        }
        let head: Vec<&Term> = site.rule.head.key.iter().chain(branch.value).collect();
        keep_told(&mut given, statements, &head);
        let mut parts = Self { told: head, known: Vec::new(), made };
        for expr in statements.iter().filter(|expr| !expr.negated && !is_print(expr)) {
            match assignment(expr).filter(|(name, _)| given.contains_key(name)) {
                Some((_, term)) => parts.told.push(term),
                None => parts.known.extend(keys(vec![Node::Expr(expr)])),
            }
        }
        parts
    }

    /// Returns every reference with steps among what is told.
    fn told_terms(&self) -> Vec<&'a Term> {
        let nodes = self.told.iter().copied().map(Node::Term).collect();
        let terms = below(nodes, Depth::Needed).into_iter().filter_map(|node| match node {
            Node::Term(term) => matches!(term.kind, TermKind::Ref { .. }).then_some(term),
            Node::Expr(_) => None,
        });
        terms.collect()
    }

    /// Whether a reference must be defined for the branch to get this far.
    fn is_known(&self, term: &Term) -> bool {
        let Some(wanted) = key(term) else { return true };
        self.known.iter().any(|known| known.starts_with(&wanted))
    }
}

/// Returns `x` and `term` of `x := term`.
fn assignment(expr: &Expr) -> Option<(&str, &Term)> {
    if expr.negated {
        return None;
    }
    match &expr.kind {
        ExprKind::Assign(Term { kind: TermKind::Var(name), .. }, term)
        | ExprKind::Unify(Term { kind: TermKind::Var(name), .. }, term) => Some((name, term)),
        _ => None,
    }
}

/// Whether a statement is a call of `print`, which takes what is undefined as well.
fn is_print(expr: &Expr) -> bool {
    let ExprKind::Term(term) = &expr.kind else { return false };
    call(term).is_some_and(|(name, _)| name == "print")
}

fn keys(nodes: Vec<Node<'_>>) -> Vec<Key> {
    let terms = below(nodes, Depth::Needed).into_iter().filter_map(|node| match node {
        Node::Term(term) => key(term),
        Node::Expr(_) => None,
    });
    terms.collect()
}

/// Takes away the variables that a statement which decides uses, and those that nothing uses: the
/// second are there to ask whether a field exists.
fn keep_told<'a>(
    given: &mut BTreeMap<&'a str, &'a Term>,
    statements: &'a [Expr],
    head: &[&'a Term],
) {
    // Each round but the last takes one away.
    for _ in 0..=given.len() {
        let mut told: BTreeSet<&str> =
            head.iter().flat_map(|term| names(Node::Term(term))).collect();
        let mut decided = BTreeSet::new();
        for expr in statements.iter().filter(|expr| !is_print(expr)) {
            match assignment(expr) {
                Some((name, term)) if given.contains_key(name) => {
                    told.extend(names(Node::Term(term)));
                }
                _ if expr.negated => told.extend(names(Node::Expr(expr))),
                _ => decided.extend(names(Node::Expr(expr))),
            }
        }
        let before = given.len();
        given.retain(|name, _| told.contains(name) && !decided.contains(name));
        if given.len() == before {
            return;
        }
    }
}

/// Returns the names in a tree, inside comprehensions, too.
fn names(node: Node<'_>) -> BTreeSet<&str> {
    let all = below(vec![node], Depth::Whole).into_iter();
    all.filter_map(|node| match node {
        Node::Term(term) => first_name(term),
        Node::Expr(_) => None,
    })
    .collect()
}
