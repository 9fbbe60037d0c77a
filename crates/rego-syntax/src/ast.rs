//! The syntax tree: what was written, in the order it was written, with a span on everything.
//!
//! Names are as written; nothing is resolved. `x in xs`, `x == y`, `x + y` stay operators here.

use std::sync::Arc;

use rego_source::Span;

/// Which grammar a module was read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegoVersion {
    /// Rego as before OPA 1.0, where keywords come with imports.
    V0,
    /// Rego as of OPA 1.0.
    #[default]
    V1,
}

/// A name or a string: cheap to clone.
pub type Text = Arc<str>;

/// A name with its place.
#[derive(Clone, Debug)]
pub struct Name {
    /// The name.
    pub text: Text,
    /// Where it stands.
    pub span: Span,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Module {
    /// The grammar it was read with. A v0 module with `import rego.v1` says `V0` here and has
    /// [`Module::rego_v1_import`] set.
    pub version: RegoVersion,
    /// Whether it has `import rego.v1`.
    pub rego_v1_import: bool,
    /// Its package.
    pub package: Package,
    /// Its imports, in order, those of `rego.v1` and `future.keywords` included.
    pub imports: Vec<Import>,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
    /// Every comment, in order.
    pub comments: Vec<Comment>,
    /// METADATA blocks, in order; the index of each statement it belongs to is inside.
    pub annotations: Vec<Annotation>,
    /// Every term that stands in parentheses; a pair around another one comes after it.
    pub parens: Vec<Parens>,
}

/// A term in parentheses, which the tree itself shows of operators only.
#[derive(Clone, Copy, Debug)]
pub struct Parens {
    /// The span of the term, as its node has it.
    pub inner: Span,
    /// From the opening parenthesis to the closing one.
    pub outer: Span,
}

/// `package a.b["c"]`
#[derive(Clone, Debug)]
pub struct Package {
    /// The path after `package`: `a`, `b`, `c`.
    pub path: Vec<Name>,
    /// The whole statement.
    pub span: Span,
}

/// `import data.a.b as c`
#[derive(Clone, Debug)]
pub struct Import {
    /// The path: `data`, `a`, `b` (first is `data`, `input`, `rego` or `future`).
    pub path: Vec<Name>,
    /// The alias, if written.
    pub alias: Option<Name>,
    /// The whole statement.
    pub span: Span,
}

/// A comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The text after `#`, as it stands, without the line break.
    pub text: Text,
    /// From the `#`.
    pub span: Span,
}

/// A `# METADATA` block: the YAML below the marker, `#` and one blank taken off each line.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// The YAML text.
    pub yaml: String,
    /// From the marker to the last line.
    pub span: Span,
    /// What it stands before.
    pub target: AnnotationTarget,
}

/// What a METADATA block stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationTarget {
    /// The package statement.
    Package,
    /// The import of this index.
    Import(usize),
    /// The rule of this index.
    Rule(usize),
    /// Nothing: the end of the file.
    Nothing,
}

/// A rule, or a `default`, or one further body of a v0 chain `p { … } { … }`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Whether it starts with `default`.
    pub default: bool,
    /// Whether it is a further body of the rule before it (v0 chain); the head is repeated.
    pub chained: bool,
    /// The head.
    pub head: Head,
    /// The body; absent for `p := 1`, `default p := 1`, `p contains 1`.
    pub body: Option<Body>,
    /// The else branch.
    pub els: Option<Box<Else>>,
    /// The whole rule.
    pub span: Span,
}

/// The head of a rule.
#[derive(Clone, Debug)]
pub struct Head {
    /// The name or reference: a `Var` or a `Ref` term. `p[x]` as a v0 partial set keeps `x` in
    /// `key` and not here; in v1, and where a value follows, `x` is part of the reference.
    pub reference: Term,
    /// Parameters, where it is a function (`f()` has none, yet is one in form).
    pub args: Option<Vec<Term>>,
    /// The element of a partial set: after `contains`, or v0's `p[x]`.
    pub key: Option<Term>,
    /// Whether the `contains` keyword was written.
    pub contains: bool,
    /// The value and whether `:=` (true) or `=` (false) was written.
    pub value: Option<(Term, AssignOp)>,
    /// Whether `if` was written.
    pub has_if: bool,
    /// The whole head.
    pub span: Span,
}

/// `:=` or `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssignOp {
    /// `:=`
    Assign,
    /// `=`
    Unify,
}

/// `else := v if { … }`
#[derive(Clone, Debug)]
pub struct Else {
    /// The value, if written (true without).
    pub value: Option<(Term, AssignOp)>,
    /// Whether `if` was written.
    pub has_if: bool,
    /// The body, if written.
    pub body: Option<Body>,
    /// The next branch.
    pub els: Option<Box<Else>>,
    /// The whole branch.
    pub span: Span,
}

/// Statements that must all hold.
#[derive(Clone, Debug)]
pub struct Body {
    /// The statements.
    pub exprs: Vec<Expr>,
    /// The braces, or the statement.
    pub span: Span,
}

