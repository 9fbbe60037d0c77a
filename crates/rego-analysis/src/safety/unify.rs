//! Which variables a unification binds.
//!
//! Source: OPA `v1/ast/unify.go`.

use std::collections::VecDeque;

use foldhash::{HashMap, HashSet};

use crate::tree::{Local, RefHead, Term, TermKind};

/// Collects what follows from what, then closes over it.
pub(crate) struct Unifier<'k> {
    known: &'k dyn Fn(Local) -> bool,
    bound: Vec<Local>,
    is_bound: HashSet<Local>,
    waiting: Vec<Waiting>,
}

/// A variable that stands for a pattern.
struct Waiting {
    /// Bound once all parts and keys are.
    whole: Local,
    /// Bound once the whole is.
    parts: Vec<Local>,
    /// Variables in keys of objects, which a value never binds. (OPA overlooks them, and takes
    /// `x = {x: 1}` for an assignment.)
    keys: Vec<Local>,
}

impl<'k> Unifier<'k> {
    fn new(known: &'k dyn Fn(Local) -> bool) -> Self {
        Self { known, bound: Vec::new(), is_bound: HashSet::default(), waiting: Vec::new() }
    }

    /// Returns what unifying two terms binds beyond what is known.
    pub(crate) fn run(known: &'k dyn Fn(Local) -> bool, a: &Term, b: &Term) -> Vec<Local> {
        let mut unifier = Self::new(known);
        unifier.unify(a, b);
        unifier.close()
    }

    /// Returns what unifying a term with a value that is known whole binds.
    pub(crate) fn bind_all(known: &'k dyn Fn(Local) -> bool, term: &Term) -> Vec<Local> {
        let mut unifier = Self::new(known);
        unifier.mark_all(term);
        unifier.close()
    }

    fn unify(&mut self, a: &Term, b: &Term) {
        use TermKind as K;
        match (&a.kind, &b.kind) {
            (K::Local(a), K::Local(b)) => {
                self.waiting.push(Waiting { whole: *a, parts: vec![*b], keys: Vec::new() });
            }
            (K::Local(local), _) => self.local_with(*local, b),
            (_, K::Local(local)) => self.local_with(*local, a),
            (K::Array(left), K::Array(right)) if left.len() == right.len() => {
                left.iter().zip(right).for_each(|(a, b)| self.unify(a, b));
            }
            (K::Object(left), K::Object(right)) => self.objects(left, right),
            (K::Array(_) | K::Object(_), K::Ref { .. }) => self.reference_with(b, a),
            (K::Ref { .. }, K::Array(_) | K::Object(_)) => self.reference_with(a, b),
            (K::Array(_) | K::Object(_), K::Comprehension { .. }) => self.mark_all(a),
            (K::Comprehension { .. }, K::Array(_) | K::Object(_)) => self.mark_all(b),
            (K::Constant(value), K::Array(items)) | (K::Array(items), K::Constant(value))
                if value.as_array().is_some_and(|values| values.len() == items.len()) =>
            {
                items.iter().for_each(|item| self.mark_all(item));
            }
            (K::Constant(value), K::Object(entries)) | (K::Object(entries), K::Constant(value)) => {
                let object = value.as_object().filter(|object| object.len() == entries.len());
                for (key, item) in entries {
                    if let (Some(object), K::Constant(key)) = (object, &key.kind)
                        && object.get(key).is_some()
                    {
                        self.mark_all(item);
                    }
                }
            }
            _ => {}
        }
    }

    fn local_with(&mut self, local: Local, other: &Term) {
        match &other.kind {
            TermKind::Array(_) | TermKind::Object(_) => {
                let (mut parts, mut keys) = (Vec::new(), Vec::new());
                pattern_vars(other, &mut |local| parts.push(local));
                key_vars(other, false, &mut |local| keys.push(local));
                self.waiting.push(Waiting { whole: local, parts, keys });
            }
            TermKind::Ref { head, .. } => {
                if self.reachable(head) {
                    self.mark(local);
                }
            }
            _ => self.mark(local),
        }
    }

    fn reference_with(&mut self, reference: &Term, pattern: &Term) {
        if let TermKind::Ref { head, .. } = &reference.kind
            && self.reachable(head)
        {
            self.mark_all(pattern);
        }
    }

