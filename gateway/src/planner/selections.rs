//! What a subgraph operation selects, fragments together, by response key.

use hive_router_query_planner::{
    ast::{fragment::FragmentDefinition, selection_item::SelectionItem, selection_set::SelectionSet},
    state::supergraph_state::SupergraphState,
};

use super::typename::field_type;
use crate::{
    operation::Name,
    plan::draft::{DraftField, DraftSet},
};

pub(super) struct Selections<'a> {
    pub(super) fragments: &'a [FragmentDefinition],
    pub(super) state: &'a SupergraphState,
}

/// A selection set and the type it is selected on; `None` for that of references.
type Typed<'a> = (&'a SelectionSet, Option<&'a str>);

struct Found<'a> {
    key: &'a str,
    sources: Vec<(Name, Name, String)>,
    sets: Vec<Typed<'a>>,
}

impl<'a> Selections<'a> {
    /// The sets are those of one object.
    pub(super) fn of(&self, sets: &[Typed<'a>]) -> DraftSet {
        let mut types = Vec::new();
        let mut found = Vec::new();
        for (set, parent) in sets {
            self.collect(set, *parent, &mut types, &mut found);
        }
        types.dedup();
        let fields = found.into_iter().map(|field| DraftField {
            key: Name::from(field.key),
            sources: field.sources,
            set: (!field.sets.is_empty()).then(|| self.of(&field.sets)),
        });
        DraftSet {
            fields: fields.collect(),
            object: match types.as_slice() {
                [only] => Some(Name::from(*only)),
                _ => None,
            },
        }
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        parent: Option<&'a str>,
        types: &mut Vec<&'a str>,
        found: &mut Vec<Found<'a>>,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let parent = parent.unwrap_or_default();
                    types.push(parent);
                    let key = field.selection_identifier();
                    let position = found.iter().position(|known| known.key == key).unwrap_or_else(|| {
                        found.push(Found { key, sources: Vec::new(), sets: Vec::new() });
                        found.len() - 1
                    });
                    let arguments = field.arguments.as_ref().map(ToString::to_string).unwrap_or_default();
                    let known = &mut found[position];
                    known.sources.push((Name::from(parent), Name::from(field.name.as_str()), arguments));
                    if !field.selections.is_empty() {
                        known.sets.push((&field.selections, field_type(parent, &field.name, self.state)));
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.collect(&fragment.selections, Some(&fragment.type_condition), types, found);
                }
                SelectionItem::FragmentSpread(name) => {
                    if let Some(fragment) = self.fragments.iter().find(|fragment| fragment.name == *name) {
                        self.collect(&fragment.selection_set, Some(&fragment.type_condition), types, found);
                    }
                }
            }
        }
    }
}
