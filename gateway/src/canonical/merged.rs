use std::{collections::BTreeSet, sync::Arc};

use graphql_tools::static_graphql::query::Value;

use super::Keys;
use crate::{
    authorize::Denied,
    operation::{Field, Name, Selection, SelectionSet, TYPENAME},
    schema::Schema,
    supergraph::Supergraph,
    variables,
};

/// Selections on one type: each key once, each type condition once, no condition that always holds.
pub(super) struct Merged {
    parent: Name,
    /// Object types that a value here can have, all conditions around it considered.
    possible: BTreeSet<String>,
    typename: bool,
    fields: Vec<MergedField>,
    fragments: Vec<Merged>,
}

/// What decides on each selection.
pub(super) struct Context<'a> {
    pub(super) supergraph: &'a Supergraph,
    pub(super) denied: &'a Denied,
    pub(super) keys: &'a Keys,
}

struct MergedField {
    key: Name,
    name: Name,
    arguments: Vec<(String, Value)>,
    /// `None` for a leaf.
    set: Option<Merged>,
}

impl Merged {
    pub(super) fn new(parent: Name, api: &Schema) -> Self {
        let possible = api.possible_types(&parent).map(str::to_owned).collect();
        Self::of(parent, possible)
    }

    fn of(parent: Name, possible: BTreeSet<String>) -> Self {
        Self { parent, possible, typename: false, fields: Vec::new(), fragments: Vec::new() }
    }

    pub(super) fn add(&mut self, set: &SelectionSet, context: &Context<'_>) {
        for selection in &set.selections {
            match selection {
                Selection::Fragment(inner) => {
                    if let Some(target) = self.fragment(&inner.parent, &context.supergraph.api) {
                        target.add(inner, context);
                    }
                }
                Selection::Field(field) if &*field.name == TYPENAME => self.typename = true,
                Selection::Field(field) if field.is_introspection() => {}
                Selection::Field(field) => self.add_allowed(field, context),
            }
        }
    }

    /// A field of an interface can be open on some of its objects and closed on others; only the former are asked.
    fn add_allowed(&mut self, field: &Field, context: &Context<'_>) {
        let requirements = &context.supergraph.requirements;
        let is_denied = |parent: &str| requirements.denial(context.denied, parent, &field.name).is_some();
        if is_denied(&self.parent) || is_denied(&field.parent) {
            return;
        }
        let (closed, open): (Vec<_>, Vec<_>) = self.possible.iter().cloned().partition(|object| is_denied(object));
        if closed.is_empty() {
            return self.add_field(field, context);
        }
        for object in open {
            if let Some(target) = self.fragment(&Name::from(object), &context.supergraph.api) {
                target.add_field(field, context);
            }
        }
    }

    fn add_field(&mut self, field: &Field, context: &Context<'_>) {
        let target = self.field(field, context);
        if let (Some(target), Some(set)) = (&mut target.set, &field.set) {
            target.add(set, context);
        }
    }

    fn field(&mut self, field: &Field, context: &Context<'_>) -> &mut MergedField {
        let key = context.keys.of(field);
        let known = self.fields.iter().position(|known| known.key == *key);
        let position = known.unwrap_or_else(|| {
            let new_set = |set: &Arc<SelectionSet>| Self::new(set.parent.clone(), &context.supergraph.api);
            self.fields.push(MergedField {
                key: key.clone(),
                name: field.name.clone(),
                arguments: field.arguments.clone(),
                set: field.set.as_ref().map(new_set),
            });
            self.fields.len() - 1
        });
        &mut self.fields[position]
    }

    /// `None` where no object satisfies all conditions: the planner would leave out the whole field.
    fn fragment(&mut self, condition: &Name, api: &Schema) -> Option<&mut Self> {
        if api.has_fields_of(&self.parent, condition) {
            return Some(self);
        }
        let possible: BTreeSet<String> =
            self.possible.iter().filter(|object| api.satisfies(object, condition)).cloned().collect();
        if possible.is_empty() && !self.possible.is_empty() {
            return None;
        }
        let known = self.fragments.iter().position(|known| known.parent == *condition);
        let position = known.unwrap_or_else(|| {
            self.fragments.push(Self::of(condition.clone(), possible));
            self.fragments.len() - 1
        });
        Some(&mut self.fragments[position])
    }

    pub(super) fn drop_typename(&mut self) {
        self.typename = false;
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.typename && self.fields.is_empty() && self.fragments.iter().all(Self::is_empty)
    }

    /// Collects the names of the variables on the way.
    ///
    /// The planner is asked for a type name only where finding it can take a fetch of its own, and the client or a
    /// fragment needs it. Elsewhere any subgraph that has the object knows its type, and is asked for it when the plan
    /// is made.
    pub(super) fn print(&self, supergraph: &Supergraph, out: &mut String, used: &mut BTreeSet<String>) {
        out.push('{');
        let bare = self.fields.is_empty() && self.fragments.iter().all(Self::is_empty);
        let depends_on_type = self.typename || !self.fragments.is_empty();
        if bare || (depends_on_type && supergraph.is_behind_interface_object(&self.parent)) {
            out.push_str(TYPENAME);
            out.push(' ');
        }
        for field in &self.fields {
            field.print(supergraph, out, used);
        }
        for fragment in self.fragments.iter().filter(|fragment| !fragment.is_empty()) {
            out.push_str("... on ");
            out.push_str(&fragment.parent);
            fragment.print(supergraph, out, used);
        }
        out.push('}');
    }
}

impl MergedField {
    fn print(&self, supergraph: &Supergraph, out: &mut String, used: &mut BTreeSet<String>) {
        if self.key != self.name {
            out.push_str(&self.key);
            out.push_str(": ");
        }
        out.push_str(&self.name);
        for (index, (name, value)) in self.arguments.iter().enumerate() {
            out.push_str(if index == 0 { "(" } else { ", " });
            out.push_str(name);
            out.push_str(": ");
            variables::print(value, out);
            variables_of(value, used);
        }
        if !self.arguments.is_empty() {
            out.push(')');
        }
        match &self.set {
            Some(set) => set.print(supergraph, out, used),
            None => out.push(' '),
        }
    }
}

fn variables_of(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Variable(name) => {
            used.insert(name.clone());
        }
        Value::List(items) => items.iter().for_each(|item| variables_of(item, used)),
        Value::Object(members) => members.iter().for_each(|(_, value)| variables_of(value, used)),
        _ => {}
    }
}