/// A statement with its modifiers.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Whether `not` stands before it.
    pub negated: bool,
    /// `with` modifiers, in order.
    pub with: Vec<With>,
    /// All of it.
    pub span: Span,
}

/// What a statement says.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A term that must be neither false nor undefined. Calls and operators are terms.
    Term(Term),
    /// `a := b`
    Assign(Term, Term),
    /// `a = b`
    Unify(Term, Term),
    /// `some x, y`
    SomeDecl(Vec<Name>),
    /// `some k, v in xs`
    SomeIn {
        /// The key, if two are written.
        key: Option<Term>,
        /// The value.
        value: Term,
        /// What is searched.
        domain: Term,
    },
    /// `every k, v in xs { … }`
    Every {
        /// The key, if two are written (a `Var`).
        key: Option<Term>,
        /// The value (a `Var`).
        value: Term,
        /// What is iterated.
        domain: Term,
        /// What must hold for each.
        body: Body,
    },
}

/// `with target as value`
#[derive(Clone, Debug)]
pub struct With {
    /// `input`, `input.a`, `data.a`, a builtin's or function's name: a `Var` or a `Ref`.
    pub target: Term,
    /// What stands in for it.
    pub value: Term,
    /// All of it.
    pub span: Span,
}

/// A term with its place.
#[derive(Clone, Debug)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// All of it.
    pub span: Span,
}

/// What a term is.
#[derive(Clone, Debug)]
pub enum TermKind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number, as written (with its sign where the grammar takes it as part of the number).
    Number(Text),
    /// A string, unescaped. `raw` tells a back-quoted one.
    String {
        /// The characters it stands for.
        value: Text,
        /// Whether it was written between back quotes.
        raw: bool,
    },
    /// `$"… {x} …"`
    Template {
        /// The pieces in order.
        parts: Vec<TemplatePart>,
        /// Whether it was written between back quotes.
        raw: bool,
    },
    /// A variable or any bare name, `_` included, and `input` and `data`.
    Var(Text),
    /// `head.a[b]`: at least one step.
    Ref {
        /// What it starts from: any term (a `Var` as a rule, or a call, array, string, …).
        head: Box<Term>,
        /// The steps.
        path: Vec<Step>,
    },
    /// `f(a, b)`; the function is a `Var` or a `Ref` of dotted names.
    Call {
        /// The function.
        function: Box<Term>,
        /// The operands.
        args: Vec<Term>,
    },
    /// An operator between two terms.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left of it.
        left: Box<Term>,
        /// Right of it.
        right: Box<Term>,
        /// Whether the whole was put in parentheses.
        parens: bool,
    },
    /// `-x` where `x` is not a number literal.
    Minus(Box<Term>),
    /// `v in xs`, `k, v in xs`
    In {
        /// The key, if two are written.
        key: Option<Box<Term>>,
        /// The value.
        value: Box<Term>,
        /// What is searched.
        domain: Box<Term>,
    },
    /// `[a, b]`
    Array(Vec<Term>),
    /// `{a: b}`
    Object(Vec<(Term, Term)>),
    /// `{a, b}`, `set()`
    Set(Vec<Term>),
    /// `[x | …]`
    ArrayCompr {
        /// Each element.
        value: Box<Term>,
        /// For each solution of it.
        body: Body,
    },
    /// `{x | …}`
    SetCompr {
        /// Each element.
        value: Box<Term>,
        /// For each solution of it.
        body: Body,
    },
    /// `{k: v | …}`
    ObjectCompr {
        /// Each key.
        key: Box<Term>,
        /// Each value.
        value: Box<Term>,
        /// For each solution of it.
        body: Body,
    },
}

/// A step of a reference.
#[derive(Clone, Debug)]
pub struct Step {
    /// The key: for `.a` the string `a`.
    pub term: Term,
    /// Whether it was written with a dot.
    pub dotted: bool,
}

/// A piece of a template string.
#[derive(Clone, Debug)]
pub enum TemplatePart {
    /// Literal characters, unescaped.
    Text(Text),
    /// `{expr}`: one statement without `some`, `every`, `not` or `=` (the parser says so).
    Expr(Box<Expr>),
}

/// An operator between two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `&`
    And,
    /// `|`
    Or,
    /// `=` inside a term, as in `[x = 1 | …]` or a call's operand: OPA reads it as a call of `eq`.
    Unify,
    /// `:=` inside a term: read as a call of `assign`, refused later.
    Assign,
}

impl BinaryOp {
    /// Returns the name of the builtin that the operator stands for.
    pub fn builtin(self) -> &'static str {
        match self {
            BinaryOp::Equal => "equal",
            BinaryOp::NotEqual => "neq",
            BinaryOp::Less => "lt",
            BinaryOp::LessEqual => "lte",
            BinaryOp::Greater => "gt",
            BinaryOp::GreaterEqual => "gte",
            BinaryOp::Plus => "plus",
            BinaryOp::Minus => "minus",
            BinaryOp::Mul => "mul",
            BinaryOp::Div => "div",
            BinaryOp::Rem => "rem",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Unify => "eq",
            BinaryOp::Assign => "assign",
        }
    }
}
