//! Regular expressions, compiled and kept.
//!
//! The syntax is RE2 as Go has it: `syntax.rs` reads it, and writes it anew for the engine, so that
//! what is refused, and in which words, is what Go refuses. Matching takes time in proportion to
//! the text. Must not know families. Source: Go, documentation of `regexp`.

mod class;
mod escape;
mod syntax;

use std::sync::Arc;

use rego_vm::{BuiltinError, Context};

use crate::cache::Cache;
use crate::charge;

/// The largest compiled program, in bytes; what is larger is refused.
const PROGRAM_BYTES_MAX: usize = 4 << 20;

/// The most memory that matching may use for its table of states, in bytes.
const STATES_BYTES_MAX: usize = 1 << 20;

/// The deepest nesting. (Go's limit is 1000; the engine takes stack for each level.)
const NESTING_MAX: u32 = 250;

/// What compiling a pattern costs in steps, besides its length.
const COMPILE_STEPS: u64 = 2000;

/// A compiled pattern.
pub(crate) struct Pattern {
    /// The engine's form.
    pub(crate) regex: regex::Regex,
    /// The names of the groups, the whole match first.
    pub(crate) names: Vec<Option<String>>,
    /// How large it is: what a pass over a text costs is in proportion.
    weight: u64,
}

static COMPILED: Cache<Pattern> = Cache::new();

impl Pattern {
    /// Returns the compiled pattern.
    ///
    /// Errors: [`BuiltinError::Failed`] in Go's words where the pattern is wrong.
    pub(crate) fn of(context: &mut Context<'_>, text: &str) -> Result<Arc<Self>, BuiltinError> {
        COMPILED.get(text, || Self::compile(context, text))
    }

    /// Returns whether a part of the text matches, and pays for the look.
    pub(crate) fn is_match(
        &self,
        context: &mut Context<'_>,
        text: &str,
    ) -> Result<bool, BuiltinError> {
        self.pay(context, text)?;
        Ok(self.regex.is_match(text))
    }

    fn compile(context: &mut Context<'_>, text: &str) -> Result<Self, BuiltinError> {
        context.charge_steps(COMPILE_STEPS + text.len() as u64 * 8)?;
        charge::make(context, text.len())?;
        let failed = |why: String| BuiltinError::Failed(format!("error parsing regexp: {why}"));
        let read = syntax::translate(text).map_err(failed)?;
        let built = regex::RegexBuilder::new(&read.text)
            .size_limit(PROGRAM_BYTES_MAX)
            .dfa_size_limit(STATES_BYTES_MAX)
            .nest_limit(NESTING_MAX)
            .build();
        let regex = built.map_err(|error| {
            failed(match error {
                regex::Error::CompiledTooBig(_) => format!("expression too large: `{text}`"),
                _ => format!("invalid character class range: `{text}`"),
            })
        })?;
        let weight = (read.text.len() as u64).saturating_mul(read.repeats.max(1)) / 256 + 1;
        Ok(Self { regex, names: read.names, weight })
    }

    /// Pays for one pass over `text`.
    pub(crate) fn pay(&self, context: &mut Context<'_>, text: &str) -> Result<(), BuiltinError> {
        context.charge_steps((text.len() as u64 / 32 + 1).saturating_mul(self.weight))
    }

    /// Returns the first `limit` matches. Pays for each, since looking for one may go to the end of
    /// the text and come back.
    pub(crate) fn find<'t>(
        &self,
        context: &mut Context<'_>,
        text: &'t str,
        limit: usize,
    ) -> Result<Vec<regex::Match<'t>>, BuiltinError> {
        self.pay(context, text)?;
        let mut matches = Vec::new();
        for found in self.regex.find_iter(text).take(limit) {
            pay_for_match(context, text, found)?;
            matches.push(found);
        }
        Ok(matches)
    }
}

/// Pays for a match found.
pub(crate) fn pay_for_match(
    context: &mut Context<'_>,
    text: &str,
    found: regex::Match<'_>,
) -> Result<(), BuiltinError> {
    let left = text.len().saturating_sub(found.end());
    context.charge_steps(left as u64 / 1024 + 1)
}
