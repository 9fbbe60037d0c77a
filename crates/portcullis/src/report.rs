//! Errors as people and programs read them: OPA's one-line forms, its JSON, and the source line
//! with a caret and a hint.

use portcullis_service::load::LoadErrors;
use rego::{Diagnostic, Errors, EvalError, Position, Severity, Sources};

use crate::json::Json;

/// One error, whatever it is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    code: Option<&'static str>,
    message: String,
    place: Option<(String, Position)>,
    details: Vec<String>,
    /// The line of source it stands on, without leading tabs, and a caret below the place.
    excerpt: Option<[String; 2]>,
    /// The line as it is.
    line: String,
    /// Whether OPA's own form shows the line.
    shows_source: bool,
    hint: Option<String>,
}

impl Report {
    /// Returns an error that is only a sentence.
    pub(crate) fn plain(message: impl ToString) -> Self {
        Self { message: message.to_string(), ..Self::default() }
    }

    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let location = diagnostic.location;
        let file = location.and_then(|location| sources.get(location.source));
        let position = location.zip(file).map(|(at, file)| file.position(at.span.start));
        let line = file.zip(position).map(|(file, at)| file.line(at.row)).unwrap_or_default();
        let span_len = location.map_or(0, |at| at.span.end.saturating_sub(at.span.start));
        Self {
            code: Some(diagnostic.code),
            message: diagnostic.message.clone(),
            place: file.zip(position).map(|(file, at)| (file.name().to_string(), at)),
            details: diagnostic.details.clone(),
            excerpt: position.map(|at| excerpt(line, at.col, span_len)),
            line: line.to_string(),
            shows_source: diagnostic.shows_source,
            hint: diagnostic.hint.clone(),
        }
    }

    /// Returns OPA's form: `file:row: code: message`, and details each on a line after a tab.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match &self.place {
            Some((file, at)) if file.is_empty() => text += &format!("{}:{}: ", at.row, at.col),
            Some((file, at)) => text += &format!("{file}:{}: ", at.row),
            None => {}
        }
        if let Some(code) = self.code {
            text += &format!("{code}: ");
        }
        text += &self.message;
        if let Some([line, carets]) = self.excerpt.as_ref().filter(|_| self.shows_source) {
            // OPA marks the first character only.
            text += &format!("\n\t{line}\n\t{}^", carets.trim_end_matches('^'));
        }
        for line in &self.details {
            text += &format!("\n\t{line}");
        }
        text
    }

    /// Returns OPA's form, then the source line and the hint where OPA has none.
    fn text_with_source(&self) -> String {
        let mut text = self.text();
        let excerpt = self.excerpt.iter().flatten().filter(|_| !self.shows_source);
        for line in excerpt {
            text += &format!("\n\t{line}");
        }
        if let Some(hint) = &self.hint {
            text += &format!("\n\thint: {hint}");
        }
        text
    }

    /// Returns OPA's object: `message`, `code`, `location`, `details`.
    pub(crate) fn json(&self) -> Json<'_> {
        let mut entries = vec![("message", Json::Text(&self.message))];
        if let Some(code) = self.code {
            entries.push(("code", Json::Text(code)));
        }
        if let Some((file, at)) = &self.place {
            let location = vec![
                ("file", Json::Text(file)),
                ("row", Json::Integer(at.row.into())),
                ("col", Json::Integer(at.col.into())),
            ];
            entries.push(("location", Json::Object(location)));
        }
        if let Some(details) = self.details_json() {
            entries.push(("details", details));
        }
        Json::Object(entries)
    }

    fn details_json(&self) -> Option<Json<'_>> {
        match &self.place {
            Some((_, at)) if self.shows_source => Some(Json::Object(vec![
                ("line", Json::Text(&self.line)),
                ("idx", Json::Integer(i64::from(at.col) - 1)),
            ])),
            _ if self.details.is_empty() => None,
            _ => Some(Json::Array(self.details.iter().map(|line| Json::Text(line)).collect())),
        }
    }
}

/// Returns a line without its leading tabs, and a caret for each byte of the span that is on it.
fn excerpt(line: &str, col: u32, span_len: u32) -> [String; 2] {
    let shown = line.trim_start_matches('\t');
    let tabs = line.len() - shown.len();
    let start = (col as usize).saturating_sub(1 + tabs).min(shown.len());
    // Columns count bytes; carets stand below characters.
    let before = shown.char_indices().take_while(|(at, _)| *at < start).count();
    let under = shown.get(start..).unwrap_or_default();
    let carets = under.char_indices().take_while(|(at, _)| *at < span_len as usize).count().max(1);
    [shown.to_string(), format!("{}{}", " ".repeat(before), "^".repeat(carets))]
}

/// Returns a report for each error among the findings; warnings are none.
pub(crate) fn of_errors(errors: &Errors) -> Vec<Report> {
    of_diagnostics(&errors.diagnostics, &errors.sources, Severity::Error)
}

/// Returns a report for each finding of this severity.
pub(crate) fn of_diagnostics(
    diagnostics: &[Diagnostic],
    sources: &Sources,
    severity: Severity,
) -> Vec<Report> {
    let wanted = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity);
    wanted.map(|diagnostic| Report::new(diagnostic, sources)).collect()
}

/// Returns the report of an error of evaluation.
pub(crate) fn of_eval_error(error: &EvalError) -> Report {
    Report {
        code: Some(error.code),
        message: error.message.clone(),
        place: error.place.clone(),
        ..Report::default()
    }
}

/// Returns a report for each file that cannot be loaded.
pub(crate) fn of_load_errors(errors: &LoadErrors) -> Vec<Report> {
    errors.0.iter().map(Report::plain).collect()
}

/// Returns OPA's form of a list: `1 error occurred: …`, or a count and the errors below.
pub(crate) fn list(reports: &[Report]) -> String {
    counted(reports.iter().map(Report::text).collect())
}

/// Returns the same, with source lines and hints.
pub(crate) fn list_with_source(reports: &[Report]) -> String {
    counted(reports.iter().map(Report::text_with_source).collect())
}

/// Returns a line, with its source and hint, for each warning.
pub(crate) fn warnings(reports: &[Report]) -> String {
    reports.iter().map(|report| format!("warning: {}\n", report.text_with_source())).collect()
}

fn counted(texts: Vec<String>) -> String {
    match texts.as_slice() {
        [one] => format!("1 error occurred: {one}"),
        many => format!("{} errors occurred:\n{}", many.len(), many.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn carets_stand_below_the_span() {
        assert_eq!(excerpt("\t\tx := yé", 8, 3), ["x := yé", "     ^^"]);
        assert_eq!(excerpt("abc", 10, 0), ["abc", "   ^"]);
        assert_eq!(excerpt("", 1, 5), ["", "^"]);
    }
}
