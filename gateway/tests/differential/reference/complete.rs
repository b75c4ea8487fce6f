use async_graphql::parser::types::{BaseType, Field, Type};
use serde_json::{Map, Value};

use super::{Execution, Grouped, Path, Resolver, applies};

/// A null in a non-null position, on its way to the nearest place that may be null.
pub(super) struct Bubble;

impl<'a, R: Resolver> Execution<'a, R> {
    /// `ExecuteCollectedFields` (section 6.3.3). It goes on after a failure, to find all of them.
    pub(super) fn object(
        &mut self,
        object: &Value,
        object_type: &str,
        grouped: &Grouped<'a>,
        path: &mut Path,
    ) -> Result<Value, Bubble> {
        let mut completed = Map::new();
        let mut bubbles = false;
        for (key, fields) in grouped {
            path.push((*key).into());
            match self.field(object, object_type, fields, path) {
                Ok(value) => {
                    completed.insert((*key).to_owned(), value);
                }
                Err(Bubble) => bubbles = true,
            }
            path.pop();
        }
        if bubbles { Err(Bubble) } else { Ok(Value::Object(completed)) }
    }

    fn field(&mut self, object: &Value, parent: &str, fields: &[&'a Field], path: &mut Path) -> Result<Value, Bubble> {
        let name = fields[0].name.node.as_str();
        if name == "__typename" {
            return Ok(parent.into());
        }
        let schema = self.schema;
        let definition = schema.field(parent, name).unwrap_or_else(|| panic!("{parent}.{name} is not defined"));
        let value = match self.arguments(&definition.arguments, &fields[0].arguments) {
            Ok(arguments) => self.resolver.resolve(object, parent, definition, &arguments),
            Err(message) => serde_json::json!({ "$error": message }),
        };
        self.complete(&definition.ty.node, fields, &value, path)
    }

    /// `CompleteValue` (section 6.4.3), with the handling of errors (section 6.4.4).
    fn complete(&mut self, of: &Type, fields: &[&'a Field], value: &Value, path: &mut Path) -> Result<Value, Bubble> {
        let first = self.failures.len();
        let completed = match value {
            Value::Null if of.nullable => return Ok(Value::Null),
            Value::Null => self.mismatch(path, "a null in a non-null position"),
            Value::Object(object) if object.contains_key("$error") => self.mismatch(path, "a resolver failed"),
            value => self.complete_base(&of.base, fields, value, path),
        };
        match completed {
            Err(Bubble) if of.nullable => {
                self.settle(first, path);
                Ok(Value::Null)
            }
            completed => completed,
        }
    }

    fn complete_base(
        &mut self,
        of: &BaseType,
        fields: &[&'a Field],
        value: &Value,
        path: &mut Path,
    ) -> Result<Value, Bubble> {
        match (of, value) {
            (BaseType::List(inner), Value::Array(items)) => self.list(inner, fields, items, path),
            (BaseType::List(_), _) => self.mismatch(path, "no list"),
            (BaseType::Named(name), value) if self.schema.is_composite(name) => {
                self.composite(name, fields, value, path)
            }
            (BaseType::Named(name), value) => match self.leaf(name, value) {
                Some(value) => Ok(value),
                None => self.mismatch(path, "a value that the type does not have"),
            },
        }
    }

    fn list(&mut self, of: &Type, fields: &[&'a Field], items: &[Value], path: &mut Path) -> Result<Value, Bubble> {
        let mut completed = Vec::new();
        let mut bubbles = false;
        for (index, item) in items.iter().enumerate() {
            path.push(index.into());
            match self.complete(of, fields, item, path) {
                Ok(value) => completed.push(value),
                Err(Bubble) => bubbles = true,
            }
            path.pop();
        }
        if bubbles { Err(Bubble) } else { Ok(Value::Array(completed)) }
    }

    fn composite(
        &mut self,
        declared: &str,
        fields: &[&'a Field],
        value: &Value,
        path: &mut Path,
    ) -> Result<Value, Bubble> {
        let runtime = self.resolver.type_name(value).unwrap_or_else(|| declared.to_owned());
        if !value.is_object() || !applies(self.schema, &runtime, declared) {
            return self.mismatch(path, "an object of a type that does not belong here");
        }
        let sets: Vec<_> = fields.iter().map(|field| &field.selection_set.node).collect();
        let grouped = self.collect(&runtime, &sets);
        self.object(value, &runtime, &grouped, path)
    }

    /// Result coercion (section 3.5). `None` for what the type does not allow.
    fn leaf(&self, of: &str, value: &Value) -> Option<Value> {
        let allowed = match of {
            "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "Float" => value.is_number(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "ID" if value.is_number() => return Some(value.to_string().into()),
            "ID" => value.is_string(),
            _ => match self.schema.enum_values(of) {
                Some(values) => value.as_str().is_some_and(|name| values.contains(&name)),
                None => true,
            },
        };
        allowed.then(|| value.clone())
    }

    fn mismatch(&mut self, path: &Path, message: &str) -> Result<Value, Bubble> {
        self.fail(path, message);
        Err(Bubble)
    }
}
