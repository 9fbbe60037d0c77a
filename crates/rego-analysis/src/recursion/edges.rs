//! What each definition depends on.

use foldhash::HashMap;
use rego_value::Value;

use super::Vertex;
use super::cycles::Graph;
use crate::catalog::Catalog;
use crate::definition::Draft;
use crate::tree::{
    Body, Callee, Expr, NodeId, RefHead, Replacement, RuleId, RuleKind, RuleTree, Term, TermKind,
    WithTarget,
};
use crate::walk::{Part, expr_parts, term_parts};

/// A step of a reference: what it is, if that is known.
type Step = Option<Value>;

/// References with more unknown steps than this count as if all below the last were meant.
const SPREAD_DEPTH_MAX: usize = 64;

/// Returns the graph of all definitions. The first vertices are the definitions.
pub(super) fn graph(drafts: &[Draft], catalog: &Catalog<'_>) -> Graph {
    let first_rule = drafts.len() as Vertex;
    let first_node = first_rule + catalog.rules.len() as Vertex;
    let count = first_node as usize + catalog.tree.nodes.len();
    let mut edges = Edges {
        catalog,
        graph: vec![Vec::new(); count],
        first_rule,
        first_node,
        spread: HashMap::default(),
        by_key: HashMap::default(),
        open: HashMap::default(),
        depth: 0,
        first_keys: first_keys(drafts),
    };
    edges.structure(drafts);
    for (at, draft) in drafts.iter().enumerate() {
        edges.definition(at as Vertex, draft);
    }
    edges.graph
}

/// The definitions of a partial object by the first key of their heads.
#[derive(Default)]
struct FirstKeys {
    known: HashMap<Value, Vec<Vertex>>,
    open: Vec<Vertex>,
}

struct Edges<'a> {
    catalog: &'a Catalog<'a>,
    graph: Graph,
    first_rule: Vertex,
    first_node: Vertex,
    /// Vertices for references that spread over the children of a node.
    spread: HashMap<(NodeId, Vec<Step>), Vertex>,
    /// Vertices for one key of a partial object.
    by_key: HashMap<(RuleId, Value), Vertex>,
    /// Vertices for the definitions of a partial object that can make any key.
    open: HashMap<RuleId, Vertex>,
    /// How many spreads are under way.
    depth: usize,
    first_keys: HashMap<RuleId, FirstKeys>,
}

fn first_keys(drafts: &[Draft]) -> HashMap<RuleId, FirstKeys> {
    let mut all: HashMap<RuleId, FirstKeys> = HashMap::default();
    for (at, draft) in drafts.iter().enumerate() {
        let Some(key) = draft.definition.keys.first() else { continue };
        let keys = all.entry(draft.rule).or_default();
        match &key.kind {
            TermKind::Constant(value) => {
                keys.known.entry(value.clone()).or_default().push(at as Vertex);
            }
            _ => keys.open.push(at as Vertex),
        }
    }
    all
}

