//! `graph.*`: functions over graphs. A graph is an object from each vertex to the array or set of
//! its neighbours.
//!
//! Source: OPA policy reference, "Graphs".

use rego_value::{ObjectRef, Value};
use rego_vm::{Builtin, BuiltinError, Context, Decl, Type};

use crate::operand;

const ARRAY: Type = Type::Array(&Type::Any);
const VERTICES: Type = Type::Union(&[ARRAY, Type::Set(&Type::Any)]);
const GRAPH: Type = Type::Object(&[], Some(&(Type::Any, VERTICES)));

/// The family.
pub(crate) const FAMILY: &[Builtin] = &[
    Builtin::new(
        Decl::function("graph.reachable", &[GRAPH, VERTICES], Type::Set(&Type::Any)),
        reachable,
    ),
    Builtin::new(
        Decl::function("graph.reachable_paths", &[GRAPH, VERTICES], Type::Set(&ARRAY)),
        reachable_paths,
    ),
];

/// Returns the vertices of the graph that are reached from the given ones, themselves included:
/// `graph.reachable({"a": ["b"], "b": []}, ["a"])` is `{"a", "b"}`.
///
/// Source: OPA policy reference, `graph.reachable`.
fn reachable(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let graph = operand::object(operands, 0)?;
    let mut waiting: Vec<&Value> = start(operands)?.iter().collect();
    context.charge_steps(graph.len() as u64 / 8)?;
    let mut reached = vec![false; graph.len()];
    while let Some(vertex) = waiting.pop() {
        context.charge_steps(1)?;
        let Some(slot) = graph.keys().find(vertex) else {
            continue;
        };
        if let Some(seen @ false) = reached.get_mut(slot) {
            *seen = true;
            waiting.extend(graph.values().get(slot).map_or(&[][..], neighbours));
        }
    }
    context.charge_bytes((graph.len() * size_of::<Value>()) as u64)?;
    let vertices = graph.keys().iter().zip(reached).filter(|(_, seen)| *seen);
    Ok(Value::set(vertices.map(|(vertex, _)| vertex.clone()).collect()))
}

/// Returns the paths from the given vertices, each to where it ends or comes upon a vertex that an
/// earlier path from the same edge of the start has passed:
/// `graph.reachable_paths({"a": ["b"], "b": []}, ["a"])` is `{["a", "b"]}`.
///
/// Source: OPA policy reference, `graph.reachable_paths`; which paths there are is decided by OPA's
/// conformance suite.
fn reachable_paths(context: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let graph = operand::object(operands, 0)?;
    let mut paths = Vec::new();
    for vertex in start(operands)? {
        let Some(slot) = graph.keys().find(vertex) else { continue };
        let edges = graph.values().get(slot).map_or(&[][..], neighbours);
        if edges.is_empty() {
            end(context, graph, &[(slot, edges.iter())], &mut paths)?;
        }
        for edge in edges {
            let first = (slot, std::slice::from_ref(edge).iter());
            paths_from(context, graph, first, &mut paths)?;
        }
    }
    Ok(Value::set(paths))
}

/// A vertex on the path being built, by its place in the graph, and what is left of its edges.
type Stop<'a> = (usize, std::slice::Iter<'a, Value>);

/// Adds the paths that begin with a vertex of the graph and one of its edges, depth first.
fn paths_from<'a>(
    context: &mut Context<'_>,
    graph: ObjectRef<'a>,
    first: Stop<'a>,
    paths: &mut Vec<Value>,
) -> Result<(), BuiltinError> {
    context.charge_steps(graph.len() as u64 / 8)?;
    let mut passed = vec![false; graph.len()];
    let mut path = vec![first];
    while let Some((at, edges)) = path.last_mut() {
        context.charge_steps(1)?;
        let Some(next) = edges.next() else {
            path.pop();
            continue;
        };
        let (at, onward) = (*at, graph.keys().find(next));
        // The start counts as passed from its second edge on: an edge to itself is followed once.
        let met = onward.is_some_and(|slot| passed.get(slot) == Some(&true));
        if met && path.len() > 1 {
            end(context, graph, &path, paths)?;
            continue;
        }
        if let Some(flag) = passed.get_mut(at) {
            *flag = true;
        }
        let edges = onward.and_then(|slot| graph.values().get(slot)).map_or(&[][..], neighbours);
        path.extend(onward.map(|slot| (slot, edges.iter())));
        if edges.is_empty() {
            end(context, graph, &path, paths)?;
        }
    }
    Ok(())
}

