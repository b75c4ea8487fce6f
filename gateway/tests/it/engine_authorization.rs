//! `@authenticated` and `@requiresScopes`.

use gateway::pipeline::{Gateway, StatusKind};
use gateway::supergraph::Supergraph;
use http::HeaderValue;
use serde_json::{Value, json};

use crate::engine::{Subgraph, anonymous, answer, ask, body, gateway, settings, signed_in, supergraph};

async fn users() -> Subgraph {
    Subgraph::new(
        "users",
        r#"
            type Query {
                me: User @authenticated
                public: String
                users: [User!]! @requiresScopes(scopes: [["users:read"], ["admin", "support"]])
                accounts: [Account!]!
                vault: Vault
            }
            type Mutation { rename: String erase: String @requiresScopes(scopes: [["users:write"]]) }
            interface Account { id: ID! email: String }
            type User implements Account @key(fields: "id") {
                id: ID! email: String @requiresScopes(scopes: [["users:read"]])
            }
            type Bot implements Account { id: ID! email: String }
            type Vault @requiresScopes(scopes: [["vault"]]) { secret: String! }
        "#,
        json!({
            "Query": {
                "me": { "__typename": "User", "id": "1", "email": "a@x.test" },
                "public": "yes",
                "users": [],
                "accounts": [
                    { "__typename": "User", "id": "1", "email": "a@x.test" },
                    { "__typename": "Bot", "id": "2", "email": "bot@x.test" }
                ],
                "vault": { "secret": "s" }
            },
            "Mutation": { "rename": "done", "erase": "done" }
        }),
    )
    .await
}

fn error(path: Value, code: &str) -> Value {
    let message = match code {
        "UNAUTHENTICATED" => "This field needs a caller who is signed in.",
        _ => "The caller is not allowed to use this field.",
    };
    json!({ "message": message, "path": path, "extensions": { "code": code } })
}

#[tokio::test]
async fn a_field_for_the_signed_in_is_null_for_others_and_is_not_fetched() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    assert_eq!(
        ask(&gateway, "{ public me { id } }").await,
        json!({ "data": { "public": "yes", "me": null }, "errors": [error(json!(["me"]), "UNAUTHENTICATED")] })
    );
    assert_eq!(users.request().query(), "{public}");
    let allowed = body(&answer(&gateway, "{ me { id } }", signed_in(&[])).await);
    assert_eq!(allowed, json!({ "data": { "me": { "id": "1" } } }));
}

/// What is lost with a null has no error of its own, so it explains none.
#[tokio::test]
async fn a_null_beside_a_field_that_is_denied_has_its_error() {
    let schema = "type Query { thing: Thing } type Thing { size: Int! owner: String! @authenticated }";
    let data = json!({ "Query": { "thing": { "size": null } } });
    let things = Subgraph::new("things", schema, data).await;
    let response = ask(&gateway(&[&things]), "{ thing { size owner } }").await;
    assert_eq!(response["data"], json!({ "thing": null }));
    assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{response}");
    assert_eq!(response["errors"][0]["path"], json!(["thing", "size"]));
}

#[tokio::test]
async fn one_complete_set_of_scopes_is_enough_and_a_part_of_one_is_not() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    for scopes in [&["users:read"][..], &["admin", "support"], &["x", "support", "admin"]] {
        let response = body(&answer(&gateway, "{ users { id } }", signed_in(scopes)).await);
        assert_eq!(response, json!({ "data": { "users": [] } }), "{scopes:?}");
    }
    for scopes in [&[][..], &["admin"], &["users"]] {
        let response = body(&answer(&gateway, "{ users { id } }", signed_in(scopes)).await);
        let refused = json!({ "data": null, "errors": [error(json!(["users"]), "FORBIDDEN")] });
        assert_eq!(response, refused, "{scopes:?}");
    }
}

