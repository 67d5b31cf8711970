//! Training, within a few seconds.

use crate::tiny::load;
use myelin_subnet_text::{
    ModelHash, Shape, corpus,
    corpus::Corpus,
    train::{self, TrainError, TrainOptions},
};
use std::{fs, ops::ControlFlow};

fn options() -> TrainOptions {
    TrainOptions {
        shape: Shape::TINY,
        corpus: Corpus::Generated { seed: 1, size: 30_000 },
        seed: 1,
        steps: 40,
        batch: 8,
        window: 32,
        rate_micro: 5_000,
    }
}

#[test]
fn a_model_learns() {
    let cache = tempfile::tempdir().unwrap();
    let mut losses = Vec::new();
    let folder = train::cached(&options(), cache.path(), &mut |progress| {
        losses.push(progress.loss);
        assert_eq!((progress.step, progress.steps), (losses.len(), 40));
        ControlFlow::Continue(())
    });
    let (first, last) = (losses[0], losses[39]);
    // All tokens are equally likely at first: the loss is the logarithm of their number.
    assert!((first - (288_f32).ln()).abs() < 0.5, "{first}");
    assert!(last < 0.75 * first, "{first} became {last}");

    let folder = folder.unwrap();
    let model = load(&folder);
    assert_eq!(model.decode(&model.encode("fox").unwrap()).unwrap().trim(), "fox");
    let again = train::cached(&options(), cache.path(), &mut |_| panic!("it is there already")).unwrap();
    assert_eq!(again, folder);
    assert!(matches!(train::train(&options(), &folder, &mut |_| panic!()), Err(TrainError::Exists(_))));
}

#[test]
fn the_same_options_give_the_same_model() {
    let [a, b] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let options = TrainOptions { steps: 3, ..options() };
    let hash = |cache: &tempfile::TempDir| {
        let folder = train::cached(&options, cache.path(), &mut |_| ControlFlow::Continue(())).unwrap();
        ModelHash::of(&folder).unwrap()
    };
    assert_eq!(hash(&a), hash(&b));
}

#[test]
fn other_sizes_share_a_tokenizer() {
    let cache = tempfile::tempdir().unwrap();
    let train = |layers| {
        let options = TrainOptions { steps: 1, shape: Shape { layers, ..Shape::TINY }, ..options() };
        train::cached(&options, cache.path(), &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let (larger, smaller) = (train(2), train(1));
    assert_ne!(larger, smaller);
    let tokenizer = |folder: &std::path::Path| fs::read(folder.join("tokenizer.json")).unwrap();
    assert_eq!(tokenizer(&larger), tokenizer(&smaller));
}

#[test]
fn an_interrupted_training_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("model");
    let result = train::train(&options(), &folder, &mut |progress| {
        if progress.step == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(TrainError::Interrupted)));
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[test]
fn ones_own_text_is_learned() {
    let parent = tempfile::tempdir().unwrap();
    let texts = parent.path().join("texts");
    corpus::write(&texts, 9, 20_000).unwrap();
    let options = TrainOptions { corpus: Corpus::Folder(texts), steps: 1, ..options() };
    train::train(&options, &parent.path().join("model"), &mut |_| ControlFlow::Continue(())).unwrap();
    load(&parent.path().join("model"));
}

#[test]
fn options_are_checked() {
    let parent = tempfile::tempdir().unwrap();
    let refused = |options: TrainOptions| {
        let watch = &mut |_: train::TrainProgress| panic!("a step was done");
        train::train(&options, &parent.path().join("model"), watch).unwrap_err()
    };
    let shaped = |shape| TrainOptions { shape, ..options() };
    assert!(matches!(refused(shaped(Shape { vocabulary: 256, ..Shape::TINY })), TrainError::Options(_)));
    assert!(matches!(refused(shaped(Shape { heads: 0, ..Shape::TINY })), TrainError::Options(_)));
    assert!(matches!(refused(shaped(Shape { heads: 3, ..Shape::TINY })), TrainError::Model(_)));
    assert!(matches!(refused(TrainOptions { window: 300, ..options() }), TrainError::Options(_)));
    assert!(matches!(refused(TrainOptions { steps: 0, ..options() }), TrainError::Options(_)));
    let none = Corpus::Folder(parent.path().into());
    assert!(matches!(refused(TrainOptions { corpus: none, ..options() }), TrainError::Corpus(_)));
    let little = Corpus::Generated { seed: 1, size: 10 };
    assert!(matches!(refused(TrainOptions { corpus: little, window: 250, ..options() }), TrainError::TooLittle { .. }));
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}
