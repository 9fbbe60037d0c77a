//! One rule of the text to one definition: parameters, head, body and `else` branches.
//!
//! Must not know: safety, other definitions.

use std::sync::Arc;

use foldhash::HashMap;
use rego_source::{Diagnostic, Location};
use rego_syntax::ast;
use rego_value::Value;

use crate::annotation::{AnnotationSet, Own};
use crate::catalog::{Assignment, Catalog};
use crate::finding::{COMPILE, Findings, Stage};
use crate::heads::Head;
use crate::lower::{Lower, Metadata};
use crate::options::Options;
use crate::pipeline::ParsedModule;
use crate::scan::{self, Names};
use crate::scope::{Entry, Frame, LocalName, Occurrence, no_names};
use crate::test_rules;
use crate::tree::{Body, Definition, Expr, ExprKind, Local, RuleId, Term, TermKind};
use crate::unit::Unit;

/// A definition whose statements still stand in the order of the text.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) rule: RuleId,
    /// Which of the heads.
    pub(crate) head: usize,
    /// Which module.
    pub(crate) module: usize,
    pub(crate) default: bool,
    /// Whether it calls `print` anywhere.
    pub(crate) prints: bool,
    pub(crate) definition: Definition,
    /// What its locals are called.
    pub(crate) names: Vec<LocalName>,
}

/// What all definitions share.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) units: &'a [Unit],
    pub(crate) catalog: &'a Catalog<'a>,
    pub(crate) options: &'a Options<'a>,
    pub(crate) modules: &'a [ParsedModule],
    pub(crate) annotations: &'a AnnotationSet<'a>,
}

/// Lowers the definition under a head. Nothing where the module of the head is not known.
pub(crate) fn draft(
    (at, head): (usize, &Head<'_>),
    assignment: &Assignment,
    world: World<'_>,
    findings: &mut Findings,
) -> Option<Draft> {
    let module = &world.modules.get(head.module)?.module;
    let (set, own) = (world.annotations, Own::Counts);
    let metadata = Metadata { set, module: (head.module, module), rule: head.index, own };
    let lower = Lower {
        unit: world.units.get(head.module)?,
        catalog: world.catalog,
        options: world.options,
        findings,
        frame: Frame::default(),
        refused: false,
        prints: false,
        metadata: Some(metadata),
    };
    Some(RuleLower { lower, head, uses: HashMap::default() }.draft(at, assignment))
}

struct RuleLower<'a, 'h> {
    lower: Lower<'a>,
    head: &'a Head<'h>,
    /// How often each parameter was used, all branches together.
    uses: HashMap<ast::Text, u32>,
}

/// The parts of a branch that differ between the first one and `else`.
struct Branch<'s, 'p> {
    /// Parameters that are compared in the body.
    compared: &'p [(Local, &'s ast::Term)],
    value: Option<&'s ast::Term>,
    keys: &'s [&'s ast::Term],
    body: Option<&'s ast::Body>,
}

/// The parameters that are template strings, with the locals that stand for them: what is in them
/// may only be known once the body is.
fn compared<'s>(parameters: &[Term], args: &'s [ast::Term]) -> Vec<(Local, &'s ast::Term)> {
    let template = |(parameter, arg): (&Term, &'s ast::Term)| match (&parameter.kind, &arg.kind) {
        (TermKind::Local(local), ast::TermKind::Template { .. }) => Some((*local, arg)),
        _ => None,
    };
    parameters.iter().zip(args).filter_map(template).collect()
}

