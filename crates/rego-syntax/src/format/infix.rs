//! Operators: the functions they stand for, and how strongly they bind.
//!
//! Must not know: nodes, how anything is printed.

use crate::ast::BinaryOp;

/// An operator.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Infix {
    /// The function it stands for.
    pub(super) name: &'static str,
    /// How it is written.
    pub(super) sign: &'static str,
    /// How strongly it binds; 0 is `=` and `:=`, which only join the two sides of a statement.
    pub(super) strength: u8,
    /// How many operands it has.
    pub(super) arity: usize,
    /// The type of each operand, as OPA shows it.
    pub(super) operand: &'static str,
}

/// The strength of `in`.
pub(super) const IN: u8 = 1;

const ANY: &str = "any";
const NUMBER: &str = "number";
const SET: &str = "set[any]";

const fn infix(name: &'static str, sign: &'static str, strength: u8) -> Infix {
    let operand = match strength {
        0..=2 => ANY,
        3 | 4 => SET,
        _ => NUMBER,
    };
    Infix { name, sign, strength, arity: 2, operand }
}

static ASSIGN: Infix = infix("assign", ":=", 0);
static UNIFY: Infix = infix("eq", "=", 0);
static MEMBER: Infix = infix("internal.member_2", "in", IN);
static MEMBER_PAIR: Infix = Infix { arity: 3, ..infix("internal.member_3", "in", IN) };
static EQUAL: Infix = infix("equal", "==", 2);
static NOT_EQUAL: Infix = infix("neq", "!=", 2);
static LESS: Infix = infix("lt", "<", 2);
static LESS_EQUAL: Infix = infix("lte", "<=", 2);
static GREATER: Infix = infix("gt", ">", 2);
static GREATER_EQUAL: Infix = infix("gte", ">=", 2);
static OR: Infix = infix("or", "|", 3);
static AND: Infix = infix("and", "&", 4);
static PLUS: Infix = infix("plus", "+", 5);
static MINUS: Infix = Infix { operand: "any<number, set[any]>", ..infix("minus", "-", 5) };
static MUL: Infix = infix("mul", "*", 6);
static DIV: Infix = infix("div", "/", 6);
static REM: Infix = infix("rem", "%", 6);

static ALL: [&Infix; 17] = [
    &ASSIGN,
    &UNIFY,
    &MEMBER,
    &MEMBER_PAIR,
    &EQUAL,
    &NOT_EQUAL,
    &LESS,
    &LESS_EQUAL,
    &GREATER,
    &GREATER_EQUAL,
    &OR,
    &AND,
    &PLUS,
    &MINUS,
    &MUL,
    &DIV,
    &REM,
];

impl Infix {
    /// Returns the operator of a function's name.
    pub(super) fn named(name: &str) -> Option<&'static Infix> {
        ALL.into_iter().find(|infix| infix.name == name)
    }

    /// Returns an operator of the tree.
    pub(super) fn of(op: BinaryOp) -> &'static Infix {
        match op {
            BinaryOp::Equal => &EQUAL,
            BinaryOp::NotEqual => &NOT_EQUAL,
            BinaryOp::Less => &LESS,
            BinaryOp::LessEqual => &LESS_EQUAL,
            BinaryOp::Greater => &GREATER,
            BinaryOp::GreaterEqual => &GREATER_EQUAL,
            BinaryOp::Plus => &PLUS,
            BinaryOp::Minus => &MINUS,
            BinaryOp::Mul => &MUL,
            BinaryOp::Div => &DIV,
            BinaryOp::Rem => &REM,
            BinaryOp::And => &AND,
            BinaryOp::Or => &OR,
            BinaryOp::Unify => &UNIFY,
            BinaryOp::Assign => &ASSIGN,
        }
    }

    /// Returns `in`, for a value alone or with its key.
    pub(super) fn membership(pair: bool) -> &'static Infix {
        if pair { &MEMBER_PAIR } else { &MEMBER }
    }

    /// Returns whether it is `in`.
    pub(super) fn is_in(&self) -> bool {
        self.strength == IN
    }

    /// Returns whether it is `|`, which could be read as that of a comprehension.
    pub(super) fn is_or(&self) -> bool {
        self.sign == "|"
    }
}
