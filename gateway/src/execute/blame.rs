//! Errors of a step, at the paths of the client's response that they are about.

use std::borrow::Cow;

use super::{
    Inputs,
    answer::SubgraphError,
    locate::Location,
    send::{Batch, Failure},
};
use crate::{
    canonical::Keys,
    error::{GraphqlError, PathSegment, code},
    plan::Step,
};

/// Keys of `extensions` under which servers put what only their developers should see.
const PRIVATE: [&str; 3] = ["exception", "stacktrace", "debug"];

pub(super) struct Blame<'a> {
    pub(super) step: &'a Step,
    pub(super) inputs: &'a Inputs,
    pub(super) keys: &'a Keys,
}

impl Blame<'_> {
    /// A failed request gives one error for all that it was about, and one only if several batches failed alike.
    pub(super) fn errors(&self, batches: &[Batch]) -> Vec<GraphqlError> {
        let mut errors: Vec<GraphqlError> = Vec::new();
        for batch in batches {
            match &batch.outcome {
                Err(failure) => {
                    if !errors.iter().any(|known| known.code == failure.code) {
                        errors.extend(self.failed(failure));
                    }
                }
                Ok(answer) => {
                    for error in &answer.errors {
                        errors.extend(self.reported(error, batch));
                    }
                }
            }
        }
        errors
    }

    fn failed(&self, failure: &Failure) -> Vec<GraphqlError> {
        let error = |path: Location| {
            let mut error =
                GraphqlError::new(code::SUBGRAPH_UNAVAILABLE, failure.message).of_service(&self.step.service);
            error.code = Cow::Owned(failure.code.clone());
            self.at(error, path)
        };
        match self.inputs {
            Inputs::Root(targets) => self.root_paths(targets).into_iter().map(error).collect(),
            Inputs::References(references) => {
                vec![error(common(references.targets.iter().flatten()))]
            }
        }
    }

    /// One path for each root field, so that each null has its error.
    fn root_paths(&self, targets: &[Location]) -> Vec<Location> {
        let parent = common(targets.iter());
        let fields = self.step.shape.0.iter().map(|(key, _)| {
            let mut path = parent.clone();
            path.push(PathSegment::Key(key.clone()));
            path
        });
        fields.collect()
    }

    fn reported(&self, error: &SubgraphError, batch: &Batch) -> Vec<GraphqlError> {
        let paths = match self.inputs {
            Inputs::Root(targets) => append(targets, &error.path),
            Inputs::References(references) => {
                let targets = &references.targets[batch.references.clone()];
                match error.path.as_slice() {
                    [_, PathSegment::Index(index), rest @ ..] if *index < targets.len() => {
                        append(&targets[*index], rest)
                    }
                    _ => vec![common(targets.iter().flatten())],
                }
            }
        };
        paths.into_iter().map(|path| self.at(self.translate(error), path)).collect()
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

fn append(targets: &[Location], rest: &[PathSegment]) -> Vec<Location> {
    targets.iter().map(|target| target.iter().chain(rest).cloned().collect()).collect()
}

/// The longest path that all places share.
fn common<'a>(mut places: impl Iterator<Item = &'a Location>) -> Location {
    let Some(first) = places.next() else {
        return Vec::new();
    };
    let shared = places.fold(first.len(), |shared, place| {
        let equal = first.iter().zip(place).take_while(|(left, right)| left == right);
        equal.take(shared).count()
    });
    first[..shared].to_vec()
}
