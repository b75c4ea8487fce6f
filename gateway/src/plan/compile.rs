//! From names to positions.

use std::{collections::HashSet, sync::Arc};

use super::{
    Asks, Holds, Layout, Lookup, Part, PathStep, Plan, Selection, Shape, ShapeField, Slot, Step, Template, branches,
    draft::{Draft, DraftPath, DraftSet, DraftStep, RenamedKey, Required},
    reuse,
};
use crate::{
    authorize::Requirements,
    operation::{Name, OperationKind, TYPENAME},
    schema::{Schema, TypeSet},
    usual::UsualSize,
};

impl Plan {
    /// `full` is the schema with inaccessible types: a reference can be of one.
    pub(crate) fn compile(draft: Draft, full: &Schema, requirements: &Requirements) -> Self {
        let text = draft.to_string();
        let mut compiler = Compiler { full, layouts: vec![Layout::default()], shapes: Vec::new() };
        // Layouts are complete before anything refers to their slots.
        let targets: Vec<usize> =
            draft.steps.iter().enumerate().map(|(position, step)| compiler.grow(position, step)).collect();
        let mut steps: Vec<Step> =
            draft.steps.iter().zip(targets).map(|(step, layout)| compiler.step(step, layout, requirements)).collect();
        // What was read between two changes may not be so after the second.
        let stays = steps.iter().filter(|step| step.kind == OperationKind::Mutation).count() < 2;
        for position in 0..steps.len() {
            steps[position].repeated = stays && is_repeated(&steps, position);
        }
        let reuses = if stays { reuse::find(&draft, &steps, &mut compiler) } else { Vec::new() };
        let Compiler { layouts, shapes, .. } = compiler;
        let branches = branches::find(&steps, &shapes);
        Self { steps, layouts, shapes, reuses, branches, nodes: UsualSize::new(64), text }
    }

    /// The draft, to be read by people.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

pub(super) struct Compiler<'a> {
    full: &'a Schema,
    pub(super) layouts: Vec<Layout>,
    pub(super) shapes: Vec<Shape>,
}

/// Renamed keys at or below one selection set.
type Renamed<'a> = Vec<(&'a [Name], &'a Name)>;

