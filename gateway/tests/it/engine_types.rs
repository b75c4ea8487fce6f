//! Runtime types: interfaces, unions, interface objects, and what clients must not know of.

use serde_json::json;

use crate::engine::{Subgraph, ask, gateway};

/// `b` has media without knowing their types; `a` knows them.
async fn media() -> [Subgraph; 2] {
    [
        Subgraph::new(
            "a",
            r#"
                type Query { known: [Media!]! }
                interface Media @key(fields: "id") { id: ID! title: String }
                type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
                type Song implements Media @key(fields: "id") { id: ID! title: String length: Int }
            "#,
            json!({
                "Query": { "known": [{ "__typename": "Book", "id": "1", "title": "Emma", "pages": 300 }] },
                "entities": [
                    { "__typename": "Book", "id": "1", "title": "Emma", "pages": 300 },
                    { "__typename": "Song", "id": "2", "title": "Aria", "length": 5 }
                ]
            }),
        )
        .await,
        Subgraph::new(
            "b",
            r#"
                type Query { media: [Media!]! }
                type Media @key(fields: "id") @interfaceObject { id: ID! likes: Int }
            "#,
            json!({
                "Query": { "media": [
                    { "__typename": "Media", "id": "1", "likes": 10 }, { "__typename": "Media", "id": "2", "likes": 20 }
                ] },
                "entities": [
                    { "__typename": "Media", "id": "1", "likes": 10 }, { "__typename": "Media", "id": "2", "likes": 20 }
                ]
            }),
        )
        .await,
    ]
}

#[tokio::test]
async fn a_field_of_an_interface_object_reaches_every_object_of_the_interface() {
    let [a, b] = media().await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ known { __typename title likes } }").await,
        json!({ "data": { "known": [{ "__typename": "Book", "title": "Emma", "likes": 10 }] } })
    );
    assert_eq!(b.request().representations(), [json!({ "__typename": "Media", "id": "1" })]);
}

#[tokio::test]
async fn what_only_the_interface_knows_needs_no_type() {
    let [a, b] = media().await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ media { id likes } }").await,
        json!({ "data": { "media": [{ "id": "1", "likes": 10 }, { "id": "2", "likes": 20 }] } })
    );
    assert_eq!(a.requests().len(), 0);
}

#[tokio::test]
async fn a_fragment_of_which_everything_is_skipped_needs_no_type() {
    let [a, b] = media().await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ media { id ... on Song { length @skip(if: true) ... { title @include(if: false) } } } }")
            .await,
        json!({ "data": { "media": [{ "id": "1" }, { "id": "2" }] } })
    );
    assert_eq!(a.requests().len(), 0);
}

#[tokio::test]
async fn the_types_of_an_interface_objects_objects_are_found_where_they_are_known() {
    let [a, b] = media().await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ media { __typename likes ... on Book { pages } ... on Song { title } } }").await,
        json!({ "data": { "media": [
            { "__typename": "Book", "likes": 10, "pages": 300 }, { "__typename": "Song", "likes": 20, "title": "Aria" }
        ] } })
    );
}

/// The name must not be taken from the hash of a reference that was made before it was rewritten.
#[tokio::test]
async fn objects_of_an_interface_object_are_not_taken_for_each_other() {
    let [a, b] = media().await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ media { ... on Song { title } title } }").await,
        json!({ "data": { "media": [{ "title": "Emma" }, { "title": "Aria" }] } })
    );
}

/// The planner asks for the type of the next medium by its key, and for the key nowhere.
#[tokio::test]
async fn the_key_of_an_interface_objects_object_is_asked_where_its_type_has_to_be_found() {
    let media = r#"
        type Query { known: [Media!]! }
        interface Media @key(fields: "id") { id: ID! }
        type Book implements Media @key(fields: "id") { id: ID! }
        type Song implements Media @key(fields: "id") { id: ID! }
    "#;
    let [book, song] = ["Book", "Song"].map(|name| json!({ "__typename": name, "id": name }));
    let a = Subgraph::new("a", media, json!({ "Query": { "known": [book] }, "entities": [book, song] })).await;
    let b = Subgraph::new(
        "b",
        r#"type Media @key(fields: "id") @interfaceObject { id: ID! likes: Int next: Media }"#,
        json!({ "entities": [
            { "__typename": "Media", "id": "Book", "next": { "__typename": "Media", "id": "Song" } },
            { "__typename": "Media", "id": "Song", "likes": 20 }
        ] }),
    )
    .await;
    let gateway = gateway(&[&a, &b]);
    assert_eq!(
        ask(&gateway, "{ known { next { ... on Song { likes } } } }").await,
        json!({ "data": { "known": [{ "next": { "likes": 20 } }] } })
    );
}

#[tokio::test]
async fn conditions_that_no_object_satisfies_together_hide_nothing_around_them() {
    let one = Subgraph::new(
        "one",
        r"
            type Query { song: Media }
            union Media = Book | Song
            type Book { title: String }
            type Song { title: String }
        ",
        json!({ "Query": { "song": { "__typename": "Song", "title": "Aria" } } }),
    )
    .await;
    let gateway = gateway(&[&one]);
    let query = "{ song { ... on Song { ... on Media { ... on Book { title } } } } }";
    assert_eq!(ask(&gateway, query).await, json!({ "data": { "song": {} } }));
}

