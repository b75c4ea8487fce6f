//! Fields whose type is the query root, such as `query` in a mutation's payload. Every subgraph can be entered there
//! again, which the library's check of satisfiability does not know; while it composes, they are of a scalar type.

use federation_composition::graphql_core::{Definition, Document, Name, ScalarTypeDefinition, Value};

use super::dialect::output_types;

const QUERY: &str = "Query";
const PLACEHOLDER: &str = "Query__Entry";

pub(super) fn hide(document: &mut Document) {
    let mut hidden = false;
    for definition in &mut document.definitions {
        output_types(definition, |name| {
            if name == QUERY {
                PLACEHOLDER.clone_into(name);
                hidden = true;
            }
        });
    }
    if hidden {
        let scalar = ScalarTypeDefinition { name: Name::new(PLACEHOLDER), ..ScalarTypeDefinition::default() };
        document.definitions.push(Definition::ScalarTypeDefinition(scalar));
    }
}

pub(super) fn restore(supergraph: &mut Document) {
    let is_placeholder = |definition: &Definition| definition.name().is_some_and(|name| name.value == PLACEHOLDER);
    supergraph.definitions.retain(|definition| !is_placeholder(definition));
    for definition in &mut supergraph.definitions {
        output_types(definition, |name| {
            if name == PLACEHOLDER {
                QUERY.clone_into(name);
            }
        });
        restore_joins(definition);
    }
}

/// `@join__field(type:)` has types as text.
fn restore_joins(definition: &mut Definition) {
    let fields = match definition {
        Definition::ObjectTypeDefinition(of) => &mut of.fields,
        Definition::InterfaceTypeDefinition(of) => &mut of.fields,
        _ => return,
    };
    let joins = fields.iter_mut().flat_map(|field| &mut field.directives).filter(|d| d.name.value == "join__field");
    for argument in joins.flat_map(|join| &mut join.arguments) {
        if let Value::String(text) = &mut argument.value
            && argument.name.value == "type"
        {
            text.value = named_as_declared(&text.value);
        }
    }
}

/// What the library says, of the type that the subgraphs wrote.
pub(super) fn named_as_declared(text: &str) -> String {
    text.replace(PLACEHOLDER, QUERY)
}
