//! Errors of a step, at the paths of the client's response that they are about.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{
    locate::{self, Location},
    references::References,
    trip::Came,
};
use crate::{
    calls::{Answered, Failure, Found, Part, SubgraphError},
    canonical::Keys,
    error::{GraphqlError, PathSegment, code},
    plan::{Asks, Holds, Plan, Step},
    tree::Tree,
};

/// Keys of `extensions` under which servers put what only their developers should see.
const PRIVATE: [&str; 3] = ["exception", "stacktrace", "debug"];

/// What one error may come to at all places where it is listed; it is listed once in any case.
const MAX_BYTES: usize = 256 * 1024;

pub(super) struct Blame<'a> {
    pub(super) plan: &'a Plan,
    pub(super) step: &'a Step,
    pub(super) tree: &'a Tree,
    pub(super) keys: &'a Keys,
    /// How many errors the response has place for.
    pub(super) room: usize,
}

/// Where each object of a step stands in the response.
type Places = HashMap<u32, Vec<Location>>;

impl Blame<'_> {
    /// A failed request gives one error for all that it was about, and one only if several batches failed alike.
    pub(super) fn errors(&self, came: &Came) -> Vec<GraphqlError> {
        match came {
            Came::Root { targets, answered, .. } if has_errors(answered) => self.of_root(targets, answered),
            Came::References { references, found, .. } if found.iter().any(|found| has_errors(&found.part.outcome)) => {
                self.of_references(references, found)
            }
            _ => Vec::new(),
        }
    }

    fn of_root(&self, targets: &[u32], answered: &Answered) -> Vec<GraphqlError> {
        let places = self.places();
        let targets: Vec<&Location> = targets.iter().filter_map(|target| places.get(target)).flatten().collect();
        match answered {
            Err(failure) => self.root_paths(&targets).into_iter().map(|path| self.failed(failure, path)).collect(),
            Ok(answer) => {
                let of = |error: &SubgraphError| self.reported(error, append(&targets, &self.of_tree(&error.path)));
                answer.errors.iter().flat_map(of).take(self.room).collect()
            }
        }
    }

    fn of_references(&self, references: &References, found: &[Found]) -> Vec<GraphqlError> {
        let places = self.places();
        let places_of = |reference: usize| -> Vec<&Location> {
            references.targets(reference).iter().filter_map(|target| places.get(target)).flatten().collect()
        };
        let mut errors: Vec<GraphqlError> = Vec::new();
        for (part, members) in parts(found) {
            match &part.outcome {
                Err(failure) => {
                    if !errors.iter().any(|known| known.code == failure.code) {
                        let all: Vec<&Location> = (0..found.len()).flat_map(places_of).collect();
                        errors.push(self.failed(failure, common(&all)));
                    }
                }
                Ok(answer) => {
                    for error in &answer.errors {
                        if errors.len() >= self.room {
                            return errors;
                        }
                        let paths = match about(error, part, &members, found) {
                            About::Reference(reference, rest) => append(&places_of(reference), &self.of_tree(rest)),
                            About::All => {
                                let all: Vec<&Location> =
                                    members.iter().flat_map(|member| places_of(*member)).collect();
                                vec![common(&all)]
                            }
                            About::Others => continue,
                        };
                        errors.extend(self.reported(error, paths));
                    }
                }
            }
        }
        errors
    }

    /// A path in the answer, with the keys of the response tree for those that the subgraph was asked for.
    fn of_tree(&self, path: &[PathSegment]) -> Location {
        let mut shape = Some(&self.plan.shapes[self.step.shape]);
        let of_tree = path.iter().map(|segment| {
            let PathSegment::Key(key) = segment else { return segment.clone() };
            let Some((read, field)) = shape.and_then(|shape| Some((shape, shape.field(key)?))) else {
                return segment.clone();
            };
            shape = match field.holds {
                Holds::Objects(inner) => Some(&self.plan.shapes[inner]),
                Holds::Typename | Holds::Leaf => None,
            };
            PathSegment::Key(self.plan.layouts[read.layout].slots[field.slot].key.clone())
        });
        of_tree.collect()
    }

    fn places(&self) -> Places {
        let mut places = Places::new();
        for (object, location) in locate::places(self.tree, self.step, self.plan) {
            places.entry(object).or_default().push(location);
        }
        places
    }

    fn failed(&self, failure: &Failure, path: Location) -> GraphqlError {
        let mut error = GraphqlError::new(code::SUBGRAPH_UNAVAILABLE, failure.message).of_service(&self.step.service);
        error.code = Cow::Owned(failure.code.clone());
        self.at(error, path)
    }

    /// One path for each root field, so that each null has its error.
    fn root_paths(&self, targets: &[&Location]) -> Vec<Location> {
        let Asks::Root { keys, .. } = &self.step.asks else { return Vec::new() };
        let parent = common(targets);
        let path = |key: &Arc<str>| parent.iter().cloned().chain([PathSegment::Key(key.clone())]).collect();
        keys.iter().map(path).collect()
    }

    fn reported(&self, error: &SubgraphError, paths: Vec<Location>) -> Vec<GraphqlError> {
        let listed = (MAX_BYTES / error.bytes.max(1)).max(1).min(self.room);
        paths.into_iter().take(listed).map(|path| self.at(self.translate(error), path)).collect()
    }

    fn translate(&self, error: &SubgraphError) -> GraphqlError {
        let message = match error.message.as_str() {
            "" => Cow::Borrowed("The service reported an error."),
            message => Cow::Owned(message.to_owned()),
        };
        let mut extensions = error.extensions.clone().unwrap_or_default();
        let own_code = extensions.shift_remove("code");
        extensions.shift_remove("service");
        extensions.retain(|key, _| !PRIVATE.contains(&key.as_str()));
        let mut translated = GraphqlError::new(code::INTERNAL, message).of_service(&self.step.service);
        if let Some(own) = own_code.as_ref().and_then(|code| code.as_str()) {
            translated.code = Cow::Owned(own.to_owned());
        }
        translated.extensions = extensions;
        translated
    }

    /// The path ends where it enters what the client has not asked for.
    fn at(&self, error: GraphqlError, path: Location) -> GraphqlError {
        let of_client: Location = path
            .into_iter()
            .map_while(|segment| match segment {
                PathSegment::Key(key) => self.keys.original(&key).cloned().map(PathSegment::Key),
                PathSegment::Index(index) => Some(PathSegment::Index(index)),
            })
            .collect();
        if of_client.is_empty() { error } else { error.at(of_client) }
    }
}