impl Compiler<'_> {
    /// Makes room for what a step brings, and says in which layout.
    fn grow(&mut self, position: usize, step: &DraftStep) -> usize {
        let mut target = 0;
        for part in &step.path {
            if let DraftPath::Key(key) = part {
                let slot = self.slot(target, key);
                target = self.inner(target, slot);
            }
        }
        self.grow_set(target, &step.set, &renamed(&step.renamed_keys), position);
        target
    }

    fn grow_set(&mut self, layout: usize, set: &DraftSet, renamed: &Renamed<'_>, writer: usize) {
        for field in &set.fields {
            let (key, below) = rename(&field.key, renamed);
            let slot = self.slot(layout, key);
            if let Some(set) = &field.set {
                let inner = self.inner(layout, slot);
                self.layouts[layout].slots[slot].writers.insert(writer);
                self.grow_set(inner, set, &below, writer);
            }
        }
    }

    fn slot(&mut self, layout: usize, key: &Name) -> usize {
        let layout = &mut self.layouts[layout];
        layout.slot(key).unwrap_or_else(|| {
            let slot = layout.slots.len();
            layout.slots.push(Slot { key: key.clone(), inner: None, writers: HashSet::new() });
            if **key == *TYPENAME {
                layout.typename = Some(slot);
            }
            slot
        })
    }

    fn inner(&mut self, layout: usize, slot: usize) -> usize {
        let next = self.layouts.len();
        let inner = *self.layouts[layout].slots[slot].inner.get_or_insert(next);
        if inner == next {
            self.layouts.push(Layout::default());
        }
        inner
    }

    fn step(&mut self, step: &DraftStep, layout: usize, requirements: &Requirements) -> Step {
        Step {
            service: step.service.clone(),
            kind: step.kind,
            depends_on: step.depends_on.clone(),
            path: self.path(&step.path),
            layout,
            asks: match &step.requires {
                Some(requires) => Asks::References(self.lookup(step, requires, layout)),
                None => Asks::Root {
                    query: json(&step.query),
                    keys: step.set.fields.iter().map(|field| field.key.clone()).collect(),
                },
            },
            shape: self.shape(layout, &step.set, &renamed(&step.renamed_keys)),
            variables: step.variables.iter().map(|(name, _)| name.clone()).collect(),
            // Whoever changes something is not hidden: nobody would share the answer.
            public: step.kind == OperationKind::Query && is_public(&step.set, requirements, self.full),
            repeated: false,
        }
    }

    fn path(&self, path: &[DraftPath]) -> Vec<PathStep> {
        let mut layout = 0;
        let mut compiled = Vec::new();
        for part in path {
            match part {
                DraftPath::Items => {}
                DraftPath::Types(types) => {
                    let fits = |name: &str| types.iter().any(|condition| self.full.satisfies(name, condition));
                    compiled.push(PathStep::Types(self.full.type_ids(fits)));
                }
                DraftPath::Key(key) => {
                    let Some(slot) = self.layouts[layout].slot(key) else { continue };
                    layout = self.layouts[layout].slots[slot].inner.unwrap_or_default();
                    compiled.push(PathStep::Key { slot, key: key.clone() });
                }
            }
        }
        compiled
    }

    fn lookup(&self, step: &DraftStep, requires: &[Required], layout: usize) -> Lookup {
        let fits = |name: &Name| self.full.type_ids(|of| self.full.satisfies(of, name));
        Lookup {
            template: self.template(requires, Some(layout)),
            renamed: step.renamed_types.iter().map(|name| (fits(name), name.clone())).collect(),
            selection: Arc::new(Selection {
                set: escaped(&step.selection),
                variables: step.variables.iter().map(|(name, text)| (name.clone(), escaped(text))).collect(),
                fragments: escaped(&step.fragments),
            }),
        }
    }

    /// `layout` is that of the objects that references are made of; `None` where no step brings such objects.
    pub(super) fn template(&self, requires: &[Required], layout: Option<usize>) -> Template {
        let objects = layout.map(|layout| &self.layouts[layout]);
        let slot = |key: &str| objects?.slot(key);
        let parts = requires.iter().map(|required| match required {
            Required::Fragment { condition, set } => Part::Fragment {
                fits: self.meant_by(condition),
                name: condition.clone(),
                inner: self.template(set, layout).parts,
            },
            Required::Field { from, .. } if **from == *TYPENAME => Part::Typename,
            Required::Field { from, key, set } => {
                let slots = [slot(from), slot(key)];
                let inner = slots.iter().flatten().find_map(|slot| objects?.slots[*slot].inner);
                Part::Field { slots, key: member(key), inner: self.template(set, inner) }
            }
        });
        Template { typename: objects.and_then(|objects| objects.typename), parts: parts.collect() }
    }

    /// An object whose type is known only as an interface, as `@interfaceObject` subgraphs name it, may be of any of
    /// its types.
    fn meant_by(&self, condition: &str) -> TypeSet {
        let full = self.full;
        full.type_ids(|name| {
            full.satisfies(name, condition) || (!full.is_object(name) && full.satisfies(condition, name))
        })
    }

    fn shape(&mut self, layout: usize, set: &DraftSet, renamed: &Renamed<'_>) -> usize {
        let fields = set.fields.iter().map(|field| {
            let (key, below) = rename(&field.key, renamed);
            let slot = self.slot(layout, key);
            let holds = match &field.set {
                Some(set) => {
                    let inner = self.inner(layout, slot);
                    Holds::Objects(self.shape(inner, set, &below))
                }
                None if **key == *TYPENAME => Holds::Typename,
                None => Holds::Leaf,
            };
            ShapeField { key: field.key.clone(), quoted: (*member(&field.key)).into(), slot, holds }
        });
        let fields = fields.collect();
        self.shapes.push(Shape { layout, fields, remembered: false });
        self.shapes.len() - 1
    }
}

fn renamed(keys: &[RenamedKey]) -> Renamed<'_> {
    keys.iter().map(|renamed| (renamed.path.as_slice(), &renamed.to)).collect()
}

/// The key that a field's value goes to, and what is renamed below it.
fn rename<'a>(key: &'a Name, renamed: &Renamed<'a>) -> (&'a Name, Renamed<'a>) {
    let below: Renamed<'a> = renamed
        .iter()
        .filter_map(|(path, to)| path.split_first().filter(|(first, _)| *first == key).map(|(_, rest)| (rest, *to)))
        .collect();
    let to = below.iter().find(|(rest, _)| rest.is_empty()).map_or(key, |(_, to)| *to);
    (to, below)
}

fn is_repeated(steps: &[Step], position: usize) -> bool {
    let asks = |step: &Step| step.lookup().map(|lookup| (step.service.clone(), lookup.selection.clone()));
    let own = asks(&steps[position]);
    own.is_some() && steps.iter().enumerate().any(|(other, step)| other != position && asks(step) == own)
}

fn is_public(set: &DraftSet, requirements: &Requirements, full: &Schema) -> bool {
    set.fields.iter().all(|field| {
        field.sources.iter().all(|(parent, name, _)| requirements.is_open(parent, name, full))
            && field.set.as_ref().is_none_or(|set| is_public(set, requirements, full))
    })
}

/// `"key":`. Response keys are GraphQL names, which need no escapes in JSON.
pub(crate) fn member(key: &str) -> Arc<[u8]> {
    Arc::from(format!("\"{key}\":").into_bytes())
}

fn json(text: &str) -> Arc<[u8]> {
    Arc::from(format!("\"{}\"", escaped(text)).into_bytes())
}

/// The inside of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
