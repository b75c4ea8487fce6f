use std::collections::{HashMap, HashSet};

use hive_router_query_planner::{
    ast::{fragment::FragmentDefinition, selection_item::SelectionItem, selection_set::SelectionSet},
    planner::{
        fetch::{fetch_graph::FetchGraph, state::MultiTypeFetchStep},
        plan_nodes::{FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment, PlanNode},
    },
    state::supergraph_state::{OperationKind as LibraryKind, SupergraphState},
};
use petgraph::visit::EdgeRef;

use super::{PlanError, failed, typename};
use crate::{
    operation::{Name, OperationKind},
    plan::{PathStep, Plan, Required, Rewrite, RewriteStep, Shape, Step},
};

pub(super) fn plan(fetches: &FetchGraph<MultiTypeFetchStep>, state: &SupergraphState) -> Result<Plan, PlanError> {
    let root = fetches.root_index.ok_or_else(|| failed("no root"))?;
    let mut waiting: Vec<_> = fetches.step_indices().filter(|index| *index != root).collect();
    let mut positions = HashMap::new();
    let mut steps = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let before = steps.len();
        let mut blocked = Vec::new();
        for index in waiting {
            let parents: Option<Vec<usize>> = fetches
                .parents_of(index)
                .map(|edge| edge.source())
                .filter(|parent| *parent != root)
                .map(|parent| positions.get(&parent).copied())
                .collect();
            let Some(depends_on) = parents else {
                blocked.push(index);
                continue;
            };
            positions.insert(index, steps.len());
            let data = fetches.get_step_data(index).map_err(failed)?;
            steps.push(step(PlanNode::from_fetch_step(data, state), depends_on, state)?);
        }
        if steps.len() == before {
            return Err(failed("the fetches depend on each other"));
        }
        waiting = blocked;
    }
    serialize_mutations(&mut steps);
    Ok(Plan { steps })
}

fn step(node: PlanNode, depends_on: Vec<usize>, state: &SupergraphState) -> Result<Step, PlanError> {
    let (path, fetch) = match node {
        PlanNode::Fetch(fetch) => (Vec::new(), fetch),
        PlanNode::Subscription(subscription) => (Vec::new(), subscription.primary),
        PlanNode::Flatten(flatten) => {
            let path = flatten.path.as_slice().iter().map(path_step).collect();
            match *flatten.node {
                PlanNode::Fetch(fetch) => (path, fetch),
                _ => return Err(failed("a path that leads to no fetch")),
            }
        }
        // Canonical operations have no directives, so a fetch never has a condition.
        _ => return Err(failed("a kind of fetch that this gateway does not execute")),
    };
    fetched(fetch, path, depends_on, state)
}

fn fetched(
    fetch: FetchNode,
    path: Vec<PathStep>,
    depends_on: Vec<usize>,
    state: &SupergraphState,
) -> Result<Step, PlanError> {
    let mut document = fetch.operation.document;
    typename::add(&mut document, state);
    let shape = shape(&[&document.operation.selection_set], &document.fragments);
    let query = document.to_string();
    Ok(Step {
        service: Name::from(fetch.service_name),
        kind: match fetch.operation_kind {
            None | Some(LibraryKind::Query) => OperationKind::Query,
            Some(LibraryKind::Mutation) => OperationKind::Mutation,
            Some(LibraryKind::Subscription) => OperationKind::Subscription,
        },
        depends_on,
        path,
        requires: fetch.requires.as_ref().map(required).transpose()?,
        input_rewrites: fetch.input_rewrites.iter().flatten().map(rewrite).collect(),
        output_rewrites: fetch.output_rewrites.iter().flatten().map(rewrite).collect(),
        escaped_query: serde_json::to_string(&query).map_err(failed)?,
        query,
        variables: fetch.variable_usages.into_iter().flatten().collect(),
        shape,
    })
}

fn path_step(segment: &FlattenNodePathSegment) -> PathStep {
    match segment {
        FlattenNodePathSegment::Field(key) => PathStep::Key(Name::from(key.as_str())),
        FlattenNodePathSegment::List => PathStep::Items,
        FlattenNodePathSegment::TypeCondition(types) => PathStep::Types(types.clone()),
    }
}

