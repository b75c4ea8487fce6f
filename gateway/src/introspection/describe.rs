//! The introspection schema (specification, section 4.2), field by field.

use std::rc::Rc;

use graphql_tools::static_graphql::schema::{
    self as ast, Directive, DirectiveDefinition, EnumValue, InputValue, Type, TypeDefinition, Value,
};

use super::{Answer, Introspection};
use crate::{
    operation::Field,
    schema::{self, Schema},
    variables::print,
};

/// What a selection set of an introspection type is about.
pub(super) enum Described<'a> {
    Schema,
    Type(Rc<Type>),
    Field(&'a ast::Field),
    Input(&'a InputValue),
    EnumValue(&'a EnumValue),
    Directive(&'a DirectiveDefinition),
}

impl<'a> Described<'a> {
    pub(super) fn typename(&self) -> &'static str {
        match self {
            Self::Schema => "__Schema",
            Self::Type(_) => "__Type",
            Self::Field(_) => "__Field",
            Self::Input(_) => "__InputValue",
            Self::EnumValue(_) => "__EnumValue",
            Self::Directive(_) => "__Directive",
        }
    }

    pub(super) fn get(&self, field: &Field, introspection: &Introspection<'a>) -> Answer<'a> {
        let api = introspection.api;
        let deprecated = introspection.includes_deprecated(field);
        match self {
            Self::Schema => schema_field(&field.name, api),
            Self::Type(of) => type_field(of, &field.name, deprecated, api),
            Self::Field(described) => match &*field.name {
                "name" => json(described.name.as_str()),
                "description" => description(described.description.as_deref()),
                "args" => inputs(&described.arguments, deprecated),
                "type" => of_type(&described.field_type),
                name => deprecation(&described.directives, name),
            },
            Self::Input(described) => match &*field.name {
                "name" => json(described.name.as_str()),
                "description" => description(described.description.as_deref()),
                "type" => of_type(&described.value_type),
                "defaultValue" => described.default_value.as_ref().map_or(Answer::Null, literal),
                name => deprecation(&described.directives, name),
            },
            Self::EnumValue(described) => match &*field.name {
                "name" => json(described.name.as_str()),
                "description" => description(described.description.as_deref()),
                name => deprecation(&described.directives, name),
            },
            Self::Directive(described) => match &*field.name {
                "name" => json(described.name.as_str()),
                "description" => description(described.description.as_deref()),
                "isRepeatable" => json(described.repeatable),
                "locations" => {
                    let locations = described.locations.iter().map(ast::DirectiveLocation::as_str);
                    json(locations.collect::<Vec<_>>())
                }
                "args" => inputs(&described.arguments, deprecated),
                _ => Answer::Null,
            },
        }
    }
}

fn schema_field<'a>(name: &str, api: &'a Schema) -> Answer<'a> {
    let root = |name: Option<&str>| name.map_or(Answer::Null, |name| Answer::One(by_name(name)));
    match name {
        "types" => Answer::Many(api.types().map(schema::type_name).map(by_name).collect()),
        "queryType" => root(Some(&api.query)),
        "mutationType" => root(api.mutation.as_deref()),
        "subscriptionType" => root(api.subscription.as_deref()),
        "directives" => Answer::Many(api.directives().map(Described::Directive).collect()),
        _ => Answer::Null,
    }
}

fn type_field<'a>(of: &Type, name: &str, deprecated: bool, api: &'a Schema) -> Answer<'a> {
    let (wrapper, inner) = match of {
        Type::NamedType(named) => {
            return api
                .get(named)
                .map_or(Answer::Null, |definition| named_type_field(definition, name, deprecated, api));
        }
        Type::ListType(inner) => ("LIST", inner),
        Type::NonNullType(inner) => ("NON_NULL", inner),
    };
    match name {
        "kind" => json(wrapper),
        "ofType" => of_type(inner),
        _ => Answer::Null,
    }
}

