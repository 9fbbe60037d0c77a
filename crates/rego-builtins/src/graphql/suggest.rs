//! What a name that is unknown may have been meant to be.
//!
//! Source: gqlparser's `SuggestionList`: names within two fifths of the name's length in edits,
//! nearest first.
//!
//! Must not know: what the names are of.

use rego_vm::Context;

use super::report::Checked;

/// How many names are shown.
const SHOWN_MAX: usize = 5;

/// The longest name that is compared, in characters: the cost is the product of two lengths.
const NAME_MAX: usize = 256;

/// Returns those of `options` that are near `name`, nearest first.
pub(super) fn near<'n>(
    context: &mut Context<'_>,
    name: &str,
    options: impl Iterator<Item = &'n str>,
) -> Checked<Vec<&'n str>> {
    let threshold = name.len() * 2 / 5 + 1;
    let lower = name.to_lowercase();
    let mut found = Vec::new();
    for option in options {
        context.charge_steps(1)?;
        // As many edits as the lengths differ are needed at least.
        let lengths = (name.chars().count(), option.chars().count());
        if lengths.0.abs_diff(lengths.1) > threshold || lengths.0.max(lengths.1) > NAME_MAX {
            continue;
        }
        context.charge_steps((lengths.0 * lengths.1 / 16) as u64)?;
        let distance = distance(name, &lower, option);
        if distance <= threshold {
            found.push((distance, option));
        }
    }
    found.sort_by_key(|(distance, _)| *distance);
    Ok(found.into_iter().map(|(_, option)| option).collect())
}

/// Returns the names in quotes, the last behind an `or`: `"a", "b", or "c"`.
pub(super) fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    alternatives(&quoted)
}

fn alternatives(names: &[String]) -> String {
    let names = names.get(..SHOWN_MAX).unwrap_or(names);
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} or {two}"),
        [most @ .., last] => format!("{}, or {last}", most.join(", ")),
    }
}

/// Returns ` Did you mean "a"?`, or nothing where nothing is near.
pub(super) fn did_you_mean(prefix: &str, names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!(" {prefix} {}?", quoted(names)) }
}

/// Returns how many edits make one name of the other; another case is one edit.
fn distance(name: &str, lower: &str, option: &str) -> usize {
    if name == option {
        return 0;
    }
    let other: Vec<char> = option.to_lowercase().chars().collect();
    if lower.chars().eq(other.iter().copied()) {
        return 1;
    }
    // One row of the matrix of Levenshtein's distance at a time.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, c) in lower.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(&other) {
            let change = diagonal + usize::from(c != *b);
            diagonal = *cell;
            left = change.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, quoted};

    #[test]
    fn distances_are_counted() {
        let cases = [
            ("a", "a", 0),
            ("Ab", "aB", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("éa", "a", 1),
        ];
        for (a, b, want) in cases {
            assert_eq!(distance(a, &a.to_lowercase(), b), want, "{a} {b}");
        }
    }

    #[test]
    fn names_are_joined() {
        let cases: [(&[&str], &str); 4] = [
            (&["a"], r#""a""#),
            (&["a", "b"], r#""a" or "b""#),
            (&["a", "b", "c"], r#""a", "b", or "c""#),
            (&["a", "b", "c", "d", "e", "f"], r#""a", "b", "c", "d", or "e""#),
        ];
        for (names, want) in cases {
            assert_eq!(quoted(names), want);
        }
    }
}
