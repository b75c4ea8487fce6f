//! What is asked, and under which circumstances.

use bytes::Bytes;
use serde_json::json;

use crate::contender::Sharing;

pub(crate) struct Workload {
    /// Short, for the command line.
    pub key: &'static str,
    pub title: &'static str,
    pub sharing: Sharing,
    pub query: &'static str,
    /// Every request has another value of the variable `visitor`.
    pub varies: bool,
    /// Milliseconds that `inventory` takes longer.
    pub delay: u64,
    /// Answers differ by contender, in how much of them there is.
    pub partial: bool,
    pub with_floor: bool,
}

const DEEP: &str = "query Deep { users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R \
    product { ...P } } } } } } } topProducts { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } \
    fragment U on User { id username name } fragment R on Review { id body } \
    fragment P on Product { inStock name price shippingEstimate upc weight }";

const DEEP_FOR_VISITOR: &str = "query Deep($visitor: ID) { users { ...U reviews { ...R product { ...P reviews { ...R \
    author { ...U reviews { ...R product { ...P } } } } } } } topProducts(visitor: $visitor) { ...P reviews { ...R \
    author { ...U reviews { ...R product { ...P } } } } } } \
    fragment U on User { id username name } fragment R on Review { id body } \
    fragment P on Product { inStock name price shippingEstimate upc weight }";

const PLAIN: Workload = Workload {
    key: "",
    title: "",
    sharing: Sharing::SubgraphRequests,
    query: DEEP,
    varies: false,
    delay: 0,
    partial: false,
    with_floor: false,
};

pub(crate) const WORKLOADS: [Workload; 8] = [
    Workload { key: "a", title: "A: deep, nothing shared", sharing: Sharing::Nothing, with_floor: true, ..PLAIN },
    Workload { key: "b", title: "B: deep, subgraph requests shared", ..PLAIN },
    Workload { key: "c", title: "C: as B, each with other variables", query: DEEP_FOR_VISITOR, varies: true, ..PLAIN },
    Workload { key: "d", title: "D: deep, client requests shared", sharing: Sharing::ClientRequests, ..PLAIN },
    Workload {
        key: "flat",
        title: "Flat, 1 KB, one subgraph",
        query: "{ goods(count: 16) { upc name price weight } }",
        with_floor: true,
        ..PLAIN
    },
    Workload {
        key: "list",
        title: "List of 1,000 references",
        query: "{ goods(count: 1000) { upc inStock } }",
        with_floor: true,
        ..PLAIN
    },
    Workload { key: "slow", title: "Deep, inventory 20 ms slower", delay: 20, ..PLAIN },
    Workload {
        key: "poison",
        title: "One of 20 references fails",
        query: "{ goods(count: 20, poisoned: true) { upc name inStock } }",
        partial: true,
        ..PLAIN
    },
];

impl Workload {
    /// The body of the request with this number. All are of one length.
    pub(crate) fn request(&self, number: u64) -> Bytes {
        let request = if self.varies {
            json!({ "query": self.query, "variables": { "visitor": format!("{number:012}") } })
        } else {
            json!({ "query": self.query })
        };
        request.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_with_variables_are_all_different_and_of_one_length() {
        let workload = &WORKLOADS[2];
        assert_ne!(workload.request(1), workload.request(2));
        assert_eq!(workload.request(1).len(), workload.request(99_999).len());
        assert_eq!(WORKLOADS[0].request(1), WORKLOADS[0].request(2));
    }
}
