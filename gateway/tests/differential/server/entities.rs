use serde_json::{Value, json};

use super::{
    Subgraph,
    selection::{contains, has_null},
};
use crate::schema::texts;

impl Subgraph {
    /// The object that a representation stands for; null if this subgraph does not know it.
    pub(super) fn entity(&self, representation: &Value) -> Value {
        let name = representation["__typename"].as_str().unwrap_or_default();
        if self.keys(name).next().is_none() {
            return json!({ "$error": format!("{name:?} is no entity here") });
        }
        if !self
            .store
            .objects()
            .iter()
            .any(|object| self.is_of(object, name) && self.is_complete(representation, object))
        {
            return json!({ "$error": format!("{representation} has no key") });
        }
        let mut objects = self.store.objects().into_iter().filter(|object| self.is_of(object, name));
        let Some(mut object) = objects.find(|object| self.is_meant(representation, object)) else {
            return Value::Null;
        };
        let unknown_to = object["$unknownTo"].as_array();
        if unknown_to.is_some_and(|subgraphs| subgraphs.iter().any(|name| *name == self.name)) {
            return Value::Null;
        }
        object["$representation"] = representation.clone();
        object
    }

    fn is_of(&self, object: &Value, name: &str) -> bool {
        let typename = object["__typename"].as_str().unwrap_or_default();
        typename == name || self.interfaces.get(typename).is_some_and(|interfaces| interfaces.contains(name))
    }

    fn keys<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.get(name).into_iter().flat_map(|definition| {
            let resolvable = definition.directives.iter().filter(|directive| {
                let resolvable = directive.node.get_argument("resolvable");
                resolvable.is_none_or(|value| value.node != async_graphql::Value::Boolean(false))
            });
            resolvable.flat_map(|directive| texts(std::slice::from_ref(directive), "key", "fields"))
        })
    }

    /// Whether the representation has all fields of some key.
    fn is_complete(&self, representation: &Value, object: &Value) -> bool {
        let name = representation["__typename"].as_str().unwrap_or_default();
        self.keys(name).any(|key| has_fields(representation, &self.truth(key, name, object)))
    }

    fn is_meant(&self, representation: &Value, object: &Value) -> bool {
        let name = representation["__typename"].as_str().unwrap_or_default();
        self.keys(name).any(|key| {
            let key = self.truth(key, name, object);
            !has_null(&key) && contains(representation, &key)
        })
    }
}

fn has_fields(given: &Value, wanted: &Value) -> bool {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| given.get(key).is_some_and(|given| has_fields(given, wanted)))
        }
        _ => true,
    }
}
