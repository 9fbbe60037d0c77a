//! Semantic versions: `semver.compare`, `semver.is_valid`.
//!
//! Source: semver.org 2.0.0; OPA's `internal/semver`, which also takes a leading `v` and leading
//! zeros.

use std::cmp::Ordering;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, gofmt, operand};

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("semver.compare", &[Type::String, Type::String], Type::Number),
        compare,
    ),
    Builtin::new(Decl::function("semver.is_valid", &[Type::Any], Type::Boolean), is_valid),
];

/// Returns -1, 0 or 1 as the first version is before, equal to or after the second:
/// `semver.compare("1.0.0-rc1", "1.0.0") == -1`.
fn compare(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let (first, second) = (operand::string(operands, 0)?, operand::string(operands, 1)?);
    charge::scan(context, first.len() + second.len())?;
    let order = version(1, first)?.order(&version(2, second)?);
    Ok(Value::from(order as i64))
}

fn version(position: usize, text: &str) -> Result<Version<'_>, BuiltinError> {
    let quoted = || gofmt::quote(text);
    let wrong = || format!("operand {position}: string {} is not a valid SemVer", quoted());
    Version::parse(text).ok_or_else(|| BuiltinError::Failed(wrong()))
}

/// Returns whether it is the text of a version: `semver.is_valid("1.0.0")`.
fn is_valid(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let Some(text) = operand::any(operands, 0)?.as_str() else { return Ok(Value::FALSE) };
    charge::scan(context, text.len())?;
    Ok(Value::from(Version::parse(text).is_some()))
}

/// A version without its build metadata, which does not count in the order.
struct Version<'t> {
    numbers: [i64; 3],
    pre_release: &'t str,
}

impl<'t> Version<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let (core, pre_release) = text.split_once('-').unwrap_or((text, ""));
        if !identifiers(metadata) || !identifiers(pre_release) {
            return None;
        }
        let mut parts = core.split('.').map(|part| part.parse().ok());
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(Self { numbers, pre_release })
    }

    fn order(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        numbers.then_with(|| match (self.pre_release, other.pre_release) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (a, b) => a.split('.').map(Identifier::new).cmp(b.split('.').map(Identifier::new)),
        })
    }
}

fn identifiers(text: &str) -> bool {
    let valid = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.is_empty() || text.split('.').all(valid)
}

/// One identifier of a pre-release: numbers come before other texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'t> {
    /// Its count of digits and the digits, which together are in the order of the numbers.
    Number(usize, &'t str),
    Text(&'t str),
}

impl<'t> Identifier<'t> {
    fn new(text: &'t str) -> Self {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let digits = text.trim_start_matches('0');
            return Identifier::Number(digits.len(), digits);
        }
        Identifier::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_error};

    #[test]
    fn versions_are_ordered() {
        let ascending = [
            "0.9.9",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.0",
            "1.10.0",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                let want = i.cmp(&j) as i64;
                check("semver.compare", &format!("[{a:?}, {b:?}]"), &want.to_string());
            }
        }
        check("semver.compare", r#"["v1.0.0+a", "1.0.0+b"]"#, "0");
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["1", "1.1", "1.1.1.1", "1.a.0", "1.0.0-a..b", "1.0.0+é", ""] {
            check("semver.is_valid", &format!("[{text:?}]"), "false");
        }
        check("semver.is_valid", "[1]", "false");
        let want = "operand 2: string \"1\" is not a valid SemVer";
        check_error("semver.compare", r#"["1.0.0", "1"]"#, want);
    }
}
