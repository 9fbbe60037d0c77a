//! Cycles of a graph, without native recursion.
//!
//! Source: Tarjan, "Depth-first search and linear graph algorithms", 1972.

use std::collections::VecDeque;

use super::Vertex;

/// For each vertex the vertices it leads to.
pub(super) type Graph = Vec<Vec<Vertex>>;

/// Returns the vertices below `definitions` that can reach themselves.
pub(super) fn cyclic(graph: &Graph, component: &[u32], definitions: usize) -> Vec<Vertex> {
    let mut sizes = vec![0u32; graph.len()];
    for at in component {
        if let Some(size) = sizes.get_mut(*at as usize) {
            *size += 1;
        }
    }
    let large = |at: usize| {
        let size = component.get(at).and_then(|c| sizes.get(*c as usize));
        size.is_some_and(|size| *size > 1)
    };
    let own = |at: usize| graph.get(at).is_some_and(|next| next.contains(&(at as Vertex)));
    (0..definitions).filter(|at| large(*at) || own(*at)).map(|at| at as Vertex).collect()
}

const UNSEEN: u32 = u32::MAX;

struct Search<'g> {
    graph: &'g Graph,
    /// When each vertex was met first.
    met: Vec<u32>,
    /// The earliest vertex on the stack that each one reaches.
    low: Vec<u32>,
    component: Vec<u32>,
    stack: Vec<Vertex>,
    /// Vertices under way, and how many of their edges were followed.
    path: Vec<(Vertex, usize)>,
    clock: u32,
    components: u32,
}

/// Returns the strongly connected component of each vertex; those it leads to have lower numbers.
pub(super) fn components(graph: &Graph) -> Vec<u32> {
    let count = graph.len();
    let mut search = Search {
        graph,
        met: vec![UNSEEN; count],
        low: vec![0; count],
        component: vec![UNSEEN; count],
        stack: Vec::new(),
        path: Vec::new(),
        clock: 0,
        components: 0,
    };
    for root in 0..count as Vertex {
        if search.met_at(root) == UNSEEN {
            search.enter(root);
            while search.step() {}
        }
    }
    search.component
}

impl Search<'_> {
    fn met_at(&self, at: Vertex) -> u32 {
        self.met.get(at as usize).copied().unwrap_or(0)
    }

    fn low_at(&self, at: Vertex) -> u32 {
        self.low.get(at as usize).copied().unwrap_or(0)
    }

    fn set_low(&mut self, at: Vertex, low: u32) {
        if let Some(slot) = self.low.get_mut(at as usize) {
            *slot = (*slot).min(low);
        }
    }

    fn enter(&mut self, at: Vertex) {
        if let (Some(met), Some(low)) =
            (self.met.get_mut(at as usize), self.low.get_mut(at as usize))
        {
            *met = self.clock;
            *low = self.clock;
        }
        self.clock += 1;
        self.stack.push(at);
        self.path.push((at, 0));
    }

    /// Follows one edge, or leaves a vertex; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some((at, edge)) = self.path.last_mut() else { return false };
        let at = *at;
        let next = self.graph.get(at as usize).and_then(|next| next.get(*edge)).copied();
        *edge += 1;
        match next {
            Some(next) if self.met_at(next) == UNSEEN => self.enter(next),
            Some(next) => {
                if self.component.get(next as usize) == Some(&UNSEEN) {
                    let met = self.met_at(next);
                    self.set_low(at, met);
                }
            }
            None => self.leave(at),
        }
        true
    }

    fn leave(&mut self, at: Vertex) {
        self.path.pop();
        let low = self.low_at(at);
        if let Some((parent, _)) = self.path.last() {
            let parent = *parent;
            self.set_low(parent, low);
        }
        if low != self.met_at(at) {
            return;
        }
        while let Some(member) = self.stack.pop() {
            if let Some(slot) = self.component.get_mut(member as usize) {
                *slot = self.components;
            }
            if member == at {
                break;
            }
        }
        self.components += 1;
    }
}

/// Returns the definitions on a shortest way from a vertex back to it, itself last.
pub(super) fn path_back(graph: &Graph, from: Vertex, definitions: usize) -> Vec<Vertex> {
    let mut before: Vec<Vertex> = vec![UNSEEN; graph.len()];
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        for next in graph.get(at as usize).into_iter().flatten() {
            let Some(slot) = before.get_mut(*next as usize) else { continue };
            if *slot != UNSEEN {
                continue;
            }
            *slot = at;
            if *next == from {
                return trace(&before, from, definitions);
            }
            queue.push_back(*next);
        }
    }
    Vec::new()
}

fn trace(before: &[Vertex], from: Vertex, definitions: usize) -> Vec<Vertex> {
    let mut path = vec![from];
    let mut at = from;
    while let Some(previous) = before.get(at as usize).copied().filter(|at| *at != from) {
        if (previous as usize) < definitions {
            path.push(previous);
        }
        at = previous;
    }
    path.reverse();
    path
}
