//! The finer grades: what is counted beside right and wrong.
//!
//! Must not know: how anything is compared.

use std::collections::BTreeMap;

/// What is graded beside the core. Each is a share of the places where it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// The exact text of an answer.
    Text,
    /// The header field `Vary`.
    Vary,
    /// The header field `Allow`.
    Allow,
    /// The header field `Location`.
    Location,
    /// The header fields `ETag` and `WWW-Authenticate`.
    OtherHeaders,
    /// Texts of 301, 307, 404 and 405, which need not be equal.
    FreeBodies,
    /// How numbers are written.
    NumberLiterals,
    /// What follows where a message quotes Go.
    QuotedMessages,
    /// Messages of errors.
    ErrorMessages,
    /// Files, rows and columns of errors.
    ErrorPlaces,
    /// Details of errors.
    ErrorDetails,
    /// Syntax trees, apart from generated names.
    Trees,
    /// Order and form of what partial evaluation leaves, apart from generated names.
    CompiledForm,
    /// `level` and `type` of lines on the console.
    LoggerFields,
}

impl Grade {
    /// Returns the grade's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Grade::Text => "text",
            Grade::Vary => "Vary",
            Grade::Allow => "Allow",
            Grade::Location => "Location",
            Grade::OtherHeaders => "ETag, WWW-Authenticate",
            Grade::FreeBodies => "bodies of 301, 307, 404, 405",
            Grade::NumberLiterals => "number literals",
            Grade::QuotedMessages => "messages that quote Go",
            Grade::ErrorMessages => "error messages",
            Grade::ErrorPlaces => "error locations",
            Grade::ErrorDetails => "error details",
            Grade::Trees => "ast",
            Grade::CompiledForm => "form of partial results",
            Grade::LoggerFields => "level and type of log lines",
        }
    }
}

/// How many were right, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that were right.
    pub right: usize,
    /// All.
    pub all: usize,
}

/// The shares of the grades.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finer {
    /// By grade; what was not recorded is not there.
    pub shares: BTreeMap<Grade, Share>,
    /// A line for each that was not right.
    pub misses: Vec<String>,
}

impl Finer {
    /// Counts one; `miss` is said where it was not right.
    pub fn count(&mut self, grade: Grade, is_right: bool, miss: impl FnOnce() -> String) {
        let share = self.shares.entry(grade).or_default();
        share.all += 1;
        if is_right {
            share.right += 1;
        } else {
            self.misses.push(format!("{}: {}", grade.name(), miss()));
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Finer) {
        for (grade, share) in &other.shares {
            let sum = self.shares.entry(*grade).or_default();
            sum.right += share.right;
            sum.all += share.all;
        }
        self.misses.extend(other.misses.iter().cloned());
    }
}
