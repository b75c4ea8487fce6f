//! Look-ups by reference, the way in which every Federation subgraph can be asked for its own things.

use std::collections::HashMap;

use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Lookup;
use crate::client::{Client, OperationKind};
use crate::deadline::Deadline;
use crate::error::ClientError;

#[derive(Deserialize)]
#[serde(bound = "V: DeserializeOwned")]
struct Entities<V> {
    #[serde(rename = "_entities")]
    entities: Vec<Option<V>>,
}

impl<V: DeserializeOwned + Clone + Send + 'static> Lookup<String, V> {
    /// A look-up of `selection` (the fields within the braces) on the type `type_name`, by its key field `key`,
    /// through the `_entities` field of `client`'s service. One that the service answers with null was not found.
    pub fn references(
        client: Client,
        type_name: &'static str,
        key: &'static str,
        selection: &str,
        headers: HeaderMap,
        deadline: Deadline,
    ) -> Self {
        let document = format!(
            "query($representations:[_Any!]!){{_entities(representations:$representations){{... on {type_name}{{{selection}}}}}}}"
        );
        Self::new(move |keys| {
            let (client, document, headers) = (client.clone(), document.clone(), headers.clone());
            async move {
                let variables = representations(type_name, key, &keys);
                let answer: Entities<V> =
                    client.execute(OperationKind::Query, &document, variables, headers, deadline).await?;
                paired(&client, keys, answer.entities)
            }
        })
    }
}

fn representations(type_name: &str, key: &str, keys: &[String]) -> Value {
    let references: Vec<_> = keys.iter().map(|value| json!({ "__typename": type_name, key: value })).collect();
    json!({ "representations": references })
}

/// The service answers in the order of the references, one for each; anything else cannot be matched to its key.
fn paired<V>(client: &Client, keys: Vec<String>, entities: Vec<Option<V>>) -> Result<HashMap<String, V>, ClientError> {
    if keys.len() != entities.len() {
        return Err(client.unexpected_data());
    }
    Ok(keys.into_iter().zip(entities).filter_map(|(key, entity)| Some((key, entity?))).collect())
}
