use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Where the market listens, on loopback only. Port 0 is any free port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    pub gateway: u16,
    pub auth: u16,
    pub products: u16,
    pub inventory: u16,
    pub orders: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { gateway: 4000, auth: 8000, products: 8001, inventory: 8002, orders: 8003 }
    }
}

/// Somebody else listens where the market wants to.
#[derive(Debug, thiserror::Error)]
#[error("port {port} is taken, so {service} cannot listen on it; choose another one with --{service}-port")]
pub struct PortTaken {
    pub service: &'static str,
    pub port: u16,
}

impl Ports {
    /// Any free ports, for tests.
    pub fn any() -> Self {
        Self { gateway: 0, auth: 0, products: 0, inventory: 0, orders: 0 }
    }

    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    }

    /// The URL of a subgraph.
    pub(crate) fn graphql(&self, port: u16) -> String {
        format!("http://{}/graphql", self.address(port))
    }

    /// The ports that will be used, after a look whether each is free. They are all held until the last is known,
    /// so that no two services get the same one.
    pub fn check(&self) -> Result<Self, PortTaken> {
        let mut held = Vec::new();
        let mut free = |service, port| {
            let listener = TcpListener::bind(self.address(port)).map_err(|_| PortTaken { service, port })?;
            let port = listener.local_addr().map_err(|_| PortTaken { service, port })?.port();
            held.push(listener);
            Ok(port)
        };
        Ok(Self {
            gateway: free("gateway", self.gateway)?,
            auth: free("auth", self.auth)?,
            products: free("products", self.products)?,
            inventory: free("inventory", self.inventory)?,
            orders: free("orders", self.orders)?,
        })
    }
}