fn has_errors(answered: &Answered) -> bool {
    answered.as_ref().map_or(true, |answer| !answer.errors.is_empty())
}

/// The calls in which a step's references were, each with the references.
fn parts(found: &[Found]) -> Vec<(&Part, Vec<usize>)> {
    let mut parts: Vec<(&Part, Vec<usize>)> = Vec::new();
    for (reference, found) in found.iter().enumerate() {
        match parts.iter_mut().find(|(known, _)| std::ptr::eq(*known, &*found.part)) {
            Some((_, members)) => members.push(reference),
            None => parts.push((&found.part, vec![reference])),
        }
    }
    parts
}

enum About<'a> {
    /// Of the step, and the path inside of its object.
    Reference(usize, &'a [PathSegment]),
    All,
    /// References of other steps, or of other requests.
    Others,
}

fn about<'a>(error: &'a SubgraphError, part: &Part, members: &[usize], found: &[Found]) -> About<'a> {
    let [PathSegment::Key(key), PathSegment::Index(index), rest @ ..] = error.path.as_slice() else {
        return About::All;
    };
    let own = &found[members[0]];
    match part.keys.iter().position(|known| **known == **key) {
        Some(list) if list != own.list => return About::Others,
        Some(_) => {}
        None => return About::All,
    }
    match members.iter().find(|member| found[**member].index == *index) {
        Some(reference) => About::Reference(*reference, rest),
        None if *index < part.lengths[own.list] => About::Others,
        None => About::All,
    }
}

fn append(places: &[&Location], rest: &[PathSegment]) -> Vec<Location> {
    places.iter().map(|place| place.iter().chain(rest).cloned().collect()).collect()
}

/// The longest path that all places share.
fn common(places: &[&Location]) -> Location {
    let Some((first, others)) = places.split_first() else {
        return Vec::new();
    };
    let shared = others.iter().fold(first.len(), |shared, place| {
        let equal = first.iter().zip(*place).take_while(|(left, right)| left == right);
        equal.take(shared).count()
    });
    first[..shared].to_vec()
}
