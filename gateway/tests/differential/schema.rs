//! Types by name, as an SDL text defines them.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::parser::{
    parse_schema,
    types::{
        BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
        TypeSystemDefinition,
    },
};
use async_graphql::{Name, Positioned, Value};

pub(crate) struct Schema {
    types: BTreeMap<String, TypeDefinition>,
}

impl Schema {
    pub(crate) fn parse(sdl: &str) -> Self {
        let definitions = parse_schema(sdl).unwrap_or_else(|error| panic!("{error}\n{sdl}")).definitions;
        let types = definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.to_string(), definition.node)),
            _ => None,
        });
        Self { types: types.collect() }
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, &TypeDefinition)> {
        self.types.iter().map(|(name, definition)| (name.as_str(), definition))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&TypeDefinition> {
        self.types.get(name)
    }

    pub(crate) fn fields(&self, name: &str) -> &[Positioned<FieldDefinition>] {
        match self.get(name).map(|definition| &definition.kind) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => &[],
        }
    }

    pub(crate) fn field(&self, parent: &str, name: &str) -> Option<&FieldDefinition> {
        self.fields(parent).iter().map(|field| &field.node).find(|field| field.name.node == name)
    }

    pub(crate) fn inputs(&self, name: &str) -> Option<&[Positioned<InputValueDefinition>]> {
        match &self.get(name)?.kind {
            TypeKind::InputObject(input) => Some(&input.fields),
            _ => None,
        }
    }

    pub(crate) fn enum_values(&self, name: &str) -> Option<Vec<&str>> {
        match &self.get(name)?.kind {
            TypeKind::Enum(definition) => {
                Some(definition.values.iter().map(|it| it.node.value.node.as_str()).collect())
            }
            _ => None,
        }
    }

    pub(crate) fn is_object(&self, name: &str) -> bool {
        matches!(self.get(name).map(|definition| &definition.kind), Some(TypeKind::Object(_)))
    }

    pub(crate) fn is_abstract(&self, name: &str) -> bool {
        matches!(self.get(name).map(|definition| &definition.kind), Some(TypeKind::Interface(_) | TypeKind::Union(_)))
    }

    pub(crate) fn is_composite(&self, name: &str) -> bool {
        self.is_object(name) || self.is_abstract(name)
    }

    pub(crate) fn interfaces(&self, name: &str) -> &[Positioned<Name>] {
        match self.get(name).map(|definition| &definition.kind) {
            Some(TypeKind::Object(object)) => &object.implements,
            Some(TypeKind::Interface(interface)) => &interface.implements,
            _ => &[],
        }
    }

    /// The object types that a value of the type can have.
    pub(crate) fn possible(&self, name: &str) -> BTreeSet<&str> {
        match self.get(name).map(|definition| (&definition.name.node, &definition.kind)) {
            Some((name, TypeKind::Object(_))) => BTreeSet::from([name.as_str()]),
            Some((_, TypeKind::Union(union))) => union.members.iter().map(|member| member.node.as_str()).collect(),
            Some((name, TypeKind::Interface(_))) => self
                .types()
                .map(|(object, _)| object)
                .filter(|object| self.is_object(object))
                .filter(|object| self.interfaces(object).iter().any(|interface| interface.node == *name))
                .collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// The name inside all list and non-null wrappers.
pub(crate) fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// A string argument of a directive, for each use of the directive.
pub(crate) fn texts<'a>(
    directives: &'a [Positioned<ConstDirective>],
    name: &str,
    argument: &str,
) -> impl Iterator<Item = &'a str> {
    directives.iter().filter(move |it| it.node.name.node == name).filter_map(move |it| {
        match &it.node.get_argument(argument)?.node {
            Value::String(text) => Some(text.as_str()),
            _ => None,
        }
    })
}

pub(crate) fn has(directives: &[Positioned<ConstDirective>], name: &str) -> bool {
    directives.iter().any(|directive| directive.node.name.node == name)
}