#[tokio::test]
async fn enum_values_and_objects_that_are_inaccessible_become_null_with_an_error() {
    let one = Subgraph::new(
        "one",
        r"
            type Query { status: Status any: Any all: [Any] strict: [Any!] }
            enum Status { OPEN SECRET @inaccessible }
            union Any = Shown | Hidden
            type Shown { name: String }
            type Hidden @inaccessible { name: String }
        ",
        json!({ "Query": {
            "status": "SECRET",
            "any": { "__typename": "Hidden", "name": "no" },
            "all": [{ "__typename": "Shown", "name": "yes" }, { "__typename": "Hidden", "name": "no" }],
            "strict": [{ "__typename": "Hidden", "name": "no" }]
        } }),
    )
    .await;
    let gateway = gateway(&[&one]);
    let response =
        ask(&gateway, "{ status any { ... on Shown { name } } all { ... on Shown { name } } strict { __typename } }")
            .await;
    assert_eq!(
        response["data"],
        json!({ "status": null, "any": null, "all": [{ "name": "yes" }, null], "strict": null })
    );
    let paths: Vec<_> = response["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["status"]), json!(["any"]), json!(["all", 1]), json!(["strict", 0])]);
    assert!(!response.to_string().contains("Hidden") && !response.to_string().contains("SECRET"));
}

/// The interface promises an `Item`, the object gives a `Book`: a fetch for the object has no need to ask which.
#[tokio::test]
async fn an_object_completes_fields_as_its_own_type_declares_them() {
    let one = Subgraph::new(
        "one",
        r#"
            type Query { node: Node }
            interface Node { id: ID! }
            type Book implements Node @key(fields: "id") { id: ID! }
        "#,
        json!({ "Query": { "node": { "__typename": "Book", "id": "1" } } }),
    )
    .await;
    let two = Subgraph::new(
        "two",
        r#"
            interface Linked { next: Item }
            interface Item { title: String }
            type Book implements Linked & Item @key(fields: "id") { id: ID! next: Book title: String }
        "#,
        json!({ "entities": [{ "__typename": "Book", "id": "1", "next": { "__typename": "Book", "title": "Emma" } }] }),
    )
    .await;
    let gateway = gateway(&[&one, &two]);
    assert_eq!(
        ask(&gateway, "{ node { ... on Linked { next { title } } } }").await,
        json!({ "data": { "node": { "next": { "title": "Emma" } } } })
    );
    assert!(two.request().query().contains("...on Book{next{title}}"), "{}", two.request().query());
}

/// The planner asks for an interface's field on each of its objects, where two types of one field must not meet.
#[tokio::test]
async fn a_field_that_objects_declare_with_two_nullabilities_is_asked_under_two_keys() {
    let sdl = "
        type Query { animals: [Animal] }
        interface Animal { id: ID! }
        interface Pet { friend: Animal }
        type Cat implements Animal & Pet { id: ID! friend: Dog }
        type Dog implements Animal & Pet { id: ID! friend: Cat! }
    ";
    let one = Subgraph::scripted("one", sdl, |_| {
        let animals = json!([{ "__typename": "Cat", "friend": { "id": "d" } }, null]);
        let errors = json!([{ "message": "stray", "path": ["animals", 1, "_p0_friend"] }]);
        (http::StatusCode::OK, json!({ "data": { "animals": animals }, "errors": errors }).to_string())
    })
    .await;
    let gateway = gateway(&[&one]);
    let response = ask(&gateway, "{ animals { ... on Pet { friend { id } } } }").await;
    let sent = one.request().query().to_owned();
    assert!(sent.contains("...on Cat{friend{id}} ...on Dog{_p0_friend: friend{id}}"), "{sent}");
    assert_eq!(response["errors"][0]["path"], json!(["animals", 1, "friend"]), "{response:#}");
}

#[tokio::test]
async fn built_in_scalars_are_held_to_their_types() {
    let sdl = "type Query { a: Int b: Int c: Int d: Float e: Boolean f: String g: ID h: Int i: [Int!] }";
    let one = Subgraph::scripted("one", sdl, |_| {
        let data = json!({
            "a": 3_000_000_000_u64, "b": 1.5, "c": "1", "d": "1.0", "e": 1, "f": false, "g": {}, "h": 2.0, "i": [1, "2"]
        });
        (http::StatusCode::OK, json!({ "data": data }).to_string())
    })
    .await;
    let gateway = gateway(&[&one]);
    let response = ask(&gateway, "{ a b c d e f g h i }").await;
    let nulls = json!({
        "a": null, "b": null, "c": null, "d": null, "e": null, "f": null, "g": null, "h": 2.0, "i": null
    });
    assert_eq!(response["data"], nulls);
    assert_eq!(response["errors"].as_array().unwrap().len(), 8, "{response:#}");
}

#[tokio::test]
async fn custom_scalars_pass_through_untouched() {
    let one = Subgraph::scripted("one", "scalar Any type Query { any: Any list: [Any] id: ID ids: [[ID]] n: Float }", |_| {
        let data = r#"{"any":{"b":1.50,"a":[12345678901234567890,1e400],"é":"\u00e9"},"list":[null,{"x":1},"y"],"id":7,"ids":[[1,"2",null]],"n":1}"#;
        (http::StatusCode::OK, format!(r#"{{"data":{data},"extensions":{{"x":1}}}}"#))
    })
    .await;
    let gateway = gateway(&[&one]);
    let answer = crate::engine::answer(&gateway, "{ any list id ids n }", crate::engine::anonymous()).await;
    let expected = r#"{"data":{"any":{"b":1.50,"a":[12345678901234567890,1e400],"é":"\u00e9"},"list":[null,{"x":1},"y"],"id":"7","ids":[["1","2",null]],"n":1}}"#;
    assert_eq!(std::str::from_utf8(&answer.body).unwrap(), expected);
}
