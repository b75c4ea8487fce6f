//! Values for arguments: literals, variables, and literals with variables in them.

use async_graphql::{
    Positioned,
    parser::types::{BaseType, InputValueDefinition, Type},
};
use serde_json::{Map, Value, json};

use super::Generator;
use crate::document::Variable;

const TEXTS: [&str; 6] = ["", "x", "two words", "é\"\\\n\t", "null", "{}"];

impl Generator<'_> {
    pub(super) fn arguments(&mut self, definitions: &[Positioned<InputValueDefinition>]) -> Vec<(String, String)> {
        let mut arguments = Vec::new();
        for definition in definitions.iter().map(|definition| &definition.node) {
            if self.is_left_out(definition) {
                continue;
            }
            let text = self.input(definition);
            arguments.push((definition.name.node.to_string(), text));
        }
        if self.dice.chance(30) {
            arguments.reverse();
        }
        arguments
    }

    fn is_left_out(&mut self, definition: &InputValueDefinition) -> bool {
        (definition.ty.node.nullable || definition.default_value.is_some()) && self.dice.chance(40)
    }

    /// The text of a value for an argument or an input field.
    fn input(&mut self, definition: &InputValueDefinition) -> String {
        let (of, name) = (&definition.ty.node, definition.name.node.as_str());
        if self.dice.chance(self.variables) {
            return self.variable(of, name, definition.default_value.is_some());
        }
        self.literal(of, name)
    }

    fn literal(&mut self, of: &Type, name: &str) -> String {
        if of.nullable && self.dice.chance(10) {
            return "null".to_owned();
        }
        match &of.base {
            BaseType::List(inner) => {
                if matches!(inner.base, BaseType::Named(_)) && !inner.nullable && self.dice.chance(15) {
                    return self.literal(inner, name);
                }
                let count = self.dice.between(0, 2);
                let items: Vec<_> = (0..count).map(|_| self.item(inner, name)).collect();
                format!("[{}]", items.join(", "))
            }
            BaseType::Named(inner) => {
                let api = &self.world.api;
                if let Some(fields) = api.inputs(inner) {
                    let members: Vec<_> =
                        self.arguments(fields).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
                    return format!("{{ {} }}", members.join(", "));
                }
                let value = self.scalar(inner, name);
                if api.enum_values(inner).is_some() { value.as_str().unwrap().to_owned() } else { literal(&value) }
            }
        }
    }

    fn item(&mut self, of: &Type, name: &str) -> String {
        if self.dice.chance(self.variables / 2) { self.variable(of, name, false) } else { self.literal(of, name) }
    }

    /// A variable that may stand in a place of the type (section 5.8.5).
    fn variable(&mut self, of: &Type, argument: &str, has_default: bool) -> String {
        let known = self.document.variables.iter().filter(|variable| variable.of == of.to_string());
        let known: Vec<_> = known.map(|variable| variable.name.clone()).collect();
        if !known.is_empty() && self.dice.chance(40) {
            return format!("${}", self.dice.pick(&known));
        }
        let strict = Type { base: of.base.clone(), nullable: false };
        let loose = Type { base: of.base.clone(), nullable: true };
        let value = self.json(&strict, argument);
        let default = self.constant(&strict, argument);
        let (of, default) = match self.dice.between(0, 3) {
            0 => (strict, None),
            1 => (strict, Some(default)),
            2 => (loose, Some(default)),
            _ if of.nullable || has_default => (loose, None),
            _ => (strict, None),
        };
        let may_be_absent = of.nullable || default.is_some();
        let value = match self.dice.between(0, 9) {
            0 | 1 if may_be_absent => None,
            2 if of.nullable => Some(Value::Null),
            _ => Some(value),
        };
        let name = format!("v{}", self.document.variables.len());
        self.document.variables.push(Variable { name: name.clone(), of: of.to_string(), default, value });
        format!("${name}")
    }

    /// A literal without variables.
    fn constant(&mut self, of: &Type, name: &str) -> String {
        let variables = std::mem::take(&mut self.variables);
        let text = self.literal(of, name);
        self.variables = variables;
        text
    }

    fn json(&mut self, of: &Type, name: &str) -> Value {
        if of.nullable && self.dice.chance(10) {
            return Value::Null;
        }
        match &of.base {
            BaseType::List(inner) => (0..self.dice.between(0, 2)).map(|_| self.json(inner, name)).collect(),
            BaseType::Named(inner) => match self.world.api.inputs(inner) {
                Some(fields) => {
                    let mut members = Map::new();
                    for field in fields.iter().map(|field| &field.node) {
                        if !self.is_left_out(field) {
                            let name = field.name.node.as_str();
                            members.insert(name.to_owned(), self.json(&field.ty.node, name));
                        }
                    }
                    members.into()
                }
                None => self.scalar(inner, name),
            },
        }
    }

    fn scalar(&mut self, of: &str, argument: &str) -> Value {
        if let Some(values) = self.world.api.enum_values(of) {
            return (*self.dice.pick(&values)).into();
        }
        let mut known = self.world.known(argument);
        known.retain(|value| match of {
            "Int" => value.is_i64(),
            "ID" | "String" => value.is_string(),
            _ => false,
        });
        if !known.is_empty() && self.dice.chance(75) {
            return self.dice.pick(&known).clone();
        }
        match of {
            "Int" => (*self.dice.pick(&[0, 1, 2, -7, i32::MAX])).into(),
            "Float" => self.dice.pick(&[json!(1), json!(2.5), json!(-0.125)]).clone(),
            "Boolean" => self.dice.chance(50).into(),
            "String" => (*self.dice.pick(&TEXTS)).into(),
            "ID" => self.dice.pick(&[json!("1"), json!("none"), json!(2)]).clone(),
            _ => self.dice.pick(&[json!("x"), json!(3), json!([1, null]), json!({ "b": true, "a": [{}] })]).clone(),
        }
    }
}

/// JSON as GraphQL text: the keys of objects are not quoted.
fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(name, value)| format!("{name}: {}", literal(value))).collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}
