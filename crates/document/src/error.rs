use thiserror::Error;

/// Why a document is refused. The message tells a client the limit and nothing about the schema.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    #[error("The document is larger than {0} bytes.")]
    DocumentTooLarge(usize),
    #[error("The document has more than {0} tokens.")]
    Tokens(usize),
    #[error("Syntax error: {message}")]
    Syntax {
        message: String,
        /// Both count from 1.
        line: usize,
        column: usize,
    },
    #[error("Fields are nested more than {0} deep.")]
    Depth(usize),
    #[error("Selection sets and fragments are nested more than {0} deep.")]
    Height(usize),
    #[error("Introspection is nested more than {0} deep.")]
    IntrospectionDepth(usize),
    #[error("Introspection nests more than {0} lists.")]
    IntrospectionLists(usize),
    #[error("The document selects more than {0} fields and fragments, fragments expanded.")]
    Selections(usize),
    #[error("The operation has more than {0} aliases.")]
    Aliases(usize),
    #[error("The operation has more than {0} directives.")]
    Directives(usize),
    #[error("The operation selects more than {0} root fields.")]
    RootFields(usize),
    #[error("The pages of the operation come to more than {0} items, pages inside pages multiplied.")]
    Rows(usize),
    #[error("The operation selects more than one of the fields that a request may select once: {0}.")]
    Once(String),
    #[error("The fragment \"{0}\" spreads itself, directly or through others.")]
    FragmentCycle(String),
    #[error("There can be only one fragment named \"{0}\".")]
    DuplicateFragment(String),
}

impl LimitError {
    /// The stable `extensions.code` of the GraphQL error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DocumentTooLarge(_) => "DOCUMENT_TOO_LARGE",
            Self::Tokens(_) => "MAX_TOKENS",
            Self::Syntax { .. } => "GRAPHQL_PARSE_FAILED",
            Self::Depth(_) => "MAX_DEPTH",
            Self::Height(_) => "MAX_HEIGHT",
            Self::IntrospectionDepth(_) | Self::IntrospectionLists(_) => "MAX_INTROSPECTION_DEPTH",
            Self::Selections(_) => "MAX_SELECTIONS",
            Self::Aliases(_) => "MAX_ALIASES",
            Self::Directives(_) => "MAX_DIRECTIVES",
            Self::RootFields(_) => "MAX_ROOT_FIELDS",
            Self::Rows(_) => "MAX_ROWS",
            Self::Once(_) => "ONCE_PER_REQUEST",
            Self::FragmentCycle(_) => "FRAGMENT_CYCLE",
            // A second definition would hide the first from the counts, so it is refused before validation would.
            Self::DuplicateFragment(_) => "GRAPHQL_VALIDATION_FAILED",
        }
    }
}
