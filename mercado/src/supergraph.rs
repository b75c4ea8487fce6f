use gateway::supergraph::{SubgraphSource, Supergraph, SupergraphError};
use subgraph::Subgraph;

use crate::Ports;

/// Composes the market's four schemas, as the services of this build have them.
pub fn compose(ports: &Ports) -> Result<Supergraph, SupergraphError> {
    Supergraph::compose(&[
        source::<auth::Auth>(ports, ports.auth),
        source::<products::Products>(ports, ports.products),
        source::<inventory::Inventory>(ports, ports.inventory),
        source::<orders::Orders>(ports, ports.orders),
    ])
}

fn source<S: Subgraph>(ports: &Ports, port: u16) -> SubgraphSource {
    SubgraphSource { name: S::NAME.to_owned(), url: ports.graphql(port), sdl: S::sdl() }
}
