//! A schema document, indexed for what a request asks of it.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::schema::{
    Definition, DirectiveDefinition, Document, EnumValue, Field, InputValue, ObjectType, Type, TypeDefinition,
};

use crate::operation::OperationKind;

/// A type of one schema, by where the document defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TypeId(u32);

impl TypeId {
    /// Stands for every name that the schema does not have.
    pub(crate) const UNKNOWN: Self = Self(u32::MAX);
}

/// Types of one schema, a bit for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeSet(Vec<u64>);

impl TypeSet {
    pub(crate) fn contains(&self, of: TypeId) -> bool {
        let position = of.0 as usize;
        self.0.get(position / 64).is_some_and(|bits| bits >> (position % 64) & 1 == 1)
    }
}

/// Types by name, fields by name, and who is what.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) document: Document,
    types: HashMap<String, IndexedType>,
    pub(crate) query: String,
    pub(crate) mutation: Option<String>,
    pub(crate) subscription: Option<String>,
}

#[derive(Debug)]
struct IndexedType {
    /// Where `Schema::document` defines it.
    definition: usize,
    fields: HashMap<String, usize>,
    /// Object types that a value of this type can have: itself for an object type, none for a leaf.
    possible: BTreeSet<String>,
}

impl Schema {
    pub(crate) fn new(document: Document) -> Self {
        let mut types: HashMap<_, _> = document
            .definitions
            .iter()
            .enumerate()
            .filter_map(|(position, definition)| match definition {
                Definition::TypeDefinition(definition) => {
                    Some((type_name(definition).to_owned(), index(position, definition)))
                }
                _ => None,
            })
            .collect();
        for object in document.definitions.iter().filter_map(as_object) {
            for interface in &object.implements_interfaces {
                if let Some(interface) = types.get_mut(interface) {
                    interface.possible.insert(object.name.clone());
                }
            }
        }
        Self {
            query: document.query_type_name().cloned().unwrap_or_else(|| "Query".to_owned()),
            mutation: document.mutation_type_name().cloned(),
            subscription: document.subscription_type_name().cloned(),
            types,
            document,
        }
    }

