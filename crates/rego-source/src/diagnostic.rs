//! What is wrong with a text, where, and what to do about it.

use crate::span::Location;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The text is refused.
    Error,
    /// The text is accepted.
    Warning,
}

/// One finding. The one-line form is OPA's: `file:row: code: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// OPA's code, such as `rego_parse_error`.
    pub code: &'static str,
    /// What is wrong, as OPA words it where it has words for it.
    pub message: String,
    /// Where, if it has a place.
    pub location: Option<Location>,
    /// Further lines that OPA prints indented below the message (`have: …`, `want: …`).
    pub details: Vec<String>,
    /// The same for programs, where OPA gives an object: JSON text on one line.
    pub details_json: Option<String>,
    /// What to do next, without the word "hint".
    pub hint: Option<String>,
    /// Other places that matter, each with a sentence.
    pub notes: Vec<Note>,
    /// Whether OPA prints the source line with a caret below the message, as it does for what its
    /// parser finds while it reads.
    pub shows_source: bool,
}

/// Another place that matters to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub location: Location,
    /// What is there.
    pub message: String,
}

impl Diagnostic {
    /// Returns an error at a place.
    pub fn error(code: &'static str, location: Location, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            location: Some(location),
            details: Vec::new(),
            details_json: None,
            hint: None,
            notes: Vec::new(),
            shows_source: false,
        }
    }

    /// Returns a warning at a place.
    pub fn warning(code: &'static str, location: Location, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, location, message) }
    }

    /// Returns it with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns it with a further detail line.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Returns it with the object that programs get for its details, as JSON text on one line.
    #[must_use]
    pub fn with_details_json(mut self, json: impl Into<String>) -> Self {
        self.details_json = Some(json.into());
        self
    }

    /// Returns it with its source line in OPA's renderings.
    #[must_use]
    pub fn with_source_line(mut self) -> Self {
        self.shows_source = true;
        self
    }

    /// Returns it with another place.
    #[must_use]
    pub fn with_note(mut self, location: Location, message: impl Into<String>) -> Self {
        self.notes.push(Note { location, message: message.into() });
        self
    }
}
