//! Composition: by the library, whose supergraphs lack some of what the subgraphs declare.

mod dialect;
mod declared;
mod reentry;
mod field_sets;
mod nullability;
mod joins;
mod interface_keys;
mod output_type;

use federation_composition::{
    CompositionResult, GraphQLError, ServiceDefinition, compose_services,
    create_composition_success_read_cache_container as printed, graphql_core,
};
use graphql_tools::parser::parse_schema;

use super::{SubgraphSource, SupergraphError};
use declared::Declared;

pub(super) fn compose(subgraphs: &[SubgraphSource]) -> Result<String, SupergraphError> {
    let mut services = subgraphs.iter().map(service).collect::<Result<Vec<_>, _>>()?;
    let declared: Vec<Declared> = services.iter().map(Declared::new).collect();
    nullability::merge(&mut services);
    for (service, declared) in services.iter_mut().zip(&declared) {
        reentry::hide(&mut service.type_defs);
        field_sets::spell_out(&mut service.type_defs, declared);
    }
    let result = compose_services(&services).map_err(|error| SupergraphError::Composition(vec![error.to_string()]))?;
    match result {
        CompositionResult::Success(success) => {
            let mut supergraph = success.into_supergraph_document_node();
            reentry::restore(&mut supergraph);
            joins::complete(&mut supergraph, &declared);
            let faults = interface_keys::faults(&supergraph, &declared);
            if faults.is_empty() {
                Ok(printed(supergraph).supergraph_sdl().to_owned())
            } else {
                Err(SupergraphError::Composition(faults))
            }
        }
        CompositionResult::Failure(failure) => {
            Err(SupergraphError::Composition(failure.errors().iter().map(describe).collect()))
        }
    }
}

fn service(subgraph: &SubgraphSource) -> Result<ServiceDefinition, SupergraphError> {
    let mut document = graphql_core::parse(&subgraph.sdl).map_err(|error| SupergraphError::UnreadableSubgraph {
        subgraph: subgraph.name.clone(),
        // The library's parser does not say where.
        message: parse_schema::<String>(&subgraph.sdl).map_or_else(|error| error.to_string(), |_| error.message),
    })?;
    dialect::translate(&mut document);
    Ok(ServiceDefinition::new(&subgraph.name, document).with_url(&subgraph.url))
}

fn describe(error: &GraphQLError) -> String {
    let message = reentry::named_as_declared(&error.message);
    match error.code() {
        Some(code) => format!("{code}: {message}"),
        None => message,
    }
}
