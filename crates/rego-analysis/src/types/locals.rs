//! The types of a definition's locals, and how to take back what a closure found out.
//!
//! Must not know: why a local has a type.

use foldhash::HashMap;

use super::ty::Ty;
use crate::tree::Local;

/// The types of locals, by number.
#[derive(Debug, Default)]
pub(super) struct Locals {
    types: Vec<Option<Ty>>,
    /// What each change replaced, oldest first.
    changes: Vec<(Local, Option<Ty>)>,
    /// What locals that have a type already were used as, where that is wanted.
    uses: Option<HashMap<Local, Vec<Ty>>>,
}

/// A moment to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

impl Locals {
    /// Returns the type of a local, if it has one yet.
    pub(super) fn get(&self, local: Local) -> Option<&Ty> {
        self.types.get(local.0 as usize)?.as_ref()
    }

    /// Gives a local a type.
    pub(super) fn set(&mut self, local: Local, ty: Ty) {
        let at = local.0 as usize;
        if self.types.len() <= at {
            self.types.resize(at + 1, None);
        }
        if let Some(slot) = self.types.get_mut(at) {
            self.changes.push((local, slot.replace(ty)));
        }
    }

    /// Returns the present moment.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.changes.len())
    }

    /// Takes back all changes since a moment.
    pub(super) fn back_to(&mut self, mark: Mark) {
        while self.changes.len() > mark.0 {
            let Some((local, before)) = self.changes.pop() else { return };
            if let Some(slot) = self.types.get_mut(local.0 as usize) {
                *slot = before;
            }
        }
    }

    /// Forgets all types; from now on, uses are kept or not.
    pub(super) fn clear(&mut self, keep_uses: bool) {
        self.back_to(Mark(0));
        self.uses = keep_uses.then(HashMap::default);
    }

    /// Notes what a local that has a type already is used as.
    pub(super) fn used(&mut self, local: Local, ty: &Ty) {
        if let Some(uses) = &mut self.uses {
            uses.entry(local).or_default().push(ty.clone());
        }
    }

    /// Returns what a local was used as after it had a type.
    pub(super) fn uses_of(&self, local: Local) -> &[Ty] {
        self.uses.as_ref().and_then(|uses| uses.get(&local)).map_or(&[], Vec::as_slice)
    }
}
