//! A template as a tree.

use super::token::{Token, tokens};

/// How deep blocks and parentheses may nest.
const DEPTH_MAX: usize = 64;

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    Print(Pipeline),
    If { pipeline: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
    Range { pipeline: Pipeline, body: Vec<Node>, otherwise: Vec<Node> },
    With { pipeline: Pipeline, then: Vec<Node>, otherwise: Vec<Node> },
    Break,
    Continue,
}

/// Commands, each of which takes the result of the one before as its last operand.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    /// The variables that take the result.
    pub(super) variables: Vec<String>,
    /// Whether they are new.
    pub(super) declares: bool,
    pub(super) commands: Vec<Vec<Operand>>,
}

/// An operand of a command, the first of which may be a function.
#[derive(Debug)]
pub(super) enum Operand {
    Dot,
    Nil,
    Bool(bool),
    Text(String),
    Int(i64),
    Float(f64),
    Function(String),
    Variable(String),
    Pipeline(Pipeline),
    /// A field of a field … of another operand.
    Field(Box<Operand>, Vec<String>),
}

/// Returns the pieces of a template, or what is wrong and in which line: `1: unexpected {{end}}`.
pub(super) fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser =
        Parser { rest: template, line: 1, depth: 0, loops: 0, variables: vec![String::new()] };
    let parsed = parser.list().and_then(|(nodes, end)| match end {
        Stop::Template => Ok(nodes),
        Stop::End => Err("unexpected {{end}}".to_string()),
        Stop::Else(_) => Err("unexpected {{else}}".to_string()),
    });
    parsed.map_err(|why| format!("{}: {why}", parser.line))
}

/// What a list of nodes stops at.
enum Stop {
    Template,
    End,
    /// What stands behind the word.
    Else(Vec<Token>),
}

struct Parser<'t> {
    rest: &'t str,
    line: usize,
    depth: usize,
    /// How many loops are around.
    loops: usize,
    /// The variables in scope. The first one is `$`.
    variables: Vec<String>,
}

