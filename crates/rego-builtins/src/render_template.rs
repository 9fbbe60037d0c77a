//! `strings.render_template`: Go's `text/template`, for templates that print the fields of one
//! object.
//!
//! Known: text, fields, variables, pipelines, `if`, `range`, `with`, `break`, `continue`, comments,
//! trimming, and the functions of `functions.rs`. Not known, and refused: `define`, `template`,
//! `block`. Source: documentation of Go's `text/template`; OPA policy reference, "Strings".

mod functions;
mod parse;
mod run;
mod token;

use rego_value::Value;
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::{charge, operand};

const VALUES: Type = Type::Object(&[], Some(&(Type::String, Type::Any)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[Builtin::new(
    Decl::function("strings.render_template", &[Type::String, VALUES], Type::String),
    render_template,
)];

/// Returns the template with the values in it; what is missing prints as `<undefined>`:
/// `strings.render_template("hi {{.name}}", {"name": "Ada"})`.
fn render_template(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let template = operand::string(operands, 0)?;
    let values = operand::any(operands, 1)?;
    operand::object(operands, 1)?;
    charge::make(context, template.len() * 4)?;
    let failed = |why: String| BuiltinError::Failed(format!("template: template:{why}"));
    let nodes = parse::parse(template).map_err(failed)?;
    Ok(Value::from(run::run(context, &nodes, values)?))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;

    use crate::testing::call;

    fn render(template: &str) -> Result<Value, rego_vm::BuiltinError> {
        let values = r#"{"s": "hi", "n": 3, "list": ["a", "b"], "o": {"k": {"d": 1}, "j": null},
            "t": true, "f": false, "html": "<a&'>"}"#;
        let values = Value::from_json(values.as_bytes()).unwrap();
        call("strings.render_template", &[&template.into(), &values])
    }

    #[test]
    fn templates_render_as_in_go() {
        let cases = [
            ("{{.s}} {{.n}} {{.t}}", "hi 3 true"),
            ("{{.missing}} {{.o.j}} {{.a.b.c}}", "<undefined> <undefined> <undefined>"),
            ("<no value>{{print .missing}}", "<undefined><nil>"),
            ("{{.o.k.d}} {{.o}} {{.list}}", "1 map[j:<nil> k:map[d:1]] [a b]"),
            ("{{range $i, $x := .list}}{{if $i}},{{end}}hello {{$x}}{{end}}", "hello a,hello b"),
            ("{{range .list}}{{.}}{{$.s}}{{else}}none{{end}}", "ahibhi"),
            ("{{range .nope}}x{{else}}none{{end}}", "none"),
            ("{{range $k, $v := .o}}{{$k}};{{end}}", "j;k;"),
            ("{{if .f}}a{{else if .t}}b{{else}}c{{end}}", "b"),
            ("{{with .o.k}}{{.d}}{{end}}{{with .f}}x{{else}}y{{end}}", "1y"),
            ("a {{- /* c */ -}} b", "ab"),
            ("a {{- .s -}} b", "ahib"),
            (r#"{{$x := "q"}}{{$x = 1.5}}{{$x}}{{"a\n"}}{{`r`}}"#, "1.5a\nr"),
            (r#"{{printf "%s-%03d|%v" .s 7 .t}} {{.s | printf "%q"}}"#, "hi-007|true \"hi\""),
            (r#"{{printf "%t %v" .t .f}}"#, "true false"),
            (r#"{{printf "%s %d" .n .n}}"#, "3 %!d(json.Number=3)"),
            (r#"{{printf "%d" .t}}"#, "%!d(bool=true)"),
            ("{{len .list}}{{len .s}} {{index .list 1}} {{index .o \"k\" \"d\"}}", "22 b 1"),
            ("{{and .t .s}} {{or .f .s}} {{not .t}}", "hi hi false"),
            (
                r#"{{eq .s "x" "hi"}} {{ne 1 2}} {{lt 1 2}} {{ge 2.5 2.5}} {{gt "b" "a"}}"#,
                "true true true true true",
            ),
            ("{{html .html}} {{print .s 1 2 .s}} {{println 1}}", "&lt;a&amp;&#39;&gt; hi1 2hi 1\n"),
            ("{{range .list}}{{if eq . \"a\"}}{{continue}}{{end}}{{.}}{{break}}{{end}}", "b"),
            ("{{(index .list 0)}} {{slice .s 1}} {{slice .list 0 1}}", "a i [a]"),
            ("{{urlquery \"a b&c\"}}", "a+b%26c"),
        ];
        for (template, want) in cases {
            assert_eq!(render(template), Ok(want.into()), "{template}");
        }
    }

    #[test]
    fn wrong_templates_are_refused() {
        let bad = [
            "{{",
            "{{if .s}}",
            "{{end}}",
            "{{else}}",
            "{{.s",
            "{{nope 1}}",
            "{{$x}}",
            "{{\"a}}",
            "{{template \"a\"}}",
            "{{index .list 9}}",
            "{{range .s}}{{end}}",
            "{{break}}",
            "{{}}",
            "{{eq 1 \"a\"}}",
            "{{.s.x}}",
            "{{(1}}",
            "{{len 1}}",
            "{{1 2}}",
            "{{.o.j.x}}",
        ];
        for template in bad {
            assert!(render(template).is_err(), "{template}");
        }
        let deep = format!("{}{}", "{{if .t}}".repeat(10_000), "{{end}}".repeat(10_000));
        assert!(render(&deep).is_err());
        let open = format!("{{{{{}1{}}}}}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(render(&open).is_err());
    }
}
