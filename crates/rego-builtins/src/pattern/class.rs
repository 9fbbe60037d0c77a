//! Classes in brackets: `[a-z\d[:alpha:]]`.

use super::escape;
use super::syntax::Error;

/// The names of POSIX classes.
const NAMES: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Takes the class at the start of `rest` (a bracket) and returns it as the engine writes it, with
/// what is left behind it.
pub(super) fn class(rest: &str) -> Result<(String, &str), Error> {
    let whole = rest;
    let mut out = String::from("[");
    let mut rest = rest.get(1..).unwrap_or_default();
    if let Some(behind) = rest.strip_prefix('^') {
        out.push('^');
        rest = behind;
    }
    let mut first = true;
    loop {
        if let Some(behind) = rest.strip_prefix(']').filter(|_| !first) {
            out.push(']');
            return Ok((out, behind));
        }
        first = false;
        if let Some((item, behind)) = named(rest)? {
            out.push_str(&item);
            rest = behind;
        } else {
            let (low, high, behind) = range(rest, whole)?;
            escape::push_literal(&mut out, low);
            if high != low {
                out.push('-');
                escape::push_literal(&mut out, high);
            }
            rest = behind;
        }
    }
}

/// Takes a class within the class.
fn named(rest: &str) -> Result<Option<(String, &str)>, Error> {
    if rest.starts_with('\\') {
        return escape::class(rest);
    }
    let Some(inside) = rest.strip_prefix("[:") else { return Ok(None) };
    let Some((name, behind)) = inside.split_once(":]") else { return Ok(None) };
    let plain = name.strip_prefix('^').unwrap_or(name);
    if !NAMES.contains(&plain) {
        let shown = rest.get(..rest.len() - behind.len()).unwrap_or(rest);
        return Err(Error::new("invalid character class range", shown));
    }
    Ok(Some((format!("[:{name}:]"), behind)))
}

/// Takes a character or a range of them.
fn range<'r>(rest: &'r str, whole: &str) -> Result<(char, char, &'r str), Error> {
    let (low, behind) = character(rest, whole)?;
    let Some(after) = behind.strip_prefix('-').filter(|after| !after.starts_with(']')) else {
        return Ok((low, low, behind));
    };
    if after.is_empty() {
        return Ok((low, low, behind));
    }
    let (high, behind) = character(after, whole)?;
    if high < low {
        let shown = rest.get(..rest.len() - behind.len()).unwrap_or(rest);
        return Err(Error::new("invalid character class range", shown));
    }
    Ok((low, high, behind))
}

fn character<'r>(rest: &'r str, whole: &str) -> Result<(char, &'r str), Error> {
    if rest.starts_with('\\') {
        return escape::character(rest);
    }
    let mut chars = rest.chars();
    let c = chars.next().ok_or_else(|| Error::new("missing closing ]", whole))?;
    Ok((c, chars.as_str()))
}