impl Parser<'_> {
    fn list(&mut self) -> Result<(Vec<Node>, Stop), String> {
        self.enter()?;
        let mut nodes = Vec::new();
        loop {
            let Some((text, behind)) = self.rest.split_once("{{") else {
                self.depth -= 1;
                if !self.rest.is_empty() {
                    nodes.push(Node::Text(std::mem::take(&mut self.rest).to_string()));
                }
                return Ok((nodes, Stop::Template));
            };
            let trims = behind.starts_with("- ") || behind.starts_with("-\n");
            let kept = if trims { text.trim_end() } else { text };
            if !kept.is_empty() {
                nodes.push(Node::Text(kept.to_string()));
            }
            self.line += text.matches('\n').count();
            self.rest = behind.get(usize::from(trims)..).unwrap_or_default();
            let action = self.action()?;
            if let Some(end) = self.node(action, &mut nodes)? {
                self.depth -= 1;
                return Ok((nodes, end));
            }
        }
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err("template nests too deeply".to_string()) } else { Ok(()) }
    }

    /// Takes an action up to its closing braces. A comment has no words.
    fn action(&mut self) -> Result<Option<Vec<Token>>, String> {
        let inside = self.rest.trim_start();
        let (action, comment) = if let Some(comment) = inside.strip_prefix("/*") {
            let (_, behind) = comment.split_once("*/").ok_or("unclosed comment")?;
            self.rest = behind;
            (behind.split_once("}}").map(|(action, _)| action), true)
        } else {
            (end_of_action(self.rest).and_then(|end| self.rest.get(..end)), false)
        };
        let action = action.ok_or("unclosed action")?;
        let behind = self.rest.get(action.len() + 2..).unwrap_or_default();
        let trimmed = action.strip_suffix('-').filter(|a| a.ends_with([' ', '\n', '\t']));
        self.rest = if trimmed.is_some() { behind.trim_start() } else { behind };
        self.line += action.matches('\n').count();
        if comment { Ok(None) } else { tokens(trimmed.unwrap_or(action)).map(Some) }
    }

    /// Adds the node of an action, unless the action ends the list.
    fn node(
        &mut self,
        action: Option<Vec<Token>>,
        nodes: &mut Vec<Node>,
    ) -> Result<Option<Stop>, String> {
        let Some(mut tokens) = action else { return Ok(None) };
        tokens.drain(..tokens.iter().take_while(|token| **token == Token::Space).count());
        let word = match tokens.first() {
            Some(Token::Word(word)) => word.clone(),
            _ => String::new(),
        };
        let rest = tokens.get(1..).unwrap_or_default();
        let in_loop = self.loops > 0;
        match word.as_str() {
            "end" => return Ok(Some(Stop::End)),
            "else" => return Ok(Some(Stop::Else(rest.to_vec()))),
            "if" | "range" | "with" => nodes.push(self.block(&word, rest)?),
            "break" if in_loop => nodes.push(Node::Break),
            "continue" if in_loop => nodes.push(Node::Continue),
            "break" | "continue" => return Err(format!("{{{{{word}}}}} outside {{{{range}}}}")),
            "define" | "template" | "block" => return Err(format!("{word} is not supported")),
            _ => nodes.push(Node::Print(self.pipeline(&tokens, 1)?)),
        }
        Ok(None)
    }

    fn block(&mut self, word: &str, tokens: &[Token]) -> Result<Node, String> {
        let scope = self.variables.len();
        let range = word == "range";
        let pipeline = self.pipeline(tokens, if range { 2 } else { 1 })?;
        self.loops += usize::from(range);
        let (then, end) = self.list()?;
        self.loops -= usize::from(range);
        let otherwise = match end {
            Stop::End => Vec::new(),
            Stop::Template => return Err("unexpected EOF".to_string()),
            Stop::Else(tokens) => self.otherwise(word, &tokens)?,
        };
        self.variables.truncate(scope);
        Ok(match word {
            "if" => Node::If { pipeline, then, otherwise },
            "with" => Node::With { pipeline, then, otherwise },
            _ => Node::Range { pipeline, body: then, otherwise },
        })
    }

    /// Takes what stands behind `else`, up to the block's end. `else if` is a block of its own,
    /// which ends where this one does.
    fn otherwise(&mut self, word: &str, tokens: &[Token]) -> Result<Vec<Node>, String> {
        let words: Vec<_> = tokens.iter().skip_while(|token| **token == Token::Space).collect();
        if let Some(Token::Word(next)) = words.first() {
            if next != word || word == "range" {
                return Err(format!("unexpected <{next}> in else"));
            }
            let rest: Vec<Token> = words.into_iter().skip(1).cloned().collect();
            self.enter()?;
            let node = self.block(word, &rest)?;
            self.depth -= 1;
            return Ok(vec![node]);
        }
        match self.list()? {
            (nodes, Stop::End) if words.is_empty() => Ok(nodes),
            (_, Stop::Template) => Err("unexpected EOF".to_string()),
            _ => Err("expected end; found {{else}}".to_string()),
        }
    }

    /// Reads a pipeline that may declare up to `most` variables.
    fn pipeline(&mut self, tokens: &[Token], most: usize) -> Result<Pipeline, String> {
        let mut pipeline = Pipeline::default();
        let mut rest = tokens;
        let declared = tokens.iter().position(|t| matches!(t, Token::Declare | Token::Mark('=')));
        if let Some(at) = declared {
            pipeline.declares = tokens.get(at) == Some(&Token::Declare);
            for token in tokens.get(..at).unwrap_or_default() {
                match token {
                    Token::Variable(name) => pipeline.variables.push(name.clone()),
                    Token::Space | Token::Mark(',') => {}
                    _ => return Err("unexpected token in declaration".to_string()),
                }
            }
            if pipeline.variables.is_empty() || pipeline.variables.len() > most {
                return Err("too many declarations in command".to_string());
            }
            rest = tokens.get(at + 1..).unwrap_or_default();
        }
        let mut at = 0;
        pipeline.commands = self.commands(rest, &mut at)?;
        if at < rest.len() {
            return Err("unexpected right paren".to_string());
        }
        if pipeline.declares {
            self.variables.extend(pipeline.variables.iter().cloned());
        } else if let Some(name) = pipeline.variables.iter().find(|n| !self.variables.contains(n)) {
            return Err(format!("undefined variable \"${name}\""));
        }
        Ok(pipeline)
    }

    /// Reads commands up to a closing parenthesis or the end.
    fn commands(&mut self, tokens: &[Token], at: &mut usize) -> Result<Vec<Vec<Operand>>, String> {
        self.enter()?;
        let mut commands: Vec<Vec<Operand>> = vec![Vec::new()];
        let mut glued = false;
        while let Some(token) = tokens.get(*at).filter(|token| **token != Token::Mark(')')) {
            *at += 1;
            let command = commands.last_mut().ok_or("missing value for command")?;
            match token {
                Token::Mark('|') if command.is_empty() => {
                    return Err("missing value for command".to_string());
                }
                Token::Mark('|') => commands.push(Vec::new()),
                Token::Field(name) if glued => {
                    let of: Operand = command.pop().ok_or("unexpected field")?;
                    command.push(of.field(name));
                }
                Token::Space => {}
                _ if glued => return Err("unexpected token in operand".to_string()),
                token => {
                    let operand = self.operand(token, tokens, at)?;
                    let first = command.is_empty();
                    if !first && matches!(command.first(), Some(operand) if !operand.is_callable())
                    {
                        return Err("can't give argument to non-function".to_string());
                    }
                    command.push(operand);
                }
            }
            glued = !matches!(token, Token::Space | Token::Mark('|'));
        }
        self.depth -= 1;
        if commands.last().is_none_or(Vec::is_empty) {
            return Err("missing value for command".to_string());
        }
        Ok(commands)
    }

    fn operand(
        &mut self,
        token: &Token,
        tokens: &[Token],
        at: &mut usize,
    ) -> Result<Operand, String> {
        Ok(match token {
            Token::Field(name) => Operand::Dot.field(name),
            Token::Dot => Operand::Dot,
            Token::Variable(name) if self.variables.contains(name) => {
                Operand::Variable(name.clone())
            }
            Token::Variable(name) => return Err(format!("undefined variable \"${name}\"")),
            Token::Text(text) => Operand::Text(text.clone()),
            Token::Int(int) => Operand::Int(*int),
            Token::Float(float) => Operand::Float(*float),
            Token::Word(word) => match word.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                name if super::functions::is_known(name) => Operand::Function(word.clone()),
                _ => return Err(format!("function {word:?} not defined")),
            },
            Token::Mark('(') => {
                let commands = self.commands(tokens, at)?;
                if tokens.get(*at) != Some(&Token::Mark(')')) {
                    return Err("unclosed left paren".to_string());
                }
                *at += 1;
                Operand::Pipeline(Pipeline { commands, ..Pipeline::default() })
            }
            _ => return Err("unexpected token in operand".to_string()),
        })
    }
}

impl Operand {
    fn is_callable(&self) -> bool {
        matches!(self, Operand::Function(_))
    }

    /// Returns the operand's field of this name.
    fn field(self, name: &str) -> Operand {
        match self {
            Operand::Field(of, mut names) => {
                names.push(name.to_string());
                Operand::Field(of, names)
            }
            of => Operand::Field(Box::new(of), vec![name.to_string()]),
        }
    }
}

/// Returns where the closing braces of an action are: not within its strings.
fn end_of_action(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('`') | None if c == '\\' => {}
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '`' | '\'') => quote = Some(c),
            None if text.get(at..).is_some_and(|rest| rest.starts_with("}}")) => return Some(at),
            None => {}
        }
    }
    None
}
