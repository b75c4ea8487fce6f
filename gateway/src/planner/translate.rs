use std::collections::{BTreeSet, HashMap, HashSet};

use hive_router_query_planner::{
    ast::{
        document::Document, operation::OperationDefinition, selection_item::SelectionItem, selection_set::SelectionSet,
    },
    planner::{
        fetch::{fetch_graph::FetchGraph, state::MultiTypeFetchStep},
        plan_nodes::{FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment, PlanNode},
    },
    state::supergraph_state::{OperationKind as LibraryKind, SupergraphState},
};
use petgraph::visit::EdgeRef;

use super::{
    PlanError,
    arguments::Named,
    conflicts, failed, fragments,
    inputs::{self, Fetch},
    narrow, order, requires,
    selections::Selections,
    typename,
};
use crate::{
    operation::{Name, OperationKind, TYPENAME},
    plan::draft::{Draft, DraftPath, DraftSet, DraftStep, RenamedKey, Required},
};

/// The variable of a reference fetch.
pub(super) const REPRESENTATIONS: &str = "representations";

/// The plan of a normalized operation.
pub(super) fn plan(
    fetches: &FetchGraph<MultiTypeFetchStep>,
    operation: &OperationDefinition,
    state: &SupergraphState,
    named: &Named,
) -> Result<Draft, PlanError> {
    let root = fetches.root_index.ok_or_else(|| failed("no root"))?;
    let mut waiting: Vec<_> = fetches.step_indices().filter(|index| *index != root).collect();
    let mut positions = HashMap::new();
    let mut nodes = Vec::with_capacity(waiting.len());
    let mut dependencies = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let before = nodes.len();
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
            positions.insert(index, nodes.len());
            dependencies.push(depends_on);
            let data = fetches.get_step_data(index).map_err(failed)?;
            nodes.push(fetch(PlanNode::from_fetch_step(data, state))?);
        }
        if nodes.len() == before {
            return Err(failed("the fetches depend on each other"));
        }
        waiting = blocked;
    }
    let (mut nodes, dependencies) = narrow::narrow((nodes, dependencies), operation, state);
    inputs::complete(&mut nodes, state);
    nodes.iter_mut().for_each(|(_, fetch)| named.restore(fetch));
    let steps = nodes.into_iter().zip(dependencies);
    let mut steps: Vec<_> =
        steps.map(|((path, fetch), depends_on)| step(fetch, path, depends_on, state)).collect::<Result<_, _>>()?;
    serialize_mutations(&mut steps);
    Ok(Draft { steps })
}

fn fetch(node: PlanNode) -> Result<Fetch, PlanError> {
    match node {
        PlanNode::Fetch(fetch) => Ok((Vec::new(), fetch)),
        PlanNode::Subscription(subscription) => Ok((Vec::new(), subscription.primary)),
        PlanNode::Flatten(flatten) => {
            let path = flatten.path.as_slice().iter().map(path_step).collect();
            match *flatten.node {
                PlanNode::Fetch(fetch) => Ok((path, fetch)),
                _ => Err(failed("a path that leads to no fetch")),
            }
        }
        // Canonical operations have no directives, so a fetch never has a condition.
        _ => Err(failed("a kind of fetch that this gateway does not execute")),
    }
}

fn step(
    fetch: FetchNode,
    path: Vec<DraftPath>,
    depends_on: Vec<usize>,
    state: &SupergraphState,
) -> Result<DraftStep, PlanError> {
    let mut document = fetch.operation.document;
    let references = fetch.requires.is_some();
    if references {
        order::sort(&mut document);
    }
    typename::add(&mut document, state);
    let (renamed_types, mut renamed_keys) =
        renamed(fetch.input_rewrites.iter().chain(&fetch.output_rewrites).flatten())?;
    renamed_keys.extend(conflicts::separate(&mut document, &fetch.service_name, references, state));
    fragments::rename(&mut document);
    Ok(DraftStep {
        service: Name::from(requires::service(&fetch.service_name)),
        kind: match fetch.operation_kind {
            None | Some(LibraryKind::Query) => OperationKind::Query,
            Some(LibraryKind::Mutation) => OperationKind::Mutation,
            Some(LibraryKind::Subscription) => OperationKind::Subscription,
        },
        depends_on,
        path,
        requires: fetch.requires.as_ref().map(required).transpose()?,
        renamed_types,
        renamed_keys,
        query: document.to_string(),
        variables: variables(&document, &fetch.variable_usages.unwrap_or_default()),
        selection: selection(&document, references),
        set: selected(&document, references, state)?,
        fragments: document.fragments.iter().map(|fragment| format!(" {fragment}")).collect(),
    })
}

