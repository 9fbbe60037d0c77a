//! Patterns of names: `*`, `?`, `[a-z]`, `[^a-z]` and `\` before a character that means itself.
//!
//! Source: OPA matches `--ignore` against each name with Go's `path/filepath.Match`.

/// Whether a name matches a pattern. A pattern that is not well-formed matches nothing.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stands and how far it reaches: on a mismatch it takes one character more.
    // One star is enough to go back to, so time is bounded by the product of the lengths.
    let mut star = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        match (name.get(n), one(pattern.get(p..).unwrap_or_default(), name.get(n))) {
            (None, _) if p == pattern.len() => return true,
            (Some(_), Some(width)) => {
                p += width;
                n += 1;
            }
            (Some(_), None) => match star {
                Some((at, reached)) => {
                    star = Some((at, reached + 1));
                    p = at + 1;
                    n = reached + 1;
                }
                None => return false,
            },
            (None, _) => return false,
        }
    }
}

/// Returns how many characters of the pattern the first element takes, where it matches `c`.
fn one(pattern: &[char], c: Option<&char>) -> Option<usize> {
    let c = *c?;
    match pattern {
        ['?', ..] => Some(1),
        ['\\', literal, ..] => (*literal == c).then_some(2),
        ['[', class @ ..] => class_width(class, c).map(|width| width + 1),
        [literal, ..] => (*literal == c).then_some(1),
        [] => None,
    }
}

/// Returns how many characters the class after `[` takes, its `]` included, where it matches `c`.
fn class_width(class: &[char], c: char) -> Option<usize> {
    let (negated, start) = if class.first() == Some(&'^') { (true, 1) } else { (false, 0) };
    let mut at = start;
    let mut hit = false;
    loop {
        match class.get(at..)? {
            [']', ..] if at > start => return (hit != negated).then_some(at + 1),
            [low, '-', high, ..] if *high != ']' => {
                hit |= (*low..=*high).contains(&c);
                at += 3;
            }
            [single, ..] => {
                hit |= *single == c;
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, name, want) in [
            (".*", ".git", true),
            (".*", "git", false),
            ("*_test.rego", "a_test.rego", true),
            ("*_test.rego", "a_test.rego.bak", false),
            ("*a*b", "xaxbxab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[a", "a", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("", "", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), want, "{pattern} on {name}");
        }
    }
}
