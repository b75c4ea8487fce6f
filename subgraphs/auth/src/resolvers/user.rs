use async_graphql::{Context, Enum, ID, Object};
use subgraph::{DataLoader, Id, Identity, Result, Scope};
use uuid::Uuid;

use crate::{
    entities::user::{self, Profile},
    loaders::UserLoader,
};

/// What a person may do in the market.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
#[graphql(remote = "user::Role")]
pub(crate) enum Role {
    /// Buys, and sees what is theirs.
    Customer,
    /// Runs the catalogue and the stock, and sees orders.
    Staff,
    /// Staff who also look after users.
    Admin,
}

pub(crate) struct User {
    profile: Profile,
    sight: Sight,
}

/// How much of a user the caller sees.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Sight {
    Whole,
    Name,
}

impl User {
    /// A user shown to itself.
    pub(crate) fn own(profile: Profile) -> Self {
        Self { profile, sight: Sight::Whole }
    }
}

/// What this caller sees of the user with this id, before anything is looked up.
fn sight(identity: &Identity, id: Uuid) -> Option<Sight> {
    let own = identity.caller().is_ok_and(|caller| caller.user_id() == Some(id));
    if own || identity.has(Scope::UsersRead) {
        Some(Sight::Whole)
    } else {
        identity.has(Scope::OrdersRead).then_some(Sight::Name)
    }
}

/// Somebody with an account.
///
/// A user is visible to itself, to those who look after users, and by name to those who handle orders.
/// To everybody else it is as if there were none.
#[Object]
impl User {
    async fn id(&self) -> Id {
        self.profile.id.into()
    }

    /// Null for who may know the name only.
    async fn email(&self) -> Option<&str> {
        (self.sight == Sight::Whole).then_some(&self.profile.email)
    }

    async fn name(&self) -> &str {
        &self.profile.name
    }

    /// Null for who may know the name only.
    async fn roles(&self) -> Option<Vec<Role>> {
        (self.sight == Sight::Whole).then(|| vec![self.profile.role.into()])
    }
}

#[derive(Default)]
pub(crate) struct UserQuery;

#[Object]
impl UserQuery {
    /// The signed-in person, or null when nobody is signed in or the account is disabled.
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let identity = Identity::of(ctx);
        let Some(id) = identity.caller().ok().and_then(|caller| caller.user_id()) else {
            return Ok(None);
        };
        let profile = load(ctx, id).await?;
        Ok(profile.filter(|profile| profile.disabled_at.is_none()).map(User::own))
    }

    #[graphql(entity)]
    async fn user_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        let Some(Id(id)) = Id::known(&id) else { return Ok(None) };
        let Some(sight) = sight(Identity::of(ctx), id) else { return Ok(None) };
        Ok(load(ctx, id).await?.map(|profile| User { profile, sight }))
    }
}

async fn load(ctx: &Context<'_>, id: Uuid) -> Result<Option<Profile>> {
    match ctx.data_opt::<DataLoader<UserLoader>>() {
        Some(users) => users.load_one(id).await,
        None => Err(subgraph::Error::Unavailable),
    }
}