impl Edges<'_> {
    /// Edges from rules to definitions and from nodes to all that is below.
    fn structure(&mut self, drafts: &[Draft]) {
        for (at, draft) in drafts.iter().enumerate() {
            self.edge(self.first_rule + draft.rule.0, at as Vertex);
        }
        for (at, node) in self.catalog.tree.nodes.iter().enumerate() {
            let from = self.first_node + at as Vertex;
            for (_, child) in &node.children {
                self.edge(from, self.first_node + child.0);
            }
            if let Some(rule) = node.rule {
                self.edge(from, self.first_rule + rule.0);
            }
        }
    }

    fn edge(&mut self, from: Vertex, to: Vertex) {
        if let Some(edges) = self.graph.get_mut(from as usize) {
            edges.push(to);
        }
    }

    fn definition(&mut self, at: Vertex, draft: &Draft) {
        let chain =
            std::iter::successors(Some(&draft.definition), |definition| definition.els.as_deref());
        for definition in chain {
            let heads = definition.args.iter().chain(&definition.keys);
            for term in heads.chain([&definition.value]) {
                self.term(at, term);
            }
            self.body(at, &definition.body);
        }
    }

    fn body(&mut self, at: Vertex, body: &Body) {
        body.exprs.iter().for_each(|expr| self.expr(at, expr));
    }

    fn expr(&mut self, at: Vertex, expr: &Expr) {
        for with in &expr.with {
            if let WithTarget::Function(Callee::Rule(rule)) = &with.target {
                self.edge(at, self.first_rule + rule.0);
            }
            if let Replacement::Function(Callee::Rule(rule)) = &with.value {
                self.edge(at, self.first_rule + rule.0);
            }
        }
        expr_parts(expr, &mut |part| self.part(at, part));
    }

    fn part(&mut self, at: Vertex, part: Part<'_>) {
        match part {
            Part::Term(term) => self.term(at, term),
            Part::Body(body) => self.body(at, body),
        }
    }

    fn term(&mut self, at: Vertex, term: &Term) {
        match &term.kind {
            TermKind::Ref { head: RefHead::Data, path } => {
                let steps: Vec<Step> = path.iter().map(step).collect();
                self.reference(at, RuleTree::ROOT, &steps);
            }
            TermKind::Call { callee: Callee::Rule(rule), .. } => {
                self.edge(at, self.first_rule + rule.0);
            }
            _ => {}
        }
        term_parts(term, &mut |part| self.part(at, part));
    }

    /// Edges from `at` to all that a reference below a node can reach.
    fn reference(&mut self, at: Vertex, mut node: NodeId, mut steps: &[Step]) {
        loop {
            let info = self.catalog.tree.node(node);
            if let Some(rule) = info.and_then(|info| info.rule) {
                self.rule(at, rule, steps.first());
            }
            match steps.split_first() {
                None => return self.edge(at, self.first_node + node.0),
                Some((Some(key), rest)) => match self.catalog.tree.child(node, key) {
                    Some(child) => (node, steps) = (child, rest),
                    None => return,
                },
                Some((None, rest)) => {
                    if info.is_some_and(|info| !info.children.is_empty()) {
                        let spread = self.spread(node, rest);
                        self.edge(at, spread);
                    }
                    return;
                }
            }
        }
    }

    /// An edge to a rule, or to those of its definitions that can make a key.
    fn rule(&mut self, at: Vertex, rule: RuleId, key: Option<&Step>) {
        let partial = self.catalog.kind(rule) == Some(RuleKind::PartialObject);
        let to = match key {
            Some(Some(key)) if partial => self.rule_key(rule, key),
            _ => self.first_rule + rule.0,
        };
        self.edge(at, to);
    }

    fn rule_key(&mut self, rule: RuleId, key: &Value) -> Vertex {
        if let Some(known) = self.by_key.get(&(rule, key.clone())) {
            return *known;
        }
        let open = self.rule_open(rule);
        let keys = self.first_keys.get(&rule);
        let known = keys.and_then(|keys| keys.known.get(key)).into_iter().flatten();
        let vertex = self.graph.len() as Vertex;
        self.graph.push(known.copied().chain([open]).collect());
        self.by_key.insert((rule, key.clone()), vertex);
        vertex
    }

    fn rule_open(&mut self, rule: RuleId) -> Vertex {
        if let Some(known) = self.open.get(&rule) {
            return *known;
        }
        let vertex = self.graph.len() as Vertex;
        self.graph
            .push(self.first_keys.get(&rule).map(|keys| keys.open.clone()).unwrap_or_default());
        self.open.insert(rule, vertex);
        vertex
    }

    /// Returns the vertex of a reference that goes on with `rest` below every child of a node.
    fn spread(&mut self, node: NodeId, rest: &[Step]) -> Vertex {
        if rest.iter().all(Option::is_none) || self.depth >= SPREAD_DEPTH_MAX {
            return self.first_node + node.0;
        }
        let key = (node, rest.to_vec());
        if let Some(known) = self.spread.get(&key) {
            return *known;
        }
        let vertex = self.graph.len() as Vertex;
        self.graph.push(Vec::new());
        self.spread.insert(key, vertex);
        let children: Vec<NodeId> = self
            .catalog
            .tree
            .node(node)
            .map(|node| node.children.iter().map(|(_, child)| *child).collect())
            .unwrap_or_default();
        self.depth += 1;
        for child in children {
            self.reference(vertex, child, rest);
        }
        self.depth -= 1;
        vertex
    }
}

fn step(term: &Term) -> Step {
    if let TermKind::Constant(value) = &term.kind { Some(value.clone()) } else { None }
}
