//! Operations for one token at a time on a processor: sums over rows as they lie in memory.
//!
//! General products of matrices first copy their operands into another order. The copy pays off for many tokens. For
//! one token it takes ten times as long as the product.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// The number of sums made side by side, for the vector units of a processor.
const LANES: usize = 16;
/// The number of products from which on rows are divided among threads.
pub(super) const MANY: usize = 1 << 19;

/// Multiplies a row with the rows of a matrix.
pub(super) fn project(row: &Tensor, weight: &Tensor) -> Result<Tensor> {
    row.apply_op2_no_bwd(weight, &Project)
}

/// Returns the attention of one token: a row with all heads one after the other.
///
/// Queries have the form (1, heads of keys, queries that share one, size). Keys and values have the form (1, heads of
/// keys, tokens, size).
pub(super) fn attend(queries: &Tensor, keys: &Tensor, values: &Tensor) -> Result<Tensor> {
    queries.apply_op3_no_bwd(keys, values, &Attend)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// Returns the elements of a tensor that lies in memory in one piece.
fn whole<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let slice = layout.contiguous_offsets().and_then(|(from, to)| storage.as_slice().ok()?.get(from..to));
    slice.ok_or_else(|| candle_core::Error::msg("an operand is not in one piece"))
}

struct Project;

impl CustomOp2 for Project {
    fn name(&self) -> &'static str {
        "project"
    }

    fn cpu_fwd(&self, x: &CpuStorage, x_at: &Layout, w: &CpuStorage, w_at: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, w) = (whole(x, x_at)?, whole(w, w_at)?);
        let (rows, columns) = w_at.shape().dims2()?;
        if x.len() != columns || columns == 0 {
            return Err(candle_core::Error::msg("a row and a matrix of other widths"));
        }
        let out: Vec<f32> = if w.len() < MANY {
            w.chunks_exact(columns).map(|row| dot(x, row)).collect()
        } else {
            w.par_chunks_exact(columns).map(|row| dot(x, row)).collect()
        };
        Ok((CpuStorage::F32(out), (1, rows).into()))
    }
}

struct Attend;

impl CustomOp3 for Attend {
    fn name(&self) -> &'static str {
        "attend"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_at: &Layout,
        k: &CpuStorage,
        k_at: &Layout,
        v: &CpuStorage,
        v_at: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let q = whole(q, q_at)?;
        let (_, groups, shared, size) = q_at.shape().dims4()?;
        let tokens = k_at.shape().dims4()?.2;
        #[allow(clippy::cast_precision_loss, reason = "sizes of heads are small")]
        let scale = 1.0 / (size as f32).sqrt();
        let mut out = vec![0.0; q.len()];
        let mut scores = vec![0.0; tokens];
        let heads = q.chunks_exact(size).zip(out.chunks_exact_mut(size));
        for (head, (query, mixed)) in heads.enumerate() {
            let keys = rows(k, k_at, head / shared, tokens)?;
            let values = rows(v, v_at, head / shared, tokens)?;
            for (score, key) in scores.iter_mut().zip(keys.chunks_exact(size)) {
                *score = scale * dot(query, key);
            }
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for score in &mut scores {
                *score = (*score - most).exp();
            }
            let sum: f32 = scores.iter().sum();
            for (score, value) in scores.iter().zip(values.chunks_exact(size)) {
                let share = score / sum;
                mixed.iter_mut().zip(value).for_each(|(mixed, value)| *mixed += share * value);
            }
        }
        Ok((CpuStorage::F32(out), (1, groups * shared * size).into()))
    }
}

/// Returns the rows of one group of heads, in one piece, also if groups have room between them.
fn rows<'a>(storage: &'a CpuStorage, layout: &Layout, group: usize, tokens: usize) -> Result<&'a [f32]> {
    let size = layout.shape().dims4()?.3;
    let slice = match *layout.stride() {
        [_, between, step, 1] if step == size => {
            let from = layout.start_offset() + group * between;
            storage.as_slice().ok().and_then(|all: &[f32]| all.get(from..from + tokens * size))
        }
        _ => None,
    };
    slice.ok_or_else(|| candle_core::Error::msg("keys or values are not in rows"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{D, Device};
    use candle_nn::ops::softmax;
    use myelin_sources::random::Random;

    #[allow(clippy::cast_possible_truncation, reason = "that is what f32 is")]
    fn random(dims: &[usize], seed: u64) -> Tensor {
        let mut random = Random::new("a test", &[seed]);
        let values: Vec<f32> = (0..dims.iter().product()).map(|_| random.normal() as f32).collect();
        Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
    }

    fn assert_close(a: &Tensor, b: &Tensor) {
        assert_eq!(a.dims(), b.dims());
        let most = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
        assert!(most < 1e-4, "{most}");
    }

    #[test]
    fn a_projection_is_a_product_of_matrices() {
        for (rows, columns) in [(1, 1), (7, 33), (64, 128), (1_024, 1_024)] {
            let (x, w) = (random(&[1, columns], 1), random(&[rows, columns], 2));
            assert_close(&project(&x, &w).unwrap(), &x.matmul(&w.t().unwrap()).unwrap());
        }
    }

    #[test]
    fn attention_is_what_matrices_make_of_it() {
        let (q, room) = (random(&[1, 2, 3, 8], 3), random(&[1, 2, 20, 8], 4));
        // The tensors have the form of a cache: the used beginning of its room.
        let (k, v) = (room.narrow(2, 0, 11).unwrap(), random(&[1, 2, 20, 8], 5).narrow(2, 0, 11).unwrap());
        let scores = (q.matmul(&k.transpose(2, 3).unwrap()).unwrap() / 8.0_f64.sqrt()).unwrap();
        let mixed = softmax(&scores, D::Minus1).unwrap().matmul(&v).unwrap();
        assert_close(&attend(&q, &k, &v).unwrap(), &mixed.reshape((1, 48)).unwrap());
    }

    #[test]
    fn other_forms_are_refused() {
        let x = random(&[1, 8], 6);
        assert!(project(&x, &random(&[4, 9], 7)).is_err());
        assert!(project(&x, &random(&[8, 4], 7).t().unwrap()).is_err());
        let q = random(&[1, 2, 3, 8], 8);
        assert!(attend(&q, &random(&[1, 2, 8, 5], 9).transpose(2, 3).unwrap(), &q).is_err());
    }
}
