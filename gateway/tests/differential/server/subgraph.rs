use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex},
};

use async_graphql::parser::{
    parse_query,
    types::{ExecutableDocument, FieldDefinition},
};
use serde_json::{Map, Value, json};

use super::selection::{contains, entities, field_sets, provided, set};
use crate::{
    reference::{Execution, Resolver},
    schema::{Schema, has, texts},
    store::Store,
    validation::Validation,
};

/// What every subgraph imports.
const LINK: &str = r#"
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
        "@key", "@external", "@requires", "@provides", "@shareable", "@inaccessible", "@interfaceObject", "@override",
        "@tag"
    ])
"#;

pub(crate) struct Subgraph {
    pub(crate) name: String,
    /// As composition reads it.
    pub(crate) sdl: String,
    pub(super) schema: Schema,
    pub(super) store: Arc<Store>,
    pub(super) field_sets: HashMap<String, ExecutableDocument>,
    /// The interfaces of each object type, in whichever subgraph it has them.
    pub(super) interfaces: Arc<HashMap<String, BTreeSet<String>>>,
    /// Types and fields that another subgraph has taken over (`@override`).
    overridden: HashSet<(String, String)>,
    validation: Validation,
    journal: Arc<Mutex<Vec<String>>>,
}

impl Subgraph {
    /// From the SDLs by name.
    pub(crate) fn all(
        sdls: &BTreeMap<String, String>,
        store: &Arc<Store>,
        journal: &Arc<Mutex<Vec<String>>>,
    ) -> Vec<Arc<Self>> {
        let schemas: Vec<Schema> = sdls.values().map(|sdl| Schema::parse(sdl)).collect();
        let interfaces = Arc::new(interfaces(&schemas));
        let subgraph = |(name, sdl): (&String, &String)| {
            let executable = executable(sdl);
            let schema = Schema::parse(&executable);
            Arc::new(Self {
                name: name.clone(),
                sdl: format!("{LINK}{sdl}"),
                field_sets: field_sets(&schema),
                schema,
                store: Arc::clone(store),
                interfaces: Arc::clone(&interfaces),
                overridden: overridden(&schemas, name),
                validation: Validation::new(&executable),
                journal: Arc::clone(journal),
            })
        };
        sdls.iter().map(subgraph).collect()
    }

    pub(super) fn answer(&self, request: &Value) -> Value {
        let response = self.execute(request);
        let entry = format!("{}: {request}\n    {response}", self.name);
        self.journal.lock().unwrap().push(entry);
        response
    }

    fn execute(&self, request: &Value) -> Value {
        let query = request["query"].as_str().unwrap();
        if let Err(message) = self.validation.check(query) {
            return json!({ "errors": [{ "message": format!("invalid subgraph operation: {message}") }] });
        }
        let document = parse_query(query).unwrap();
        let variables = request["variables"].as_object().cloned().unwrap_or_default();
        Execution::new(&self.schema, &document, self).run(None, &variables, &json!({})).into_json()
    }

    /// Why this subgraph cannot resolve the field of this object.
    fn forbidden(&self, object: &Value, parent: &str, field: &FieldDefinition) -> Option<String> {
        let name = field.name.node.as_str();
        let coordinate = (parent.to_owned(), name.to_owned());
        if self.overridden.contains(&coordinate) {
            return Some(format!("{parent}.{name} is overridden"));
        }
        let is_external = has(&field.directives, "external")
            || self.schema.get(parent).is_some_and(|definition| has(&definition.directives, "external"));
        let is_provided = object["$provided"].get(name).is_some();
        if is_external && !is_provided && !self.is_key(parent, name) {
            return Some(format!("{parent}.{name} is external"));
        }
        let required = texts(&field.directives, "requires", "fields").next()?;
        let wanted = self.truth(required, parent, object);
        if contains(&object["$representation"], &wanted) {
            return None;
        }
        Some(format!("{parent}.{name} requires {wanted}, but has {}", object["$representation"]))
    }

