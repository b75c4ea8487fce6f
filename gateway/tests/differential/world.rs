//! One graph: its data, the subgraphs that share it, and the API schema that they make together.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use async_graphql::parser::types::{ExecutableDocument, FieldDefinition};
use serde_json::{Map, Value, json};

use crate::{
    reference::{Execution, Resolver, Response},
    schema::Schema,
    server::Subgraph,
    store::Store,
    validation::Validation,
};

pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) api: Schema,
    pub(crate) validation: Validation,
    pub(crate) subgraphs: Vec<Arc<Subgraph>>,
    /// What the subgraphs were asked and answered.
    pub(crate) journal: Arc<Mutex<Vec<String>>>,
    /// Of the subgraphs; the reference has its own.
    store: Arc<Store>,
    data: Map<String, Value>,
}

impl World {
    /// Every folder of `schemas`: `data.json`, `api.graphql` as a client sees it, and one file for each subgraph.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/schemas");
        files(&folder).iter().map(|folder| Self::read(folder)).collect()
    }

    fn read(folder: &Path) -> Self {
        let mut sdls: BTreeMap<String, String> = files(folder)
            .iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "graphql"))
            .map(|file| (stem(file), fs::read_to_string(file).unwrap()))
            .collect();
        let api_sdl = sdls.remove("api").unwrap();
        let data: Map<String, Value> =
            serde_json::from_str(&fs::read_to_string(folder.join("data.json")).unwrap()).unwrap();
        let store = Arc::new(Store::new(data.clone()));
        let journal = Arc::default();
        let subgraphs = Subgraph::all(&sdls, &store, &journal);
        Self {
            name: stem(folder),
            api: Schema::parse(&api_sdl),
            validation: Validation::new(&api_sdl),
            subgraphs,
            journal,
            store,
            data,
        }
    }

    /// Undoes what mutations have done.
    pub(crate) fn reset(&self) {
        self.store.reset();
        self.journal.lock().unwrap().clear();
    }

    /// Makes the reference expect what the subgraphs do not answer.
    pub(crate) fn expect(&mut self, object: &str, field: &str, value: Value) {
        self.data[object][field] = value;
    }

    /// What a client must be answered, by the specification.
    pub(crate) fn reference(
        &self,
        document: &ExecutableDocument,
        name: &str,
        variables: &Map<String, Value>,
    ) -> Response {
        let store = Store::new(self.data.clone());
        Execution::new(&self.api, document, &Direct { store: &store }).run(Some(name), variables, &json!({}))
    }

    /// Values of fields of this name, for arguments that are to find something.
    pub(crate) fn known(&self, field: &str) -> Vec<Value> {
        let objects = self.data.values().filter(|object| object.get("__typename").is_some());
        objects.filter_map(|object| object.get(field)).cloned().collect()
    }
}

/// Resolves the whole graph, as if it were one server.
struct Direct<'a> {
    store: &'a Store,
}

impl Resolver for Direct<'_> {
    fn resolve(&self, object: &Value, parent: &str, field: &FieldDefinition, arguments: &Map<String, Value>) -> Value {
        let name = field.name.node.as_str();
        match parent {
            "Query" | "Mutation" => self.store.value(&self.store.root(parent), name, arguments),
            _ => self.store.value(object, name, arguments),
        }
    }

    fn type_name(&self, object: &Value) -> Option<String> {
        object.get("__typename")?.as_str().map(str::to_owned)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