fn variables(document: &Document, used: &BTreeSet<String>) -> Vec<(String, String)> {
    let definitions = document.operation.variable_definitions.iter().flatten();
    definitions
        .filter(|definition| definition.name != REPRESENTATIONS && used.contains(&definition.name))
        .map(|definition| (definition.name.clone(), definition.to_string()))
        .collect()
}

fn selection(document: &Document, references: bool) -> String {
    match document.operation.selection_set.items.as_slice() {
        [SelectionItem::Field(entities)] if references => entities.selections.to_string(),
        _ => String::new(),
    }
}

/// What is selected of the root, or of each reference.
fn selected(document: &Document, references: bool, state: &SupergraphState) -> Result<DraftSet, PlanError> {
    let selections = Selections { fragments: &document.fragments, state };
    let set = &document.operation.selection_set;
    if !references {
        let root = state.expect_root_type_name(document.operation.operation_kind.as_ref());
        return Ok(selections.of(&[(set, Some(root))]));
    }
    match set.items.as_slice() {
        [SelectionItem::Field(entities)] => Ok(selections.of(&[(&entities.selections, None)])),
        _ => Err(failed("references are asked for among other fields")),
    }
}

fn path_step(segment: &FlattenNodePathSegment) -> DraftPath {
    match segment {
        FlattenNodePathSegment::Field(key) => DraftPath::Key(Name::from(key.as_str())),
        FlattenNodePathSegment::List => DraftPath::Items,
        FlattenNodePathSegment::TypeCondition(types) => DraftPath::Types(types.clone()),
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
    all.sort_by(|left, right| place(left).cmp(&place(right)));
    if ambiguous(&all) { Err(failed("one reference would need two values of one field")) } else { Ok(all) }
}

/// References that say the same are equal byte for byte, so that one spares the other.
fn place(required: &Required) -> (bool, &str) {
    match required {
        Required::Field { key, .. } => (false, key),
        Required::Fragment { condition, .. } => (true, condition),
    }
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

/// The types whose name references take (set before they are sent), and the keys of answers that stand for others.
/// The planner makes no rewrites but these.
fn renamed<'a>(rewrites: impl Iterator<Item = &'a FetchRewrite>) -> Result<(Vec<Name>, Vec<RenamedKey>), PlanError> {
    let (mut types, mut keys) = (Vec::new(), Vec::new());
    for rewrite in rewrites {
        match rewrite {
            FetchRewrite::KeyRenamer(renamer) => {
                let path = renamer.path.iter().filter_map(|segment| match segment {
                    FetchNodePathSegment::Key(key) => Some(Name::from(key.as_str())),
                    FetchNodePathSegment::TypenameEquals(_) => None,
                });
                keys.push(RenamedKey { path: path.collect(), to: Name::from(renamer.rename_key_to.as_str()) });
            }
            FetchRewrite::ValueSetter(setter) => match setter.path.as_slice() {
                [FetchNodePathSegment::TypenameEquals(fits), FetchNodePathSegment::Key(key)]
                    if key == TYPENAME && fits.len() == 1 && fits.contains(&setter.set_value_to) =>
                {
                    types.push(Name::from(setter.set_value_to.as_str()));
                }
                _ => return Err(failed("a kind of rewrite that this gateway does not know")),
            },
        }
    }
    Ok((types, keys))
}

/// The graph orders the root fields of a mutation. What is below one field has to be done too before the next begins
/// (specification, section 6.2.2).
fn serialize_mutations(steps: &mut [DraftStep]) {
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

fn descendants(steps: &[DraftStep], of: usize) -> HashSet<usize> {
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