impl RuleLower<'_, '_> {
    fn draft(mut self, at: usize, assignment: &Assignment) -> Draft {
        let head = self.head;
        let rule = head.rule;
        self.lower.frame.open(no_names());
        let args = rule.head.args.as_deref().unwrap_or_default();
        let parameters = self.lower.parameters(args);
        let entries = self.lower.frame.close().map(|scope| scope.entries).unwrap_or_default();

        let value = rule.head.key.as_ref().or(rule.head.value.as_ref().map(|(value, _)| value));
        let compared = compared(&parameters, args);
        let branch =
            Branch { compared: &compared, value, keys: &head.dynamic, body: rule.body.as_ref() };
        let mut definition = self.branch(&branch, &entries, head.location);
        definition.args = parameters;
        definition.contains = rule.head.key.is_some();
        let below = head.path.get(assignment.depth..).unwrap_or_default();
        let below = below.iter().map(|key| Term {
            kind: TermKind::Constant(key.clone()),
            location: self.lower.at(rule.head.reference.span),
        });
        definition.keys = below.chain(std::mem::take(&mut definition.keys)).collect();
        if self.lower.options.tests {
            let find = self.lower.options.builtins;
            test_rules::announce(&mut definition, head, &mut self.lower.frame, find);
        }
        if let Some(metadata) = &mut self.lower.metadata {
            metadata.own = Own::IsLeftOut;
        }
        definition.els = self.branches(rule.els.as_deref(), &entries, &compared);
        self.report_unused_parameters(&entries);
        let names = self.lower.frame.names;
        Draft {
            rule: assignment.rule,
            head: at,
            module: head.module,
            default: rule.default,
            prints: self.lower.prints,
            definition,
            names,
        }
    }

    /// Lowers a chain of `else`, last one first.
    fn branches(
        &mut self,
        first: Option<&ast::Else>,
        entries: &HashMap<ast::Text, Entry>,
        compared: &[(Local, &ast::Term)],
    ) -> Option<Box<Definition>> {
        let chain = std::iter::successors(first, |els| els.els.as_deref());
        let mut lowered = Vec::new();
        for els in chain {
            let value = els.value.as_ref().map(|(value, _)| value);
            let branch = Branch { compared, value, keys: &[], body: els.body.as_ref() };
            lowered.push(self.branch(&branch, entries, self.lower.at(els.span)));
        }
        lowered.into_iter().rev().fold(None, |next, mut definition| {
            definition.els = next;
            Some(Box::new(definition))
        })
    }

    fn branch(
        &mut self,
        branch: &Branch<'_, '_>,
        entries: &HashMap<ast::Text, Entry>,
        location: Location,
    ) -> Definition {
        let mut names = Names::default();
        if let Some(body) = branch.body {
            names.add_body(body);
        }
        for term in branch.keys.iter().copied().chain(branch.value) {
            let mut mentioned = Default::default();
            scan::mention(term, &mut mentioned);
            mentioned.retain(|name| !names.declared.contains(name));
            names.mentioned.extend(mentioned);
        }
        for (_, term) in branch.compared {
            scan::mention(term, &mut names.mentioned);
        }
        self.lower.frame.open_with(entries.clone(), names);
        let mut body = branch.body.map_or_else(Body::default, |body| self.lower.body(body));
        for (local, term) in branch.compared {
            let (index, location) = (body.exprs.len() as u32, self.lower.at(term.span));
            let parameter = Term { kind: TermKind::Local(*local), location };
            let kind = ExprKind::Unify(parameter, self.lower.term(term));
            body.exprs.push(Expr { kind, with: Vec::new(), location, index });
        }
        let keys = branch.keys.iter().map(|key| self.lower.term(key)).collect();
        let value = match branch.value {
            Some(value) => self.lower.term(value),
            None => Term { kind: TermKind::Constant(Value::TRUE), location },
        };
        self.count_parameters();
        self.lower.close_body();
        Definition {
            args: Vec::new(),
            keys,
            contains: false,
            value,
            body,
            els: None,
            locals: 0,
            location,
        }
    }

    fn count_parameters(&mut self) {
        let Some(scope) = self.lower.frame.top() else { return };
        for (name, entry) in scope.sorted_entries() {
            if entry.occurrence == Occurrence::Argument {
                *self.uses.entry(Arc::clone(name)).or_default() += entry.uses;
            }
        }
    }

    fn report_unused_parameters(&mut self, entries: &HashMap<ast::Text, Entry>) {
        if !self.lower.options.strict || self.lower.refused || self.head.rule.default {
            return;
        }
        let mut unused: Vec<&ast::Text> =
            entries.keys().filter(|name| self.uses.get(*name).is_none_or(|n| *n == 0)).collect();
        unused.sort();
        for name in unused {
            let message =
                format!("unused argument {name}. (hint: use _ (wildcard variable) instead)");
            let error = Diagnostic::error(COMPILE, self.head.location, message);
            self.lower.findings.add(Stage::LocalVars, error);
        }
    }
}
