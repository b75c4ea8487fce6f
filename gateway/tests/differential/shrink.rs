//! Makes a document smaller for as long as it goes on to show a difference.

use crate::document::{Document, Fragment, Selection};

/// Documents tried; each of them is a request.
const TRIALS: usize = 600;

/// Gives smaller documents one after the other, and goes on from those that still show the difference.
pub(crate) struct Shrinking {
    pub(crate) smallest: Document,
    position: usize,
    trials: usize,
    /// In this round through all edits.
    has_shrunk: bool,
}

impl Shrinking {
    pub(crate) fn new(document: Document) -> Self {
        Self { smallest: document, position: 0, trials: 0, has_shrunk: false }
    }

    pub(crate) fn next(&mut self) -> Option<Document> {
        self.trials += 1;
        if self.trials > TRIALS {
            return None;
        }
        if let Some(document) = edited(&self.smallest, self.position) {
            self.position += 1;
            return Some(document);
        }
        if !std::mem::take(&mut self.has_shrunk) {
            return None;
        }
        self.position = 1;
        edited(&self.smallest, 0)
    }

    /// Takes the document that was given last. The edits before it have been tried.
    pub(crate) fn take(&mut self, document: Document) {
        self.smallest = document;
        self.position -= 1;
        self.has_shrunk = true;
    }
}

/// The document after one of all possible edits; `None` after the last.
fn edited(document: &Document, position: usize) -> Option<Document> {
    let mut document = document.clone();
    let mut editor = Editor { before: position, fragments: document.fragments.clone() };
    if document.operations.len() > 1 && editor.is_next() {
        document.operations.truncate(1);
        return Some(document);
    }
    let of_operations = document.operations.iter_mut().map(|operation| &mut operation.set);
    let of_fragments = document.fragments.iter_mut().map(|fragment| &mut fragment.set);
    if of_operations.chain(of_fragments).any(|set| editor.edit_set(set)) {
        return Some(document);
    }
    for variable in &mut document.variables {
        if variable.default.is_some() && editor.is_next() {
            variable.default = None;
            return Some(document);
        }
    }
    None
}

struct Editor {
    /// Edits to pass by.
    before: usize,
    fragments: Vec<Fragment>,
}

impl Editor {
    fn is_next(&mut self) -> bool {
        let is_next = self.before == 0;
        self.before = self.before.saturating_sub(1);
        is_next
    }

    /// Says whether the edit was made.
    fn edit_set(&mut self, set: &mut Vec<Selection>) -> bool {
        for index in 0..set.len() {
            if self.is_next() {
                set.remove(index);
                return true;
            }
            if let Some(content) = self.content(&set[index])
                && self.is_next()
            {
                set.splice(index..=index, content);
                return true;
            }
            if self.edit(&mut set[index]) {
                return true;
            }
        }
        false
    }

    /// What can stand in place of a fragment.
    fn content(&self, selection: &Selection) -> Option<Vec<Selection>> {
        match selection {
            Selection::Field(_) => None,
            Selection::Inline { set, .. } => Some(set.clone()),
            Selection::Spread { name, directives } => {
                let fragment = self.fragments.iter().find(|fragment| fragment.name == *name)?;
                let (on, set) = (Some(fragment.on.clone()), fragment.set.clone());
                Some(vec![Selection::Inline { on, directives: directives.clone(), set }])
            }
        }
    }

    fn edit(&mut self, selection: &mut Selection) -> bool {
        let (directives, set) = match selection {
            Selection::Field(field) => {
                if field.alias.is_some() && self.is_next() {
                    field.alias = None;
                    return true;
                }
                for index in 0..field.arguments.len() {
                    if self.is_next() {
                        field.arguments.remove(index);
                        return true;
                    }
                }
                (&mut field.directives, Some(&mut field.set))
            }
            Selection::Inline { directives, set, .. } => (directives, Some(set)),
            Selection::Spread { directives, .. } => (directives, None),
        };
        for index in 0..directives.len() {
            if self.is_next() {
                directives.remove(index);
                return true;
            }
        }
        set.is_some_and(|set| self.edit_set(set))
    }
}
