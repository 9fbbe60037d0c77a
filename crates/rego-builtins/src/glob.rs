//! Globs: `glob.match`, `glob.quote_meta`.
//!
//! Source: OPA policy reference, "Glob"; the syntax is that of Go's `gobwas/glob`.

mod matcher;

use rego_value::{Value, View};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::cache::Cache;
use crate::{charge, operand};

use matcher::Glob;

const DELIMITERS: Type = Type::Union(&[Type::Null, Type::Array(&Type::String)]);

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("glob.match", &[Type::String, DELIMITERS, Type::String], Type::Boolean),
        matches,
    ),
    Builtin::new(Decl::function("glob.quote_meta", &[Type::String], Type::String), quote_meta),
];

/// What a compiled pattern takes for each of its characters, roughly.
const BYTES_PER_CHARACTER: usize = 32;

static COMPILED: Cache<Glob> = Cache::new();

/// Returns whether the text fits the pattern: `glob.match("*.example.com", ["."], "a.example.com")`.
/// `*` stops at delimiters, which are `.` where none are given; null means that there are none.
fn matches(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let pattern = operand::string(operands, 0)?;
    let delimiters = delimiters(operand::any(operands, 1)?)?;
    let text = operand::string(operands, 2)?;
    charge::scan(context, pattern.len())?;
    let key = format!("{pattern}\0{delimiters}");
    let glob = COMPILED.get(&key, || {
        charge::make(context, pattern.len().saturating_mul(BYTES_PER_CHARACTER))?;
        Glob::compile(pattern, &delimiters).map_err(BuiltinError::Failed)
    })?;
    context.charge_steps(glob.cost(text))?;
    Ok(Value::from(glob.matches(text)))
}

fn delimiters(value: &Value) -> Result<String, BuiltinError> {
    let items = match value.view() {
        View::Null => return Ok(String::new()),
        View::Array([]) => return Ok(".".to_string()),
        View::Array(items) => items,
        _ => return Err(BuiltinError::operand(2, value, &["array", "null"])),
    };
    let mut delimiters = String::new();
    for item in items {
        let wrong = |want| operand::element_error(1, value, item, want);
        let text = item.as_str().ok_or_else(|| wrong("string"))?;
        if text.chars().count() != 1 {
            return Err(wrong("rune"));
        }
        delimiters.push_str(text);
    }
    Ok(delimiters)
}

/// Returns the text as a pattern that fits only itself: `glob.quote_meta("*.a") == "\\*.a"`.
fn quote_meta(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len() * 2)?;
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\' | '[' | ']' | '{' | '}') {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Value::from(out))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;

    use crate::testing::{call, check, check_error, check_type_error};

    /// Each line: pattern, delimiters as JSON, text, whether it fits.
    const CASES: &[(&str, &str, &str, bool)] = &[
        ("*.github.com", "[]", "api.github.com", true),
        ("*.github.com", "[]", "api.cdn.github.com", false),
        ("*hub.com", "null", "api.cdn.github.com", true),
        ("*:github:com", r#"[":"]"#, "api:github:com", true),
        ("api.**.com", r#"["."]"#, "api.cdn.github.com", true),
        ("[abc]at", "[]", "cat", true),
        ("[!abc]at", "[]", "cat", false),
        ("[a-c]at", "[]", "bat", true),
        ("[!a-c]at", "[]", "fat", true),
        ("?at", "[]", "at", false),
        ("?at", r#"["f"]"#, "fat", false),
        ("{cat,bat,[fr]at}", "[]", "rat", true),
        ("{cat,bat,[fr]at}", "[]", "at", false),
        ("a{b{c,d},,e}f", "[]", "abdf", true),
        ("a{b{c,d},,e}f", "[]", "af", true),
        ("a{b{c,d},,e}f", "[]", "abf", false),
        ("{a,b", "[]", "b", true),
        ("", "[]", "", true),
        ("\\*", "[]", "*", true),
        ("\\*", "[]", "a", false),
        ("a/**/c", "[]", "a/b/c", true),
        ("a.b*", "[]", "a.bc.d", false),
        ("?", "[]", "é", true),
        ("[^a]", "[]", "^", true),
        ("a,b}", "[]", "a,b}", true),
        ("*a*b", "[]", "xaxbxb", true),
    ];

    #[test]
    fn patterns_fit_as_in_opa() {
        for (pattern, delimiters, text, want) in CASES {
            let operands = format!("[{:?}, {delimiters}, {text:?}]", pattern);
            check("glob.match", &operands, &want.to_string());
        }
    }

    #[test]
    fn bad_patterns_are_refused() {
        check_error("glob.match", r#"["[abc", [], "a"]"#, "unexpected end of input");
        check_error("glob.match", r#"["[]", [], "a"]"#, "could not parse range");
        check_error("glob.match", r#"["[a-cx]", [], "a"]"#, "expected close range character");
        let want = "hi character 'a' should be greater than lo 'z'";
        check_error("glob.match", r#"["[z-a]", [], "m"]"#, want);
        let want = "operand 2 must be array of runes but got array containing string";
        check_type_error("glob.match", r#"["a", ["ab"], "m"]"#, want);
    }

    #[test]
    fn hostile_patterns_take_bounded_work() {
        let pattern = Value::from(format!("{}b", "**".repeat(1000)));
        let text = Value::from("a".repeat(100_000));
        assert!(call("glob.match", &[&pattern, &Value::NULL, &text]).is_err());
        let deep = Value::from("{".repeat(20_000));
        assert_eq!(call("glob.match", &[&deep, &Value::NULL, &"".into()]), Ok(Value::TRUE));
    }

    #[test]
    fn metacharacters_are_quoted() {
        check("glob.quote_meta", r#"["*.a{b}?"]"#, r#""\\*.a\\{b\\}\\?""#);
    }
}