    pub(crate) fn root(&self, kind: OperationKind) -> Option<&str> {
        match kind {
            OperationKind::Query => Some(&self.query),
            OperationKind::Mutation => self.mutation.as_deref(),
            OperationKind::Subscription => self.subscription.as_deref(),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&TypeDefinition> {
        match &self.document.definitions[self.types.get(name)?.definition] {
            Definition::TypeDefinition(definition) => Some(definition),
            _ => None,
        }
    }

    pub(crate) fn type_id(&self, name: &str) -> TypeId {
        self.types.get(name).map_or(TypeId::UNKNOWN, |indexed| id(indexed.definition))
    }

    /// `None` for [`TypeId::UNKNOWN`].
    pub(crate) fn name_of(&self, of: TypeId) -> Option<&str> {
        match self.document.definitions.get(of.0 as usize)? {
            Definition::TypeDefinition(definition) => Some(type_name(definition)),
            _ => None,
        }
    }

    /// The composite types for which `fits` holds.
    pub(crate) fn type_ids(&self, fits: impl Fn(&str) -> bool) -> TypeSet {
        let composite = self.types.iter().filter(|(name, _)| self.is_composite(name) && fits(name));
        let mut set = TypeSet(vec![0; self.document.definitions.len().div_ceil(64)]);
        for (_, indexed) in composite {
            set.0[indexed.definition / 64] |= 1 << (indexed.definition % 64);
        }
        set
    }

    pub(crate) fn types(&self) -> impl Iterator<Item = &TypeDefinition> {
        self.document.definitions.iter().filter_map(|definition| match definition {
            Definition::TypeDefinition(definition) => Some(definition),
            _ => None,
        })
    }

    pub(crate) fn directives(&self) -> impl Iterator<Item = &DirectiveDefinition> {
        self.document.definitions.iter().filter_map(|definition| match definition {
            Definition::DirectiveDefinition(definition) => Some(definition),
            _ => None,
        })
    }

    pub(crate) fn field(&self, parent: &str, name: &str) -> Option<&Field> {
        let position = *self.types.get(parent)?.fields.get(name)?;
        fields(self.get(parent)?).get(position)
    }

    /// The object types that a value of the named type can have.
    pub(crate) fn possible_types(&self, name: &str) -> impl Iterator<Item = &str> {
        self.types.get(name).into_iter().flat_map(|indexed| indexed.possible.iter().map(String::as_str))
    }

    pub(crate) fn is_object(&self, name: &str) -> bool {
        matches!(self.get(name), Some(TypeDefinition::Object(_)))
    }

    pub(crate) fn object_ids(&self) -> Vec<TypeId> {
        (0..self.document.definitions.len()).map(id).filter(|of| self.is_object_id(*of)).collect()
    }

    pub(crate) fn is_object_id(&self, of: TypeId) -> bool {
        matches!(
            self.document.definitions.get(of.0 as usize),
            Some(Definition::TypeDefinition(TypeDefinition::Object(_)))
        )
    }

    pub(crate) fn is_abstract(&self, name: &str) -> bool {
        matches!(self.get(name), Some(TypeDefinition::Interface(_) | TypeDefinition::Union(_)))
    }

    pub(crate) fn is_composite(&self, name: &str) -> bool {
        self.is_object(name) || self.is_abstract(name)
    }

    /// Whether the type declares all fields that a selection with this type condition can have: then the condition
    /// says nothing.
    pub(crate) fn has_fields_of(&self, name: &str, condition: &str) -> bool {
        name == condition
            || match self.get(name) {
                Some(TypeDefinition::Object(_)) => self.satisfies(name, condition),
                Some(TypeDefinition::Interface(interface)) => {
                    interface.implements_interfaces.iter().any(|known| known == condition)
                }
                _ => false,
            }
    }

    /// Whether every value of type `name` satisfies the type condition. Unknown types satisfy only themselves.
    pub(crate) fn satisfies(&self, name: &str, condition: &str) -> bool {
        name == condition
            || match (self.types.get(name), self.types.get(condition)) {
                (Some(name), Some(condition)) => {
                    !name.possible.is_empty() && name.possible.is_subset(&condition.possible)
                }
                _ => false,
            }
    }
}

/// Documents have fewer definitions than 32 bits can count.
fn id(position: usize) -> TypeId {
    TypeId(u32::try_from(position).unwrap_or(u32::MAX))
}

fn index(position: usize, definition: &TypeDefinition) -> IndexedType {
    let possible = match definition {
        TypeDefinition::Object(object) => BTreeSet::from([object.name.clone()]),
        TypeDefinition::Union(union) => union.types.iter().cloned().collect(),
        _ => BTreeSet::new(),
    };
    let fields =
        fields(definition).iter().enumerate().map(|(position, field)| (field.name.clone(), position)).collect();
    IndexedType { definition: position, fields, possible }
}

fn as_object<'a>(definition: &'a Definition<'static, String>) -> Option<&'a ObjectType> {
    match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    }
}

pub(crate) fn type_name(definition: &TypeDefinition) -> &str {
    match definition {
        TypeDefinition::Scalar(definition) => &definition.name,
        TypeDefinition::Object(definition) => &definition.name,
        TypeDefinition::Interface(definition) => &definition.name,
        TypeDefinition::Union(definition) => &definition.name,
        TypeDefinition::Enum(definition) => &definition.name,
        TypeDefinition::InputObject(definition) => &definition.name,
    }
}

pub(crate) fn fields(definition: &TypeDefinition) -> &[Field] {
    match definition {
        TypeDefinition::Object(definition) => &definition.fields,
        TypeDefinition::Interface(definition) => &definition.fields,
        _ => &[],
    }
}

pub(crate) fn input_fields(definition: &TypeDefinition) -> &[InputValue] {
    match definition {
        TypeDefinition::InputObject(definition) => &definition.fields,
        _ => &[],
    }
}

pub(crate) fn enum_values(definition: &TypeDefinition) -> &[EnumValue] {
    match definition {
        TypeDefinition::Enum(definition) => &definition.values,
        _ => &[],
    }
}

/// The name inside all list and non-null wrappers.
pub(crate) fn named(of: &Type) -> &str {
    match of {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}
