//! Reading of models, and refusal of invalid ones.

use crate::tiny::{answer, folder, load, model, query};
use candle_core::{
    Device, Tensor,
    quantized::{
        GgmlDType, QTensor,
        gguf_file::{self, Content, Value},
    },
};
use myelin_diagnostic::Hints;
use myelin_subnet_text::{
    GenerationEnd, Model, ModelError, ModelHash, Query, Shape,
    export::{self, Precision},
    proof::{ProofCheck, verify},
};
use safetensors::tensor::TensorView;
use std::{fs, ops::ControlFlow, path::Path};

const TEXTS: [&str; 4] = ["Once there was a fox.", "ünïcödé – 漢字 🦊🦊", "  spaces\n\n\tand\tlines ", "\u{0}\u{7f}"];

#[test]
fn texts_survive_being_tokens() {
    for text in TEXTS {
        let tokens = model().encode(text).unwrap();
        // The tokenizer puts a space before every text, so that words have the same tokens everywhere.
        assert_eq!(model().decode(&tokens).unwrap().trim_start_matches(' '), text.trim_start_matches(' '));
    }
}

#[test]
fn decoding_in_pieces_gives_the_same_text() {
    for text in TEXTS {
        let tokens = model().encode(text).unwrap();
        let mut decoder = model().decoder();
        let mut pieces = String::new();
        for token in &tokens {
            let piece = decoder.push(*token).unwrap();
            assert!(!piece.contains(char::REPLACEMENT_CHARACTER), "{text}: half a character was given out");
            pieces += &piece;
        }
        pieces += &decoder.finish().unwrap();
        assert_eq!(pieces, model().decode(&tokens).unwrap());
    }
}

#[test]
fn decoding_noise_in_pieces_loses_nothing() {
    let prompt = model().encode("a").unwrap();
    let (steps, _) = answer(model(), &Query { max_tokens: 200, ..query(&prompt, 9) });
    let tokens: Vec<u32> = steps.iter().map(|step| step.token).collect();
    let mut decoder = model().decoder();
    let mut pieces: String = tokens.iter().map(|token| decoder.push(*token).unwrap()).collect();
    pieces += &decoder.finish().unwrap();
    let readable = |text: &str| text.replace(char::REPLACEMENT_CHARACTER, "");
    assert_eq!(readable(&pieces), readable(&model().decode(&tokens).unwrap()));
}

#[test]
fn the_same_query_has_the_same_answer() {
    let prompt = model().encode("Once").unwrap();
    let first = answer(model(), &query(&prompt, 4));
    assert_eq!(answer(model(), &query(&prompt, 4)), first);
    assert_ne!(answer(model(), &query(&prompt, 5)), first);
}

