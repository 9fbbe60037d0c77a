//! The module as the formatter sees it: OPA's tree, with OPA's places.
//!
//! It differs from [`crate::ast`] where OPA's does: operators and `in` are calls, a rule without a
//! body has the body `true`, an else branch is a rule. Must not know: how it is made or printed.

use rego_source::Span;

use super::infix::Infix;
use super::place::Place;

/// A term.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) place: Place,
    pub(super) kind: Kind<'a>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    /// A string; `literal` is where it is written as one (`.a` is not).
    Text {
        value: &'a str,
        literal: Option<Span>,
    },
    /// A template string, printed as it is written.
    Template(Span),
    Var(&'a str),
    /// What it starts from and its steps; `input` and `data` alone are references, too.
    Ref(Vec<Node<'a>>),
    /// A function and its operands.
    Call {
        function: Box<Node<'a>>,
        args: Vec<Node<'a>>,
    },
    /// An operator, or a call of the function that it stands for.
    Infix {
        op: &'static Infix,
        /// Where the operator or the function's name stands.
        at: Place,
        args: Vec<Node<'a>>,
    },
    Array(Vec<Node<'a>>),
    Object(Vec<(Node<'a>, Node<'a>)>),
    Set(Vec<Node<'a>>),
    ArrayCompr {
        value: Box<Node<'a>>,
        body: Vec<Expr<'a>>,
    },
    SetCompr {
        value: Box<Node<'a>>,
        body: Vec<Expr<'a>>,
    },
    ObjectCompr {
        key: Box<Node<'a>>,
        value: Box<Node<'a>>,
        body: Vec<Expr<'a>>,
    },
}

impl Node<'_> {
    /// Returns whether it is the term `true`.
    pub(super) fn is_true(&self) -> bool {
        matches!(self.kind, Kind::Bool(true))
    }

    /// Returns what OPA calls a term of its kind.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::Text { .. } => "string",
            Kind::Template(_) => "templatestring",
            Kind::Var(_) => "var",
            Kind::Ref(_) => "ref",
            Kind::Call { .. } | Kind::Infix { .. } => "call",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
            Kind::Set(_) => "set",
            Kind::ArrayCompr { .. } => "arraycomprehension",
            Kind::SetCompr { .. } => "setcomprehension",
            Kind::ObjectCompr { .. } => "objectcomprehension",
        }
    }

    /// Returns whether it holds no variable, as OPA has it.
    pub(super) fn is_ground(&self) -> bool {
        match &self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text { .. } => true,
            Kind::Template(_) => true,
            Kind::Var(_) => false,
            Kind::Ref(parts) => parts.iter().skip(1).all(Node::is_ground),
            Kind::Call { args, .. } | Kind::Infix { args, .. } => args.iter().all(Node::is_ground),
            Kind::Array(items) | Kind::Set(items) => items.iter().all(Node::is_ground),
            Kind::Object(pairs) => pairs.iter().all(|(k, v)| k.is_ground() && v.is_ground()),
            Kind::ArrayCompr { .. } | Kind::SetCompr { .. } | Kind::ObjectCompr { .. } => false,
        }
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Expr<'a> {
    pub(super) place: Place,
    pub(super) negated: bool,
    pub(super) kind: ExprKind<'a>,
    pub(super) with: Vec<With<'a>>,
}

#[derive(Clone, Debug)]
pub(super) enum ExprKind<'a> {
    /// A term; where it is a call or an operator, OPA takes it for the statement itself.
    Term(Node<'a>),
    /// `some x, y`
    SomeDecl { place: Place, names: Vec<Node<'a>> },
    /// `some x in xs`: the operands of `in`.
    SomeIn { place: Place, args: Vec<Node<'a>> },
    /// `every x in xs { … }`: the names, what is iterated, the body.
    Every { place: Place, names: Vec<Node<'a>>, domain: Node<'a>, body: Vec<Expr<'a>> },
}

/// `with … as …`
#[derive(Clone, Debug)]
pub(super) struct With<'a> {
    pub(super) place: Place,
    pub(super) target: Node<'a>,
    pub(super) value: Node<'a>,
}

/// A rule, or an else branch.
#[derive(Clone, Debug)]
pub(super) struct Rule<'a> {
    pub(super) place: Place,
    /// All of its text.
    pub(super) span: Span,
    pub(super) default: bool,
    pub(super) head: Head<'a>,
    pub(super) body: Vec<Expr<'a>>,
    pub(super) els: Option<Box<Rule<'a>>>,
}

impl Rule<'_> {
    /// Returns whether its body says nothing: `p := 1`, `p if true`.
    pub(super) fn is_constant(&self) -> bool {
        let plain = |expr: &Expr<'_>| {
            let is_true = matches!(&expr.kind, ExprKind::Term(term) if term.is_true());
            is_true && !expr.negated && expr.with.is_empty()
        };
        self.els.is_none() && matches!(self.body.as_slice(), [only] if plain(only))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Head<'a> {
    pub(super) place: Place,
    /// The name and its steps; the word `else` for an else branch.
    pub(super) reference: Vec<Node<'a>>,
    pub(super) args: Vec<Node<'a>>,
    /// The element of a partial set.
    pub(super) element: Option<Node<'a>>,
    /// Whether the last step is a key to OPA: `p[x] = y { … }`.
    pub(super) keyed: bool,
    pub(super) value: Option<HeadValue<'a>>,
    pub(super) is_else: bool,
}

/// The value of a head.
#[derive(Clone, Debug)]
pub(super) struct HeadValue<'a> {
    pub(super) node: Node<'a>,
    /// Whether nobody wrote it, and OPA gives it the place of the head itself.
    pub(super) implied: bool,
    /// Whether `:=` was written.
    pub(super) assign: bool,
}
