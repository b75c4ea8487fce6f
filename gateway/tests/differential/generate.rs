//! Random operations that are valid against the API schema of a graph.

mod dice;
mod inputs;
mod selections;

use std::collections::BTreeSet;

use async_graphql::parser::parse_query;

pub(crate) use dice::Dice;

use crate::{
    document::{Document, Fragment, Operation},
    merging,
    world::World,
};

/// Only documents in which a leaf shares its response key with another field by accident are thrown away.
const ATTEMPTS: usize = 200;

/// The same seed gives the same document.
pub(crate) fn document(world: &World, seed: u64) -> Document {
    let mut dice = Dice::new(seed);
    for _ in 0..ATTEMPTS {
        let document = Generator::new(world, &mut dice).document();
        let parsed = parse_query(document.text()).unwrap_or_else(|error| panic!("{error}\n{}", document.text()));
        if merging::can_merge(&world.api, &parsed) {
            return document;
        }
    }
    panic!("seed {seed}: no valid document in {ATTEMPTS} attempts");
}

struct Generator<'a> {
    world: &'a World,
    dice: &'a mut Dice,
    document: Document,
    /// What aliases are taken from.
    names: Vec<String>,
    /// In the hundred.
    aliases: u32,
    conditions: u32,
    variables: u32,
    /// Selections that may still be made.
    room: usize,
}

impl<'a> Generator<'a> {
    fn new(world: &'a World, dice: &'a mut Dice) -> Self {
        let fields = world.api.types().flat_map(|(name, _)| world.api.fields(name));
        let mut names: BTreeSet<String> = fields.map(|field| field.node.name.node.to_string()).collect();
        names.extend(["a", "b", "_m0", "_m1"].map(str::to_owned));
        let (aliases, conditions) = (*dice.pick(&[0, 10, 30]), *dice.pick(&[0, 5, 20]));
        let (variables, room) = (*dice.pick(&[0, 20, 50]), *dice.pick(&[6, 15, 40]));
        let names = names.into_iter().collect();
        Self { world, dice, document: Document::default(), names, aliases, conditions, variables, room }
    }

    fn document(mut self) -> Document {
        let has_mutation = self.world.api.get("Mutation").is_some();
        let kinds: &[&str] = if has_mutation { &["query", "mutation", "mutation"] } else { &["query"] };
        let operations = if self.dice.chance(10) { 2 } else { 1 };
        for index in 0..operations {
            let kind = *self.dice.pick(kinds);
            let depth = self.dice.between(1, 5);
            let set = self.set(if kind == "query" { "Query" } else { "Mutation" }, depth);
            self.document.operations.push(Operation { kind, name: format!("Q{index}"), set });
        }
        self.document
    }

    fn define_fragment(&mut self, on: &str, depth: usize) -> String {
        let set = self.set(on, depth);
        let name = format!("F{}", self.document.fragments.len());
        self.document.fragments.push(Fragment { name: name.clone(), on: on.to_owned(), set });
        name
    }
}
