//! The data of one graph, from which the subgraphs and the reference answer alike.
//!
//! `{ "Query": {…}, "Mutation": {…}, "name": { "__typename": "Product", … }, … }`. The value of a field is JSON, where
//! a string `@name` is the object of that name, and an object can be an instruction:
//!
//! - `{ "$error": "…" }`: the resolver fails, or one item of its list does.
//! - `{ "$choose": [a, b, …] }`: one of them, by the arguments.
//! - `{ "$echo": "…" }`: that text and the arguments.
//! - `{ "$find": "Product" }`: the object of the type (or interface) whose fields equal the arguments; null without.
//! - `{ "$same": "field" }`: what another field of the object has.
//! - `{ "$append": "@name", "result": … }`: a side effect: the call is written into the list `log` of the object.
//!
//! An object that some subgraphs do not know has a member `$unknownTo`, a list of their names.
//!
//! Data is such that no null or error in a key or in an input of `@requires` reaches another field: a gateway has to ask
//! for these although the client does not, so it cannot answer what the reference answers.

use std::sync::Mutex;

use serde_json::{Map, Value, json};

pub(crate) type Arguments = Map<String, Value>;

pub(crate) struct Store {
    initial: Map<String, Value>,
    objects: Mutex<Map<String, Value>>,
}

impl Store {
    pub(crate) fn new(data: Map<String, Value>) -> Self {
        Self { objects: Mutex::new(data.clone()), initial: data }
    }

    /// Undoes all side effects.
    pub(crate) fn reset(&self) {
        *self.objects.lock().unwrap() = self.initial.clone();
    }

    /// The object as it is now; its fields are read with [`Store::value`].
    pub(crate) fn object(&self, name: &str) -> Value {
        let objects = self.objects.lock().unwrap();
        objects.get(name).cloned().unwrap_or_else(|| panic!("the data has no object {name}"))
    }

    pub(crate) fn root(&self, root_type: &str) -> Value {
        self.objects.lock().unwrap().get(root_type).cloned().unwrap_or_else(|| json!({}))
    }

    /// All objects, the roots not among them.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.objects.lock().unwrap().values().filter(|object| object.get("__typename").is_some()).cloned().collect()
    }

    pub(crate) fn value(&self, object: &Value, field: &str, arguments: &Arguments) -> Value {
        let value = object.get(field).unwrap_or(&Value::Null);
        self.evaluate(value, object, field, arguments)
    }

    fn evaluate(&self, value: &Value, object: &Value, field: &str, arguments: &Arguments) -> Value {
        match value {
            Value::String(text) => match text.strip_prefix('@') {
                Some(name) => self.object(name),
                None => value.clone(),
            },
            Value::Array(items) => items.iter().map(|item| self.evaluate(item, object, field, arguments)).collect(),
            Value::Object(members) => match members.keys().next().map(String::as_str) {
                Some("$choose") => {
                    let of = members["$choose"].as_array().unwrap();
                    let chosen = &of[fingerprint(&text(arguments)) % of.len()];
                    self.evaluate(chosen, object, field, arguments)
                }
                Some("$echo") => format!("{}{}", members["$echo"].as_str().unwrap(), text(arguments)).into(),
                Some("$find") => self.find(members["$find"].as_str().unwrap(), arguments),
                Some("$same") => self.value(object, members["$same"].as_str().unwrap(), arguments),
                Some("$append") => {
                    self.append(members["$append"].as_str().unwrap(), format!("{field}{}", text(arguments)));
                    self.evaluate(&members["result"], object, field, arguments)
                }
                _ => value.clone(),
            },
            other => other.clone(),
        }
    }

    fn find(&self, of: &str, arguments: &Arguments) -> Value {
        let mut objects = self.objects().into_iter();
        let found = objects.find(|object| {
            object["__typename"] == of && arguments.iter().all(|(name, value)| object.get(name) == Some(value))
        });
        found.unwrap_or_default()
    }

    fn append(&self, name: &str, entry: String) {
        let mut objects = self.objects.lock().unwrap();
        let log = &mut objects[name.trim_start_matches('@')]["log"];
        log.as_array_mut().unwrap().push(entry.into());
    }
}

/// Objects are unordered, those of custom scalars too.
fn text(arguments: &Arguments) -> String {
    let mut arguments = Value::Object(arguments.clone());
    arguments.sort_all_objects();
    arguments.to_string()
}

/// FNV-1a.
fn fingerprint(text: &str) -> usize {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash >> 33).unwrap()
}
