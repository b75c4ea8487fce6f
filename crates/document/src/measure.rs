use std::collections::HashMap;

use graphql_tools::parser::query::{
    Definition, Document, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};

use crate::{LimitError, Limits, counts::Counts};

/// What a document amounts to: of each number the largest that an operation has, fragments expanded; of tokens and
/// selections the sum over all definitions, because a validator visits each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    pub tokens: usize,
    pub depth: usize,
    pub height: usize,
    pub introspection_depth: usize,
    pub selections: usize,
    pub aliases: usize,
    pub directives: usize,
    pub root_fields: usize,
    pub rows: usize,
}

pub(crate) fn measure<'a>(
    document: &Document<'a, &'a str>,
    page: &dyn Fn(&str) -> Option<usize>,
    limits: &Limits,
) -> Result<Stats, LimitError> {
    let mut measure = Measure { limits, page, fragments: fragments(document)?, counted: HashMap::new() };
    let mut whole = Stats::default();
    for definition in &document.definitions {
        let counts = match definition {
            Definition::Operation(operation) => measure.operation(operation)?.stats(),
            Definition::Fragment(fragment) => measure.fragment(fragment, 0)?.stats_of_fragment(),
        };
        whole = whole.and(counts);
    }
    if whole.selections > limits.selections {
        return Err(LimitError::Selections(limits.selections));
    }
    Ok(whole)
}

impl Stats {
    fn and(self, other: Self) -> Self {
        Self {
            tokens: self.tokens,
            depth: self.depth.max(other.depth),
            height: self.height.max(other.height),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.max(other.aliases),
            directives: self.directives.max(other.directives),
            root_fields: self.root_fields.max(other.root_fields),
            rows: self.rows.max(other.rows),
        }
    }
}

type Fragments<'d, 'a> = HashMap<&'a str, &'d FragmentDefinition<'a, &'a str>>;

fn fragments<'d, 'a>(document: &'d Document<'a, &'a str>) -> Result<Fragments<'d, 'a>, LimitError> {
    let mut fragments = Fragments::new();
    for definition in &document.definitions {
        if let Definition::Fragment(fragment) = definition
            && fragments.insert(fragment.name, fragment).is_some()
        {
            return Err(LimitError::DuplicateFragment(fragment.name.to_owned()));
        }
    }
    Ok(fragments)
}

struct Measure<'d, 'a> {
    limits: &'d Limits,
    /// The size of a page that a variable stands for, where it is known.
    page: &'d dyn Fn(&str) -> Option<usize>,
    fragments: Fragments<'d, 'a>,
    /// One entry for each fragment that was entered: `None` until it was left. This is what makes the whole linear.
    counted: HashMap<&'a str, Option<Counts>>,
}

impl<'d, 'a> Measure<'d, 'a> {
    fn operation(&mut self, operation: &OperationDefinition<'a, &'a str>) -> Result<Counts, LimitError> {
        let (directives, set, mutation) = parts(operation);
        let counts = self.selection_set(set, 0)?.with_directives(directives);
        counts.check(self.limits)?;
        counts.check_root(mutation, self.limits)?;
        Ok(counts)
    }

    /// `above` is how many selection sets this one is in, on the way that led here.
    fn selection_set(&mut self, set: &SelectionSet<'a, &'a str>, above: usize) -> Result<Counts, LimitError> {
        if set.items.is_empty() {
            return Ok(Counts::default());
        }
        if above >= self.limits.height {
            return Err(LimitError::Height(self.limits.height));
        }
        let mut counts = Counts::default();
        for selection in &set.items {
            counts = counts.beside(self.selection(selection, above + 1)?);
        }
        Ok(counts.inside_set())
    }

    fn selection(&mut self, selection: &Selection<'a, &'a str>, above: usize) -> Result<Counts, LimitError> {
        let (counts, directives) = match selection {
            Selection::Field(field) => (self.field(field, above)?, &field.directives),
            Selection::InlineFragment(inline) => {
                (self.selection_set(&inline.selection_set, above)?.inside_fragment(), &inline.directives)
            }
            Selection::FragmentSpread(spread) => {
                (self.spread(spread.fragment_name, above)?.inside_fragment(), &spread.directives)
            }
        };
        Ok(counts.with_directives(directives.len()))
    }

    fn field(&mut self, field: &Field<'a, &'a str>, above: usize) -> Result<Counts, LimitError> {
        Ok(self.selection_set(&field.selection_set, above)?.inside_field(field, self.page, self.limits))
    }

    /// A fragment that the document does not define counts nothing: validation refuses it.
    fn spread(&mut self, name: &'a str, above: usize) -> Result<Counts, LimitError> {
        match self.fragments.get(name).copied() {
            Some(fragment) => self.fragment(fragment, above),
            None => Ok(Counts::default()),
        }
    }

    fn fragment(&mut self, fragment: &'d FragmentDefinition<'a, &'a str>, above: usize) -> Result<Counts, LimitError> {
        let counts = match self.counted.get(fragment.name) {
            Some(Some(counts)) => *counts,
            Some(None) => return Err(LimitError::FragmentCycle(fragment.name.to_owned())),
            None => self.enter(fragment, above)?,
        };
        if above + counts.height > self.limits.height {
            return Err(LimitError::Height(self.limits.height));
        }
        Ok(counts)
    }

    fn enter(&mut self, fragment: &'d FragmentDefinition<'a, &'a str>, above: usize) -> Result<Counts, LimitError> {
        self.counted.insert(fragment.name, None);
        let counts = self.selection_set(&fragment.selection_set, above)?.with_directives(fragment.directives.len());
        self.counted.insert(fragment.name, Some(counts));
        Ok(counts)
    }
}

/// The number of directives on the operation itself, its selection set, and whether it is a mutation.
fn parts<'d, 'a>(operation: &'d OperationDefinition<'a, &'a str>) -> (usize, &'d SelectionSet<'a, &'a str>, bool) {
    match operation {
        OperationDefinition::SelectionSet(set) => (0, set, false),
        OperationDefinition::Query(query) => (query.directives.len(), &query.selection_set, false),
        OperationDefinition::Mutation(mutation) => (mutation.directives.len(), &mutation.selection_set, true),
        OperationDefinition::Subscription(subscription) => {
            (subscription.directives.len(), &subscription.selection_set, false)
        }
    }
}
