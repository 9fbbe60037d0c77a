//! "Did you mean": the known name nearest to one that is not.

/// Longest name that is compared, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Returns the candidate nearest to `name`, if one is near: at most a third of its letters
/// differ, and never more than three.
pub(crate) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let limit = (name.len() / 3).min(3);
    if limit == 0 || name.len() > NAME_BYTES_MAX {
        return None;
    }
    candidates
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit && *candidate != name)
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns how many single-byte changes, swaps of neighbours included, make one into the other.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut best = at(&last, j) + usize::from(x != y);
            best = best.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["count", "concat", "contains", "json.unmarshal"];
        let near = |name| nearest(name, known.iter().copied());
        assert_eq!(near("cuont"), Some("count"));
        assert_eq!(near("json.unmarshall"), Some("json.unmarshal"));
        assert_eq!(near("startswith"), None);
        assert_eq!(near("x"), None);
        assert_eq!(near(&"x".repeat(1000)), None);
    }
}