/// Returns the vertices that a vertex leads to.
fn neighbours(edges: &Value) -> &[Value] {
    edges.as_elements().unwrap_or_default()
}

/// Adds the path as it stands.
fn end(
    context: &mut Context<'_>,
    graph: ObjectRef<'_>,
    path: &[Stop<'_>],
    paths: &mut Vec<Value>,
) -> Result<(), BuiltinError> {
    context.charge_steps(path.len() as u64)?;
    context.charge_bytes(((path.len() + 2) * size_of::<Value>()) as u64)?;
    let vertices = path.iter().filter_map(|(slot, _)| graph.keys().as_slice().get(*slot));
    paths.push(Value::array(vertices.cloned().collect()));
    Ok(())
}

/// Returns the vertices to start from.
fn start<'a>(operands: &[&'a Value]) -> Result<&'a [Value], BuiltinError> {
    let value = operand::any(operands, 1)?;
    value.as_elements().ok_or_else(|| BuiltinError::operand(2, value, &["{array, set}"]))
}

#[cfg(test)]
mod tests {
    use rego_value::Value;

    use crate::testing::{call, check_type_error};

    fn check(name: &str, graph: &str, from: &str, want: &str) {
        let json = |text: &str| Value::from_json(text.as_bytes()).unwrap();
        let want = Value::set(json(want).as_array().unwrap().to_vec());
        assert_eq!(call(name, &[&json(graph), &json(from)]), Ok(want), "{graph} {from}");
    }

    #[test]
    fn reached_vertices_are_in_the_graph() {
        let graph = r#"{"a": ["b"], "b": ["c", "z"], "c": ["a"], "x": null}"#;
        for (from, want) in
            [(r#"["a"]"#, r#"["a", "b", "c"]"#), (r#"["x", "z"]"#, r#"["x"]"#), ("[]", "[]")]
        {
            check("graph.reachable", graph, from, want);
        }
        let wrong = "operand 2 must be {array, set} but got string";
        check_type_error("graph.reachable", r#"[{}, "a"]"#, wrong);
    }

    #[test]
    fn paths_end_where_one_has_passed() {
        for (graph, from, want) in [
            (r#"{"a": ["b"], "b": ["c"], "c": ["a"]}"#, r#"["a"]"#, r#"[["a", "b", "c"]]"#),
            (
                r#"{"a": ["b", "c"], "b": ["c"], "c": []}"#,
                r#"["a"]"#,
                r#"[["a", "b", "c"], ["a", "c"]]"#,
            ),
            (r#"{"a": ["b"], "b": ["none"]}"#, r#"["a", "b"]"#, r#"[["a", "b"], ["b"]]"#),
            (r#"{"a": null}"#, r#"["a"]"#, r#"[["a"]]"#),
            (r#"{"x": ["x"]}"#, r#"["x"]"#, r#"[["x", "x"]]"#),
            (
                r#"{"a": ["b"], "b": ["c", "d"], "c": ["d"], "d": ["e"], "e": []}"#,
                r#"["a"]"#,
                r#"[["a", "b", "c", "d", "e"], ["a", "b"]]"#,
            ),
            ("{}", r#"["a"]"#, "[]"),
        ] {
            check("graph.reachable_paths", graph, from, want);
        }
    }
}
