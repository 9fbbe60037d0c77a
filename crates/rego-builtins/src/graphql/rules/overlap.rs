//! Whether fields that share a name in the response are the same field.
//!
//! Each selection set is compared within itself, with the fragments it spreads, and these with each
//! other. Two fields of one name must be of one field definition and of the same arguments, unless
//! no object can have both; their selection sets are compared in turn. What this costs is paid in
//! steps for each pair, and how deep it goes is bound as the walk is.
//!
//! Source: `OverlappingFieldsCanBeMerged`; GraphQL specification, October 2021, section 5.3.2.

use std::collections::{BTreeMap, BTreeSet};

use super::super::document::{Place, kind};
use super::{
    Argument, Checked, Definition, Field, FieldDefinition, Fragment, Selection, Spread, Type, Walk,
};
use crate::charge;

/// What was compared already.
#[derive(Default)]
pub(super) struct Compared<'a> {
    /// Pairs of fragments, and whether only as parts of objects that exclude each other.
    pairs: BTreeMap<(&'a str, &'a str), bool>,
    /// The fragments that the fields in question were compared with.
    fragments: BTreeSet<&'a str>,
}

/// A field where it is selected.
#[derive(Clone, Copy)]
struct Member<'a> {
    field: &'a Field,
    parent: Option<&'a Definition>,
    definition: Option<&'a FieldDefinition>,
}

/// The fields of a selection set, inline fragments included, by the name in the response; and what
/// it spreads.
#[derive(Default)]
struct Collected<'a> {
    groups: Vec<(&'a str, Vec<Member<'a>>)>,
    index: BTreeMap<&'a str, usize>,
    spreads: Vec<&'a Spread>,
}

impl<'a> Collected<'a> {
    fn push(&mut self, member: Member<'a>) {
        let name = member.field.response_name();
        let index = *self.index.entry(name).or_insert(self.groups.len());
        if index == self.groups.len() {
            self.groups.push((name, Vec::new()));
        }
        if let Some((_, members)) = self.groups.get_mut(index) {
            members.push(member);
        }
    }

    fn get(&self, name: &str) -> &[Member<'a>] {
        let group = self.index.get(name).and_then(|index| self.groups.get(*index));
        group.map_or(&[], |(_, members)| members)
    }

    fn is_same(&self, other: &Self) -> bool {
        let members = |collected: &Self| {
            let groups = collected.groups.iter().flat_map(|(_, members)| members);
            groups.map(|member| std::ptr::from_ref(member.field)).collect::<Vec<_>>()
        };
        self.groups.len() == other.groups.len() && members(self) == members(other)
    }
}

/// Two fields of one name that are not the same.
struct Conflict<'a> {
    name: &'a str,
    why: String,
    place: Place,
}

/// Whether two fields are in objects that exclude each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parents {
    Exclusive,
    MayBeSame,
}

