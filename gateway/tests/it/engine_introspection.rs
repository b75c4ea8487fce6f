//! Introspection, answered from the API schema.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::{Subgraph, ask, gateway};

/// `getIntrospectionQuery` of graphql-js 16.11 with every option.
const FULL: &str = r"
    query IntrospectionQuery {
        __schema {
            description
            queryType { name kind } mutationType { name kind } subscriptionType { name kind }
            types { ...FullType }
            directives {
                name description isRepeatable locations
                args(includeDeprecated: true) { ...InputValue }
            }
        }
    }
    fragment FullType on __Type {
        kind name description specifiedByURL isOneOf
        fields(includeDeprecated: true) {
            name description
            args(includeDeprecated: true) { ...InputValue }
            type { ...TypeRef } isDeprecated deprecationReason
        }
        inputFields(includeDeprecated: true) { ...InputValue }
        interfaces { ...TypeRef }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        possibleTypes { ...TypeRef }
    }
    fragment InputValue on __InputValue {
        name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
    }
    fragment TypeRef on __Type {
        kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
            kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } }
        } } } } } }
    }
";

async fn described() -> Subgraph {
    Subgraph::new(
        "one",
        r#"
            "The root."
            type Query {
                node(id: ID! = "1", old: Int @deprecated(reason: "unused")): Node
                search(in: In, pick: Pick, when: Date): [[Thing!]]!
                hidden: Int @inaccessible
            }
            interface Base { id: ID! }
            interface Node implements Base { id: ID! }
            type Book implements Node & Base @key(fields: "id") {
                id: ID! title: String @deprecated
            }
            type Secret implements Node & Base @inaccessible { id: ID! }
            union Thing = Book | Secret
            enum Size { SMALL LARGE @deprecated(reason: "too big") GIANT @inaccessible }
            input In { size: Size = SMALL, list: [Int!] = [1, 2], none: In = null, gone: Int @deprecated }
            input Pick @oneOf { a: Int b: Int }
            scalar Date @specifiedBy(url: "https://example.test/date")
        "#,
        json!({ "Query": { "node": { "__typename": "Book", "id": "1" } } }),
    )
    .await
}

fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item["name"] == name).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn the_full_query_describes_the_api_schema_and_nothing_else() {
    let one = described().await;
    let gateway = gateway(&[&one]);
    let response = ask(&gateway, FULL).await;
    assert_eq!(response.get("errors"), None, "{response:#}");
    let schema = &response["data"]["__schema"];
    assert_eq!(schema["queryType"], json!({ "name": "Query", "kind": "OBJECT" }));
    assert_eq!(schema["mutationType"], Value::Null);
    let names: Vec<&str> = schema["types"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    for absent in
        ["_Entity", "_Service", "_Any", "FieldSet", "Secret", "join__Graph", "link__Import", "federation__FieldSet"]
    {
        assert!(!names.contains(&absent), "{absent}");
    }
    assert!(!response.to_string().contains("Secret"));
    assert!(!response.to_string().contains("join__") && !response.to_string().contains("hidden"), "{names:?}");
    let directives: BTreeSet<&str> =
        schema["directives"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(directives, BTreeSet::from(["skip", "include", "deprecated", "specifiedBy", "oneOf"]));
    assert_eq!(one.requests().len(), 0);
}

#[tokio::test]
async fn every_kind_of_type_is_described() {
    let one = described().await;
    let gateway = gateway(&[&one]);
    let response = ask(&gateway, FULL).await;
    let types = &response["data"]["__schema"]["types"];
    assert_eq!(named(types, "Query")["description"], "The root.");
    assert_eq!(named(types, "Date")["specifiedByURL"], "https://example.test/date");
    assert_eq!(named(types, "Pick")["isOneOf"], true);
    assert_eq!(named(types, "In")["isOneOf"], false);
    assert_eq!(named(types, "Book")["isOneOf"], Value::Null);
    assert_eq!(named(types, "Node")["interfaces"], json!([{ "kind": "INTERFACE", "name": "Base", "ofType": null }]));
    assert_eq!(named(types, "Node")["possibleTypes"], json!([{ "kind": "OBJECT", "name": "Book", "ofType": null }]));
    assert_eq!(named(types, "Thing")["kind"], "UNION");
    assert_eq!(
        named(types, "Size")["enumValues"],
        json!([
            { "name": "SMALL", "description": null, "isDeprecated": false, "deprecationReason": null },
            { "name": "LARGE", "description": null, "isDeprecated": true, "deprecationReason": "too big" }
        ])
    );
    let inputs = &named(types, "In")["inputFields"];
    assert_eq!(named(inputs, "size")["defaultValue"], "SMALL");
    assert_eq!(named(inputs, "list")["defaultValue"], "[1, 2]");
    assert_eq!(named(inputs, "none")["defaultValue"], "null");
    assert_eq!(named(inputs, "gone")["isDeprecated"], true);
    let arguments = &named(&named(types, "Query")["fields"], "node")["args"];
    assert_eq!(named(arguments, "id")["defaultValue"], "\"1\"");
    assert_eq!(named(arguments, "old")["deprecationReason"], "unused");
    let search = &named(&named(types, "Query")["fields"], "search")["type"];
    assert_eq!(search["ofType"]["ofType"]["ofType"]["ofType"]["name"], "Thing");
}

#[tokio::test]
async fn what_is_deprecated_is_left_out_unless_asked_for() {
    let one = described().await;
    let gateway = gateway(&[&one]);
    let query = r#"{
        book: __type(name: "Book") { fields { name } all: fields(includeDeprecated: true) { name } }
        size: __type(name: "Size") { enumValues { name } }
        in: __type(name: "In") { inputFields { name } }
    }"#;
    assert_eq!(
        ask(&gateway, query).await["data"],
        json!({
            "book": { "fields": [{ "name": "id" }], "all": [{ "name": "id" }, { "name": "title" }] },
            "size": { "enumValues": [{ "name": "SMALL" }] },
            "in": { "inputFields": [{ "name": "size" }, { "name": "list" }, { "name": "none" }] }
        })
    );
}

#[tokio::test]
async fn introspection_and_data_share_one_operation() {
    let one = described().await;
    let gateway = gateway(&[&one]);
    let query = r#"query($name: String = "Date") {
        node { id __typename }
        type: __type(name: $name) { __typename kind: name name: kind }
        missing: __type(name: "Secret") { name }
        __schema { __typename queryType { fields { name } } }
    }"#;
    assert_eq!(
        ask(&gateway, query).await,
        json!({ "data": {
            "node": { "id": "1", "__typename": "Book" },
            "type": { "__typename": "__Type", "kind": "Date", "name": "SCALAR" },
            "missing": null,
            "__schema": { "__typename": "__Schema", "queryType": { "fields": [{ "name": "node" }, { "name": "search" }] } }
        } })
    );
    assert_eq!(one.request().query(), "{node{__typename id}}");
}
