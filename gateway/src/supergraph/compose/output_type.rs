//! The type of a field whose subgraphs declare different types for it.

use std::collections::{HashMap, HashSet};

use federation_composition::graphql_core::{Definition, Document, Type};

use super::declared::named;

/// Which types of the supergraph are what other types can be: interfaces and unions, with those that they include.
pub(super) struct Hierarchy(HashMap<String, HashSet<String>>);

impl Hierarchy {
    pub(super) fn new(supergraph: &Document) -> Self {
        let mut includes: HashMap<String, HashSet<String>> = HashMap::new();
        for definition in &supergraph.definitions {
            let (name, interfaces) = match definition {
                Definition::ObjectTypeDefinition(object) => (&object.name.value, &object.interfaces),
                Definition::InterfaceTypeDefinition(interface) => (&interface.name.value, &interface.interfaces),
                Definition::UnionTypeDefinition(union) => {
                    let members = union.types.iter().map(|member| member.name.value.clone());
                    includes.entry(union.name.value.clone()).or_default().extend(members);
                    continue;
                }
                _ => continue,
            };
            for interface in interfaces {
                includes.entry(interface.name.value.clone()).or_default().insert(name.clone());
            }
        }
        Self(includes)
    }

    /// The narrowest type that every value of these types has: nullable where one of them is, and an interface or a
    /// union where one of them includes the others. `None` where the types have nothing in common.
    pub(super) fn common(&self, types: &[&Type]) -> Option<Type> {
        let named = types.iter().map(|of_type| named(of_type)).collect::<Vec<_>>();
        let widest = named.iter().find(|wide| named.iter().all(|narrow| self.includes(wide, narrow)))?;
        let (first, others) = types.split_first()?;
        others.iter().try_fold(with_name(first, widest), |common, other| wrap(&common, &with_name(other, widest)))
    }

    fn includes(&self, wide: &str, narrow: &str) -> bool {
        wide == narrow || self.0.get(wide).is_some_and(|names| names.contains(narrow))
    }
}

fn with_name(of_type: &Type, name: &str) -> Type {
    match of_type {
        Type::Named(_) => Type::named(name),
        Type::List(list) => Type::list(with_name(&list.ty, name)),
        Type::NonNull(inner) => Type::non_null(with_name(&inner.ty, name)),
    }
}

fn wrap(left: &Type, right: &Type) -> Option<Type> {
    match (left, right) {
        (Type::NonNull(left), Type::NonNull(right)) => Some(Type::non_null(wrap(&left.ty, &right.ty)?)),
        (Type::NonNull(inner), other) | (other, Type::NonNull(inner)) => wrap(&inner.ty, other),
        (Type::List(left), Type::List(right)) => Some(Type::list(wrap(&left.ty, &right.ty)?)),
        (Type::Named(_), Type::Named(_)) => Some(left.clone()),
        _ => None,
    }
}
