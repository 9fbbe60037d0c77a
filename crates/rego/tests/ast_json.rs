//! Modules as OPA's JSON: against recorded answers of OPA, and rule by rule.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};

    use rego::ast_json::{AstModules, parsed};
    use rego::{Compiler, RegoVersion, Value, View};

    /// How many recorded modules there are at least.
    const AGREED_MIN: usize = 18;

    /// Recorded modules that do not agree with OPA's form yet: file and number of the module in it.
    const KNOWN_DIFFERENCES: [&str; 0] = [];

    /// Returns a folder of shared data, or `None`, with a printed reason, where it is missing.
    fn shared(name: &str) -> Option<PathBuf> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance").join(name);
        if root.is_dir() {
            return Some(root);
        }
        assert!(
            std::env::var_os("PORTCULLIS_REQUIRE_ALL").is_none(),
            "{} is missing and PORTCULLIS_REQUIRE_ALL is set",
            root.display()
        );
        println!("skipped: {} is missing", root.display());
        None
    }

    /// Returns the name and the content of each file of a folder.
    fn documents(folder: &Path) -> Vec<(String, Value)> {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "json"));
        paths.sort();
        let read = |path: PathBuf| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, Value::from_json(&fs::read(&path).unwrap()).unwrap())
        };
        paths.into_iter().map(read).collect()
    }

    /// Adds each object with `raw` and `ast` at any depth.
    fn pairs<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
        match value.view() {
            View::Array(items) => items.iter().for_each(|item| pairs(item, found)),
            View::Object(object) => {
                if object.get_str("ast").is_some() && object.get_str("raw").is_some() {
                    found.push(value);
                }
                object.values().iter().for_each(|value| pairs(value, found));
            }
            _ => {}
        }
    }

    /// Numbers made-up names by their first occurrence, so that two trees differ only where they say
    /// different things.
    fn renamed(value: &Value, names: &mut BTreeMap<String, String>) -> Value {
        match value.view() {
            View::Array(items) => Value::array(items.iter().map(|v| renamed(v, names)).collect()),
            View::Object(object) => {
                let entries =
                    object.iter().map(|(key, value)| (key.clone(), renamed(value, names)));
                Value::object(entries.collect())
            }
            View::String(text) if text.starts_with("__local") || text.starts_with('$') => {
                let next = format!("made-up {}", names.len());
                Value::from(&**names.entry(text.to_owned()).or_insert(next))
            }
            _ => value.clone(),
        }
    }

    fn canonical(value: &Value) -> String {
        renamed(value, &mut BTreeMap::new()).to_json_pretty(" ")
    }

    fn ours(id: &str, raw: &str, version: RegoVersion) -> String {
        let mut modules = AstModules::new();
        match modules.add(id, raw, version) {
            Ok(()) => modules.compiled(id).map_or_else(String::new, |ast| canonical(&ast)),
            Err(errors) => errors.to_string(),
        }
    }

    #[test]
    fn recorded_modules_have_opas_form() {
        let Some(root) = shared("rest") else { return };
        let (mut differ, mut agreed) = (Vec::new(), 0);
        for (name, file) in documents(&root) {
            let mut number = 0;
            for scenario in file.as_array().unwrap() {
                let flags = scenario.get_path(&["server", "flags"]).and_then(Value::as_array);
                let is_old = flags.is_some_and(|flags| flags.contains(&Value::from("--v0")));
                let version = if is_old { RegoVersion::V0 } else { RegoVersion::V1 };
                let mut found = Vec::new();
                pairs(scenario, &mut found);
                for pair in found {
                    number += 1;
                    let text = |name: &str| pair.get_path(&[name]).and_then(Value::as_str).unwrap();
                    let want = canonical(pair.get_path(&["ast"]).unwrap());
                    let got = ours(text("id"), text("raw"), version);
                    if got == want {
                        agreed += 1;
                        continue;
                    }
                    println!("{name} {number}\n{}", text("raw"));
                    let lines = got.lines().zip(want.lines()).enumerate();
                    for (at, (got, want)) in lines.filter(|(_, (got, want))| got != want).take(4) {
                        println!("  line {at}: ours {got}, OPA's {want}");
                    }
                    differ.push(format!("{name} {number}"));
                }
            }
        }
        println!("{agreed} modules have OPA's form, {} differ", differ.len());
        assert!(agreed >= AGREED_MIN, "modules are missing");
        assert_eq!(differ, KNOWN_DIFFERENCES, "left: what differs, right: what is known to");
    }

    /// Returns what a compiled tree must not have any more.
    fn leftovers(value: &Value, found: &mut Vec<String>) {
        match value.view() {
            View::Array(items) => items.iter().for_each(|item| leftovers(item, found)),
            View::Object(object) => {
                let kind = object.get_str("type").and_then(Value::as_str);
                let steps = object.get_str("value").and_then(Value::as_array).unwrap_or_default();
                match kind {
                    Some("call" | "templatestring") => found.push(value.to_json()),
                    Some("ref") => {
                        let first = steps.first().and_then(|step| step.get_path(&["value"]));
                        let is_operator = steps.len() == 1 && first == Some(&Value::from("assign"));
                        if is_operator || first.is_none_or(|first| first.as_str().is_none()) {
                            found.push(value.to_json());
                        }
                    }
                    _ if object.get_str("symbols").is_some() => found.push(value.to_json()),
                    _ => {}
                }
                object.values().iter().for_each(|value| leftovers(value, found));
            }
            _ => {}
        }
    }

    #[test]
    fn every_module_of_the_corpora_has_both_forms() {
        let mut count = 0;
        for (folder, version) in [("rego-v1", RegoVersion::V1), ("rego-v0", RegoVersion::V0)] {
            let Some(root) = shared(folder) else { return };
            for (file, document) in documents(&root) {
                for case in document.get_path(&["cases"]).and_then(Value::as_array).unwrap() {
                    let modules = case.get_path(&["modules"]).and_then(Value::as_array);
                    let texts: Vec<&str> =
                        modules.unwrap_or_default().iter().filter_map(Value::as_str).collect();
                    let mut compiler = Compiler::new().rego_version(version);
                    let mut asts = AstModules::new();
                    for (at, text) in texts.iter().enumerate() {
                        compiler = compiler.module(at.to_string(), *text);
                        let _ = asts.add(&at.to_string(), text, version);
                    }
                    if compiler.compile().is_err() {
                        continue;
                    }
                    for (at, text) in texts.iter().enumerate() {
                        count += 1;
                        parsed("m", text, version).unwrap();
                        let mut found = Vec::new();
                        leftovers(&asts.compiled(&at.to_string()).unwrap(), &mut found);
                        assert_eq!(found, Vec::<String>::new(), "{file}\n{text}");
                    }
                }
            }
        }
        println!("{count} modules");
    }

    /// Writes a tree of OPA's JSON as text: statements between `;`, functions before parentheses.
    fn shown(value: &Value) -> String {
        let list = |value: &Value, between: &str| -> String {
            let items = value.as_array().unwrap_or_default();
            items.iter().map(shown).collect::<Vec<_>>().join(between)
        };
        let Some(object) = value.as_object() else {
            return match value.as_array() {
                Some([operator, operands @ ..]) => {
                    let operands: Vec<_> = operands.iter().map(shown).collect();
                    format!("{}({})", shown(operator), operands.join(", "))
                }
                _ => value.to_json(),
            };
        };
        if let (Some(kind), Some(value)) = (object.get_str("type"), object.get_str("value")) {
            let of = |name: &str| value.get_path(&[name]).map(shown).unwrap_or_default();
            let body = || list(value.get_path(&["body"]).unwrap(), "; ");
            return match kind.as_str().unwrap() {
                "var" => value.as_str().unwrap().to_owned(),
                "ref" => list(value, ".").replace('"', ""),
                "call" => shown(value),
                "arraycomprehension" => format!("[{} | {}]", of("term"), body()),
                "setcomprehension" => format!("{{{} | {}}}", of("term"), body()),
                "objectcomprehension" => format!("{{{}: {} | {}}}", of("key"), of("value"), body()),
                "array" => format!("[{}]", list(value, ", ")),
                "set" => format!("{{{}}}", list(value, ", ")),
                _ => value.to_json(),
            };
        }
        let Some(terms) = object.get_str("terms") else { return value.to_json() };
        let mut text = shown(terms);
        if let Some(domain) = terms.get_path(&["domain"]) {
            let of = |name: &str| terms.get_path(&[name]).map(shown).unwrap_or_default();
            let body = list(terms.get_path(&["body"]).unwrap(), "; ");
            text = format!("every {}, {} in {} {{{body}}}", of("key"), of("value"), shown(domain));
        } else if let Some(symbols) = terms.get_path(&["symbols"]) {
            text = format!("some {}", list(symbols, ", "));
        }
        if object.get_str("negated").is_some() {
            text = format!("not {text}");
        }
        for with in object.get_str("with").and_then(Value::as_array).unwrap_or_default() {
            let of = |name: &str| with.get_path(&[name]).map(shown).unwrap_or_default();
            text += &format!(" with {} as {}", of("target"), of("value"));
        }
        text
    }

    /// Returns the body of the last rule.
    fn last_body(module: &Value) -> String {
        let rules = module.get_path(&["rules"]).and_then(Value::as_array).unwrap();
        let body = rules.last().unwrap().get_path(&["body"]).and_then(Value::as_array).unwrap();
        body.iter().map(shown).collect::<Vec<_>>().join("; ")
    }

    /// Writes L and a number for a made-up local, by first occurrence, and W for a wildcard.
    fn made_up(text: &str) -> String {
        let mut names = BTreeMap::new();
        let mut out = String::new();
        for (at, part) in text.split("__").enumerate() {
            if part.starts_with("local") && at % 2 == 1 {
                let next = names.len();
                out += &format!("L{}", names.entry(part.to_owned()).or_insert(next));
            } else {
                out += part;
            }
        }
        out.replace('$', "W")
    }

    #[test]
    fn bodies_are_rewritten_as_opa_does() {
        // The body, as parsed, as compiled.
        let cases = [
            (
                "x := input.a; x == 1",
                "assign(x, input.a); equal(x, 1)",
                "eq(L0, input.a); eq(L0, 1)",
            ),
            ("some x; q[x]", "some x; q.x", "data.p.q.L0"),
            ("some x in q", "some internal.member_2(x, q)", "eq(L0, data.p.q.L1)"),
            ("1 in r", "internal.member_2(1, r)", "eq(L0, data.a.r); internal.member_2(1, L0)"),
            ("f(1) > 2", "gt(f(1), 2)", "data.p.f(1, L0); gt(L0, 2)"),
            ("g.h(1) > 2", "gt(g.h(1), 2)", "data.p.g.h(1, L0); gt(L0, 2)"),
            ("not f(q)", "not f(q)", "eq(L0, data.p.q); not data.p.f(L0)"),
            ("input[_] == q[_]", "equal(input.W0, q.W1)", "eq(input.W0, data.p.q.W1)"),
            ("[1, 2][i] = 2", "eq([1, 2].i, 2)", "eq(L0, [1, 2]); eq(L0.i, 2)"),
            (
                "print(input.a)",
                "print(input.a)",
                "eq(L0, {L1 | eq(L1, input.a)}); internal.print([L0])",
            ),
            (
                "f(1) with input as q with f as 3",
                "f(1) with input as q with f as 3",
                "eq(L0, data.p.q); data.p.f(1) with input as L0 with data.p.f as 3",
            ),
            (
                "count(q) == 1 with count as f",
                "equal(count(q), 1) with count as f",
                "eq(L0, data.p.q) with count as data.p.f; count(L0, L1) with count as data.p.f; \
             eq(L1, 1) with count as data.p.f",
            ),
            (
                "every v in q { v > r }",
                "every null, v in q {gt(v, r)}",
                "eq(L0, data.p.q); every L1, L2 in L0 {eq(L3, data.a.r); gt(L2, L3)}",
            ),
            (
                "x := [y.z | y := input.a[_]]",
                "assign(x, [y.z | assign(y, input.a.W0)])",
                "eq(L0, [L1 | eq(L2, input.a.W0); eq(L1, L2.z)])",
            ),
            (
                "x := {k: {v} | some k, v in q}",
                "assign(x, {k: {v} | some internal.member_3(k, v, q)})",
                "eq(L0, {L1: {L2} | eq(L2, data.p.q.L1)})",
            ),
            ("q := 1; q == 1", "assign(q, 1); equal(q, 1)", "eq(L0, 1); eq(L0, 1)"),
            ("x = y; y = input.a", "eq(x, y); eq(y, input.a)", "eq(y, input.a); eq(x, y)"),
            (
                "x := 1 - input.a",
                "assign(x, minus(1, input.a))",
                "eq(L0, input.a); minus(1, L0, L1); eq(L2, L1)",
            ),
        ];
        let mut differ = Vec::new();
        for (body, as_parsed, as_compiled) in cases {
            let module = format!(
                "package p\n\nimport data.a.r\n\nq := [1]\n\nf(x) := x\n\ng.h(x) := x\n\nt if {{ {body} }}\n"
            );
            let mut modules = AstModules::new();
            modules.add("m", &module, RegoVersion::V1).unwrap();
            let compiled = modules.compiled("m").unwrap();
            let first = made_up(&last_body(&parsed("m", &module, RegoVersion::V1).unwrap()));
            differ.extend((first != as_parsed).then(|| format!("{body}: {first}")));
            let second = made_up(&last_body(&compiled));
            differ.extend((second != as_compiled).then(|| format!("{body}: {second}")));
        }
        assert!(differ.is_empty(), "{differ:#?}");
    }

    #[test]
    fn the_parsed_form_keeps_what_was_written() {
        let module = "# hi\npackage p.q\n\nimport data.a as b\n\nx := 1 if b else := 2\n";
        let want = r#"{
        "package": {"path": [{"type": "var", "value": "data"}, {"type": "string", "value": "p"}, {"type": "string", "value": "q"}]},
        "imports": [{"path": {"type": "ref", "value": [{"type": "var", "value": "data"}, {"type": "string", "value": "a"}]}, "alias": "b"}],
        "rules": [{
            "head": {"name": "x", "ref": [{"type": "var", "value": "x"}], "value": {"type": "number", "value": 1}, "assign": true},
            "body": [{"index": 0, "terms": {"type": "var", "value": "b"}}],
            "else": {
                "head": {"name": "x", "ref": [{"type": "var", "value": "x"}], "value": {"type": "number", "value": 2}, "assign": true},
                "body": [{"index": 0, "terms": {"type": "boolean", "value": true}}]
            }
        }],
        "comments": [{"Text": "IGhp", "Location": {"file": "m.rego", "row": 1, "col": 1}}]
    }"#;
        let got = parsed("m.rego", module, RegoVersion::V1).unwrap();
        assert_eq!(got, Value::from_json(want.as_bytes()).unwrap(), "{}", got.to_json());
        assert_eq!(
            parsed("m.rego", "package", RegoVersion::V1).unwrap_err().code(),
            "rego_parse_error"
        );
    }

    #[test]
    fn annotations_are_normalised() {
        let module = "# METADATA\n# title: all\n# authors: [\"A B <a@b.c>\", D]\npackage p\n\n\
                  # METADATA\n# description: d\n# related_resources: [https://x]\n\
                  # schemas:\n# - input.a: schema.s\n# custom: {k: 1}\nx := 1\n";
        let got = parsed("m", module, RegoVersion::V1).unwrap();
        let rule = r#"{"custom":{"k":1},"description":"d","related_resources":[{"ref":"https://x"}],"schemas":[{"path":[{"type":"var","value":"input"},{"type":"string","value":"a"}],"schema":[{"type":"var","value":"schema"},{"type":"string","value":"s"}]}],"scope":"rule"}"#;
        let package = r#"{"authors":[{"email":"a@b.c","name":"A B"},{"name":"D"}],"scope":"package","title":"all"}"#;
        let all = got.get_path(&["annotations"]).unwrap().to_json();
        assert_eq!(all, format!("[{package},{rule}]"));
        let rules = got.get_path(&["rules"]).and_then(Value::as_array).unwrap();
        assert_eq!(rules[0].get_path(&["annotations"]).unwrap().to_json(), format!("[{rule}]"));
    }

    #[test]
    fn hostile_modules_end() {
        let many = 2000;
        let chain: String = (0..many).rev().map(|i| format!("\tx{i} = x{}\n", i + 1)).collect();
        let calls = "f(".repeat(100) + "1" + &")".repeat(100);
        let closures: String = (0..many).map(|i| format!("\tx{i} := [1 | x := 1]\n")).collect();
        let nested = "[1 | ".repeat(60) + "true" + &"]".repeat(60);
        let bodies = [
            chain,
            closures,
            format!("\tg({calls}){}\n", " with input as 1".repeat(many)),
            format!("\tx := [{}]\n", "f(1),".repeat(many)),
            format!("\tx := {{{}}}\n", "{x | x = 1},".repeat(many)),
            format!("\tx := {nested}\n"),
            format!("\tx{}\n", ".y".repeat(many)),
            format!("\tx = 1{}\n", " + 1".repeat(many)),
            format!("\tfalse\n}}{}\nu if {{\n\ttrue\n", " else := 1 if { false }".repeat(many)),
        ];
        for body in bodies {
            let module = format!("package p\n\nt if {{\n{body}}}\n");
            let mut modules = AstModules::new();
            let start = body.get(..20).unwrap_or_default();
            match modules.add("m", &module, RegoVersion::V1) {
                Ok(()) => {
                    let length = modules.compiled("m").unwrap().to_json().len();
                    assert!(length < 64 << 20, "{start}: {length} bytes");
                }
                Err(errors) => assert_eq!(errors.code(), "rego_parse_error", "{start}"),
            }
        }
    }
}
