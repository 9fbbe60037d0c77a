//! Letter case. Go maps each code point to one other; Rust's mappings to several do not count.

use rego_value::Value;
use rego_vm::{BuiltinError, Context};

use crate::{charge, operand};

/// Returns the text in lower case: `lower("Ab") == "ab"`.
pub(super) fn lower(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    if text.is_ascii() {
        return Ok(Value::from(text.to_ascii_lowercase()));
    }
    Ok(Value::from(text.chars().map(lower_char).collect::<String>()))
}

/// Returns the text in upper case: `upper("Ab") == "AB"`.
pub(super) fn upper(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operand::string(operands, 0)?;
    charge::make(context, text.len())?;
    if text.is_ascii() {
        return Ok(Value::from(text.to_ascii_uppercase()));
    }
    Ok(Value::from(text.chars().map(upper_char).collect::<String>()))
}

fn lower_char(c: char) -> char {
    // The one code point whose full mapping is longer than its simple one.
    if c == 'İ' {
        return 'i';
    }
    single(c.to_lowercase()).unwrap_or(c)
}

fn upper_char(c: char) -> char {
    // Greek letters with an iota below: their simple mappings keep the iota.
    let simple = match c {
        'ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ' => char::from_u32(u32::from(c) + 8),
        'ᾳ' => Some('ᾼ'),
        'ῃ' => Some('ῌ'),
        'ῳ' => Some('ῼ'),
        _ => single(c.to_uppercase()),
    };
    simple.unwrap_or(c)
}

fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next()?;
    mapped.next().is_none().then_some(first)
}
