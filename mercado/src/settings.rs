use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use gateway::{
    http::{EdgeSettings, PlaygroundTab},
    pipeline::{GatewaySettings, HidesCallers},
};
use secrecy::SecretString;
use service::{
    serve::ServeSettings,
    token::{ClientCredentialsSettings, VerifierSettings},
};
use subgraph::{DatabaseSettings, Subgraph, SubgraphSettings, boot::Size};

use crate::{Ports, credentials::Credentials};

/// What a market can be told.
#[derive(Clone, Debug)]
pub struct MarketSettings {
    pub ports: Ports,
    pub databases: Databases,
    /// The demo data for empty databases; `None` leaves them empty.
    pub seed: Option<Size>,
    /// What the demo accounts sign in with; `None` leaves them closed.
    pub demo_password: Option<SecretString>,
    pub serve: ServeSettings,
    pub engine: GatewaySettings,
}

/// Where the services' databases are.
#[derive(Clone, Debug)]
pub enum Databases {
    /// An SQLite file each, in this folder.
    Embedded(PathBuf),
    /// A URL each.
    Urls { auth: String, products: String, inventory: String, orders: String },
}

impl Databases {
    /// Where the database of a service is.
    pub fn url<S: Subgraph>(&self) -> String {
        match self {
            Self::Embedded(folder) => format!("sqlite://{}", folder.join(S::NAME).with_extension("db").display()),
            Self::Urls { auth, products, inventory, orders } => match S::NAME {
                "auth" => auth.clone(),
                "products" => products.clone(),
                "inventory" => inventory.clone(),
                _ => orders.clone(),
            },
        }
    }
}

/// What GraphiQL opens with: something that works at once, and how to sign in.
const BROWSE: &str = "# Ctrl-Enter runs it. The second tab signs you in.
query Browse {
  products(first: 5) {
    nodes {
      name
      price { amount currencyCode }
      stock { available inStock }
    }
  }
}
";

const SIGN_IN: &str = "# Put the accessToken into the headers below, as {\"Authorization\": \"Bearer …\"}, in any tab.
mutation SignIn {
  login(input: { email: \"shopper@mercado.test\", password: \"mercado-demo-2026\" }) {
    accessToken
    user { name }
    errors { ... on UserError { code message } }
  }
}
";

impl MarketSettings {
    /// On SQLite files in `folder`, on the usual ports, empty.
    pub fn embedded(folder: &Path) -> Self {
        Self {
            ports: Ports::default(),
            databases: Databases::Embedded(folder.to_owned()),
            seed: None,
            demo_password: None,
            serve: ServeSettings::default(),
            engine: GatewaySettings::default(),
        }
    }

    /// What `auth` is started with.
    pub fn auth(&self, ports: &Ports, credentials: &Credentials) -> SubgraphSettings<auth::Auth> {
        let mut settings = self.subgraph::<auth::Auth>(ports, ports.auth);
        settings.service.principals = credentials.principals();
        settings
    }

    /// What `products` is started with.
    pub fn products(&self, ports: &Ports) -> SubgraphSettings<products::Products> {
        self.subgraph(ports, ports.products)
    }

    /// What `inventory` is started with.
    pub fn inventory(&self, ports: &Ports, credentials: &Credentials) -> SubgraphSettings<inventory::Inventory> {
        let mut settings = self.subgraph::<inventory::Inventory>(ports, ports.inventory);
        settings.service.products_url = ports.graphql(ports.products);
        settings.service.principal = principal(ports, "inventory", &credentials.inventory);
        settings
    }

    /// What `orders` is started with.
    pub fn orders(&self, ports: &Ports, credentials: &Credentials) -> SubgraphSettings<orders::Orders> {
        let mut settings = self.subgraph::<orders::Orders>(ports, ports.orders);
        settings.service.products_url = ports.graphql(ports.products);
        settings.service.inventory_url = ports.graphql(ports.inventory);
        settings.service.principal = principal(ports, "orders", &credentials.orders);
        settings
    }

    fn subgraph<S: Subgraph>(&self, ports: &Ports, port: u16) -> SubgraphSettings<S> {
        SubgraphSettings {
            listen: ports.address(port),
            database: DatabaseSettings { url: self.databases.url::<S>(), ..DatabaseSettings::default() },
            identity: self.identity(ports),
            serve: self.serve.clone(),
            ..SubgraphSettings::default()
        }
    }

    pub(crate) fn identity(&self, ports: &Ports) -> VerifierSettings {
        let jwks_url = format!("http://{}/.well-known/jwks.json", ports.address(ports.auth));
        VerifierSettings { jwks_url, ..VerifierSettings::default() }
    }

    /// Whatever the caller chose, and one credential check a request: a hundred aliases are not a hundred guesses.
    pub(crate) fn engine(&self) -> GatewaySettings {
        let mut engine = self.engine.clone();
        engine.limits.once = ["login", "register", "refreshSession"].map(String::from).to_vec();
        for of_everybody in ["products", "inventory"] {
            engine.subgraphs.entry(of_everybody.to_owned()).or_default().hides_callers = HidesCallers::References;
        }
        // `placeOrder` waits up to three seconds for its order, which is no sign of a service in need.
        let mut patient = engine.subgraph.clone();
        patient.breaker.slow_after = Duration::from_secs(4);
        engine.subgraphs.entry("orders".to_owned()).or_default().client.get_or_insert(patient);
        engine
    }

    pub(crate) fn edge(&self) -> EdgeSettings {
        let tab = |query: &str| PlaygroundTab { query: query.to_owned(), ..PlaygroundTab::default() };
        EdgeSettings { playground: true, playground_tabs: vec![tab(BROWSE), tab(SIGN_IN)], ..EdgeSettings::default() }
    }
}

fn principal(ports: &Ports, name: &str, secret: &SecretString) -> ClientCredentialsSettings {
    ClientCredentialsSettings {
        token_url: format!("http://{}/oauth/token", ports.address(ports.auth)),
        client_id: name.to_owned(),
        client_secret: secret.clone(),
    }
}
