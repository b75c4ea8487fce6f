use async_graphql::parser::types::FieldDefinition;

use super::Generator;
use crate::{
    document::{Directive, Field, Selection, Variable},
    schema::named,
};

impl Generator<'_> {
    /// At least one selection; fields with selections of their own only while there is depth left.
    pub(super) fn set(&mut self, parent: &str, depth: usize) -> Vec<Selection> {
        let wanted = self.dice.between(1, 4);
        let mut set = Vec::new();
        while set.is_empty() || (set.len() < wanted && self.room > 0) {
            self.room = self.room.saturating_sub(1);
            set.push(self.selection(parent, depth));
        }
        let again = if parent == "Mutation" { 40 } else { 8 };
        if self.dice.chance(again) {
            set.push(self.again(&set));
        }
        set
    }

    /// One of the selections once more, where it is a field perhaps for another answer.
    fn again(&mut self, set: &[Selection]) -> Selection {
        let mut again = self.dice.pick(set).clone();
        if let Selection::Field(field) = &mut again
            && self.dice.chance(50)
        {
            field.alias = Some(self.dice.pick(&self.names).clone());
            field.directives = self.directives();
        }
        again
    }

    fn selection(&mut self, parent: &str, depth: usize) -> Selection {
        let fields = self.world.api.fields(parent);
        let wants_fragment = if fields.is_empty() { 85 } else { 25 };
        if depth > 0 && self.room > 0 && self.dice.chance(wants_fragment) {
            return self.fragment(parent, depth);
        }
        let open = |field: &&FieldDefinition| depth > 0 || !self.world.api.is_composite(named(&field.ty.node));
        let fields: Vec<_> = fields.iter().map(|field| &field.node).filter(open).collect();
        if fields.is_empty() || self.dice.chance(7) {
            return Selection::Field(self.field("__typename", Vec::new(), Vec::new()));
        }
        let definition = *self.dice.pick(&fields);
        let arguments = self.arguments(&definition.arguments);
        let inner = named(&definition.ty.node);
        let set = if self.world.api.is_composite(inner) { self.set(inner, depth - 1) } else { Vec::new() };
        Selection::Field(self.field(definition.name.node.as_str(), arguments, set))
    }

    fn field(&mut self, name: &str, arguments: Vec<(String, String)>, set: Vec<Selection>) -> Field {
        let alias = self.dice.chance(self.aliases).then(|| match self.dice.between(0, 3) {
            0 => name.to_owned(),
            _ => self.dice.pick(&self.names).clone(),
        });
        Field { alias, name: name.to_owned(), arguments, directives: self.directives(), set }
    }

    fn fragment(&mut self, parent: &str, depth: usize) -> Selection {
        let directives = self.directives();
        if self.dice.chance(20) {
            let set = self.set(parent, depth);
            return Selection::Inline { on: None, directives, set };
        }
        let api = &self.world.api;
        let possible = api.possible(parent);
        let overlaps = |name: &str| !api.possible(name).is_disjoint(&possible);
        if self.dice.chance(30) {
            let known: Vec<_> = self.document.fragments.iter().filter(|fragment| overlaps(&fragment.on)).collect();
            if !known.is_empty() {
                return Selection::Spread { name: self.dice.pick(&known).name.clone(), directives };
            }
        }
        let conditions: Vec<_> = api.types().map(|(name, _)| name).filter(|name| overlaps(name)).collect();
        let on = *self.dice.pick(&conditions);
        if self.dice.chance(35) {
            return Selection::Spread { name: self.define_fragment(on, depth), directives };
        }
        Selection::Inline { on: Some(on.to_owned()), directives, set: self.set(on, depth) }
    }

    fn directives(&mut self) -> Vec<Directive> {
        let mut directives = Vec::new();
        for name in ["skip", "include"] {
            if self.dice.chance(self.conditions) {
                directives.push(Directive { name, condition: self.condition() });
            }
        }
        if self.dice.chance(50) {
            directives.reverse();
        }
        directives
    }

    fn condition(&mut self) -> String {
        if self.dice.chance(50) {
            return self.dice.pick(&["true", "false"]).to_string();
        }
        let name = format!("c{}", self.dice.between(0, 3));
        if !self.document.variables.iter().any(|variable| variable.name == name) {
            let value = Some(self.dice.chance(50).into());
            let default = Some(self.dice.pick(&["true", "false"]).to_string());
            let (of, default, value) = match self.dice.between(0, 2) {
                0 => ("Boolean!", None, value),
                1 => ("Boolean!", default, if self.dice.chance(50) { value } else { None }),
                _ => ("Boolean", default, if self.dice.chance(50) { value } else { None }),
            };
            self.document.variables.push(Variable { name: name.clone(), of: of.to_owned(), default, value });
        }
        format!("${name}")
    }
}
