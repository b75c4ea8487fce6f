//! What one subgraph declares.

use std::collections::{HashMap, HashSet};

use federation_composition::{
    ServiceDefinition, extract_link_implementations,
    graphql_core::{Definition, Directive, Document, FieldDefinition, NamedType, Type, Value},
};

const FEDERATION: &str = "https://specs.apollo.dev/federation";

pub(super) struct Declared {
    pub(super) subgraph: String,
    pub(super) directives: DirectiveNames,
    types: HashMap<String, DeclaredType>,
}

/// What the subgraph calls the directives of the federation specification, which can be imported under other names.
pub(super) struct DirectiveNames {
    pub(super) requires: String,
    pub(super) provides: String,
    external: String,
    overrides: String,
}

#[derive(Default)]
struct DeclaredType {
    is_object: bool,
    fields: HashMap<String, DeclaredField>,
    /// The objects of an interface or a union.
    objects: HashSet<String>,
}

pub(super) struct DeclaredField {
    pub(super) of_type: Type,
    pub(super) requires: Option<String>,
    pub(super) provides: Option<String>,
    pub(super) external: bool,
    pub(super) overrides: bool,
}

impl Declared {
    pub(super) fn new(service: &ServiceDefinition) -> Self {
        let document = &service.type_defs;
        let mut declared =
            Self { subgraph: service.name.clone(), directives: DirectiveNames::new(document), types: HashMap::new() };
        for definition in &document.definitions {
            declared.add(definition);
        }
        declared
    }

    pub(super) fn field(&self, parent: &str, name: &str) -> Option<&DeclaredField> {
        self.types.get(parent)?.fields.get(name)
    }

    pub(super) fn is_object(&self, name: &str) -> bool {
        self.types.get(name).is_some_and(|declared| declared.is_object)
    }

    /// The object itself, or the objects of an interface or a union; none where the type is not known.
    pub(super) fn objects(&self, name: &str) -> HashSet<&str> {
        match self.types.get_key_value(name) {
            Some((name, declared)) if declared.is_object => HashSet::from([name.as_str()]),
            Some((_, declared)) => declared.objects.iter().map(String::as_str).collect(),
            None => HashSet::new(),
        }
    }

    fn add(&mut self, definition: &Definition) {
        let Some(name) = definition.name() else { return };
        let name = name.value.as_str();
        let (is_object, interfaces, directives, fields) = match definition {
            Definition::ObjectTypeDefinition(of) => (true, &of.interfaces, &of.directives, &of.fields),
            Definition::ObjectTypeExtension(of) => (true, &of.interfaces, &of.directives, &of.fields),
            Definition::InterfaceTypeDefinition(of) => (false, &of.interfaces, &of.directives, &of.fields),
            Definition::InterfaceTypeExtension(of) => (false, &of.interfaces, &of.directives, &of.fields),
            Definition::UnionTypeDefinition(of) => return self.add_members(name, &of.types),
            Definition::UnionTypeExtension(of) => return self.add_members(name, &of.types),
            _ => return,
        };
        if is_object {
            for interface in interfaces {
                self.add_members(&interface.name.value, &[NamedType::new(name)]);
            }
        }
        let fields: Vec<_> =
            fields.iter().map(|field| (field.name.value.clone(), self.directives.read(field, directives))).collect();
        let declared = self.types.entry(name.to_owned()).or_default();
        declared.is_object = is_object;
        declared.fields.extend(fields);
    }

    fn add_members(&mut self, name: &str, members: &[NamedType]) {
        let objects = &mut self.types.entry(name.to_owned()).or_default().objects;
        objects.extend(members.iter().map(|member| member.name.value.clone()));
    }
}

impl DirectiveNames {
    fn new(document: &Document) -> Self {
        let links = extract_link_implementations(document).ok();
        let name = |name: &str| match &links {
            Some(links) => links.resolve_import_name(FEDERATION, name),
            None => name.trim_start_matches('@').to_owned(),
        };
        Self {
            requires: name("@requires"),
            provides: name("@provides"),
            external: name("@external"),
            overrides: name("@override"),
        }
    }

    fn read(&self, field: &FieldDefinition, of_parent: &[Directive]) -> DeclaredField {
        DeclaredField {
            of_type: field.ty.clone(),
            requires: field_set(&field.directives, &self.requires).map(str::to_owned),
            provides: field_set(&field.directives, &self.provides).map(str::to_owned),
            external: of_parent.iter().chain(&field.directives).any(|d| d.name.value == self.external),
            overrides: field.directives.iter().any(|d| d.name.value == self.overrides),
        }
    }
}

/// The text of the first directive of this name. Field sets in a list, which Federation 1 allowed, have no single text.
fn field_set<'d>(directives: &'d [Directive], name: &str) -> Option<&'d str> {
    let directive = directives.iter().find(|directive| directive.name.value == name)?;
    directive.arguments.iter().find_map(|argument| match &argument.value {
        Value::String(text) if argument.name.value == "fields" => Some(text.value.as_str()),
        _ => None,
    })
}

/// The type without lists and non-null.
pub(super) fn named(of_type: &Type) -> &str {
    match of_type {
        Type::Named(named) => &named.name.value,
        Type::List(list) => named(&list.ty),
        Type::NonNull(inner) => named(&inner.ty),
    }
}
