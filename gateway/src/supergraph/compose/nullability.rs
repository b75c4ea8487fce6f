//! Arguments, input fields and fields of interfaces whose types differ between subgraphs in what may be null. The
//! library merges the outermost level only, and refuses `[Int]` beside `[Int!]`; it is given the merged types.

use std::collections::HashMap;

use federation_composition::{
    ServiceDefinition,
    graphql_core::{Definition, FieldDefinition, InputValueDefinition, Type},
};

/// Type, field, and argument if it is one.
type Coordinate = (String, String, Option<String>);

/// What a client sends has to satisfy every subgraph; what it gets, it gets from any of them.
#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Input,
    Output,
}

pub(super) fn merge(services: &mut [ServiceDefinition]) {
    let mut types: HashMap<Coordinate, Vec<Type>> = HashMap::new();
    let mut directions = HashMap::new();
    visit(services, &mut |coordinate, direction, of_type| {
        directions.insert(coordinate.clone(), direction);
        types.entry(coordinate).or_default().push(of_type.clone());
    });
    let merged: HashMap<Coordinate, Type> = types
        .into_iter()
        .filter_map(|(coordinate, types)| {
            let merged = merged(&types, *directions.get(&coordinate)?)?;
            Some((coordinate, merged))
        })
        .collect();
    visit(services, &mut |coordinate, _, of_type| {
        if let Some(merged) = merged.get(&coordinate) {
            of_type.clone_from(merged);
        }
    });
}

/// `None` where the types differ in more, or where none of them is what all have in common: that is an error.
fn merged(types: &[Type], direction: Direction) -> Option<Type> {
    let (first, others) = types.split_first()?;
    let merged = others.iter().try_fold(first.clone(), |merged, other| both(&merged, other, direction))?;
    types.contains(&merged).then_some(merged)
}

fn both(left: &Type, right: &Type, direction: Direction) -> Option<Type> {
    match (left, right) {
        (Type::NonNull(left), Type::NonNull(right)) => Some(Type::non_null(both(&left.ty, &right.ty, direction)?)),
        (Type::NonNull(inner), other) | (other, Type::NonNull(inner)) => {
            let merged = both(&inner.ty, other, direction)?;
            Some(if direction == Direction::Input { Type::non_null(merged) } else { merged })
        }
        (Type::List(left), Type::List(right)) => Some(Type::list(both(&left.ty, &right.ty, direction)?)),
        (Type::Named(left), Type::Named(right)) if left == right => Some(Type::Named(left.clone())),
        _ => None,
    }
}

fn visit(services: &mut [ServiceDefinition], visitor: &mut impl FnMut(Coordinate, Direction, &mut Type)) {
    for definition in services.iter_mut().flat_map(|service| &mut service.type_defs.definitions) {
        match definition {
            Definition::ObjectTypeDefinition(of) => arguments(&of.name.value, &mut of.fields, visitor),
            Definition::ObjectTypeExtension(of) => arguments(&of.name.value, &mut of.fields, visitor),
            Definition::InterfaceTypeDefinition(of) => interface(&of.name.value, &mut of.fields, visitor),
            Definition::InterfaceTypeExtension(of) => interface(&of.name.value, &mut of.fields, visitor),
            Definition::InputObjectTypeDefinition(of) => inputs(&of.name.value, &mut of.fields, visitor),
            Definition::InputObjectTypeExtension(of) => inputs(&of.name.value, &mut of.fields, visitor),
            _ => {}
        }
    }
}

fn interface(parent: &str, fields: &mut [FieldDefinition], visitor: &mut impl FnMut(Coordinate, Direction, &mut Type)) {
    for field in fields.iter_mut() {
        visitor((parent.to_owned(), field.name.value.clone(), None), Direction::Output, &mut field.ty);
    }
    arguments(parent, fields, visitor);
}

fn arguments(parent: &str, fields: &mut [FieldDefinition], visitor: &mut impl FnMut(Coordinate, Direction, &mut Type)) {
    for field in fields {
        for argument in &mut field.arguments {
            let coordinate = (parent.to_owned(), field.name.value.clone(), Some(argument.name.value.clone()));
            visitor(coordinate, Direction::Input, &mut argument.ty);
        }
    }
}

fn inputs(
    parent: &str,
    fields: &mut [InputValueDefinition],
    visitor: &mut impl FnMut(Coordinate, Direction, &mut Type),
) {
    for field in fields {
        visitor((parent.to_owned(), field.name.value.clone(), None), Direction::Input, &mut field.ty);
    }
}
