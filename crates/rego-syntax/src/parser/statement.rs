//! Statements of a module that are not written as rules, yet may be meant as one: `p.a.b`,
//! `p["x"]`, `f(1)`.

use crate::ast::{AssignOp, Expr, ExprKind, Head, Rule, Term, TermKind};

use super::Parser;
use super::head::starts_with_var;
use super::reference::value_name;
use super::rule::take_key;

impl Parser<'_> {
    /// Returns the rule that a statement stands for, or why it stands for none.
    pub(super) fn rule_of_statement(&self, exprs: Vec<Expr>) -> Result<Rule, String> {
        let mut exprs = exprs.into_iter();
        match (exprs.next(), exprs.next()) {
            (Some(expr), None) => self.rule_of_expr(expr),
            _ => Err("multiple expressions cannot be used for rule head".to_owned()),
        }
    }

    fn rule_of_expr(&self, expr: Expr) -> Result<Rule, String> {
        let refused = |why: &str| Err(format!("{why} cannot be used for rule head"));
        if !expr.with.is_empty() {
            return refused("expressions using with keyword");
        }
        if expr.negated {
            return refused("negated expressions");
        }
        let head = match expr.kind {
            ExprKind::SomeDecl(_) | ExprKind::SomeIn { .. } => {
                return refused("'some' declarations");
            }
            ExprKind::Every { .. } => return refused("expression"),
            ExprKind::Term(term) => self.head_of_term(term)?,
            ExprKind::Assign(left, right) => self.head_of_pair(left, right, AssignOp::Assign)?,
            ExprKind::Unify(left, right) => self.head_of_pair(left, right, AssignOp::Unify)?,
        };
        let span = expr.span;
        let head = Head { span, ..head };
        Ok(Rule { default: false, chained: false, head, body: None, els: None, span })
    }

    fn head_of_term(&self, term: Term) -> Result<Head, String> {
        match term.kind {
            TermKind::Ref { .. } if !starts_with_var(&term) => Err(self.invalid_head(&term)),
            TermKind::Ref { .. } => {
                let mut head = head(term);
                take_key(&mut head);
                Ok(head)
            }
            TermKind::Var(ref name) if matches!(&**name, "input" | "data") => {
                Err("refs cannot be used for rule head".to_owned())
            }
            TermKind::Binary { .. } | TermKind::In { .. } | TermKind::Minus(_) => {
                Err("rule name conflicts with built-in function".to_owned())
            }
            TermKind::Call { args, .. } if args.is_empty() => {
                Err("rule argument list must take at least one argument".to_owned())
            }
            TermKind::Call { function, args } => self.head_of_call(*function, args),
            _ => Err(format!("{} cannot be used for rule name", value_name(&term))),
        }
    }

    fn head_of_pair(&self, left: Term, right: Term, op: AssignOp) -> Result<Head, String> {
        let head = match left.kind {
            TermKind::Call { function, args } => self.head_of_call(*function, args)?,
            TermKind::Var(_) => head(left),
            TermKind::Ref { .. } if starts_with_var(&left) => head(left),
            TermKind::Ref { .. } => return Err(self.invalid_head(&left)),
            _ => {
                return Err(format!("{} cannot be used for rule name", value_name(&left)));
            }
        };
        Ok(Head { value: Some((right, op)), ..head })
    }

    fn head_of_call(&self, function: Term, args: Vec<Term>) -> Result<Head, String> {
        if !starts_with_var(&function) {
            return Err(self.invalid_head(&function));
        }
        Ok(Head { args: Some(args), ..head(function) })
    }

    fn invalid_head(&self, reference: &Term) -> String {
        format!("invalid rule head: {}", self.reference_text(reference))
    }
}

fn head(reference: Term) -> Head {
    let span = reference.span;
    Head { reference, args: None, key: None, contains: false, value: None, has_if: false, span }
}
