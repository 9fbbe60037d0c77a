//! Rules that are tests: finds them, keeps those of one name apart, and has each of their cases
//! announce itself before anything in its body may fail.
//!
//! Must not know: how a test is run, what its result means.
//!
//! Source: OPA documentation, "Policy Testing"; `v1/tester/runner.go`.

use foldhash::HashMap;
use rego_source::Location;
use rego_value::Value;

use crate::builtin::Decl;
use crate::heads::{Head, Shape};
use crate::safety::{MADE_UP, all_in_expr, all_in_term};
use crate::scope::{Frame, LocalName};
use crate::tree::{Body, Callee, Definition, Expr, ExprKind, Local, Term, TermKind};

/// What the name of a test begins with.
const TEST: &str = "test_";

/// What the name of a test begins with that is not run yet.
const TODO: &str = "todo_test_";

/// The builtin that a case announces itself with.
const ANNOUNCE: &str = "internal.test_case";

/// A definition that is a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRule {
    /// The path of its package below `data`.
    pub package: Vec<Value>,
    /// Its reference below the package, up to and with the first part that names a test.
    pub name: Vec<Value>,
    /// What must be asked of it.
    pub form: TestForm,
    /// Whether it is only to be counted (`todo_test_…`).
    pub skipped: bool,
    /// Where it stands.
    pub location: Location,
}

/// What a test is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestForm {
    /// A rule: its value is `true`, or it fails.
    Plain,
    /// A rule with cases (`test_x[note]`): each passes or fails.
    Cases,
    /// A function, which nobody calls.
    Function,
}

/// Gives definitions of tests that have one name names of their own: `test_x`, `test_x#01`.
fn keep_apart(heads: &mut [Head<'_>]) {
    let mut seen: HashMap<Vec<Value>, usize> = HashMap::default();
    for head in heads {
        let Some((at, name)) = named(head, &[TEST]) else { continue };
        let count = seen.entry(head.path.get(..=at).unwrap_or_default().to_vec()).or_default();
        let renamed = (*count > 0).then(|| Value::from(format!("{name}#{count:02}")));
        *count += 1;
        if let (Some(renamed), Some(part)) = (renamed, head.path.get_mut(at)) {
            *part = renamed;
        }
    }
}

/// Returns the tests among heads, in their order, and keeps those of one name apart.
pub(crate) fn all(heads: &mut [Head<'_>]) -> Vec<TestRule> {
    keep_apart(heads);
    let test = |head: &Head<'_>| {
        let (at, name) = named(head, &[TEST, TODO])?;
        Some(TestRule {
            package: head.path.get(..head.own)?.to_vec(),
            name: head.path.get(head.own..=at)?.to_vec(),
            form: match head.shape {
                Shape::Function(_) => TestForm::Function,
                Shape::Single if !head.dynamic.is_empty() => TestForm::Cases,
                Shape::Single | Shape::Multi => TestForm::Plain,
            },
            skipped: name.starts_with(TODO),
            location: head.location,
        })
    };
    heads.iter().filter_map(test).collect()
}

/// Returns the first part of the reference that begins like this, and its place in the path.
fn named<'h>(head: &'h Head<'_>, prefixes: &[&str]) -> Option<(usize, &'h str)> {
    let names = head.path.iter().enumerate().skip(head.own);
    let mut names = names.filter_map(|(at, part)| Some((at, part.as_str()?)));
    // A part that is to be skipped is found first, even where a test's follows.
    let (at, name) = names.find(|(_, name)| name.starts_with(TEST) || name.starts_with(TODO))?;
    prefixes.iter().any(|prefix| name.starts_with(prefix)).then_some((at, name))
}

/// Puts a call into the body of a test with cases that tells which case begins: right after the
/// statements that first mention the variables of its name, so that what fails later is known as a
/// failure of that case.
pub(crate) fn announce(
    definition: &mut Definition,
    head: &Head<'_>,
    frame: &mut Frame,
    find: fn(&str) -> Option<&'static Decl>,
) {
    let Some((at, _)) = named(head, &[TEST]) else { return };
    let known = head.path.get(at + 1..).unwrap_or_default();
    let is_function = matches!(head.shape, Shape::Function(_));
    if is_function || known.len() + head.dynamic.len() == 0 || announces(&definition.body) {
        return;
    }
    let Some(decl) = find(ANNOUNCE) else { return };
    let location = head.location;
    let mut case: Vec<Term> = known.iter().map(|key| constant(key, location)).collect();
    let mut place = 0;
    let mut added = Vec::new();
    let own = definition.keys.len().saturating_sub(head.dynamic.len());
    for key in definition.keys.iter_mut().skip(own) {
        place = place.max(first_use(&definition.body, key));
        if !matches!(key.kind, TermKind::Local(_) | TermKind::Constant(_)) {
            // What the name is computed from is computed once, not for the head again.
            let local = TermKind::Local(frame.fresh(LocalName::Generated));
            // It stands nowhere: traces must not take it for the variable that is written there.
            let local = Term { kind: local, location: Location::default() };
            let computed = std::mem::replace(key, local.clone());
            added.push(statement(ExprKind::Unify(local, computed), location));
        }
        case.push(key.clone());
    }
    let args = vec![Term { kind: TermKind::Array(case), location }];
    let call = TermKind::Call { callee: Callee::Builtin(decl), args };
    added.push(statement(ExprKind::Term(Term { kind: call, location }), location));
    definition.body.exprs.splice(place..place, added);
}

fn constant(key: &Value, location: Location) -> Term {
    Term { kind: TermKind::Constant(key.clone()), location }
}

fn statement(kind: ExprKind, location: Location) -> Expr {
    Expr { kind, with: Vec::new(), location, index: MADE_UP }
}

/// Whether the author has made the call already.
fn announces(body: &Body) -> bool {
    body.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Term(Term { kind: TermKind::Call { callee, .. }, .. }) => {
            matches!(callee, Callee::Builtin(decl) if decl.name == ANNOUNCE)
        }
        _ => false,
    })
}

/// Returns how many statements there are up to the last of those that mention a variable of `term`
/// for the first time.
fn first_use(body: &Body, term: &Term) -> usize {
    let mut wanted: Vec<Local> = Vec::new();
    all_in_term(term, &mut |local| wanted.push(local));
    let mut place = 0;
    for (at, expr) in body.exprs.iter().enumerate() {
        let before = wanted.len();
        all_in_expr(expr, &mut |local| wanted.retain(|other| *other != local));
        if wanted.len() < before {
            place = at + 1;
        }
    }
    place
}
