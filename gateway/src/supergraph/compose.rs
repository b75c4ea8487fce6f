use federation_composition::{CompositionResult, ServiceDefinition, compose_services, graphql_core};

use super::{SubgraphSource, SupergraphError};

pub(super) fn compose(subgraphs: &[SubgraphSource]) -> Result<String, SupergraphError> {
    let services = subgraphs.iter().map(service).collect::<Result<Vec<_>, _>>()?;
    let result = compose_services(&services).map_err(|error| SupergraphError::Composition(vec![error.to_string()]))?;
    match result {
        CompositionResult::Success(success) => Ok(success.supergraph_sdl().to_owned()),
        CompositionResult::Failure(failure) => {
            Err(SupergraphError::Composition(failure.errors().iter().map(describe).collect()))
        }
    }
}

fn service(subgraph: &SubgraphSource) -> Result<ServiceDefinition, SupergraphError> {
    let document = graphql_core::parse(&subgraph.sdl).map_err(|error| SupergraphError::UnreadableSubgraph {
        subgraph: subgraph.name.clone(),
        message: error.message,
    })?;
    Ok(ServiceDefinition::new(&subgraph.name, document).with_url(&subgraph.url))
}

fn describe(error: &federation_composition::GraphQLError) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    }
}
