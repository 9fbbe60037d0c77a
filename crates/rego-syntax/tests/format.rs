//! The formatter where it differs from OPA, and what holds for every text: the result is read, is
//! final, says the same, and has all comments. What it shares with OPA is in the conformance suite.

#[cfg(test)]
mod tests {
    use rego_source::SourceId;
    use rego_syntax::ast::RegoVersion;
    use rego_syntax::format::{FormatOptions, Target, format_module, meaning_change};
    use rego_syntax::{ParseOptions, parse_module};

    /// How many changed layouts of each seed are tried.
    const LAYOUTS: usize = 400;

    fn rule(text: &str) -> String {
        let text = format!("package p\n\n{text}\n");
        let formatted = format_module(&text, &FormatOptions::default()).unwrap();
        assert!(meaning_change(&text, &formatted, &FormatOptions::default()).is_none());
        formatted.strip_prefix("package p\n\n").unwrap().trim_end().to_owned()
    }

    #[test]
    fn parentheses_that_matter_stay() {
        let same = [
            "q if 1 == (2 == 3)",
            "q := (a in b) == c",
            "q := [(a in b) | c]",
            "q := [(a | b)]",
            "q := {\"a\": (a | b)}",
            "q := {(a | b): c}",
            "q := {k: (a + b) | c}",
            "q := (a | b).c",
            "q := f((a, b in c))",
            "q if {\n\tx\n\t(-1) == x\n}",
        ];
        for text in same {
            assert_eq!(rule(text), text);
        }
        assert_eq!(rule("q := [a + b | c]"), "q := [((a + b) | c)]");
    }

    #[test]
    fn a_body_stays_where_the_head_alone_says_something_else() {
        assert_eq!(rule("q[x] if true"), "q[x] if true");
        for set in ["set()", "not set()", "not {1}"] {
            assert_eq!(rule(&format!("q if {{{set}}}")), format!("q if {{\n\t{set}\n}}"));
        }
        for first in ["{\"a\": 1} == x", "{x | x := 1} == y", "{\"a\": x} := y", "{}[_] == 1"] {
            let branch = |body: &str| format!("q := 1 if x\n\nelse := 2 if {body}");
            let want = branch(&format!("{{\n\t{first}\n}}"));
            assert_eq!(rule(&branch(&format!("{{ {first} }}"))), want);
            assert_eq!(rule(&format!("q if {{ {first} }}")), format!("q if {first}"));
        }
    }

    #[test]
    fn strings_stay_what_they_are() {
        let branch = "q := 1 if input.a\n\nelse := \"x\" if input.b == \"y\"";
        assert_eq!(rule(branch), branch);
        assert_eq!(rule("q := {\"k\": \"v\" | true}"), "q := {\"k\": \"v\" | true}");
        assert_eq!(rule("q := (\"\\u0007\")"), "q := \"\\u0007\"");
    }

    #[test]
    fn comments_that_clash_go_above_the_rule() {
        let text = "q := {\"k\": 1} if {\n\tf([1], # a\n\t[ # b\n\t2, # c\n\t3][0]) # d\n}";
        let want = "# a\n# b\n# c\n# d\nq := {\"k\": 1} if {\n\tf(\n\t\t[1],\n\t\t[\n\t\t\t2,\n\t\t\t3,\n\t\t][0],\n\t)\n}";
        assert_eq!(rule(text), want);
    }

    #[test]
    fn template_strings_stay_as_they_are_written() {
        let text = "q := $`{ # why\n  x} and {y   +1}`";
        assert_eq!(rule(text), text);
    }

    #[test]
    fn names_that_are_keywords_of_v1_are_told_of() {
        let options = FormatOptions {
            version: RegoVersion::V0,
            target: Target::V1,
            ..FormatOptions::default()
        };
        for text in ["in { true }", "q { every := 1 }", "q { some if; if }", "q { if(1) }"] {
            let errors = format_module(&format!("package p\n{text}"), &options).unwrap_err();
            assert_eq!(errors.first().unwrap().code, "rego_parse_error", "{text}");
        }
        assert!(format_module("package p\nq { contains(a, if.b) }", &options).is_ok());
    }

    #[test]
    fn imports_that_v1_does_not_read_are_told_of() {
        for target in [Target::V1, Target::V0AndV1] {
            let options =
                FormatOptions { version: RegoVersion::V0, target, ..FormatOptions::default() };
            let errors =
                format_module("package a\nimport input.keywords.in", &options).unwrap_err();
            assert_eq!(
                errors.first().unwrap().message,
                "unexpected import path, must not end with a keyword, got: in"
            );
            assert!(format_module("package a\nimport input.in as b", &options).is_ok());
            assert!(format_module("package a\nimport future.keywords.in", &options).is_ok());
        }
    }

