//! Operations and fragments.

use super::{Checked, Kind, Parser, Variables};
use crate::graphql::document::{
    Comments, Field, Fragment, Inline, Operation, QueryDocument, Selection, Spread,
    VariableDefinition,
};

impl Parser<'_, '_, '_> {
    pub(super) fn query_document(mut self) -> Checked<QueryDocument> {
        let mut document = QueryDocument::default();
        while self.kind() != Kind::End {
            let word = if self.kind() == Kind::Name { &*self.ahead.text } else { "" };
            match word {
                "query" | "mutation" | "subscription" => {
                    document.operations.push(self.operation()?);
                }
                "fragment" => document.fragments.push(self.fragment()?),
                _ if self.kind() == Kind::BraceL => {
                    document.operations.push(self.short_operation()?);
                }
                _ => return self.unexpected(),
            }
        }
        Ok(document)
    }

    /// Reads a query that is a selection set alone. gqlparser loses the comments in front of it.
    fn short_operation(&mut self) -> Checked<Operation> {
        let place = self.place();
        let selections = self.selections()?;
        Ok(Operation { kind: "query".to_string(), selections, place, ..Operation::default() })
    }

    fn operation(&mut self) -> Checked<Operation> {
        let (place, comments) = (self.place(), self.comments());
        let kind = self.operation_type()?;
        let name = if self.kind() == Kind::Name { self.name()? } else { String::new() };
        let variables = self.variable_definitions()?;
        let directives = self.directives(Variables::Allowed)?;
        let selections = self.selections()?;
        Ok(Operation { kind, name, variables, directives, selections, comments, place })
    }

    pub(super) fn operation_type(&mut self) -> Checked<String> {
        // A token that is invalid says why, unlike elsewhere.
        if self.kind() != Kind::Invalid
            && !["query", "mutation", "subscription"].contains(&&*self.ahead.text)
        {
            return self.unexpected();
        }
        Ok(self.next()?.text)
    }

    fn variable_definitions(&mut self) -> Checked<Vec<VariableDefinition>> {
        let each = |parser: &mut Self| {
            let (place, comments) = (parser.place(), parser.comments());
            let name = parser.variable()?;
            parser.expect(Kind::Colon)?;
            let type_of = parser.type_reference()?;
            let default = parser.default()?;
            let directives = parser.directives(Variables::Allowed)?;
            let used = false;
            Ok(VariableDefinition { name, type_of, default, directives, used, comments, place })
        };
        Ok(self.some((Kind::ParenL, Kind::ParenR), each)?.0)
    }

    /// Reads a selection set, which must be there.
    fn selections(&mut self) -> Checked<Vec<Selection>> {
        if self.kind() != Kind::BraceL {
            return self.expect(Kind::BraceL).map(|_| Vec::new());
        }
        self.nested(|parser| Ok(parser.some((Kind::BraceL, Kind::BraceR), Self::selection)?.0))
    }

    fn selection(&mut self) -> Checked<Selection> {
        if self.kind() != Kind::Spread {
            return self.field().map(Selection::Field);
        }
        let comments = self.comments();
        self.next()?;
        let place = self.place();
        if self.kind() == Kind::Name && self.ahead.text != "on" {
            let name = self.name()?;
            let directives = self.directives(Variables::Allowed)?;
            return Ok(Selection::Spread(Spread { name, directives, comments, place }));
        }
        // The text `"on"` does as well as the word, in gqlparser.
        let condition = if self.ahead.text == "on" {
            self.next()?;
            self.name()?
        } else {
            String::new()
        };
        let directives = self.directives(Variables::Allowed)?;
        let selections = self.selections()?;
        Ok(Selection::Inline(Inline { condition, directives, selections, comments, place }))
    }

    fn field(&mut self) -> Checked<Field> {
        let (place, comments) = (self.place(), self.comments());
        let alias = self.name()?;
        let name = if self.skip(Kind::Colon)? { self.name()? } else { alias.clone() };
        let arguments = self.arguments(Variables::Allowed)?;
        let directives = self.directives(Variables::Allowed)?;
        let has_selections = self.kind() == Kind::BraceL;
        let selections = if has_selections { self.selections()? } else { Vec::new() };
        Ok(Field { alias, name, arguments, directives, selections, comments, place })
    }

    fn fragment(&mut self) -> Checked<Fragment> {
        let (place, comments): (_, Comments) = (self.place(), self.comments());
        self.expect_word("fragment")?;
        if self.ahead.text == "on" {
            return self.unexpected();
        }
        let name = self.name()?;
        let variables = self.variable_definitions()?;
        self.expect_word("on")?;
        let condition = self.name()?;
        let directives = self.directives(Variables::Allowed)?;
        let selections = self.selections()?;
        Ok(Fragment { name, variables, condition, directives, selections, comments, place })
    }
}
