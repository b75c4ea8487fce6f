//! A plan as people read it.

use std::fmt;

use super::draft::{Draft, DraftPath, DraftStep, Required};

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            writeln!(f, "{}. {step}", position + 1)?;
        }
        Ok(())
    }
}

impl fmt::Display for DraftStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.service)?;
        for (index, step) in self.path.iter().enumerate() {
            write!(f, "{}{step}", if index == 0 { " at " } else { "." })?;
        }
        for (index, dependency) in self.depends_on.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { ", after " } else { " and " }, dependency + 1)?;
        }
        if let Some(requires) = &self.requires {
            write!(f, "\n   by{}", Requirements(requires))?;
        }
        write!(f, "\n   {}", self.query.trim_end())
    }
}

impl fmt::Display for DraftPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Items => f.write_str("@"),
            Self::Types(types) => {
                let types: Vec<_> = types.iter().map(String::as_str).collect();
                write!(f, "[{}]", types.join("|"))
            }
        }
    }
}

struct Requirements<'a>(&'a [Required]);

impl fmt::Display for Requirements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(" {")?;
        for required in self.0 {
            match required {
                Required::Fragment { condition, set } => {
                    write!(f, " ... on {condition}{}", Requirements(set))?;
                }
                Required::Field { from, key, set } => {
                    write!(f, " {key}")?;
                    if from != key {
                        write!(f, ": {from}")?;
                    }
                    if !set.is_empty() {
                        write!(f, "{}", Requirements(set))?;
                    }
                }
            }
        }
        f.write_str(" }")
    }
}