type Conflicts<'a> = Vec<Conflict<'a>>;

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn check_overlap(
        &mut self,
        selections: &'a [Selection],
        parent: Option<&'a Definition>,
    ) -> Checked<()> {
        if selections.is_empty() {
            return Ok(());
        }
        let fields = self.collect(selections, parent)?;
        let mut conflicts = Vec::new();
        for (_, members) in &fields.groups {
            for (index, a) in members.iter().enumerate() {
                for b in members.iter().skip(index + 1) {
                    conflicts.extend(self.conflict(Parents::MayBeSame, *a, *b)?);
                }
            }
        }
        self.compared.fragments.clear();
        for (index, a) in fields.spreads.iter().enumerate() {
            self.with_fragment(&mut conflicts, Parents::MayBeSame, &fields, a)?;
            for b in fields.spreads.iter().skip(index + 1) {
                let names = (&*a.name, &*b.name);
                self.between_fragments(&mut conflicts, Parents::MayBeSame, names)?;
            }
        }
        for Conflict { name, why, place } in conflicts {
            let hint = "Use different aliases on the fields to fetch both if this was intentional.";
            self.report(place, &format!("Fields \"{name}\" conflict because {why}. {hint}"))?;
        }
        Ok(())
    }

    fn collect(
        &mut self,
        selections: &'a [Selection],
        parent: Option<&'a Definition>,
    ) -> Checked<Collected<'a>> {
        let mut collected = Collected::default();
        self.collect_into(&mut collected, selections, parent)?;
        Ok(collected)
    }

    fn collect_into(
        &mut self,
        collected: &mut Collected<'a>,
        selections: &'a [Selection],
        parent: Option<&'a Definition>,
    ) -> Checked<()> {
        for selection in selections {
            self.context.charge_steps(1)?;
            match selection {
                Selection::Field(field) => {
                    let definition = self.field_of(parent, &field.name)?;
                    collected.push(Member { field, parent, definition });
                }
                Selection::Inline(inline) => {
                    let next = self.inline_type(inline, parent);
                    self.deeper(|walk| walk.collect_into(collected, &inline.selections, next))?;
                }
                Selection::Spread(spread) => collected.spreads.push(spread),
            }
        }
        Ok(())
    }

    fn collect_fragment(&mut self, fragment: &'a Fragment) -> Checked<Collected<'a>> {
        let parent = self.schema.find(&fragment.condition);
        self.collect(&fragment.selections, parent)
    }

    /// Compares fields with those of a fragment, and of fragments in it.
    fn with_fragment(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        parents: Parents,
        fields: &Collected<'a>,
        spread: &'a Spread,
    ) -> Checked<()> {
        if !self.compared.fragments.insert(&spread.name) {
            return Ok(());
        }
        let Some(fragment) = self.fragments.get(&*spread.name).copied() else { return Ok(()) };
        let others = self.collect_fragment(fragment)?;
        if fields.is_same(&others) {
            return Ok(());
        }
        self.between(conflicts, parents, fields, &others)?;
        for inner in others.spreads.iter().filter(|inner| inner.name != spread.name) {
            self.deeper(|walk| walk.with_fragment(conflicts, parents, fields, inner))?;
        }
        Ok(())
    }

    /// Compares the fields of two fragments, and of fragments in them.
    fn between_fragments(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        parents: Parents,
        (a, b): (&'a str, &'a str),
    ) -> Checked<()> {
        self.context.charge_steps(1)?;
        let is_exclusive = parents == Parents::Exclusive;
        // What was compared as if in the same object is compared for both.
        let is_known = match self.compared.pairs.get(&(a, b)) {
            Some(was_exclusive) => is_exclusive || !was_exclusive,
            None => false,
        };
        if a == b || is_known {
            return Ok(());
        }
        self.compared.pairs.insert((a, b), is_exclusive);
        self.compared.pairs.insert((b, a), is_exclusive);
        let fragments = (self.fragments.get(a).copied(), self.fragments.get(b).copied());
        let (Some(first), Some(second)) = fragments else { return Ok(()) };
        let first_fields = self.collect_fragment(first)?;
        let second_fields = self.collect_fragment(second)?;
        self.between(conflicts, parents, &first_fields, &second_fields)?;
        let with_second = second_fields.spreads.iter().map(|spread| (a, &*spread.name));
        let with_first = first_fields.spreads.iter().map(|spread| (&*spread.name, b));
        for names in with_second.chain(with_first) {
            self.deeper(|walk| walk.between_fragments(conflicts, parents, names))?;
        }
        Ok(())
    }

    fn between(
        &mut self,
        conflicts: &mut Conflicts<'a>,
        parents: Parents,
        a: &Collected<'a>,
        b: &Collected<'a>,
    ) -> Checked<()> {
        for (name, members) in &a.groups {
            self.context.charge_steps(1)?;
            for a in members {
                for b in b.get(name) {
                    conflicts.extend(self.conflict(parents, *a, *b)?);
                }
            }
        }
        Ok(())
    }

    /// Returns why two fields of one name are not the same, if they are not.
    fn conflict(
        &mut self,
        parents: Parents,
        a: Member<'a>,
        b: Member<'a>,
    ) -> Checked<Option<Conflict<'a>>> {
        self.context.charge_steps(1)?;
        let (Some(first), Some(second)) = (a.parent, b.parent) else { return Ok(None) };
        let are_objects = first.kind == kind::OBJECT && second.kind == kind::OBJECT;
        let are_known = a.definition.is_some() && b.definition.is_some();
        let exclude = are_objects && are_known && first.name != second.name;
        let parents = if exclude { Parents::Exclusive } else { parents };
        let because =
            |why| Ok(Some(Conflict { name: a.field.response_name(), why, place: b.field.place }));
        if parents == Parents::MayBeSame {
            if a.field.name != b.field.name {
                let (a, b) = (&a.field.name, &b.field.name);
                return because(format!("\"{a}\" and \"{b}\" are different fields"));
            }
            let looks = a.field.arguments.len() * b.field.arguments.len();
            self.context.charge_steps(looks as u64)?;
            if !have_same(&a.field.arguments, &b.field.arguments) {
                return because("they have differing arguments".to_string());
            }
        }
        if let (Some(first), Some(second)) = (a.definition, b.definition) {
            let (first, second) = (&first.type_of, &second.type_of);
            if self.types_conflict(first, second) {
                let (first, second) = (first.text(), second.text());
                let why = format!("they return conflicting types \"{first}\" and \"{second}\"");
                return because(why);
            }
        }
        let inner = self.deeper(|walk| walk.between_selections(parents, a, b))?;
        if inner.is_empty() {
            return Ok(None);
        }
        let mut parts = Vec::new();
        for Conflict { name, why, .. } in inner {
            charge::make(self.context, why.len() + name.len())?;
            parts.push(format!("subfields \"{name}\" conflict because {why}"));
        }
        because(parts.join(" and "))
    }

    fn between_selections(
        &mut self,
        parents: Parents,
        a: Member<'a>,
        b: Member<'a>,
    ) -> Checked<Conflicts<'a>> {
        let mut conflicts = Vec::new();
        let first = self.collect(&a.field.selections, self.type_of_field(a.definition))?;
        let second = self.collect(&b.field.selections, self.type_of_field(b.definition))?;
        self.between(&mut conflicts, parents, &first, &second)?;
        for (fields, spreads) in [(&first, &second.spreads), (&second, &first.spreads)] {
            for spread in spreads {
                self.compared.fragments.clear();
                self.with_fragment(&mut conflicts, parents, fields, spread)?;
            }
        }
        for a in &first.spreads {
            for b in &second.spreads {
                self.between_fragments(&mut conflicts, parents, (&a.name, &b.name))?;
            }
        }
        Ok(conflicts)
    }

    /// Returns whether values of two types look different in a response.
    fn types_conflict(&self, a: &Type, b: &Type) -> bool {
        let (mut a, mut b) = (a, b);
        while let (Some(first), Some(second)) = (&a.element, &b.element) {
            (a, b) = (first, second);
        }
        if a.element.is_some() || b.element.is_some() || a.required != b.required {
            return true;
        }
        match (self.schema.find(&a.named), self.schema.find(&b.named)) {
            (Some(a), Some(b)) => a.is_leaf() && b.is_leaf() && a.name != b.name,
            _ => false,
        }
    }
}

/// Returns whether each argument has one of its name and value among the others, of which there are
/// as many. Lists and objects are not looked into, as in gqlparser.
fn have_same(arguments: &[Argument], others: &[Argument]) -> bool {
    let is_same = |a: &Argument, b: &Argument| {
        a.name == b.name && a.value.kind == b.value.kind && a.value.raw == b.value.raw
    };
    arguments.len() == others.len()
        && arguments.iter().all(|a| others.iter().any(|b| is_same(a, b)))
}
