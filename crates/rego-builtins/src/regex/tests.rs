use rego_value::Value;

use crate::testing::{call, check, check_error};

fn check_match(pattern: &str, text: &str, want: bool) {
    let got = call("regex.match", &[&pattern.into(), &text.into()]);
    assert_eq!(got, Ok(Value::from(want)), "{pattern} {text}");
}

fn check_bad(pattern: &str, want: &str) {
    let pattern = Value::from(pattern);
    let want = format!("error parsing regexp: {want}");
    let got = call("regex.match", &[&pattern, &"".into()]);
    assert_eq!(got, Err(rego_vm::BuiltinError::Failed(want)));
    assert_eq!(call("regex.is_valid", &[&pattern]), Ok(Value::FALSE));
}

#[test]
fn patterns_match_as_in_go() {
    check_match(r"^[a-z]+\[[0-9]+\]$", "foo[1]", true);
    check_match("", "x", true);
    check_match(r"^\d$", "٣", false);
    check_match(r"^\w+$", "é", false);
    check_match(r"^.$", "é", true);
    check_match(r"a\b", "aé", true);
    check_match(r"a\Bé", "aé", false);
    check_match(r"\Bb", "ab", true);
    check_match(r"^\s$", "\u{b}", false);
    check_match(r"^[[:space:]]$", "\u{b}", true);
    check_match(r"^\Qa.b*\E+$", "a.b**", true);
    check_match(r"^\pL\p{Greek}\PN\p{^Lu}$", "éβxy", true);
    check_match(r"^\x41\x{42}\103\t$", "ABC\t", true);
    check_match("^a{,2}$", "a{,2}", true);
    check_match("^[]a-]+$", "]-a", true);
    check_match("^[[&&a]+$", "&[a", true);
    check_match("(?i)^(?:AB|c)$", "aB", true);
    check_match("(?s)^a.b$", "a\nb", true);
    check_match("^a$", "a\n", false);
    check_match("(?m)^b$", "a\nb\nc", true);
    check_match(r"^[^\D]$", "5", true);
    check_match(r"^[\d\-x]+$", "5-x", true);
    check_match("^(((\\w{1,8}\\d{1,8}){1,8}\\s{1,8}){1,4}\\D{1,4})+$", "test", false);
}

#[test]
fn bad_patterns_are_refused_in_gos_words() {
    check_bad("[abc", "missing closing ]: `[abc`");
    check_bad("(a", "missing closing ): `(a`");
    check_bad("a)", "unexpected ): `a)`");
    check_bad("++", "missing argument to repetition operator: `+`");
    check_bad("*", "missing argument to repetition operator: `*`");
    check_bad("a**", "invalid nested repetition operator: `**`");
    check_bad("a{1001}", "invalid repeat count: `{1001}`");
    check_bad("a{3,2}", "invalid repeat count: `{3,2}`");
    check_bad("([a-z]{1,64}){1,64}", "invalid repeat count: `{1,64}`");
    check_bad("(?=a)", "invalid or unsupported Perl syntax: `(?=`");
    check_bad("(?<n", "invalid named capture: `(?<n`");
    check_bad(r"\y", r"invalid escape sequence: `\y`");
    check_bad(r"\1", r"invalid escape sequence: `\1`");
    check_bad(r"a\", "trailing backslash at end of expression: ``");
    check_bad("[z-a]", "invalid character class range: `z-a`");
    check_bad(r"\p{Nope}", r"invalid character class range: `\p{Nope}`");
    check_bad("[[:nope:]]", "invalid character class range: `[:nope:]`");
}

#[test]
fn matches_are_found_and_split() {
    check("regex.find_n", r#"["a.", "paranormal", 2]"#, r#"["ar", "an"]"#);
    check("regex.find_n", r#"["bork", "paranormal", -1]"#, "[]");
    check("regex.find_n", r#"["a*", "baa", -1]"#, r#"["", "aa"]"#);
    check(
        "regex.find_all_string_submatch_n",
        r#"["a(x*)(y)?b", "-axxb-ab-", -1]"#,
        r#"[["axxb", "xx", ""], ["ab", "", ""]]"#,
    );
    check(
        "regex.find_all_string_submatch_n",
        r#"["(?:)", "café", -1]"#,
        r#"[[""], [""], [""], [""], [""]]"#,
    );
    check("regex.split", r#"["a", "banana"]"#, r#"["b", "n", "n", ""]"#);
    check("regex.split", r#"["^[a-z]+", "foobar baz"]"#, r#"["", " baz"]"#);
    check("regex.split", r#"["", "ab"]"#, r#"["a", "b"]"#);
    check("regex.split", r#"["a", ""]"#, r#"[""]"#);
    check("regex.split", r#"["", ""]"#, "[]");
}

#[test]
fn matches_are_replaced() {
    check("regex.replace", r#"["-wy-wxxy-", "w(x*)y", "0"]"#, r#""-0-0-""#);
    check("regex.replace", r#"["abc", "(?P<n>b)(c)", "<${n}$2$9$$$x>"]"#, r#""a<bc$>""#);
    check("regex.replace", r#"["abc", "b", "$ ${"]"#, r#""a$ ${c""#);
    check("regex.replace", r#"["abc", "(b)", "$1x"]"#, r#""ac""#);
    check("regex.replace", r#"["foo", "x", "y"]"#, r#""foo""#);
    check("regex.replace", r#"["ab", "", "-"]"#, r#""-a-b-""#);
    check("regex.replace", r#"["aaa", "^a", ""]"#, r#""aa""#);
    check("regex.replace", r#"["aaa", "a", ""]"#, r#""""#);
}

#[test]
fn templates_and_globs() {
    check("regex.template_match", r#"["urn:foo:<.*>", "urn:foo:bar:baz", "<", ">"]"#, "true");
    check("regex.template_match", r#"["a.b<[0-9]{2}>", "aXb12", "<", ">"]"#, "false");
    check_error("regex.template_match", r#"["a<", "a", "<", ">"]"#, "unbalanced braces in \"a<\"");
    check("regex.globs_match", r#"["a.a.[0-9]+z", ".b.b2359825792*594823z"]"#, "true");
    check("regex.globs_match", r#"["[a-z]+", "[0-9]*"]"#, "false");
    check("regex.globs_match", r#"["[a-z]+\\[[0-9]+\\]", "foo\\[1\\]"]"#, "true");
    check("regex.globs_match", r#"["a+", "a*"]"#, "true");
    check("regex.globs_match", r#"["[a-c]", "[d-f]"]"#, "false");
    check("regex.globs_match", r#"[".*", "a.b"]"#, "true");
    check_error(
        "regex.globs_match",
        r#"["pqrs]", "[a-b]+"]"#,
        "input:pqrs], pos:5, set-close ']' with no preceding '[': the input provided is invalid",
    );
}

#[test]
fn hostile_patterns_take_bounded_work() {
    let big = Value::from("(?:\\pL{1000}){1}".repeat(100));
    assert!(call("regex.match", &[&big, &"".into()]).is_err());
    let deep = Value::from(format!("{}{}", "(".repeat(20_000), ")".repeat(20_000)));
    assert!(call("regex.match", &[&deep, &"".into()]).is_err());
}
