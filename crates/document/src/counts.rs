use graphql_tools::parser::query::Field;

use crate::{LimitError, Limits, Stats, page};

/// What a selection set amounts to with its fragments expanded. Sums saturate: they double with every level of a
/// fragment bomb.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Nested fields, `__schema` and `__type` included, what is below them not.
    depth: usize,
    pub(crate) height: usize,
    /// Nested fields below `__schema` or `__type`.
    introspection_depth: usize,
    /// Nested fields with the name of a list of the introspection schema: in all of the selection set, which may turn
    /// out to be below `__schema`, and in what is below it already.
    lists: usize,
    introspection_lists: usize,
    selections: usize,
    aliases: usize,
    directives: usize,
    /// Fields of the topmost level.
    root_fields: usize,
    rows: usize,
    /// Whether the topmost level has the items of a connection.
    has_items: bool,
    /// Fields of the topmost level that are named in [`Limits::once`].
    once: usize,
}

impl Counts {
    /// Of two neighbours in one selection set.
    pub(crate) fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            height: self.height.max(other.height),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            lists: self.lists.max(other.lists),
            introspection_lists: self.introspection_lists.max(other.introspection_lists),
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            root_fields: self.root_fields.saturating_add(other.root_fields),
            rows: self.rows.saturating_add(other.rows),
            has_items: self.has_items || other.has_items,
            once: self.once.saturating_add(other.once),
        }
    }

    /// Of the selection set that holds these selections.
    pub(crate) fn inside_set(self) -> Self {
        Self { height: self.height + 1, ..self }
    }

    /// Of the field that opens this selection set, which is empty for a leaf.
    pub(crate) fn inside_field<'a>(
        self,
        field: &Field<'a, &'a str>,
        page: &dyn Fn(&str) -> Option<usize>,
        limits: &Limits,
    ) -> Self {
        let counts = Self {
            depth: self.depth + 1,
            lists: self.lists + usize::from(is_introspection_list(field.name)),
            selections: self.selections.saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(field.alias.is_some())),
            root_fields: 1,
            rows: page::size(field, self.has_items, page)
                .map_or(self.rows, |page| page.saturating_mul(self.rows.saturating_add(1))),
            has_items: page::is_items(field),
            once: usize::from(limits.once.iter().any(|once| once == field.name)),
            ..self
        };
        if matches!(field.name, "__schema" | "__type") { counts.enter_introspection() } else { counts }
    }

    fn enter_introspection(self) -> Self {
        Self {
            depth: 1,
            introspection_depth: self.introspection_depth.max(self.depth - 1),
            lists: 0,
            introspection_lists: self.introspection_lists.max(self.lists),
            ..self
        }
    }

    /// Of the inline fragment or the spread that brings this selection set in.
    pub(crate) fn inside_fragment(self) -> Self {
        Self { selections: self.selections.saturating_add(1), ..self }
    }

    pub(crate) fn with_directives(self, directives: usize) -> Self {
        Self { directives: self.directives.saturating_add(directives), ..self }
    }

    /// Holds one operation to the limits.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), LimitError> {
        let bounds = [
            (self.depth, limits.depth, LimitError::Depth as fn(usize) -> LimitError),
            (self.introspection_depth, limits.introspection_depth, LimitError::IntrospectionDepth),
            (self.introspection_lists, limits.introspection_lists, LimitError::IntrospectionLists),
            (self.aliases, limits.aliases, LimitError::Aliases),
            (self.rows, limits.rows, LimitError::Rows),
            (self.directives, limits.directives, LimitError::Directives),
        ];
        match bounds.into_iter().find(|(count, limit, _)| count > limit) {
            Some((_, limit, error)) => Err(error(limit)),
            None => Ok(()),
        }
    }

    /// What only the root of an operation is held to.
    pub(crate) fn check_root(&self, mutation: bool, limits: &Limits) -> Result<(), LimitError> {
        if self.root_fields > limits.root_fields {
            return Err(LimitError::RootFields(limits.root_fields));
        }
        if mutation && self.once > 1 {
            return Err(LimitError::Once(limits.once.join(", ")));
        }
        Ok(())
    }

    /// A fragment by itself has no depth: whether it is in data or in introspection depends on who spreads it.
    pub(crate) fn stats_of_fragment(&self) -> Stats {
        Stats { selections: self.selections, ..Stats::default() }
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            tokens: 0,
            depth: self.depth,
            height: self.height,
            introspection_depth: self.introspection_depth,
            selections: self.selections,
            aliases: self.aliases,
            directives: self.directives,
            root_fields: self.root_fields,
            rows: self.rows,
        }
    }
}

/// The lists through which an introspection query comes back to where it was, as graphql-js has them in
/// `MaxIntrospectionDepthRule`.
fn is_introspection_list(name: &str) -> bool {
    matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields")
}
