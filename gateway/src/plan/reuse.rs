//! Which references need not be sent because an earlier answer of the same subgraph has all that they would bring.

use super::{
    Asks, Holds, Reuse, Step,
    compile::Compiler,
    draft::{Draft, DraftField, DraftSet, DraftStep},
};

/// Finds the places in answers whose objects are asked of one subgraph, with all that one of its lookups selects.
///
/// That a subgraph's object, met anywhere, has the fields that it has when looked up by its key is what makes it an
/// entity (Federation specification, "Entities").
pub(super) fn find(draft: &Draft, steps: &[Step], compiler: &mut Compiler<'_>) -> Vec<Reuse> {
    let mut reuses = Vec::new();
    for (wanted, step) in draft.steps.iter().zip(steps) {
        let Asks::References(lookup) = &step.asks else { continue };
        if !wanted.renamed_types.is_empty() || !wanted.renamed_keys.is_empty() {
            continue;
        }
        for (source, asked) in draft.steps.iter().zip(steps) {
            if source.service != wanted.service || !source.renamed_keys.is_empty() || !asked.is_query() {
                continue;
            }
            for shape in places(source, asked, wanted, compiler) {
                let layout = compiler.shapes[shape].layout;
                let template = compiler.template(wanted.requires.as_deref().unwrap_or_default(), Some(layout));
                compiler.shapes[shape].remembered = true;
                reuses.push(Reuse {
                    service: wanted.service.clone(),
                    shape,
                    template,
                    selection: lookup.selection.clone(),
                });
            }
        }
    }
    reuses
}

fn places(source: &DraftStep, asked: &Step, wanted: &DraftStep, compiler: &Compiler<'_>) -> Vec<usize> {
    let mut found = Vec::new();
    // The objects of references themselves are remembered by their references.
    below(&source.set, asked.shape, &wanted.set, compiler, &mut found);
    found
}

fn below(set: &DraftSet, shape: usize, wanted: &DraftSet, compiler: &Compiler<'_>, found: &mut Vec<usize>) {
    for (field, read) in set.fields.iter().zip(&compiler.shapes[shape].fields) {
        if let (Some(set), Holds::Objects(shape)) = (&field.set, read.holds) {
            if set.object.is_some() && set.object == wanted.object && covers(set, wanted) {
                found.push(shape);
            }
            below(set, shape, wanted, compiler, found);
        }
    }
}

fn covers(set: &DraftSet, wanted: &DraftSet) -> bool {
    wanted.fields.iter().all(|wanted| set.fields.iter().any(|field| brings(field, wanted)))
}

fn brings(field: &DraftField, wanted: &DraftField) -> bool {
    let set = match (&field.set, &wanted.set) {
        (None, None) => true,
        (Some(set), Some(wanted)) => covers(set, wanted),
        _ => false,
    };
    field.key == wanted.key && wanted.sources.iter().all(|source| field.sources.contains(source)) && set
}