fn named_type_field<'a>(definition: &'a TypeDefinition, name: &str, deprecated: bool, api: &'a Schema) -> Answer<'a> {
    let is_abstract = api.is_abstract(schema::type_name(definition));
    match (name, definition) {
        ("kind", _) => json(kind(definition)),
        ("name", _) => json(schema::type_name(definition)),
        ("description", _) => description(type_description(definition)),
        ("fields", TypeDefinition::Object(_) | TypeDefinition::Interface(_)) => Answer::Many(
            schema::fields(definition)
                .iter()
                .filter(|field| !field.name.starts_with("__"))
                .filter(|field| deprecated || reason(&field.directives).is_none())
                .map(Described::Field)
                .collect(),
        ),
        ("interfaces", TypeDefinition::Object(ast::ObjectType { implements_interfaces, .. }))
        | ("interfaces", TypeDefinition::Interface(ast::InterfaceType { implements_interfaces, .. })) => {
            Answer::Many(implements_interfaces.iter().map(|name| by_name(name)).collect())
        }
        ("possibleTypes", _) if is_abstract => {
            let possible = api.possible_types(schema::type_name(definition));
            Answer::Many(possible.map(by_name).collect())
        }
        ("enumValues", TypeDefinition::Enum(definition)) => Answer::Many(
            definition
                .values
                .iter()
                .filter(|value| deprecated || reason(&value.directives).is_none())
                .map(Described::EnumValue)
                .collect(),
        ),
        ("inputFields", TypeDefinition::InputObject(definition)) => inputs(&definition.fields, deprecated),
        ("isOneOf", TypeDefinition::InputObject(_)) => json(definition.is_one_of()),
        ("specifiedByURL", TypeDefinition::Scalar(scalar)) => {
            description(argument(&scalar.directives, "specifiedBy", "url"))
        }
        _ => Answer::Null,
    }
}

fn by_name<'a>(name: &str) -> Described<'a> {
    Described::Type(Rc::new(Type::NamedType(name.to_owned())))
}

fn of_type<'a>(of: &Type) -> Answer<'a> {
    Answer::One(Described::Type(Rc::new(of.clone())))
}

fn inputs(inputs: &[InputValue], deprecated: bool) -> Answer<'_> {
    Answer::Many(
        inputs.iter().filter(|input| deprecated || reason(&input.directives).is_none()).map(Described::Input).collect(),
    )
}

fn deprecation<'a>(directives: &[Directive], field: &str) -> Answer<'a> {
    match field {
        "isDeprecated" => json(reason(directives).is_some()),
        "deprecationReason" => description(reason(directives)),
        _ => Answer::Null,
    }
}

/// Of what is deprecated; the reason has a default.
fn reason(directives: &[Directive]) -> Option<&str> {
    directives.iter().find(|directive| directive.name == "deprecated")?;
    Some(argument(directives, "deprecated", "reason").unwrap_or("No longer supported"))
}

fn argument<'a>(directives: &'a [Directive], directive: &str, name: &str) -> Option<&'a str> {
    let directive = directives.iter().find(|known| known.name == directive)?;
    directive.arguments.iter().find_map(|(key, value)| match value {
        Value::String(text) if key == name => Some(text.as_str()),
        _ => None,
    })
}

fn literal<'a>(value: &Value) -> Answer<'a> {
    let mut text = String::new();
    print(value, &mut text);
    json(text)
}

fn description<'a>(text: Option<&str>) -> Answer<'a> {
    text.map_or(Answer::Null, json)
}

fn json<'a>(value: impl Into<serde_json::Value>) -> Answer<'a> {
    Answer::Json(value.into())
}

fn kind(definition: &TypeDefinition) -> &'static str {
    match definition {
        TypeDefinition::Scalar(_) => "SCALAR",
        TypeDefinition::Object(_) => "OBJECT",
        TypeDefinition::Interface(_) => "INTERFACE",
        TypeDefinition::Union(_) => "UNION",
        TypeDefinition::Enum(_) => "ENUM",
        TypeDefinition::InputObject(_) => "INPUT_OBJECT",
    }
}

fn type_description(definition: &TypeDefinition) -> Option<&str> {
    match definition {
        TypeDefinition::Scalar(definition) => definition.description.as_deref(),
        TypeDefinition::Object(definition) => definition.description.as_deref(),
        TypeDefinition::Interface(definition) => definition.description.as_deref(),
        TypeDefinition::Union(definition) => definition.description.as_deref(),
        TypeDefinition::Enum(definition) => definition.description.as_deref(),
        TypeDefinition::InputObject(definition) => definition.description.as_deref(),
    }
}
