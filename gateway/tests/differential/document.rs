//! Documents as they are generated and shrunk.

use std::{
    collections::BTreeSet,
    fmt::{self, Display, Formatter},
};

use serde_json::{Map, Value};

/// What is not reachable from an operation is not printed: fragments, variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    /// The first one is asked for.
    pub(crate) operations: Vec<Operation>,
    pub(crate) fragments: Vec<Fragment>,
    pub(crate) variables: Vec<Variable>,
}

#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) set: Vec<Selection>,
}

#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    pub(crate) name: String,
    pub(crate) on: String,
    pub(crate) set: Vec<Selection>,
}

#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) of: String,
    /// GraphQL text.
    pub(crate) default: Option<String>,
    /// `None` where the request does not have it.
    pub(crate) value: Option<Value>,
}

#[derive(Debug, Clone)]
pub(crate) enum Selection {
    Field(Field),
    Inline { on: Option<String>, directives: Vec<Directive>, set: Vec<Selection> },
    Spread { name: String, directives: Vec<Directive> },
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) alias: Option<String>,
    pub(crate) name: String,
    /// Values are GraphQL text.
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) set: Vec<Selection>,
}

#[derive(Debug, Clone)]
pub(crate) struct Directive {
    pub(crate) name: &'static str,
    /// GraphQL text: a literal or a variable.
    pub(crate) condition: String,
}

impl Document {
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut fragments = BTreeSet::new();
        for operation in &self.operations {
            let reached = self.reached(&operation.set);
            text.push_str(&format!("{} {}", operation.kind, operation.name));
            let definitions: Vec<_> = self.used(&operation.set, &reached).map(ToString::to_string).collect();
            if !definitions.is_empty() {
                text.push_str(&format!("({})", definitions.join(", ")));
            }
            text.push_str(&format!(" {}\n", set(&operation.set)));
            fragments.extend(reached);
        }
        for fragment in self.fragments.iter().filter(|fragment| fragments.contains(&fragment.name)) {
            text.push_str(&format!("fragment {} on {} {}\n", fragment.name, fragment.on, set(&fragment.set)));
        }
        text
    }

    pub(crate) fn is_query(&self) -> bool {
        self.operations[0].kind == "query"
    }

    pub(crate) fn values(&self) -> Map<String, Value> {
        let Some(operation) = self.operations.first() else { return Map::new() };
        let reached = self.reached(&operation.set);
        let given = self.used(&operation.set, &reached).filter_map(|it| Some((it.name.clone(), it.value.clone()?)));
        given.collect()
    }

    /// Names of the fragments that a selection set spreads, directly or not.
    fn reached(&self, set: &[Selection]) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut waiting = spreads(set);
        while let Some(name) = waiting.pop() {
            if let Some(fragment) = self.fragments.iter().find(|fragment| fragment.name == name)
                && reached.insert(name)
            {
                waiting.extend(spreads(&fragment.set));
            }
        }
        reached
    }

    fn used(&self, operation: &[Selection], reached: &BTreeSet<String>) -> impl Iterator<Item = &Variable> {
        let fragments = self.fragments.iter().filter(|fragment| reached.contains(&fragment.name));
        let text: String = fragments.map(|fragment| set(&fragment.set)).chain([set(operation)]).collect();
        self.variables.iter().filter(move |variable| mentions(&text, &variable.name))
    }
}

/// Generated strings have no `$`.
fn mentions(text: &str, variable: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        rest.strip_prefix(variable).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    })
}

fn spreads(set: &[Selection]) -> Vec<String> {
    let mut names = Vec::new();
    for selection in set {
        match selection {
            Selection::Field(field) => names.extend(spreads(&field.set)),
            Selection::Inline { set, .. } => names.extend(spreads(set)),
            Selection::Spread { name, .. } => names.push(name.clone()),
        }
    }
    names
}

fn set(selections: &[Selection]) -> String {
    let selections: Vec<_> = selections.iter().map(ToString::to_string).collect();
    format!("{{ {} }}", selections.join(" "))
}

impl Display for Selection {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(field) => write!(out, "{field}"),
            Self::Inline { on, directives, set: selections } => {
                let on = on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
                write!(out, "...{on}{} {}", join(directives), set(selections))
            }
            Self::Spread { name, directives } => write!(out, "...{name}{}", join(directives)),
        }
    }
}

impl Display for Field {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(alias) = &self.alias {
            write!(out, "{alias}: ")?;
        }
        out.write_str(&self.name)?;
        if !self.arguments.is_empty() {
            let arguments: Vec<_> = self.arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            write!(out, "({})", arguments.join(", "))?;
        }
        out.write_str(&join(&self.directives))?;
        if self.set.is_empty() { Ok(()) } else { write!(out, " {}", set(&self.set)) }
    }
}

impl Display for Variable {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "${}: {}", self.name, self.of)?;
        match &self.default {
            Some(default) => write!(out, " = {default}"),
            None => Ok(()),
        }
    }
}

fn join(directives: &[Directive]) -> String {
    directives.iter().map(|it| format!(" @{}(if: {})", it.name, it.condition)).collect()
}
