//! From tokens to trees: what both kinds of documents are read with.
//!
//! Source: GraphQL specification, October 2021, section 2; messages as gqlparser's, which stops at
//! the first error.
//!
//! Must not know: which documents are valid.

mod query;
mod schema;

use rego_vm::Context;

use super::document::{
    Argument, Child, Comments, Directive, Literal, LiteralKind, Place, QueryDocument,
    SchemaDocument, Type,
};
use super::report::{Checked, unreadable};
use super::token::{Kind, Lexer, Token};
use crate::{charge, gofmt};

/// How deeply selections, literals or types may be nested.
pub(super) const DEPTH_MAX: usize = 128;

/// About how many bytes of a tree one token makes.
const TOKEN_BYTES: usize = 64;

/// Returns the operations and fragments of a text.
pub(super) fn query(context: &mut Context<'_>, text: &str) -> Checked<QueryDocument> {
    Parser::new(context, text)?.query_document()
}

/// Returns the definitions of a text.
pub(super) fn schema(context: &mut Context<'_>, text: &str) -> Checked<SchemaDocument> {
    Parser::new(context, text)?.schema_document()
}

/// Whether a literal may have variables.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Variables {
    Allowed,
    Refused,
}

/// Reads a document, one token ahead.
struct Parser<'c, 'h, 't> {
    context: &'c mut Context<'h>,
    lexer: Lexer<'t>,
    ahead: Token,
    /// The comments in front of the token ahead.
    comments: Comments,
    depth: usize,
}

impl<'c, 'h, 't> Parser<'c, 'h, 't> {
    fn new(context: &'c mut Context<'h>, text: &'t str) -> Checked<Self> {
        charge::make(context, text.len())?;
        let mut lexer = Lexer::new(text);
        let mut comments = Comments::new();
        let ahead = read(context, &mut lexer, &mut comments)?;
        Ok(Self { context, lexer, ahead, comments, depth: 0 })
    }

    fn kind(&self) -> Kind {
        self.ahead.kind
    }

    fn place(&self) -> Place {
        Some(self.ahead.at)
    }

    fn is_word(&self, word: &str) -> bool {
        self.kind() == Kind::Name && self.ahead.text == word
    }

    fn comments(&self) -> Comments {
        self.comments.clone()
    }

    /// Returns the token, and steps over it. Only here an invalid one says what is wrong with it.
    fn next(&mut self) -> Checked<Token> {
        if self.kind() == Kind::Invalid {
            return Err(unreadable(self.place(), &self.ahead.text));
        }
        self.comments.clear();
        let ahead = read(self.context, &mut self.lexer, &mut self.comments)?;
        Ok(std::mem::replace(&mut self.ahead, ahead))
    }

    fn fail<T>(&self, message: &str) -> Checked<T> {
        Err(unreadable(self.place(), message))
    }

    fn unexpected<T>(&self) -> Checked<T> {
        self.fail(&format!("Unexpected {}", self.ahead))
    }

    fn expect(&mut self, kind: Kind) -> Checked<Token> {
        if self.kind() != kind {
            return self.fail(&format!("Expected {kind}, found {}", self.kind()));
        }
        self.next()
    }

    fn expect_word(&mut self, word: &str) -> Checked<()> {
        if !self.is_word(word) {
            return self.fail(&format!("Expected {}, found {}", gofmt::quote(word), self.ahead));
        }
        self.next().map(drop)
    }

    fn skip(&mut self, kind: Kind) -> Checked<bool> {
        let found = self.kind() == kind;
        if found {
            self.next()?;
        }
        Ok(found)
    }

    fn name(&mut self) -> Checked<String> {
        Ok(self.expect(Kind::Name)?.text)
    }

    /// Reads what is between two marks, if the first is there; it may be nothing.
    fn many<T>(
        &mut self,
        (open, close): (Kind, Kind),
        each: impl Fn(&mut Self) -> Checked<T>,
    ) -> Checked<Vec<T>> {
        let mut items = Vec::new();
        if self.skip(open)? {
            while self.kind() != close {
                items.push(each(self)?);
            }
            self.next()?;
        }
        Ok(items)
    }

