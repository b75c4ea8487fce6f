//! The schema as a Federation 2 document, for `schema/`, for composition, and for `_service`.

use async_graphql::{ObjectType, SDLExportOptions, Schema, SubscriptionType};

/// The subgraph's SDL. Fields keep the order in which the source declares them.
pub fn export<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().federation().compose_directive().include_specified_by().use_space_ident();
    let mut sdl = schema.sdl_with_options(options).trim().to_owned();
    sdl.push('\n');
    sdl
}
