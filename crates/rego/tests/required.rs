//! What modules need, as OPA's tools say it.

#[cfg(test)]
mod tests {
    use rego::RegoVersion::{V0, V1};
    use rego::ast_json::AstModules;
    use rego::{Capabilities, RegoVersion, Value};

    fn required(text: &str, version: RegoVersion) -> Capabilities {
        let mut modules = AstModules::new();
        modules.add("policy.rego", &format!("package test\n\n{text}\n"), version).unwrap();
        modules.required()
    }

    fn builtins(text: &str) -> Vec<String> {
        let name = |builtin: &Value| builtin.get_path(&["name"]).unwrap().as_str().unwrap().into();
        required(text, V1).builtins().iter().map(name).collect()
    }

    #[test]
    fn builtins_are_those_that_are_called_once_compiled() {
        let none: [&str; 0] = [];
        // Source: the tests of `opa inspect`.
        assert_eq!(builtins("p if {\n\tfoo.bar(42)\n\tcontains(\"foo\", \"o\")\n}"), ["contains"]);
        let replaced = "p if foo(42)\n\nfoo(_) := false\n\nt if p with foo as";
        assert_eq!(builtins(&format!("{replaced} data.bar")), ["eq"]);
        assert_eq!(builtins(&format!("{replaced} bar")), none);
        assert_eq!(builtins(&format!("{replaced} bar.baz")), ["eq"]);
        let mocked = "foo.bar(_) := false\n\np if foo.bar(42)\n\nmock(_) := true\n\nt if p with";
        assert_eq!(builtins(&format!("{mocked} data.test.foo.bar as mock")), none);
        assert_eq!(builtins("p if foo(42)\n\nmock(_) := true\n\nt if p with foo as mock"), none);
        assert_eq!(builtins("import data.x.y\n\np if y(1) == true"), ["eq", "equal"]);
        // By the stages that rewrite.
        assert_eq!(builtins("p if x := 1"), ["assign", "eq"]);
        assert_eq!(builtins("p if x = 1"), ["eq"]);
        assert_eq!(builtins("p if some x in [1]"), ["eq"]);
        assert_eq!(builtins("p if 1 in [1]"), ["internal.member_2"]);
        assert_eq!(builtins("p if count([1])"), ["count"]);
        assert_eq!(builtins("p if count(input.x)"), ["count", "eq"]);
        assert_eq!(builtins("p := [1 | upper(\"a\")]"), ["eq", "upper"]);
        assert_eq!(builtins("p if { print(count([1])); lower(\"a\") }"), ["lower", "print"]);
        assert_eq!(builtins("p if false\n\nelse := 1 if abs(1)"), ["abs"]);
        assert_eq!(builtins("p if every x in [1] { abs(x) }"), ["abs", "eq"]);
        assert_eq!(builtins("lower(x) := x\n\np if lower(1)"), none);
    }

    #[test]
    fn a_builtin_comes_with_its_declaration() {
        let decl = required("p if x = 1", V1).builtins().first().map(Value::to_json);
        let args = r#"{"args":[{"type":"any"},{"type":"any"}],"result":{"type":"boolean"},"type":"function"}"#;
        assert_eq!(decl.unwrap(), format!(r#"{{"decl":{args},"infix":"=","name":"eq"}}"#));
    }

    #[track_caller]
    fn check(text: &str, version: RegoVersion, features: &[&str], keywords: &[&str]) {
        let required = required(text, version);
        assert_eq!(required.features(), features, "{text}");
        assert_eq!(required.future_keywords(), keywords, "{text}");
    }

    #[test]
    fn features_and_keywords_are_those_of_the_grammar() {
        check("", V1, &["rego_v1"], &[]);
        check("import rego.v1\nimport future.keywords", V1, &["rego_v1"], &[]);
        check("p := $\"a{1}\"", V1, &["rego_v1", "template_strings"], &[]);
        check("a.b.c.d := 1", V1, &["rego_v1"], &[]);
        check("p { true }", V0, &[], &[]);
        check("import rego.v1", V0, &["rego_v1_import"], &[]);
        check("import future.keywords.in", V0, &[], &["in"]);
        check("import future.keywords", V0, &[], &["contains", "every", "if", "in"]);
        check("p[x] { x := 1 }\nq[x] = 1 { x := 1 }\na.b = 1", V0, &[], &[]);
        check("a.b.c = 1", V0, &["rule_head_ref_string_prefixes"], &[]);
        check("a[x].c = 1 { x := \"a\" }", V0, &["rule_head_refs"], &[]);
    }
}
