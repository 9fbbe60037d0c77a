//! Modules laid out as `opa fmt` lays them out, to the byte.
//!
//! A pass reads the text, turns the tree into OPA's shape (`build.rs`), and prints it (`printer.rs`)
//! by the rows of the source. OPA's own result is not always final; here passes follow until one
//! changes nothing. Must not know: files, builtins but the operators' functions.
//!
//! Read first: `tree.rs`, then `printer.rs`, then `page.rs`.
//! Source: OPA 1.7.1's behaviour, `v1/format`.

mod build;
mod build_rule;
mod imports;
mod infix;
mod meaning;
mod order;
mod page;
mod place;
mod print_expr;
mod print_list;
mod print_module;
mod print_rule;
mod print_term;
mod printer;
mod style;
mod text;
mod tree;

pub use meaning::meaning_change;

use rego_source::{Diagnostic, SourceId};

use crate::ast::RegoVersion;
use crate::{ParseOptions, parse_module};

/// How many passes are made at most. Where that many do not settle, comments go above their rules.
const PASSES_MAX: usize = 6;

/// What the formatted text is to be valid as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Rego v0.
    V0,
    /// Both, by `import rego.v1`.
    V0AndV1,
    /// Rego v1.
    #[default]
    V1,
}

/// How a module is formatted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatOptions {
    /// The grammar of the text.
    pub version: RegoVersion,
    /// What the result is valid as.
    pub target: Target,
    /// Whether the imports that v1 makes superfluous go: `rego.v1` and `future.keywords`.
    pub drop_v0_imports: bool,
    /// Whether keywords may follow a dot; if not, `x.if` becomes `x["if"]`.
    pub keywords_in_refs: bool,
}

impl Default for FormatOptions {
    /// Returns the options for v1 in, v1 out.
    fn default() -> Self {
        Self {
            version: RegoVersion::V1,
            target: Target::V1,
            drop_v0_imports: false,
            keywords_in_refs: true,
        }
    }
}

/// Returns a module as `opa fmt` lays it out. Formatting the result again, read as what it is to be
/// valid as, gives it once more; no comment is lost.
///
/// Errors: those of the parser; a rule or variable of v0 named like one of v1's keywords, where the
/// result is to be v1 (`rego_parse_error`); an operator's function with the wrong number of operands
/// (`rego_type_error`). What else v1 refuses of v0 is for who knows builtins and imports to check.
///
/// ```
/// use rego_syntax::format::{FormatOptions, format_module};
///
/// let text = format_module("package p\nallow   if{ input.x\n}", &FormatOptions::default());
/// assert_eq!(text.unwrap(), "package p\n\nallow if input.x\n");
/// ```
pub fn format_module(text: &str, options: &FormatOptions) -> Result<String, Vec<Diagnostic>> {
    let mut formatted = pass(text, options, Comments::InPlace)?;
    let again = FormatOptions {
        version: if options.target == Target::V1 { RegoVersion::V1 } else { RegoVersion::V0 },
        ..*options
    };
    let mut comments = Comments::InPlace;
    for made in 1..2 * PASSES_MAX {
        if made == PASSES_MAX {
            comments = Comments::Above;
        }
        match pass(&formatted, &again, comments) {
            Ok(next) if next != formatted => formatted = next,
            _ => break,
        }
    }
    Ok(formatted)
}

/// Where the comments within rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comments {
    /// Where they are.
    InPlace,
    /// Above the rule.
    Above,
}

fn pass(
    text: &str,
    options: &FormatOptions,
    comments: Comments,
) -> Result<String, Vec<Diagnostic>> {
    let parse = ParseOptions { version: options.version, ..ParseOptions::default() };
    let (module, errors) = parse_module(SourceId(0), text, &parse);
    if !errors.is_empty() {
        return Err(errors);
    }
    print_module::print(text, &module, options, comments == Comments::Above)
}
