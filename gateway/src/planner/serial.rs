//! Root fields of a mutation, one after the other with all that is below them (specification, section 6.2.2).

use graphql_tools::static_graphql::query::{Definition, Document, OperationDefinition};

use crate::{
    operation::OperationKind,
    plan::draft::{Draft, DraftStep},
};

/// An operation for each root field, if the planner has put several into one step and their objects are completed by
/// other steps. These would see what later fields have done.
pub(super) fn fields(document: &Document, draft: &Draft) -> Option<Vec<Document>> {
    let joined = |step: &DraftStep| step.kind == OperationKind::Mutation && step.set.fields.len() > 1;
    let is_completed = draft.steps.iter().any(|step| step.kind != OperationKind::Mutation);
    let position = document.definitions.iter().position(|definition| mutation(definition).is_some())?;
    if !is_completed || !draft.steps.iter().any(joined) {
        return None;
    }
    let items = mutation(&document.definitions[position])?;
    let alone = |index: usize| {
        let mut document = document.clone();
        if let Definition::Operation(OperationDefinition::Mutation(operation)) = &mut document.definitions[position] {
            operation.selection_set.items = vec![operation.selection_set.items.swap_remove(index)];
        }
        document
    };
    Some((0..items).map(alone).collect())
}

/// How many selections a mutation has.
fn mutation(definition: &Definition) -> Option<usize> {
    match definition {
        Definition::Operation(OperationDefinition::Mutation(operation)) => Some(operation.selection_set.items.len()),
        _ => None,
    }
}

pub(super) fn one_after_the_other(drafts: Vec<Draft>) -> Draft {
    let mut steps: Vec<DraftStep> = Vec::new();
    for draft in drafts {
        let before = steps.len();
        steps.extend(draft.steps.into_iter().map(|mut step| {
            step.depends_on.iter_mut().for_each(|position| *position += before);
            step.depends_on.extend(0..before);
            step
        }));
    }
    Draft { steps }
}