#[tokio::test]
async fn a_plan_made_for_one_caller_is_not_used_for_another() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    let query = "{ me { id email } }";
    let all = body(&answer(&gateway, query, signed_in(&["users:read"])).await);
    assert_eq!(all, json!({ "data": { "me": { "id": "1", "email": "a@x.test" } } }));
    assert_eq!(
        body(&answer(&gateway, query, signed_in(&[])).await),
        json!({ "data": { "me": { "id": "1", "email": null } }, "errors": [error(json!(["me", "email"]), "FORBIDDEN")] })
    );
    assert_eq!(body(&answer(&gateway, query, signed_in(&["users:read"])).await), all);
}

#[tokio::test]
async fn a_field_of_an_interface_needs_what_any_of_its_objects_needs() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    assert_eq!(
        ask(&gateway, "{ accounts { id email } }").await,
        json!({
            "data": { "accounts": [{ "id": "1", "email": null }, { "id": "2", "email": null }] },
            "errors": [
                error(json!(["accounts", 0, "email"]), "UNAUTHENTICATED"),
                error(json!(["accounts", 1, "email"]), "UNAUTHENTICATED")
            ]
        })
    );
    assert_eq!(
        ask(&gateway, "{ accounts { ... on Bot { email } } }").await,
        json!({ "data": { "accounts": [{}, { "email": "bot@x.test" }] } })
    );
}

/// Composition before Federation 2.12 leaves the directives of the objects to the gateway.
#[tokio::test]
async fn an_interface_without_directives_opens_nothing_that_its_objects_protect() {
    let users = users().await;
    let sdl = supergraph(&[&users]).sdl().to_owned();
    let (before, interface) = sdl.split_once("interface Account").unwrap();
    let interface = interface.replacen(r#" @requiresScopes(scopes: [["users:read"]])"#, "", 1);
    let supergraph = Supergraph::from_sdl(&format!("{before}interface Account{interface}")).unwrap();
    let gateway = Gateway::new(supergraph, settings()).unwrap();
    assert_eq!(
        ask(&gateway, "{ accounts { id mail: email } }").await,
        json!({
            "data": { "accounts": [{ "id": "1", "mail": null }, { "id": "2", "mail": "bot@x.test" }] },
            "errors": [error(json!(["accounts", 0, "mail"]), "UNAUTHENTICATED")]
        })
    );
    assert_eq!(users.request().query(), "{accounts{id __typename ...on Bot{_m0: email}}}");
}

#[tokio::test]
async fn a_protected_type_protects_the_fields_that_return_it() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    assert_eq!(
        body(&answer(&gateway, "{ vault { secret } }", signed_in(&["user"])).await),
        json!({ "data": { "vault": null }, "errors": [error(json!(["vault"]), "FORBIDDEN")] })
    );
    assert_eq!(users.requests().len(), 0);
    assert_eq!(
        body(&answer(&gateway, "{ vault { secret } }", signed_in(&["vault"])).await),
        json!({ "data": { "vault": { "secret": "s" } } })
    );
}

#[tokio::test]
async fn a_mutation_with_one_denied_field_executes_none() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    let refused = answer(&gateway, "mutation { rename gone: erase }", signed_in(&["user"])).await;
    assert_eq!(refused.status, StatusKind::Ok);
    assert_eq!(body(&refused), json!({ "data": null, "errors": [error(json!(["gone"]), "FORBIDDEN")] }));
    assert_eq!(users.requests().len(), 0);
    let allowed = body(&answer(&gateway, "mutation { rename erase }", signed_in(&["users:write"])).await);
    assert_eq!(allowed, json!({ "data": { "rename": "done", "erase": "done" } }));
}

#[tokio::test]
async fn the_callers_token_and_headers_travel_to_the_subgraphs() {
    let users = users().await;
    let gateway = gateway(&[&users]);
    let mut caller = anonymous();
    caller.authorization = Some(HeaderValue::from_static("Bearer abc"));
    caller.forwarded.insert("x-tenant", HeaderValue::from_static("1"));
    let trace = caller.trace.parent();
    answer(&gateway, "{ public }", caller).await;
    let headers = users.request().headers;
    assert_eq!(headers["authorization"], "Bearer abc");
    assert_eq!(headers["x-tenant"], "1");
    assert_eq!(headers["traceparent"], trace);
    assert!(headers["x-deadline-ms"].to_str().unwrap().parse::<u64>().unwrap() <= 10_000);
}
