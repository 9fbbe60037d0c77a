//! Mail addresses as Go's `net/mail` reads them: `a@b.c`, and `Name <a@b.c>` with comments, too.
//!
//! Source: RFC 5322; Go, documentation of `net/mail.ParseAddress`.

use std::net::IpAddr;

/// The deepest nesting of comments.
const COMMENT_DEPTH_MAX: usize = 100;

/// Whether a text is one address.
pub(super) fn is_address(text: &str) -> bool {
    let mut reader = Reader { rest: text };
    let one = reader.address(true).is_some_and(|addresses| addresses == 1);
    one && reader.skip_comments().is_some() && reader.rest.is_empty()
}

#[derive(Clone, Copy)]
struct Reader<'t> {
    rest: &'t str,
}

/// Whether a character may stand in an atom.
fn is_atom_char(c: char) -> bool {
    is_visible(c) && !"()<>[]:;@\\,\"".contains(c)
}

fn is_visible(c: char) -> bool {
    c.is_ascii_graphic() || !c.is_ascii()
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes an address, or a group of them where that may stand; returns how many there are.
    fn address(&mut self, group: bool) -> Option<usize> {
        self.skip_space();
        let mut plain = *self;
        if plain.plain_address().is_some() {
            *self = plain;
            self.skip_space();
            if self.rest.starts_with('(') {
                self.comment()?;
            }
            return Some(1);
        }
        if !self.rest.starts_with('<') {
            self.phrase()?;
        }
        self.skip_space();
        if group && self.take(':') {
            return self.group();
        }
        let bracketed = self.take('<') && self.plain_address().is_some() && self.take('>');
        bracketed.then_some(1)
    }

    fn group(&mut self) -> Option<usize> {
        let mut count = 0;
        self.skip_space();
        if self.take(';') {
            return Some(count);
        }
        loop {
            self.skip_space();
            count += self.address(false)?;
            self.skip_comments()?;
            if self.take(';') {
                return Some(count);
            }
            if !self.take(',') {
                return None;
            }
        }
    }

    /// Takes `local@domain`.
    fn plain_address(&mut self) -> Option<()> {
        self.skip_space();
        if self.rest.starts_with('"') {
            (self.quoted()? > 0).then_some(())?;
        } else {
            self.dotted_atom()?;
        }
        self.take('@').then_some(())?;
        self.skip_space();
        if !self.take('[') {
            return self.dotted_atom();
        }
        let (literal, rest) = self.rest.split_once(']')?;
        self.rest = rest;
        literal.parse::<IpAddr>().ok().map(|_| ())
    }

    fn atom(&mut self) -> Option<&str> {
        let end = self.rest.find(|c| !is_atom_char(c)).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!atom.is_empty()).then_some(atom)
    }

    fn dotted_atom(&mut self) -> Option<()> {
        let atom = self.atom()?;
        (!atom.split('.').any(str::is_empty)).then_some(())
    }

    /// Takes a quoted string; returns the length of what is inside.
    fn quoted(&mut self) -> Option<usize> {
        let mut chars = self.rest.strip_prefix('"')?.chars();
        let mut length = 0;
        loop {
            let c = match chars.next()? {
                '"' => break,
                '\\' => chars.next()?,
                c => c,
            };
            (is_visible(c) || c == ' ' || c == '\t').then_some(())?;
            length += 1;
        }
        self.rest = chars.as_str();
        Some(length)
    }

    /// Takes one word or more.
    fn phrase(&mut self) -> Option<()> {
        let mut words = 0usize;
        loop {
            if words > 0 {
                self.skip_comments()?;
            }
            self.skip_space();
            let mut ahead = *self;
            let word = if self.rest.starts_with('"') {
                ahead.quoted().is_some()
            } else {
                ahead.atom().is_some()
            };
            if !word {
                return (words > 0).then_some(());
            }
            *self = ahead;
            words += 1;
        }
    }

    /// Takes spaces and comments.
    fn skip_comments(&mut self) -> Option<()> {
        loop {
            self.skip_space();
            if !self.rest.starts_with('(') {
                return Some(());
            }
            self.comment()?;
        }
    }

    /// Takes a comment, which may hold others.
    fn comment(&mut self) -> Option<()> {
        let mut chars = self.rest.chars();
        let mut depth = 0usize;
        loop {
            match chars.next()? {
                '\\' => {
                    chars.next()?;
                }
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = chars.as_str();
                return Some(());
            }
            (depth <= COMMENT_DEPTH_MAX).then_some(())?;
        }
    }
}
