//! Of objects of which types a field is needed, where objects come from an `@interfaceObject`.

use std::collections::{BTreeSet, HashMap};

use hive_router_query_planner::{
    ast::{operation::OperationDefinition, selection_item::SelectionItem, selection_set::SelectionSet},
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

use super::{inputs::objects, typename::field_type};

/// The types of the objects on the way to a field, one set for each key; `None` for all that there can be.
pub(super) type Guard = Vec<Option<BTreeSet<String>>>;

/// Who needs a field, by the path of its object and its key. No guard is within another one of the same field.
pub(super) struct Demands<'a> {
    state: &'a SupergraphState,
    guards: HashMap<Vec<String>, Vec<Guard>>,
    /// The types of objects at a path, where subgraphs exist that do not know them.
    unknown: HashMap<Vec<String>, BTreeSet<String>>,
}

impl<'a> Demands<'a> {
    /// What a normalized operation asks for; `None` where all types are known wherever objects are.
    pub(super) fn of(operation: &OperationDefinition, state: &'a SupergraphState) -> Option<Self> {
        if state.interface_object_types_in_subgraphs.is_empty() {
            return None;
        }
        let mut demands = Self { state, guards: HashMap::new(), unknown: HashMap::new() };
        let root = state.expect_root_type_name(operation.operation_kind.as_ref());
        let place = Place { parent: root, of: root, path: &[], guard: &[], types: objects(root, state) };
        demands.walk(&operation.selection_set, &place);
        (!demands.unknown.is_empty()).then_some(demands)
    }

    /// Whether some subgraph does not know the types of objects at the path, or on the way to it.
    pub(super) fn passes_unknown(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| self.unknown.contains_key(&path[..length]))
    }

    /// Of a field, and of nothing else than the fields on the way to it.
    pub(super) fn add(&mut self, path: &[String], key: &str, guard: &Guard) {
        let place = [path, &[key.to_owned()]].concat();
        for length in 1..=place.len() {
            let mut guards = self.guards.remove(&place[..length]).unwrap_or_default();
            guards.push(guard[..length - 1].to_vec());
            let guards = self.united(guards, &place);
            self.guards.insert(place[..length].to_vec(), guards);
        }
    }

    pub(super) fn guards(&self, path: &[String], key: &str) -> &[Guard] {
        let place = [path, &[key.to_owned()]].concat();
        self.guards.get(&place).map_or(&[], Vec::as_slice)
    }

    /// The same in as few guards as possible.
    pub(super) fn united(&self, mut guards: Vec<Guard>, path: &[String]) -> Vec<Guard> {
        let mut united: Vec<Guard> = Vec::new();
        while let Some(guard) = guards.pop() {
            match united.iter().enumerate().find_map(|(other, known)| Some((other, self.union(known, &guard, path)?))) {
                Some((other, union)) => {
                    united.swap_remove(other);
                    guards.push(union);
                }
                None => united.push(guard),
            }
        }
        united.sort();
        united
    }

    /// `None` where no one guard says the same as the two.
    fn union(&self, left: &Guard, right: &Guard, path: &[String]) -> Option<Guard> {
        if is_within(left, right) {
            return Some(right.clone());
        }
        if is_within(right, left) {
            return Some(left.clone());
        }
        let mut differing = (0..left.len()).filter(|level| left[*level] != right[*level]);
        let (level, None) = (differing.next()?, differing.next()) else { return None };
        let mut union = left.clone();
        union[level] = left[level].as_ref().zip(right[level].as_ref()).map(|(left, right)| left | right);
        let all = self.unknown.get(&path[..=level]);
        union[level] = union[level].take().filter(|types| all.is_none_or(|all| !types.is_superset(all)));
        Some(union)
    }

    fn walk(&mut self, set: &SelectionSet, place: &Place<'a, '_>) {
        for item in &set.items {
            match item {
                SelectionItem::InlineFragment(fragment) => {
                    let condition = objects_of(&fragment.type_condition, self.state);
                    let Some((parent, condition)) = condition else { continue };
                    let types = place.types.intersection(&condition).copied().collect();
                    self.walk(&fragment.selections, &Place { parent, types, ..*place });
                }
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier();
                    let guard = self.guard(place);
                    self.add(place.path, key, &guard);
                    let Some(of) = field_type(place.parent, &field.name, self.state) else { continue };
                    let path = &[place.path, &[key.to_owned()]].concat();
                    let types = objects(of, self.state);
                    if is_unknown(of, self.state) {
                        let all = self.unknown.entry(path.clone()).or_default();
                        all.extend(types.iter().map(|name| (*name).to_owned()));
                    }
                    self.walk(&field.selections, &Place { parent: of, of, path, guard: &guard, types });
                }
                // The fragments of a normalized operation are inline.
                SelectionItem::FragmentSpread(_) => {}
            }
        }
    }

    fn guard(&self, place: &Place<'a, '_>) -> Guard {
        let types = || place.types.iter().map(|name| (*name).to_owned()).collect();
        let decides = is_unknown(place.of, self.state) && place.types != objects(place.of, self.state);
        let own = decides.then(types);
        // The root has no key.
        let own = if place.path.is_empty() { None } else { Some(own) };
        place.guard.iter().cloned().chain(own).collect()
    }
}

/// Selections on objects in the operation.
struct Place<'a, 'p> {
    /// The type that is selected on, and the one that the field has.
    parent: &'a str,
    of: &'a str,
    path: &'p [String],
    /// Of the field whose objects these are.
    guard: &'p [Option<BTreeSet<String>>],
    types: BTreeSet<&'a str>,
}

fn is_within(inner: &Guard, outer: &Guard) -> bool {
    inner.iter().zip(outer).all(|(inner, outer)| match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.is_subset(outer),
    })
}

fn objects_of<'a>(name: &str, state: &'a SupergraphState) -> Option<(&'a str, BTreeSet<&'a str>)> {
    let (name, _) = state.definitions.get_key_value(name)?;
    Some((name, objects(name, state)))
}

/// Whether a subgraph can have objects of the type that are of an `@interfaceObject` to it.
fn is_unknown(of: &str, state: &SupergraphState) -> bool {
    let Some(SupergraphDefinition::Interface(_)) = state.definitions.get(of) else { return false };
    let types = objects(of, state);
    state.definitions.iter().any(|(name, definition)| {
        definition.join_types().iter().any(|join| join.is_interface_object) && objects(name, state).is_subset(&types)
    })
}
