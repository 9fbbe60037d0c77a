//! METADATA blocks: whether each is YAML, and an object.
//!
//! Must not know: what the fields mean.

use rego_source::Diagnostic;
use rego_syntax::ast::Module;
use rego_value::Value;

use crate::finding::{Findings, Stage};
use crate::options::Annotations;
use crate::unit::Unit;

const PARSE: &str = "rego_parse_error";

/// Reports the blocks of a module that are not sound.
pub(crate) fn check(module: &Module, unit: &Unit, level: Annotations, findings: &mut Findings) {
    if level == Annotations::Ignore {
        return;
    }
    for block in &module.annotations {
        let message = match Value::from_yaml(block.yaml.as_bytes()) {
            Ok(value) if value.as_object().is_some() => continue,
            Ok(value) if value == Value::NULL => {
                "expected METADATA block, found whitespace".to_owned()
            }
            Ok(value) => format!("METADATA block is a YAML {}, not an object", value.type_name()),
            Err(error) => error.to_string(),
        };
        let at = unit.at(block.span);
        let hint = "a METADATA block is YAML; take the word METADATA away where a plain comment \
                    is meant";
        match level {
            Annotations::Check => {
                let error = Diagnostic::error(PARSE, at, message).with_hint(hint);
                findings.add(Stage::Metadata, error);
            }
            _ => findings.warn(Diagnostic::warning(PARSE, at, message).with_hint(hint)),
        }
    }
}
