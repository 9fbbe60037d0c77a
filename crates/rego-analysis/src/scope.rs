//! Local variables of one definition: scopes while walking it, and numbers.
//!
//! Must not know: what a name means outside of the definition.

use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use rego_source::Location;
use rego_syntax::ast::Text;

use crate::scan::Names;
use crate::tree::Local;

/// What a local is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalName {
    /// As the author wrote it.
    Named(Text),
    /// `_`
    Wildcard,
    /// Made up.
    Generated,
}

/// How a name came into a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occurrence {
    /// It was used, and is free.
    Seen,
    /// `:=`
    Assigned,
    /// `some`, `every`
    Declared,
    /// A parameter.
    Argument,
}

/// A name of a scope.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) local: Local,
    pub(crate) occurrence: Occurrence,
    /// How often it was used after it came.
    pub(crate) uses: u32,
    /// Where it came.
    pub(crate) location: Location,
}

/// The names of one body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub(crate) entries: HashMap<Text, Entry>,
    /// Names that some statement of the body declares, and names it mentions otherwise.
    names: Names,
}

/// The locals of a definition, and the scopes that are open.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) names: Vec<LocalName>,
    scopes: Vec<Scope>,
}

/// What a name means inside of a definition.
pub(crate) enum Lookup {
    /// A local.
    Local(Local),
    /// Nothing here; the name is not declared in any open body either.
    Outside,
    /// No local yet, but one body declares it further on.
    Ahead,
}

impl Frame {
    /// Returns a fresh local.
    pub(crate) fn fresh(&mut self, name: LocalName) -> Local {
        let local = Local(self.names.len() as u32);
        self.names.push(name);
        local
    }

    /// Opens a scope for a body with these names.
    pub(crate) fn open(&mut self, names: Names) {
        self.scopes.push(Scope { entries: HashMap::default(), names });
    }

    /// Opens a scope that has some entries already.
    pub(crate) fn open_with(&mut self, entries: HashMap<Text, Entry>, names: Names) {
        self.scopes.push(Scope { entries, names });
    }

    /// Closes the innermost scope.
    pub(crate) fn close(&mut self) -> Option<Scope> {
        self.scopes.pop()
    }

    /// Looks a name up and counts the use.
    pub(crate) fn lookup(&mut self, name: &str) -> Lookup {
        let declared = self.scopes.iter_mut().rev().find_map(|scope| {
            scope.entries.get_mut(name).filter(|entry| entry.occurrence != Occurrence::Seen)
        });
        if let Some(entry) = declared {
            entry.uses += 1;
            return Lookup::Local(entry.local);
        }
        match self.scopes.iter().any(|scope| scope.names.declared.contains(name)) {
            true => Lookup::Ahead,
            false => Lookup::Outside,
        }
    }

    /// Returns the local that a free name stands for.
    pub(crate) fn free(&mut self, name: &Text, location: Location) -> Local {
        let known = self.scopes.iter().rev().find_map(|scope| scope.entries.get(name));
        let local = match known {
            Some(entry) => entry.local,
            None => self.fresh(LocalName::Named(Arc::clone(name))),
        };
        // A name that an outer body mentions too is one variable with it.
        let owner = self.scopes.iter().position(|scope| scope.names.mentioned.contains(name));
        let top = self.scopes.len().saturating_sub(1);
        for at in [owner.unwrap_or(top), top] {
            let Some(scope) = self.scopes.get_mut(at) else { continue };
            let entry = Entry { local, occurrence: Occurrence::Seen, uses: 0, location };
            scope.entries.entry(Arc::clone(name)).or_insert(entry);
        }
        local
    }

    /// Declares a name in the innermost scope, or returns the entry that is in the way.
    pub(crate) fn declare(
        &mut self,
        name: &Text,
        occurrence: Occurrence,
        location: Location,
    ) -> Result<Local, Entry> {
        if let Some(entry) = self.scopes.last().and_then(|scope| scope.entries.get(name)) {
            return Err(entry.clone());
        }
        let local = self.fresh(LocalName::Named(Arc::clone(name)));
        if let Some(scope) = self.scopes.last_mut() {
            let entry = Entry { local, occurrence, uses: 0, location };
            scope.entries.insert(Arc::clone(name), entry);
        }
        Ok(local)
    }

    /// Whether a name is a declared local here.
    pub(crate) fn is_declared(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| {
            scope.entries.get(name).is_some_and(|entry| entry.occurrence != Occurrence::Seen)
        })
    }

    /// Returns the entries of the innermost scope.
    pub(crate) fn top(&self) -> Option<&Scope> {
        self.scopes.last()
    }

    /// Returns the entries of the innermost scope for change.
    pub(crate) fn top_mut(&mut self) -> Option<&mut Scope> {
        self.scopes.last_mut()
    }
}

/// An empty set of names.
pub(crate) fn no_names() -> Names {
    Names { declared: HashSet::default(), mentioned: HashSet::default() }
}

impl Scope {
    /// Returns the entries by name.
    pub(crate) fn sorted_entries(&self) -> Vec<(&Text, &Entry)> {
        #[expect(clippy::iter_over_hash_type, reason = "sorted right below")]
        fn collect(scope: &Scope) -> Vec<(&Text, &Entry)> {
            let mut all = Vec::with_capacity(scope.entries.len());
            for pair in &scope.entries {
                all.push(pair);
            }
            all
        }
        let mut all = collect(self);
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }
}