    fn objects(&mut self, left: &[(Term, Term)], right: &[(Term, Term)]) {
        if left.len() != right.len() {
            return;
        }
        let by_key: HashMap<KeyOf, &Term> =
            right.iter().filter_map(|(key, value)| Some((KeyOf::new(key)?, value))).collect();
        for (key, value) in left {
            if let Some(other) = KeyOf::new(key).and_then(|key| by_key.get(&key)) {
                self.unify(value, other);
            }
        }
    }

    fn reachable(&self, head: &RefHead) -> bool {
        match head {
            RefHead::Input | RefHead::Data => true,
            RefHead::Local(local) => (self.known)(*local) || self.is_bound.contains(local),
            RefHead::Term(_) => true,
        }
    }

    fn mark(&mut self, local: Local) {
        if self.is_bound.insert(local) {
            self.bound.push(local);
        }
    }

    /// Marks what a known value binds in a pattern. Of `{x: x}` that is `x`, as in OPA: such a
    /// pattern fits nothing, which is found out where it is lowered.
    fn mark_all(&mut self, term: &Term) {
        pattern_vars(term, &mut |local| self.mark(local));
    }

    /// Follows what is bound to what it binds, each relation at most once a side.
    fn close(mut self) -> Vec<Local> {
        let mut queue: VecDeque<Local> = std::mem::take(&mut self.bound).into();
        let mut missing: Vec<usize> = Vec::new();
        let mut mentions: HashMap<Local, Vec<usize>> = HashMap::default();
        for (at, Waiting { whole, parts, keys }) in self.waiting.iter().enumerate() {
            let needed = || parts.iter().chain(keys);
            let open = needed().filter(|part| !(self.known)(**part)).count();
            missing.push(open);
            if open == 0 && !(self.known)(*whole) {
                queue.push_back(*whole);
            }
            if (self.known)(*whole) {
                queue.extend(parts);
            }
            mentions.entry(*whole).or_default().push(at);
            needed().for_each(|part| mentions.entry(*part).or_default().push(at));
        }
        let mut done: HashSet<Local> = HashSet::default();
        let mut order = Vec::new();
        while let Some(local) = queue.pop_front() {
            if (self.known)(local) || !done.insert(local) {
                continue;
            }
            order.push(local);
            for at in mentions.get(&local).into_iter().flatten() {
                let Some(Waiting { whole, parts, .. }) = self.waiting.get(*at) else { continue };
                if *whole == local {
                    queue.extend(parts);
                } else if let Some(open) = missing.get_mut(*at) {
                    *open = open.saturating_sub(1);
                    if *open == 0 {
                        queue.push_back(*whole);
                    }
                }
            }
        }
        order
    }
}

/// A key that two objects of a unification can have in common.
#[derive(PartialEq, Eq, Hash)]
enum KeyOf {
    Constant(rego_value::Value),
    Local(Local),
}

impl KeyOf {
    fn new(key: &Term) -> Option<Self> {
        match &key.kind {
            TermKind::Constant(value) => Some(Self::Constant(value.clone())),
            TermKind::Local(local) => Some(Self::Local(*local)),
            _ => None,
        }
    }
}

/// Calls `f` with the variables of a pattern: keys of objects, heads of references and closures
/// left out.
fn pattern_vars(term: &Term, f: &mut impl FnMut(Local)) {
    match &term.kind {
        TermKind::Local(local) => f(*local),
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| pattern_vars(item, f));
        }
        TermKind::Object(entries) => entries.iter().for_each(|(_, value)| pattern_vars(value, f)),
        TermKind::Ref { path, .. } => path.iter().for_each(|step| pattern_vars(step, f)),
        _ => {}
    }
}

/// Calls `f` with the variables in the keys of a pattern's objects, closures left out.
fn key_vars(term: &Term, in_key: bool, f: &mut impl FnMut(Local)) {
    match &term.kind {
        TermKind::Local(local) if in_key => f(*local),
        TermKind::Array(items) | TermKind::Set(items) => {
            items.iter().for_each(|item| key_vars(item, in_key, f));
        }
        TermKind::Object(entries) => {
            for (key, value) in entries {
                key_vars(key, true, f);
                key_vars(value, in_key, f);
            }
        }
        TermKind::Call { args, .. } => args.iter().for_each(|arg| key_vars(arg, in_key, f)),
        TermKind::Ref { head, path } if in_key => {
            if let RefHead::Local(local) = head {
                f(*local);
            }
            path.iter().for_each(|step| key_vars(step, true, f));
        }
        _ => {}
    }
}
