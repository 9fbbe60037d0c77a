//! Every statement and term below a rule, without recursion.

use rego_syntax::ast::{Body, Expr, ExprKind, Rule, TemplatePart, Term, TermKind};

/// A place in a tree.
#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    Expr(&'a Expr),
    Term(&'a Term),
}

/// A way through a rule: the value it gives where its body holds.
pub(super) struct Branch<'a> {
    pub(super) value: Option<&'a Term>,
    pub(super) body: Option<&'a Body>,
    pub(super) span: rego_source::Span,
}

/// How far a walk goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Into everything.
    Whole,
    /// Not into what may be undefined without making the whole undefined: comprehensions, `every`,
    /// template strings.
    Needed,
}

/// Returns a rule's own branch, then those of its `else`.
pub(super) fn branches(rule: &Rule) -> Vec<Branch<'_>> {
    let value = rule.head.value.as_ref().map(|(term, _)| term);
    let mut all = vec![Branch { value, body: rule.body.as_ref(), span: rule.head.span }];
    let mut next = rule.els.as_deref();
    while let Some(branch) = next {
        let value = branch.value.as_ref().map(|(term, _)| term);
        all.push(Branch { value, body: branch.body.as_ref(), span: branch.span });
        next = branch.els.as_deref();
    }
    all
}

/// Returns every node of a rule, its name apart.
pub(super) fn nodes(rule: &Rule) -> Vec<Node<'_>> {
    let mut open = Vec::new();
    for branch in branches(rule) {
        open.extend(branch.value.map(Node::Term));
        open.extend(branch.body.into_iter().flat_map(|body| &body.exprs).map(Node::Expr));
    }
    open.extend(rule.head.args.iter().flatten().chain(&rule.head.key).map(Node::Term));
    // What a reference as a name holds in brackets.
    if let TermKind::Ref { path, .. } = &rule.head.reference.kind {
        open.extend(path.iter().map(|step| Node::Term(&step.term)));
    }
    below(open, Depth::Whole)
}

/// Returns the nodes given and all below them.
pub(super) fn below(mut open: Vec<Node<'_>>, depth: Depth) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    while let Some(node) = open.pop() {
        all.push(node);
        match node {
            Node::Expr(expr) => of_expr(expr, depth, &mut open),
            Node::Term(term) => of_term(term, depth, &mut open),
        }
    }
    all
}

fn of_expr<'a>(expr: &'a Expr, depth: Depth, open: &mut Vec<Node<'a>>) {
    match &expr.kind {
        ExprKind::Term(term) => open.push(Node::Term(term)),
        ExprKind::Assign(left, right) | ExprKind::Unify(left, right) => {
            open.extend([left, right].map(Node::Term));
        }
        ExprKind::SomeDecl(_) => {}
        ExprKind::SomeIn { key, value, domain } => {
            open.extend(key.iter().chain([value, domain]).map(Node::Term));
        }
        ExprKind::Every { key, value, domain, body } => {
            open.extend(key.iter().chain([value, domain]).map(Node::Term));
            if depth == Depth::Whole {
                open.extend(body.exprs.iter().map(Node::Expr));
            }
        }
    }
    open.extend(expr.with.iter().map(|with| Node::Term(&with.value)));
}

fn of_term<'a>(term: &'a Term, depth: Depth, open: &mut Vec<Node<'a>>) {
    match &term.kind {
        TermKind::Ref { head, path } => {
            // A plain name is no term of its own: the reference as a whole is.
            if !matches!(head.kind, TermKind::Var(_)) {
                open.push(Node::Term(head));
            }
            open.extend(path.iter().map(|step| Node::Term(&step.term)));
        }
        TermKind::Call { args, .. } => open.extend(args.iter().map(Node::Term)),
        TermKind::Binary { left, right, .. } => {
            open.extend([&**left, &**right].map(Node::Term));
        }
        TermKind::Minus(inner) => open.push(Node::Term(inner)),
        TermKind::In { key, value, domain } => {
            open.extend(key.iter().chain([value, domain]).map(|term| Node::Term(term)));
        }
        TermKind::Array(items) | TermKind::Set(items) => open.extend(items.iter().map(Node::Term)),
        TermKind::Object(items) => {
            open.extend(items.iter().flat_map(|(key, value)| [key, value]).map(Node::Term));
        }
        _ if depth == Depth::Whole => of_comprehension(term, open),
        _ => {}
    }
}

fn of_comprehension<'a>(term: &'a Term, open: &mut Vec<Node<'a>>) {
    let body = match &term.kind {
        TermKind::ArrayCompr { value, body } | TermKind::SetCompr { value, body } => {
            open.push(Node::Term(value));
            body
        }
        TermKind::ObjectCompr { key, value, body } => {
            open.extend([&**key, &**value].map(Node::Term));
            body
        }
        TermKind::Template { parts, .. } => {
            open.extend(parts.iter().filter_map(|part| match part {
                TemplatePart::Expr(expr) => Some(Node::Expr(expr)),
                TemplatePart::Text(_) => None,
            }));
            return;
        }
        _ => return,
    };
    open.extend(body.exprs.iter().map(Node::Expr));
}
