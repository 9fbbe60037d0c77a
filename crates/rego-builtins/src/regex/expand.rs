//! The replacement text of `regex.replace`. Source: Go, `Regexp.Expand`.

/// A piece of a replacement.
pub(super) enum Piece<'t> {
    /// This text.
    Text(&'t str),
    /// What the first of these groups that took part has matched.
    Groups(Vec<usize>),
}

impl<'t> Piece<'t> {
    /// Returns the text of the piece for one match.
    pub(super) fn text<'g>(&'g self, groups: &'g regex::Captures<'t>) -> &'g str {
        match self {
            Piece::Text(text) => text,
            Piece::Groups(indexes) => {
                let group = indexes.iter().find_map(|index| groups.get(*index));
                group.map_or("", |group| group.as_str())
            }
        }
    }
}

/// Returns the pieces of a template. What looks like a group but is none stands for nothing; a `$`
/// that begins nothing stands for itself.
pub(super) fn pieces<'t>(template: &'t str, names: &[Option<String>]) -> Vec<Piece<'t>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        pieces.push(Piece::Text(before));
        if let Some(after) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$"));
            rest = after;
            continue;
        }
        match name(after) {
            Some((name, after)) => {
                pieces.push(Piece::Groups(groups(name, names)));
                rest = after;
            }
            None => {
                pieces.push(Piece::Text("$"));
                rest = after;
            }
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Splits off a name, in braces or not.
fn name(text: &str) -> Option<(&str, &str)> {
    let (inside, braces) = match text.strip_prefix('{') {
        Some(inside) => (inside, true),
        None => (text, false),
    };
    let is_other = |c: char| !(c.is_alphanumeric() || c == '_');
    let (name, rest) = inside.split_at(inside.find(is_other).unwrap_or(inside.len()));
    if name.is_empty() {
        return None;
    }
    let rest = if braces { rest.strip_prefix('}')? } else { rest };
    Some((name, rest))
}

fn groups(name: &str, names: &[Option<String>]) -> Vec<usize> {
    let digits = name.len() <= 9 && name.bytes().all(|b| b.is_ascii_digit());
    if digits && (name == "0" || !name.starts_with('0')) {
        return name.parse().into_iter().filter(|index| *index < names.len()).collect();
    }
    let called = |own: &Option<String>| own.as_deref() == Some(name);
    names.iter().enumerate().filter(|(_, own)| called(own)).map(|(index, _)| index).collect()
}
