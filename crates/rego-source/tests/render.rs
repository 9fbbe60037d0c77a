//! The renderings, on the places where they differ.

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rego_source::{Diagnostic, Location, SourceFile, Sources, Span, render};

    fn at(name: &str, text: &str, start: u32, end: u32) -> (Sources, Diagnostic) {
        let mut sources = Sources::default();
        let source = sources.add(Arc::new(SourceFile::new(name, text)));
        let location = Location { source, span: Span::new(start, end) };
        (sources, Diagnostic::error("rego_parse_error", location, "wrong"))
    }

    #[test]
    fn a_query_has_row_and_column() {
        let (sources, error) = at("", "x = é + ]", 9, 10);
        assert_eq!(render::line(&sources, &error), "1:9: rego_parse_error: wrong");
    }

    #[test]
    fn the_source_line_has_no_leading_tabs_and_a_caret_by_bytes() {
        let (sources, error) = at("a.rego", "p {\n\t\tx = ]\n}", 10, 11);
        let error = error.with_source_line();
        let want = "a.rego:2: rego_parse_error: wrong\n\tx = ]\n\t    ^";
        assert_eq!(render::line(&sources, &error), want);
    }

    #[test]
    fn a_blank_place_shows_what_stands_before_it() {
        let (sources, error) = at("a.rego", "p := [\n\n  ", 10, 10);
        let error = error.with_source_line();
        let want = "a.rego:3: rego_parse_error: wrong\n\tp := [\n\t     ^";
        assert_eq!(render::line(&sources, &error), want);
        let json = render::json(&sources, &error);
        let want = r#"{"message":"wrong","code":"rego_parse_error","location":{"file":"a.rego","row":3,"col":2},"details":{"line":"p := [","idx":5}}"#;
        assert_eq!(json, want);
    }

    #[test]
    fn nowhere_is_row_zero() {
        let (sources, mut error) = at("a.rego", "", 0, 0);
        if let Some(location) = &mut error.location {
            location.span = Span::NOWHERE;
        }
        assert_eq!(render::line(&sources, &error), "a.rego:0: rego_parse_error: wrong");
        assert_eq!(
            render::full(&sources, &error),
            "error: rego_parse_error: wrong\n  --> a.rego\n"
        );
        let empty = error.with_source_line();
        assert!(render::json(&sources, &empty).contains(r#""details":{"line":"","idx":0}"#));
    }

    #[test]
    fn lists_are_counted() {
        let (sources, error) = at("a.rego", "p", 0, 1);
        let one = "1 error occurred: a.rego:1: rego_parse_error: wrong";
        assert_eq!(render::lines(&sources, std::slice::from_ref(&error)), one);
        let two = "2 errors occurred:\na.rego:1: rego_parse_error: wrong\n\
                   a.rego:1: rego_parse_error: wrong\n\thave: x";
        assert_eq!(render::lines(&sources, &[error.clone(), error.with_detail("have: x")]), two);
    }

    #[test]
    fn people_see_a_window_of_a_long_line() {
        let text = format!("{}nope{}", "x".repeat(1_000), "y".repeat(1_000));
        let (sources, error) = at("a.rego", &text, 1_000, 1_004);
        let full = render::full(&sources, &error);
        let lines: Vec<&str> = full.lines().collect();
        assert_eq!(lines[3].chars().count(), 6 + 120);
        assert_eq!(lines[4], format!("    | {}^^^^", " ".repeat(60)));
    }
}
