use crate::{
    operation::TYPENAME,
    schema::Schema,
    tree::{Node, Object},
};

/// Adds an answer to what is known of an object. Two fetches of one field agree, or one of them failed: so null never
/// replaces a value.
pub(super) fn merge(known: &mut Node, answer: Node, full: &Schema) {
    match (known, answer) {
        (_, Node::Null) => {}
        (Node::Object(known), Node::Object(answer)) => merge_objects(known, answer, full),
        (Node::List(known), Node::List(answer)) if known.len() == answer.len() => {
            for (known, answer) in known.iter_mut().zip(answer) {
                merge(known, answer, full);
            }
        }
        (known, answer) => *known = answer,
    }
}

fn merge_objects(known: &mut Object, answer: Object, full: &Schema) {
    for (key, node) in answer {
        // A subgraph with an `@interfaceObject` knows only the interface; what is known better stays.
        let keeps = *key == *TYPENAME && known.typename().is_some_and(|name| full.is_object(name));
        if keeps {
            continue;
        }
        match known.get_mut(&key) {
            Some(known) => merge(known, node, full),
            None => known.insert(key, node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Name;

    fn object(typename: &str) -> Node {
        let mut object = Object::default();
        object.insert(Name::from(TYPENAME), Node::from_name(typename));
        Node::Object(object)
    }

    #[test]
    fn an_interface_never_replaces_the_type_of_an_object() {
        let sdl = "interface Media { id: ID } type Book implements Media { id: ID } type Query { a: Int }";
        let full = Schema::new(graphql_tools::parser::parse_schema::<String>(sdl).unwrap().into_static());
        let mut known = object("Media");
        merge(&mut known, object("Book"), &full);
        assert_eq!(known, object("Book"));
        merge(&mut known, object("Media"), &full);
        assert_eq!(known, object("Book"));
    }

    #[test]
    fn null_never_replaces_a_value() {
        let full =
            Schema::new(graphql_tools::parser::parse_schema::<String>("type Query { a: Int }").unwrap().into_static());
        let mut known = Node::List(vec![Node::from_name("a"), Node::Null]);
        merge(&mut known, Node::List(vec![Node::Null, Node::from_name("b")]), &full);
        assert_eq!(known, Node::List(vec![Node::from_name("a"), Node::from_name("b")]));
    }
}
