//! Untrained tiny models, and queries for them.

use myelin_subnet_text::{GeneratedToken, GenerationEnd, Model, Query, Sampling, Shape, train};
use std::{ops::ControlFlow, path::Path, sync::OnceLock};
use tempfile::TempDir;

/// Returns a folder with a new tiny model.
pub(crate) fn folder(shape: &Shape, seed: u64) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    train::initialise(folder.path(), shape, seed).expect("a tiny model can be written");
    folder
}

/// Returns the model that all tests of a file share.
pub(crate) fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| load(folder(&Shape::TINY, 1).path()))
}

pub(crate) fn load(path: &Path) -> Model {
    Model::load(path).expect("the model can be read")
}

pub(crate) fn query(prompt: &[u32], seed: u64) -> Query<'_> {
    Query { prompt, seed, sampling: Sampling::default(), max_tokens: 48 }
}

pub(crate) fn answer(model: &Model, query: &Query<'_>) -> (Vec<GeneratedToken>, GenerationEnd) {
    let mut steps = Vec::new();
    let finish = model.generate(query, &mut |step| {
        steps.push(step);
        ControlFlow::Continue(())
    });
    (steps, finish.expect("the query is sound"))
}
