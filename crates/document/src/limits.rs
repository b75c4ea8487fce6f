use serde::{Deserialize, Serialize};

/// Upper bounds, each inclusive: a document that reaches one passes, a document that crosses it is refused.
///
/// What spreads a fragment pays for the fragment's content, every time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of UTF-8.
    pub bytes: usize,
    /// Lexical tokens, where a string is one token and white space, commas and comments are none.
    pub tokens: usize,
    /// Fields inside fields. What is below `__schema` and `__type` counts for `introspection_depth` instead.
    pub depth: usize,
    /// Selection sets inside selection sets, whatever opens them: fields, inline fragments or spreads.
    /// It bounds the recursion of everything that walks the document later.
    pub height: usize,
    /// Fields and fragments, over all operations and fragments of the document.
    pub selections: usize,
    pub aliases: usize,
    pub directives: usize,
    pub root_fields: usize,
    /// What pages inside pages may come to, each item of each of them counted.
    ///
    /// A page is a field with an argument `first` or `last`, or one that selects `nodes` or `edges`: a connection. It
    /// counts with the number that stands there; with [`Limits::WHOLE_PAGE`] where a variable stands whose value is
    /// not known; and with [`Limits::DEFAULT_PAGE`] where neither argument is given.
    pub rows: usize,
    /// Fields below `__schema` or `__type`. The query of graphql-js needs 14.
    pub introspection_depth: usize,
    /// Lists of the introspection schema inside each other (`fields`, `interfaces`, `possibleTypes`, `inputFields`):
    /// the answer grows by the size of the schema with each. graphql-js needs 1, and allows 2.
    pub introspection_lists: usize,
    /// Root mutation fields of which one operation may select one, one time, under any alias. For whatever checks a
    /// credential: otherwise one request is a hundred guesses.
    pub once: Vec<String>,
}

impl Limits {
    /// What a page has at most, where its size cannot be read.
    pub const WHOLE_PAGE: usize = 100;
    /// What a page has where the client does not say.
    pub const DEFAULT_PAGE: usize = 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024,
            tokens: 2_000,
            depth: 10,
            height: 50,
            selections: 10_000,
            aliases: 15,
            directives: 50,
            root_fields: 20,
            rows: 1_200,
            introspection_depth: 20,
            introspection_lists: 2,
            once: Vec::new(),
        }
    }
}
