//! How deeply a query may go from types to types: their size is not bound by the query's.
//!
//! Source: `MaxIntrospectionDepth`.

use std::collections::BTreeSet;

use super::{Checked, Field, Selection, Walk};

/// How many of the fields that list types or fields may be within each other.
const LISTS_MAX: usize = 3;

const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// The fragments that were looked at, and in how many lists.
type Visited<'a> = BTreeSet<(&'a str, usize)>;

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn introspection_depth(&mut self, field: &'a Field) -> Checked<()> {
        let is_start = ["__schema", "__type"].contains(&&*field.name);
        if is_start && self.is_too_deep(&field.selections, 0, &mut Visited::new())? {
            self.report(field.place, "Maximum introspection depth exceeded")?;
        }
        Ok(())
    }

    fn is_too_deep(
        &mut self,
        selections: &'a [Selection],
        lists: usize,
        visited: &mut Visited<'a>,
    ) -> Checked<bool> {
        for selection in selections {
            self.context.charge_steps(1)?;
            let (inner, lists) = match selection {
                Selection::Field(field) => {
                    let lists = lists + usize::from(LISTS.contains(&&*field.name));
                    if lists >= LISTS_MAX {
                        return Ok(true);
                    }
                    (&field.selections, lists)
                }
                Selection::Inline(inline) => (&inline.selections, lists),
                Selection::Spread(spread) => {
                    let Some(fragment) = self.fragments.get(&*spread.name).copied() else {
                        continue;
                    };
                    // In as many lists it leads to the same again.
                    if !visited.insert((&fragment.name, lists)) {
                        continue;
                    }
                    (&fragment.selections, lists)
                }
            };
            if self.deeper(|walk| walk.is_too_deep(inner, lists, visited))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