    fn is_key(&self, parent: &str, field: &str) -> bool {
        let Some(definition) = self.schema.get(parent) else { return false };
        texts(&definition.directives, "key", "fields")
            .any(|key| provided(set(&self.field_sets[key])).contains_key(field))
    }

    /// The fields of a field set as they really are.
    pub(super) fn truth(&self, field_set: &str, object_type: &str, object: &Value) -> Value {
        let truth = Truth { subgraph: self };
        Execution::new(&self.schema, &self.field_sets[field_set], &truth).select(object_type, object).data
    }
}

impl Resolver for Subgraph {
    fn resolve(&self, object: &Value, parent: &str, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value {
        let name = field.name.node.as_str();
        if name == "_entities" {
            let representations = arguments["representations"].as_array().unwrap();
            return representations.iter().map(|representation| self.entity(representation)).collect();
        }
        if let Some(message) = self.forbidden(object, parent, field) {
            return json!({ "$error": message });
        }
        let value = match parent {
            "Query" | "Mutation" => self.store.value(&self.store.root(parent), name, arguments),
            _ => self.store.value(object, name, arguments),
        };
        let mut provides = object["$provided"].get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(fields) = texts(&field.directives, "provides", "fields").next() {
            provides.extend(provided(set(&self.field_sets[fields])));
        }
        providing(value, &provides)
    }

    /// Of an object whose type this subgraph does not know, its `@interfaceObject`.
    fn type_name(&self, object: &Value) -> Option<String> {
        let name = object.get("__typename")?.as_str()?;
        if self.schema.is_object(name) {
            return Some(name.to_owned());
        }
        let mut interfaces = self.interfaces.get(name).into_iter().flatten();
        Some(interfaces.find(|interface| self.schema.is_object(interface)).map_or(name, String::as_str).to_owned())
    }
}

/// Resolves every field, external or not.
struct Truth<'a> {
    subgraph: &'a Subgraph,
}

impl Resolver for Truth<'_> {
    fn resolve(&self, object: &Value, _: &str, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value {
        self.subgraph.store.value(object, field.name.node.as_str(), arguments)
    }

    fn type_name(&self, object: &Value) -> Option<String> {
        self.subgraph.type_name(object)
    }
}

fn providing(mut value: Value, fields: &Map<String, Value>) -> Value {
    match &mut value {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = providing(item.take(), fields)),
        Value::Object(object) if !fields.is_empty() => {
            object.insert("$provided".to_owned(), fields.clone().into());
        }
        _ => {}
    }
    value
}

fn executable(sdl: &str) -> String {
    let entities = entities(&Schema::parse(sdl)).join(" | ");
    if entities.is_empty() {
        return sdl.to_owned();
    }
    let query = "type Query { _entities(representations: [_Any!]!): [_Entity]! ";
    let own =
        if sdl.contains("type Query {") { sdl.replace("type Query {", query) } else { format!("{sdl} {query} }}") };
    format!("{own} scalar _Any union _Entity = {entities}")
}

fn interfaces(schemas: &[Schema]) -> HashMap<String, BTreeSet<String>> {
    let mut interfaces: HashMap<String, BTreeSet<String>> = HashMap::new();
    for schema in schemas {
        for (name, _) in schema.types().filter(|(name, _)| schema.is_object(name)) {
            let own = schema.interfaces(name).iter().map(|interface| interface.node.to_string());
            interfaces.entry(name.to_owned()).or_default().extend(own);
        }
    }
    interfaces
}

fn overridden(schemas: &[Schema], subgraph: &str) -> HashSet<(String, String)> {
    let mut overridden = HashSet::new();
    for schema in schemas {
        for (name, _) in schema.types() {
            for field in schema.fields(name).iter().map(|field| &field.node) {
                if texts(&field.directives, "override", "from").any(|from| from == subgraph) {
                    overridden.insert((name.to_owned(), field.name.node.to_string()));
                }
            }
        }
    }
    overridden
}
