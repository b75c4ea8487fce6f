use async_graphql::{Context, ID, Object, Result, connection::Connection};
use subgraph::{Database, Error, Id, Identity, Requires, Scope, paging::Page};

use super::{
    filter::{ProductFilter, ProductSort},
    product::Product,
};
use crate::{
    domain::listing::{self, Filter, Sort},
    loaders::{Products, Sku, Slug},
};

/// What one call of `productsByIds` may ask for.
const MAX_IDS: usize = 200;

pub(crate) struct Query;

#[Object]
impl Query {
    /// One product, by exactly one of its keys; archived ones too. Null when no product has the key.
    async fn product(
        &self,
        ctx: &Context<'_>,
        id: Option<Id>,
        slug: Option<String>,
        sku: Option<String>,
    ) -> Result<Option<Product>> {
        let products = ctx.data::<Products>()?;
        let row = match (id, slug, sku) {
            (Some(id), None, None) => products.load_one(id.0).await?,
            (None, Some(slug), None) => products.load_one(Slug(key("slug", slug)?)).await?,
            (None, None, Some(sku)) => products.load_one(Sku(key("sku", sku)?)).await?,
            _ => return Err(Error::bad_input("Give exactly one of `id`, `slug` and `sku`.").into()),
        };
        Ok(row.map(Product))
    }

    /// The products on sale, page by page: by name, and the first 20, unless the arguments say otherwise.
    /// `first` is from 1 to 100.
    async fn products(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        filter: Option<ProductFilter>,
        sort: Option<ProductSort>,
    ) -> Result<Connection<String, Product, ProductTotal>> {
        let list = sort.unwrap_or_default();
        let page = Page::new(list.list(), first, after)?;
        let filter = filter.unwrap_or_default().for_caller(Identity::of(ctx))?;
        let sort = Sort::from(list);
        let rows = listing::page(ctx.data()?, &filter, sort, &page).await.map_err(Error::from)?;
        let rows = rows.into_iter().map(Product).collect();
        Ok(page.connection(rows, |product: &Product| sort.position(&product.0), ProductTotal(filter))?)
    }

    /// For other services: the products with these ids, in the order of the ids, null where there is none.
    /// At most 200 ids; archived products too.
    #[graphql(inaccessible, guard = "Requires(Scope::Service)", requires_scopes = "service")]
    async fn products_by_ids(&self, ctx: &Context<'_>, ids: Vec<ID>) -> Result<Vec<Option<Product>>> {
        if ids.len() > MAX_IDS {
            return Err(Error::bad_input(format!("`ids` has at most {MAX_IDS} entries.")).into());
        }
        let ids: Vec<_> = ids.iter().map(Id::known).collect();
        let known = ids.iter().flatten().map(|id| id.0);
        let rows = ctx.data::<Products>()?.load_many(known).await?;
        let row = |id: Id| rows.get(&id.0).cloned().map(Product);
        Ok(ids.into_iter().map(|id| id.and_then(row)).collect())
    }

    #[graphql(entity)]
    async fn product_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Product>> {
        let Some(id) = Id::known(&id) else {
            return Ok(None);
        };
        Ok(ctx.data::<Products>()?.load_one(id.0).await?.map(Product))
    }

    #[graphql(entity)]
    async fn product_by_sku(&self, ctx: &Context<'_>, sku: String) -> Result<Option<Product>> {
        let Ok(sku) = key("sku", sku) else {
            return Ok(None);
        };
        Ok(ctx.data::<Products>()?.load_one(Sku(sku)).await?.map(Product))
    }
}

/// No key has a control character, and PostgreSQL would refuse to compare with NUL.
fn key(name: &str, text: String) -> Result<String, Error> {
    if text.chars().any(char::is_control) {
        return Err(Error::bad_input(format!("`{name}` has a control character.")));
    }
    Ok(text)
}

/// What the connection of products has beside its page.
struct ProductTotal(Filter);

#[Object]
impl ProductTotal {
    /// How many products the whole list has. Counted only when it is selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>> {
        let count = listing::count(ctx.data::<Database>()?, &self.0).await.map_err(Error::from)?;
        Ok(i32::try_from(count).ok())
    }
}