fn required(set: &SelectionSet) -> Result<Vec<Required>, PlanError> {
    let mut all = Vec::new();
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => all.push(Required::Field {
                from: Name::from(field.name.as_str()),
                key: Name::from(field.selection_identifier()),
                set: required(&field.selections)?,
            }),
            SelectionItem::InlineFragment(fragment) => all.push(Required::Fragment {
                condition: Name::from(fragment.type_condition.as_str()),
                set: required(&fragment.selections)?,
            }),
            // Requirements are never minified into fragments.
            SelectionItem::FragmentSpread(_) => {}
        }
    }
    if ambiguous(&all) { Err(failed("one reference would need two values of one field")) } else { Ok(all) }
}

/// The planner sometimes joins fields that require one field with different arguments. A reference has place for one
/// of the values only, and sending the wrong one would give wrong data without an error.
fn ambiguous(set: &[Required]) -> bool {
    let fields = || {
        set.iter().filter_map(|required| match required {
            Required::Field { from, key, .. } => Some((from, key)),
            Required::Fragment { .. } => None,
        })
    };
    fields().any(|(from, key)| fields().any(|(other, same)| key == same && from != other))
}

fn rewrite(rewrite: &FetchRewrite) -> Rewrite {
    match rewrite {
        FetchRewrite::ValueSetter(setter) => {
            Rewrite::Set { path: rewrite_path(&setter.path), value: setter.set_value_to.clone() }
        }
        FetchRewrite::KeyRenamer(renamer) => {
            Rewrite::Rename { path: rewrite_path(&renamer.path), to: Name::from(renamer.rename_key_to.as_str()) }
        }
    }
}

fn rewrite_path(path: &[FetchNodePathSegment]) -> Vec<RewriteStep> {
    path.iter()
        .map(|segment| match segment {
            FetchNodePathSegment::Key(key) => RewriteStep::Key(Name::from(key.as_str())),
            FetchNodePathSegment::TypenameEquals(types) => RewriteStep::Types(types.clone()),
        })
        .collect()
}

/// The keys of all fragments together: which of them an object has depends on its type.
fn shape(sets: &[&SelectionSet], fragments: &[FragmentDefinition]) -> Shape {
    let mut by_key: Vec<(&str, Vec<&SelectionSet>)> = Vec::new();
    for set in sets {
        collect(set, fragments, &mut by_key);
    }
    let fields = by_key.into_iter().map(|(key, inner)| {
        let inner: Vec<_> = inner.into_iter().filter(|set| !set.is_empty()).collect();
        let shape = (!inner.is_empty()).then(|| shape(&inner, fragments));
        (Name::from(key), shape)
    });
    Shape(fields.collect())
}

fn collect<'a>(
    set: &'a SelectionSet,
    fragments: &'a [FragmentDefinition],
    by_key: &mut Vec<(&'a str, Vec<&'a SelectionSet>)>,
) {
    for item in &set.items {
        match item {
            SelectionItem::Field(field) => {
                let key = field.selection_identifier();
                match by_key.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, inner)) => inner.push(&field.selections),
                    None => by_key.push((key, vec![&field.selections])),
                }
            }
            SelectionItem::InlineFragment(fragment) => {
                collect(&fragment.selections, fragments, by_key);
            }
            SelectionItem::FragmentSpread(name) => {
                if let Some(fragment) = fragments.iter().find(|fragment| fragment.name == *name) {
                    collect(&fragment.selection_set, fragments, by_key);
                }
            }
        }
    }
}

/// The graph orders the root fields of a mutation. What is below one field has to be done too before the next begins
/// (specification, section 6.2.2).
fn serialize_mutations(steps: &mut [Step]) {
    let roots: Vec<usize> =
        (0..steps.len()).filter(|position| steps[*position].kind == OperationKind::Mutation).collect();
    for (root, next) in roots.iter().zip(roots.iter().skip(1)) {
        let later = descendants(steps, *next);
        let own = descendants(steps, *root);
        let missing: Vec<usize> = own.difference(&later).copied().collect();
        for position in missing {
            if position != *next && !steps[*next].depends_on.contains(&position) {
                steps[*next].depends_on.push(position);
            }
        }
    }
}

fn descendants(steps: &[Step], of: usize) -> HashSet<usize> {
    let mut found = HashSet::from([of]);
    loop {
        let before = found.len();
        for (position, step) in steps.iter().enumerate() {
            if step.depends_on.iter().any(|parent| found.contains(parent)) {
                found.insert(position);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
