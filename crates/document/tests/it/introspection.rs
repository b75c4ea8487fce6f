use document::{Limits, check};

use crate::code;

/// `getIntrospectionQuery` of graphql-js with every option on, for nine levels of list and non-null.
const INTROSPECTION: &str = "
query IntrospectionQuery {
  __schema {
    description
    queryType { name kind }
    mutationType { name kind }
    subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
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
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}";

#[test]
fn the_query_of_graphql_js_with_every_option_passes() {
    let stats = check(INTROSPECTION, &Limits::default()).unwrap();
    assert_eq!((stats.depth, stats.introspection_depth, stats.root_fields), (1, 14, 1));
}

#[test]
fn introspection_beside_data_leaves_the_depth_of_the_data_alone() {
    let source = "{ a { b } __type(name: \"T\") { fields { type { ofType { ofType { name } } } } } }";
    let stats = check(source, &Limits::default()).unwrap();
    assert_eq!((stats.depth, stats.introspection_depth), (2, 5));
}

#[test]
fn t9_introspection_that_goes_in_circles_is_refused() {
    let twice = "{ __schema { types { fields { type { fields { name } } } } } }";
    assert_eq!(code(twice), "passes");
    let thrice = "{ __schema { types { fields { type { fields { type { interfaces { name } } } } } } } }";
    assert_eq!(code(thrice), "MAX_INTROSPECTION_DEPTH");
    let spread = "{ __type(name: \"T\") { ...a } }
        fragment a on __Type { fields { type { ...b } } }
        fragment b on __Type { possibleTypes { inputFields { name } } }";
    assert_eq!(code(spread), "MAX_INTROSPECTION_DEPTH");
}

#[test]
fn data_fields_that_share_the_names_of_introspection_lists_are_no_introspection() {
    assert_eq!(code("{ fields { fields { fields { fields { name } } } } }"), "passes");
}