#[test]
fn whoever_takes_the_tokens_may_stop() {
    let prompt = model().encode("Once").unwrap();
    let mut taken = 0;
    let finish = model().generate(&query(&prompt, 4), &mut |_| {
        taken += 1;
        if taken == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((finish.unwrap(), taken), (GenerationEnd::Interrupted, 3));
}

#[test]
fn queries_are_checked() {
    let prompt = model().encode("Once").unwrap();
    let ask = |query: Query<'_>| model().generate(&query, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(ask(Query { prompt: &[], ..query(&prompt, 1) }), ModelError::EmptyPrompt));
    assert!(matches!(ask(Query { max_tokens: 256, ..query(&prompt, 1) }), ModelError::TooLong { context: 256, .. }));
    assert!(matches!(ask(Query { max_tokens: usize::MAX, ..query(&prompt, 1) }), ModelError::TooLong { .. }));
    assert!(matches!(ask(query(&[288], 1)), ModelError::UnknownToken { token: 288, vocabulary: 288 }));
}

fn assert_a_gguf_file_is_the_same(model: &Model) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    export::gguf(model, &path, Precision::F32).unwrap();
    let same = load(&path);
    assert_eq!((same.context_length(), same.vocabulary()), (model.context_length(), model.vocabulary()));
    assert_ne!(same.hash(), model.hash(), "other bytes have another hash");
    for text in TEXTS {
        let prompt = model.encode(text).unwrap();
        assert_eq!(same.encode(text).unwrap(), prompt);
        assert_eq!(same.decode(&prompt).unwrap(), model.decode(&prompt).unwrap());
        let query = Query { max_tokens: 100, ..query(&prompt, 1) };
        let (steps, finish) = answer(&same, &query);
        let verdict = verify(model, &query, &steps, finish, &ProofCheck::new(1, usize::MAX)).unwrap();
        assert!(verdict.is_genuine(), "{verdict:?}");
    }
}

#[test]
fn all_of_a_gguf_file_is_the_same_model() {
    assert_a_gguf_file_is_the_same(model());
}

#[test]
fn rotations_are_stretched_as_the_files_say() {
    let folder = folder(&Shape::TINY, 1);
    let prompt = model().encode(&"Once there was a fox. ".repeat(4)).unwrap();
    let long = Query { max_tokens: 64, ..query(&prompt, 1) };
    let plain = answer(model(), &long);
    let llama3 = serde_json::json!({
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16
    });
    for scaling in [serde_json::json!({ "type": "linear", "factor": 4.0 }), llama3] {
        configure(folder.path(), |config| {
            config.insert("rope_scaling".to_owned(), scaling);
        });
        let stretched = load(folder.path());
        assert_ne!(answer(&stretched, &long), plain);
        assert_a_gguf_file_is_the_same(&stretched);
    }
}

#[test]
fn what_files_of_a_family_cannot_say_is_not_exported() {
    // A model of qwen2, whose queries, keys and values have a bias.
    let folder = folder(&Shape::TINY, 1);
    let path = folder.path().join("model.safetensors");
    let content = fs::read(&path).unwrap();
    let mut tensors = safetensors::SafeTensors::deserialize(&content).unwrap().tensors();
    let bias = [0; 4 * 32];
    for layer in 0..2 {
        for (part, width) in [("q", 32), ("k", 16), ("v", 16)] {
            let name = format!("model.layers.{layer}.self_attn.{part}_proj.bias");
            let view = TensorView::new(safetensors::Dtype::F32, vec![width], &bias[..4 * width]).unwrap();
            tensors.push((name, view));
        }
    }
    safetensors::serialize_to_file(tensors, None, &path).unwrap();
    let scaled = |scaling: serde_json::Value| {
        configure(folder.path(), |config| {
            config.insert("model_type".to_owned(), "qwen2".into());
            config.insert("rope_scaling".to_owned(), scaling);
        });
        load(folder.path())
    };
    assert_a_gguf_file_is_the_same(&scaled(serde_json::json!({ "type": "linear", "factor": 4.0 })));
    let llama3 = scaled(serde_json::json!({ "rope_type": "llama3", "factor": 8.0 }));
    let refused = export::gguf(&llama3, &folder.path().join("model.gguf"), Precision::F32).unwrap_err();
    assert!(matches!(refused, ModelError::Unsupported { .. }), "{refused}");
    assert!(!folder.path().join("model.gguf").exists());
}

/// Reads a GGUF file with other metadata, or with a tensor for rotations, and returns the model or the error.
fn read_with(said: &[(&str, Value)], factors: Option<&[f32]>) -> Result<Model, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    export::gguf(model(), &path, Precision::F32).unwrap();
    let mut file = fs::File::open(&path).unwrap();
    let content = Content::read(&mut file).unwrap();
    let names = content.tensor_infos.keys();
    let mut tensors: Vec<_> =
        names.map(|name| (name.as_str(), content.tensor(&mut file, name, &Device::Cpu).unwrap())).collect();
    if let Some(factors) = factors {
        let factors = Tensor::new(factors, &Device::Cpu).unwrap();
        tensors.push(("rope_freqs.weight", QTensor::quantize(&factors, GgmlDType::F32).unwrap()));
    }
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let mut metadata = content.metadata.clone();
    metadata.extend(said.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let other = folder.path().join("other.gguf");
    gguf_file::write(&mut fs::File::create(&other).unwrap(), &metadata, &tensors).unwrap();
    Model::load(&other).map_err(|error| error.to_string())
}

#[test]
fn what_a_gguf_file_says_of_rotations_counts_or_is_refused() {
    let prompt = model().encode(&"Once there was a fox. ".repeat(4)).unwrap();
    let long = Query { max_tokens: 64, ..query(&prompt, 1) };
    let plain = answer(model(), &long).0;
    let tokens = |said: &[(&str, Value)], factors| answer(&read_with(said, factors).unwrap(), &long).0;
    let (kind, factor) = ("llama.rope.scaling.type", "llama.rope.scaling.factor");
    let text = |text: &str| Value::String(text.to_owned());
    let linear = tokens(&[(kind, text("linear")), (factor, Value::F32(4.0))], None);
    assert_ne!(linear, plain);
    // The same scaling in other words.
    assert_eq!(tokens(&[(factor, Value::F64(4.0))], None), linear);
    assert_eq!(tokens(&[("llama.rope.scale_linear", Value::F32(4.0))], None), linear);
    assert_eq!(tokens(&[], Some(&[4.0; 4])), linear);
    // No scaling, in several words.
    assert_eq!(tokens(&[(kind, text("none")), (factor, Value::F32(4.0))], None), plain);
    assert_eq!(tokens(&[(factor, Value::F32(1.0))], Some(&[1.0; 4])), plain);

    let refused = |said: &[(&str, Value)], factors| read_with(said, factors).expect_err("it cannot be computed");
    assert!(refused(&[(kind, text("yarn"))], None).contains("yarn"));
    assert!(refused(&[(kind, Value::U32(1))], None).contains("other.gguf"));
    assert!(refused(&[(factor, Value::U32(4))], None).contains("is no number with decimals"));
    assert!(refused(&[("llama.rope.scaling.attn_factor", Value::F32(1.0))], None).contains("attn_factor"));
    assert!(refused(&[("llama.attention.value_length", Value::U32(4))], None).contains("differ in size"));
    assert!(refused(&[("llama.rope.dimension_count", Value::U32(4))], None).contains("differ in size"));
    for factors in [&[1.0; 3][..], &[1.0; 5], &[0.0; 4], &[-1.0; 4], &[f32::NAN; 4], &[f32::INFINITY; 4]] {
        assert!(refused(&[], Some(factors)).contains("gives no frequencies"), "{factors:?}");
    }
}

#[test]
fn heads_may_have_a_size_of_their_own() {
    // Two of the four heads, each with keys of its own: half as wide as the model.
    let folder = folder(&Shape::TINY, 1);
    configure(folder.path(), |config| {
        config.insert("num_attention_heads".to_owned(), 2.into());
        config.insert("head_dim".to_owned(), 8.into());
    });
    let path = folder.path().join("model.safetensors");
    let content = fs::read(&path).unwrap();
    let whole = safetensors::SafeTensors::deserialize(&content).unwrap();
    let rows = |bytes: &[u8], width: usize| bytes.chunks_exact(4 * width).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let halved = whole.tensors().into_iter().map(|(name, tensor)| {
        let (data, shape) = (tensor.data(), tensor.shape().to_vec());
        let (data, shape) = if name.ends_with("q_proj.weight") {
            (data[..data.len() / 2].to_vec(), vec![16, 32])
        } else if name.ends_with("o_proj.weight") {
            (rows(data, 32).iter().flat_map(|row| row[..row.len() / 2].to_vec()).collect(), vec![32, 16])
        } else {
            (data.to_vec(), shape)
        };
        (name, (tensor.dtype(), shape, data))
    });
    let halved: Vec<_> = halved.collect();
    let views =
        halved.iter().map(|(name, (form, shape, data))| (name, TensorView::new(*form, shape.clone(), data).unwrap()));
    let views: Vec<_> = views.collect();
    safetensors::serialize_to_file(views, None, &path).unwrap();
    assert_a_gguf_file_is_the_same(&load(folder.path()));
}

#[test]
fn shards_are_one_model() {
    let whole = folder(&Shape::TINY, 3);
    let sharded = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer.json"] {
        fs::copy(whole.path().join(name), sharded.path().join(name)).unwrap();
    }
    let content = fs::read(whole.path().join("model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&content).unwrap();
    let mut names: Vec<_> = tensors.names().into_iter().map(str::to_owned).collect();
    names.sort();
    let (first, second) = names.split_at(5);
    let mut map = serde_json::Map::new();
    for (file, names) in [("a.safetensors", first), ("b.safetensors", second)] {
        let part = names.iter().map(|name| (name, tensors.tensor(name).unwrap()));
        safetensors::serialize_to_file(part, None, &sharded.path().join(file)).unwrap();
        map.extend(names.iter().map(|name| (name.clone(), file.into())));
    }
    let index = serde_json::json!({ "weight_map": map });
    fs::write(sharded.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    fs::write(sharded.path().join("consolidated.safetensors"), "what the index does not name is not read").unwrap();

    let prompt = model().encode("Once").unwrap();
    let query = query(&prompt, 1);
    assert_eq!(answer(&load(sharded.path()), &query), answer(&load(whole.path()), &query));
}

#[test]
fn hashes_are_of_the_content() {
    let [a, b] = [folder(&Shape::TINY, 1), folder(&Shape::TINY, 1)];
    let hash = model().hash();
    assert_eq!(ModelHash::of(a.path()).unwrap(), hash);
    assert_eq!(ModelHash::of(b.path()).unwrap(), hash);
    assert!(load(a.path()).expect(hash).is_ok());
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        let path = b.path().join(name);
        let before = fs::read(&path).unwrap();
        let mut after = before.clone();
        after.push(b' ');
        fs::write(&path, after).unwrap();
        let found = ModelHash::of(b.path()).unwrap();
        assert_ne!(found, hash, "{name}");
        fs::write(&path, before).unwrap();
    }
    fs::write(b.path().join("README.md"), "does not count").unwrap();
    assert_eq!(ModelHash::of(b.path()).unwrap(), hash);
    let wanted = ModelHash::from_bytes([7; 32]);
    assert!(matches!(load(a.path()).expect(wanted), Err(ModelError::Other { .. })));
}

/// Returns the error for a folder after a change.
fn refused(meddle: impl FnOnce(&Path)) -> String {
    let folder = folder(&Shape::TINY, 1);
    meddle(folder.path());
    let error = Model::load(folder.path()).expect_err("it was meddled with");
    assert!(Hints::of(&error).first().is_some(), "{error}");
    error.to_string()
}

/// Writes another value into a model's configuration.
fn configure(folder: &Path, change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) {
    let path = folder.join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(config.as_object_mut().unwrap());
    fs::write(path, config.to_string()).unwrap();
}

fn configured(change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> String {
    refused(|folder| configure(folder, change))
}

#[test]
fn folders_that_are_no_models_are_refused() {
    for missing in ["config.json", "tokenizer.json", "model.safetensors"] {
        let said = refused(|folder| fs::remove_file(folder.join(missing)).unwrap());
        assert!(said.contains(missing), "{said}");
    }
    for broken in ["config.json", "tokenizer.json", "model.safetensors"] {
        let said = refused(|folder| fs::write(folder.join(broken), "{\"half\": ").unwrap());
        assert!(said.contains(broken), "{said}");
    }
    let said = refused(|folder| {
        let path = folder.join("model.safetensors");
        let content = fs::read(&path).unwrap();
        fs::write(&path, &content[..content.len() / 2]).unwrap();
    });
    assert!(said.contains("model.safetensors"), "{said}");
    let said = refused(|folder| {
        let index = r#"{"weight_map": {"a": "../elsewhere.safetensors"}}"#;
        fs::write(folder.join("model.safetensors.index.json"), index).unwrap();
    });
    assert!(said.contains("no name of a file"), "{said}");
}

#[test]
fn configurations_that_cannot_be_computed_are_refused() {
    let with = |name: &str, value: serde_json::Value| {
        configured(|config| {
            config.insert(name.to_owned(), value);
        })
    };
    assert!(with("model_type", "gpt2".into()).contains("gpt2"));
    assert!(with("hidden_act", "gelu".into()).contains("gelu"));
    assert!(with("rope_scaling", serde_json::json!({ "type": "yarn" })).contains("yarn"));
    for factor in [0.0, -1.0, 1e-320] {
        let nothing = with("rope_scaling", serde_json::json!({ "type": "linear", "factor": factor }));
        assert!(nothing.contains("gives no frequencies"), "{nothing}");
    }
    assert!(with("num_attention_heads", 0.into()).contains("num_attention_heads"));
    assert!(with("num_attention_heads", 5.into()).contains("does not divide"));
    assert!(with("num_key_value_heads", 0.into()).contains("num_key_value_heads"));
    assert!(with("num_hidden_layers", 1_000_000.into()).contains("num_hidden_layers"));
    assert!(with("num_hidden_layers", 3.into()).contains("model.layers.2"));
    assert!(with("hidden_size", 64.into()).contains("has the form"));
    assert!(with("vocab_size", 100.into()).contains("has the form"));
    assert!(with("max_position_embeddings", u64::MAX.into()).contains("max_position_embeddings"));
    assert!(with("rms_norm_eps", 0.into()).contains("rms_norm_eps"));
    // Beyond `f32` the JSON reader refuses the number, or reads it as infinite.
    let infinite = with("rms_norm_eps", 1e39.into());
    assert!(infinite.contains("number out of range") || infinite.contains("rms_norm_eps"), "{infinite}");
    let missing = configured(|config| {
        config.remove("hidden_size");
    });
    assert!(missing.contains("hidden_size"));
}

#[test]
fn gguf_files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.gguf");
    export::gguf(model(), &whole, Precision::Q8).unwrap();
    let content = fs::read(&whole).unwrap();
    let path = folder.path().join("damaged.gguf");
    for length in [0, 3, 8, 100, 1_000, content.len() / 2, content.len() - 4_096] {
        fs::write(&path, &content[..length]).unwrap();
        let error = Model::load(&path).expect_err("half a file is no model");
        assert!(error.to_string().contains("damaged.gguf"), "{length}: {error}");
    }
    for place in (0..400).step_by(7) {
        let mut damaged = content.clone();
        damaged[place] ^= 0xA5;
        fs::write(&path, damaged).unwrap();
        // Some bytes change nothing that matters. All others must be refused without a panic.
        let _ = Model::load(&path);
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let aligned = read_with(&[("general.alignment", Value::U32(0))], None).unwrap_err();
    assert!(aligned.contains("aligned to 0 bytes"), "{aligned}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    export::gguf(model(), &path, Precision::F32).unwrap();
    let content = fs::read(&path).unwrap();
    let name = b"blk.0.attn_q.weight";
    // Behind the name stand the number of sides, and the sides.
    let sides = content.windows(name.len()).position(|part| part == name).unwrap() + name.len() + 4;
    for side in [0, 1 << 62, u64::MAX] {
        let mut changed = content.clone();
        changed[sides..sides + 8].copy_from_slice(&side.to_le_bytes());
        fs::write(&path, changed).unwrap();
        let error = Model::load(&path).expect_err("no tensor has this size").to_string();
        assert!(error.contains("blk.0.attn_q.weight") && error.contains("model.gguf"), "{side}: {error}");
    }
}
