//! The library follows fragments of a field set to objects and not to interfaces or unions, so that it finds no way to
//! `data { ... on Node { id } }`. It is given the same fields in fragments on the objects.

use std::collections::BTreeSet;

use federation_composition::graphql_core::{
    Definition, Directive, Document, Field, InlineFragment, NamedType, Selection, SelectionSet, Value, parse, print,
};

use super::declared::{Declared, named};

pub(super) fn spell_out(document: &mut Document, declared: &Declared) {
    for definition in &mut document.definitions {
        let (parent, fields) = match definition {
            Definition::ObjectTypeDefinition(of) => (&of.name.value, &mut of.fields),
            Definition::ObjectTypeExtension(of) => (&of.name.value, &mut of.fields),
            _ => continue,
        };
        for field in fields {
            let of_type = named(&field.ty).to_owned();
            for directive in &mut field.directives {
                let root = match &directive.name.value {
                    name if *name == declared.directives.requires => parent,
                    name if *name == declared.directives.provides => &of_type,
                    _ => continue,
                };
                spell_out_in(directive, root, declared);
            }
        }
    }
}

/// A field set that cannot be read, or is left without fields, stays as it is: the library says what is wrong with it.
fn spell_out_in(directive: &mut Directive, root: &str, declared: &Declared) {
    let text = directive.arguments.iter_mut().find_map(|argument| match &mut argument.value {
        Value::String(text) if argument.name.value == "fields" => Some(text),
        _ => None,
    });
    let Some(text) = text else { return };
    let Some(set) = selection_set(&text.value) else { return };
    if let Some(spelt_out) = (Rewrite { declared }).set(&set, root)
        && spelt_out != set
    {
        let printed = print(&spelt_out);
        text.value = printed.trim_start_matches('{').trim_end_matches('}').trim().to_owned();
    }
}

fn selection_set(text: &str) -> Option<SelectionSet> {
    let parsed = parse(&format!("{{{text}}}")).ok()?;
    match parsed.definitions.into_iter().next()? {
        Definition::OperationDefinition(operation) => Some(operation.selection_set),
        _ => None,
    }
}

struct Rewrite<'d> {
    declared: &'d Declared,
}

impl Rewrite<'_> {
    /// `None` where nothing is left, or something is not known.
    fn set(&self, set: &SelectionSet, parent: &str) -> Option<SelectionSet> {
        let selections = self.selections(set, parent)?;
        (!selections.is_empty()).then_some(SelectionSet { selections })
    }

    fn selections(&self, set: &SelectionSet, parent: &str) -> Option<Vec<Selection>> {
        let mut selections = Vec::new();
        for selection in &set.selections {
            match selection {
                Selection::InlineFragment(fragment) => selections.extend(self.fragment(fragment, parent)?),
                Selection::Field(field) => selections.push(Selection::Field(self.field(field, parent)?)),
                Selection::FragmentSpread(_) => return None,
            }
        }
        Some(selections)
    }

    fn field(&self, field: &Field, parent: &str) -> Option<Field> {
        let selection_set = match &field.selection_set {
            Some(set) => Some(self.set(set, named(&self.declared.field(parent, &field.name.value)?.of_type))?),
            None => None,
        };
        Some(Field { selection_set, ..field.clone() })
    }

    /// The fields themselves where the condition always holds, or fragments on those objects for which it does.
    fn fragment(&self, fragment: &InlineFragment, parent: &str) -> Option<Vec<Selection>> {
        let condition = fragment.type_condition.as_ref().map_or(parent, |condition| &condition.name.value);
        let possible = self.declared.objects(condition);
        if condition == parent || (self.declared.is_object(parent) && possible.contains(parent)) {
            return self.selections(&fragment.selection_set, parent);
        }
        let mut selections = Vec::new();
        for object in possible.intersection(&self.declared.objects(parent)).collect::<BTreeSet<_>>() {
            let inner = self.selections(&fragment.selection_set, object)?;
            if !inner.is_empty() {
                selections.push(on(object, inner));
            }
        }
        Some(selections)
    }
}

fn on(object: &str, selections: Vec<Selection>) -> Selection {
    Selection::InlineFragment(InlineFragment {
        type_condition: Some(NamedType::new(object)),
        selection_set: SelectionSet { selections },
        ..InlineFragment::default()
    })
}
