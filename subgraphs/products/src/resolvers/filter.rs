//! The arguments of lists, as clients write them and as the domain reads them.

use async_graphql::{Enum, InputObject};
use subgraph::{Error, Identity, Money, MoneyInput, Result, Scope, text, text::TextError};

use crate::{
    domain::listing::{Filter, Sort},
    entities::search,
};

const MAX_TEXT: usize = 100;
/// Each word is one more pass over the text of every product.
const MAX_WORDS: usize = 8;

/// Which products to list. Conditions add up.
#[derive(InputObject, Debug, Default)]
pub(crate) struct ProductFilter {
    /// Words, each to be found in the name, the SKU or the description. Cases and accents do not matter.
    text: Option<String>,
    price: Option<PriceRange>,
    /// The archived products instead of those on sale. Needs the scope `catalog:write`.
    archived: Option<bool>,
}

/// Prices from `min` to `max`, both included, of one currency. Either may be absent.
#[derive(InputObject, Debug)]
#[graphql(name = "PriceRangeInput")]
pub(crate) struct PriceRange {
    min: Option<MoneyInput>,
    max: Option<MoneyInput>,
}

/// The order of a list. Ties are broken by age, so every order is total.
#[derive(Enum, Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProductSort {
    /// By name; cases and accents do not matter.
    #[default]
    NameAsc,
    NameDesc,
    /// By currency, then by price.
    PriceAsc,
    /// By currency, then by price, both from the end.
    PriceDesc,
    Newest,
}

impl ProductSort {
    /// The list's name in its cursors, so that a cursor of one order is refused in another.
    pub(crate) fn list(self) -> String {
        format!("products:{self:?}")
    }
}

impl From<ProductSort> for Sort {
    fn from(sort: ProductSort) -> Self {
        match sort {
            ProductSort::NameAsc => Self::NameAsc,
            ProductSort::NameDesc => Self::NameDesc,
            ProductSort::PriceAsc => Self::PriceAsc,
            ProductSort::PriceDesc => Self::PriceDesc,
            ProductSort::Newest => Self::Newest,
        }
    }
}

impl ProductFilter {
    /// The filter that the domain reads, once it is known that `identity` may ask for it.
    pub(crate) fn for_caller(self, identity: &Identity) -> Result<Filter> {
        let archived = self.archived.unwrap_or_default();
        if archived && !identity.caller()?.has(Scope::CatalogWrite) {
            return Err(Error::Forbidden);
        }
        let (at_least, at_most) = self.price.map_or(Ok((None, None)), PriceRange::bounds)?;
        Ok(Filter { words: self.text.as_deref().map_or(Ok(Vec::new()), words)?, at_least, at_most, archived })
    }
}

impl PriceRange {
    fn bounds(self) -> Result<(Option<Money>, Option<Money>)> {
        let (min, max) = (bound("min", self.min)?, bound("max", self.max)?);
        if let (Some(min), Some(max)) = (min, max)
            && min.currency != max.currency
        {
            return Err(Error::bad_input("`filter.price` must be in one currency."));
        }
        Ok((min, max))
    }
}

fn bound(name: &str, money: Option<MoneyInput>) -> Result<Option<Money>> {
    money
        .map(|money| money.non_negative([name]))
        .transpose()
        .map_err(|error| Error::bad_input(format!("`filter.price.{name}`: {}", error.message)))
}

/// Nothing is looked for in an empty text, as in an empty search box.
fn words(text: &str) -> Result<Vec<String>> {
    let text = match text::line(text, MAX_TEXT) {
        Err(TextError::Empty) => return Ok(Vec::new()),
        text => text.map_err(|error| Error::bad_input(format!("`filter.text`: {error}")))?,
    };
    let words = search::words(&text);
    if words.len() > MAX_WORDS {
        return Err(Error::bad_input(format!("`filter.text` has at most {MAX_WORDS} words.")));
    }
    Ok(words)
}