    /// Reads what is between two marks, if the first is there, and the comments in front of the
    /// second; it must be something.
    fn some<T>(
        &mut self,
        (open, close): (Kind, Kind),
        each: impl Fn(&mut Self) -> Checked<T>,
    ) -> Checked<(Vec<T>, Comments)> {
        if !self.skip(open)? {
            return Ok((Vec::new(), Comments::new()));
        }
        let mut items = Vec::new();
        while self.kind() != close {
            items.push(each(self)?);
        }
        if items.is_empty() {
            let found = self.kind();
            return self.fail(&format!("expected at least one definition, found {found}"));
        }
        let comments = self.comments();
        self.next()?;
        Ok((items, comments))
    }

    /// Reads what may contain itself.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Checked<T>) -> Checked<T> {
        if self.depth == DEPTH_MAX {
            return self.fail(&format!("nested more than {DEPTH_MAX} levels deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn type_reference(&mut self) -> Checked<Type> {
        let is_list = self.skip(Kind::BracketL)?;
        let mut type_of = Type { place: self.place(), ..Type::default() };
        if is_list {
            type_of.element = Some(Box::new(self.nested(Self::type_reference)?));
            self.expect(Kind::BracketR)?;
        } else {
            type_of.named = self.name()?;
        }
        type_of.required = self.skip(Kind::Bang)?;
        Ok(type_of)
    }

    fn directives(&mut self, variables: Variables) -> Checked<Vec<Directive>> {
        let mut directives = Vec::new();
        while self.skip(Kind::At)? {
            let place = self.place();
            let name = self.name()?;
            let arguments = self.arguments(variables)?.into_iter().map(Into::into).collect();
            directives.push(Directive { name, arguments, location: String::new(), place });
        }
        Ok(directives)
    }

    fn arguments(&mut self, variables: Variables) -> Checked<Vec<Argument>> {
        let each = |parser: &mut Self| {
            let (place, comments) = (parser.place(), parser.comments());
            let name = parser.name()?;
            parser.expect(Kind::Colon)?;
            let value = parser.literal(variables)?;
            Ok(Argument { name, value, comments, place })
        };
        Ok(self.some((Kind::ParenL, Kind::ParenR), each)?.0)
    }

    fn variable(&mut self) -> Checked<String> {
        self.expect(Kind::Dollar)?;
        self.name()
    }

    fn literal(&mut self, variables: Variables) -> Checked<Literal> {
        let place = self.place();
        let kind = match self.kind() {
            Kind::BracketL => LiteralKind::List,
            Kind::BraceL => LiteralKind::Object,
            Kind::Dollar if variables == Variables::Allowed => LiteralKind::Variable,
            Kind::Int => LiteralKind::Int,
            Kind::Float => LiteralKind::Float,
            Kind::String => LiteralKind::String,
            Kind::Block => LiteralKind::Block,
            Kind::Name => match &*self.ahead.text {
                "true" | "false" => LiteralKind::Boolean,
                "null" => LiteralKind::Null,
                _ => LiteralKind::Enum,
            },
            _ => return self.unexpected(),
        };
        let mut literal = Literal {
            kind,
            raw: String::new(),
            children: Vec::new(),
            has_default: false,
            comments: Comments::new(),
            place,
        };
        match kind {
            LiteralKind::List => {
                literal.comments = self.comments();
                literal.children = self.nested(|parser| parser.list(variables))?;
            }
            LiteralKind::Object => {
                literal.comments = self.comments();
                literal.children = self.nested(|parser| parser.object(variables))?;
            }
            LiteralKind::Variable => literal.raw = self.variable()?,
            _ => literal.raw = self.next()?.text,
        }
        Ok(literal)
    }

    fn list(&mut self, variables: Variables) -> Checked<Vec<Child>> {
        self.many((Kind::BracketL, Kind::BracketR), |parser| {
            let value = parser.literal(variables)?;
            Ok(Child { name: String::new(), value, comments: Comments::new(), place: None })
        })
    }

    fn object(&mut self, variables: Variables) -> Checked<Vec<Child>> {
        self.many((Kind::BraceL, Kind::BraceR), |parser| {
            let (place, comments) = (parser.place(), parser.comments());
            let name = parser.name()?;
            parser.expect(Kind::Colon)?;
            let value = parser.literal(variables)?;
            Ok(Child { name, value, comments, place })
        })
    }
}

/// Reads up to the next token that is no comment.
fn read(
    context: &mut Context<'_>,
    lexer: &mut Lexer<'_>,
    comments: &mut Comments,
) -> Checked<Token> {
    loop {
        context.charge_steps(1)?;
        context.charge_bytes(TOKEN_BYTES as u64)?;
        let token = lexer.next();
        if token.kind != Kind::Comment {
            return Ok(token);
        }
        comments.push(token.text);
    }
}