    /// Texts with all there is, to be laid out anew.
    const SEEDS: [&str; 3] = [
        "package a.b\nimport data.x\nimport data.c as d # d\ndefault q := {\"a\": [1, 2], \"b\": \
         {3, 4}}\nq := {\"a\": x, \"b\": [y | some y in d; y > 1]} if {\n\tsome x, z in data.y\n\
         \tnot f(x, {z, \"s\"})[0].k\n\tevery k, v in d { k != v; v }\n} else := set() if x.y == 1\n",
        "package a\nf(x, [y, _]) := x + (y * 2) - 1 if x in {1, 2} with input as {\"a\": 1} with \
         data.b as [1]\ns contains {\"m\": m} if m := concat(\",\", [\"a\", `b`])\np.q[r].t := v if \
         some r, v in {\"a\": 1}\nu := {k: [v | v := 1] | some k in [1, (2 | 3)]} # end\n",
        "package a\np := x[_].y[\"a b\"].if if { (1, 2 in [3]); x := $\"a{1 + 2}\" }\nelse := \"v\" if \
         \"a\" == x.y\nelse := -1\nt if [1][0] == {\"a\": {\"b\": 1}}.a.b\n",
    ];

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % bound as u64) as usize
        }
    }

    /// Puts line breaks and comments where blanks or brackets are.
    fn lay_out(seed: &str, random: &mut Random) -> String {
        let mut text = seed.to_owned();
        for number in 0..1 + random.below(6) {
            let spots: Vec<usize> = text
                .match_indices([' ', '\n', ',', '(', ')', '[', ']', '{', '}', '|', ':', ';'])
                .flat_map(|(at, _)| [at, at + 1])
                .collect();
            let at = spots[random.below(spots.len())];
            let piece = match random.below(5) {
                0 => "\n".to_owned(),
                1 => "\n\n".to_owned(),
                _ => format!(" # c{number}\n"),
            };
            text.insert_str(at, &piece);
        }
        text
    }

    /// Returns the comments, or nothing where the text does not parse. Two may have become one.
    fn comments(text: &str, version: RegoVersion) -> Option<Vec<String>> {
        let options = ParseOptions { version, ..ParseOptions::default() };
        let (module, errors) = parse_module(SourceId(0), text, &options);
        let parts = module.comments.iter().flat_map(|comment| comment.text.split('#'));
        let mut parts: Vec<String> = parts.map(|part| part.trim().to_owned()).collect();
        parts.sort();
        errors.is_empty().then_some(parts)
    }

    #[test]
    fn any_layout_has_a_final_form_with_all_comments() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut tried = 0;
        for text in (0..LAYOUTS).flat_map(|_| SEEDS).map(|seed| lay_out(seed, &mut random)) {
            let Some(before) = comments(&text, RegoVersion::V1) else { continue };
            tried += 1;
            for target in [Target::V1, Target::V0AndV1] {
                let options = FormatOptions { target, ..FormatOptions::default() };
                let formatted = format_module(&text, &options).unwrap();
                let version = if target == Target::V1 { RegoVersion::V1 } else { RegoVersion::V0 };
                let after = comments(&formatted, version);
                assert_eq!(after.as_ref(), Some(&before), "{text}\n----\n{formatted}");
                let again = format_module(&formatted, &FormatOptions { version, ..options });
                assert_eq!(again.as_deref(), Ok(&*formatted), "{text}");
                let change = meaning_change(&text, &formatted, &options);
                assert!(change.is_none(), "{text}\n----\n{formatted}");
            }
        }
        assert!(tried > LAYOUTS / 2, "{tried}");
    }

    #[test]
    fn hostile_texts_end() {
        let deep = format!("package p\nq := {}1{}", "[".repeat(120), "]".repeat(120));
        let wide = format!("package p\nq := [{}]", "{\"a\": [1, # c\n2]},\n".repeat(3000));
        let chain = format!("package p\nq := {}1", "1 + ".repeat(390));
        let branches = format!("package p\nq if x{}", "\nelse := 1 if x".repeat(390));
        for text in [deep, wide, chain, branches] {
            let formatted = format_module(&text, &FormatOptions::default()).unwrap();
            assert_eq!(format_module(&formatted, &FormatOptions::default()).unwrap(), formatted);
        }
    }
}
