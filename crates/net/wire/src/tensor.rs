//! Tensors inside of messages. spec neuron-protocol §11.
//!
//! A tensor is wrapped three times: base64 of `MessagePack` of the raw elements, beside a type and a shape that repeat
//! those inside. Reading checks that all of them agree. The existing neurons believe the last one.

use crate::{
    PeerText,
    python::{Dict, Value, parse_int},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rmp::{decode, encode};

/// The greatest number of dimensions of a tensor.
pub const MAX_DIMENSIONS: usize = 32;

/// The type of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Element {
    Float16,
    Float32,
    Float64,
    UInt8,
    Int8,
    Int16,
    Int32,
    Int64,
    Bool,
}

impl Element {
    const ALL: [(Self, &'static str, &'static str, usize); 9] = [
        (Self::Float16, "float16", "<f2", 2),
        (Self::Float32, "float32", "<f4", 4),
        (Self::Float64, "float64", "<f8", 8),
        (Self::UInt8, "uint8", "|u1", 1),
        (Self::Int8, "int8", "|i1", 1),
        (Self::Int16, "int16", "<i2", 2),
        (Self::Int32, "int32", "<i4", 4),
        (Self::Int64, "int64", "<i8", 8),
        (Self::Bool, "bool", "|b1", 1),
    ];

    fn row(self) -> (&'static str, &'static str, usize) {
        let row = Self::ALL.into_iter().find(|(element, ..)| *element == self);
        row.map_or(("float32", "<f4", 4), |(_, name, code, size)| (name, code, size))
    }

    /// Returns the name in the field `dtype`.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Returns the size of one element, in bytes.
    pub fn size(self) -> usize {
        self.row().2
    }

    /// Returns the type of this name, with `torch.` before it or without.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("torch.").unwrap_or(name);
        Self::ALL.into_iter().find_map(|(element, own, ..)| (own == name).then_some(element))
    }
}

/// Numbers in one block, in C order and little endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    element: Element,
    shape: Vec<u64>,
    data: Vec<u8>,
}

/// The reason for which a value is not a tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// A field that is not an object with `buffer`, `dtype` and `shape`.
    #[error("should be a tensor: {0}")]
    Field(&'static str),
    /// An unknown type of elements.
    #[error("should be a tensor: `{0}` is not a type of elements")]
    Element(PeerText),
    /// No bytes.
    #[error("the tensor has no buffer")]
    Empty,
    /// A buffer that is not base64 of the `MessagePack` map.
    #[error("the buffer of the tensor is damaged: {0}")]
    Buffer(&'static str),
    /// Another number of bytes than type and shape need.
    #[error("the tensor has {found} bytes where its shape needs {needed}")]
    Size {
        /// Bytes that shape and type need.
        needed: u64,
        /// Bytes of the buffer.
        found: u64,
    },
    /// A field and a buffer that contradict each other.
    #[error("the tensor says one {0} outside and another inside")]
    Contradiction(&'static str),
    /// More than [`MAX_DIMENSIONS`] dimensions.
    #[error("the tensor has more than {MAX_DIMENSIONS} dimensions")]
    Dimensions,
}

/// Returns the bytes that a shape needs, or `None` from 2^64 on.
fn needed(element: Element, shape: &[u64]) -> Option<u64> {
    let size = u64::try_from(element.size()).ok()?;
    // A dimension of zero decides, however large the others are.
    if shape.contains(&0) { Some(0) } else { shape.iter().try_fold(size, |bytes, &side| bytes.checked_mul(side)) }
}

impl Tensor {
    /// Returns a tensor of these little-endian elements in C order. An empty shape is a single number.
    ///
    /// # Errors
    /// [`TensorError::Size`] if the bytes do not fill the shape, [`TensorError::Dimensions`] for too many dimensions.
    pub fn new(element: Element, shape: Vec<u64>, data: Vec<u8>) -> Result<Self, TensorError> {
        if shape.len() > MAX_DIMENSIONS {
            return Err(TensorError::Dimensions);
        }
        let found = u64::try_from(data.len()).unwrap_or(u64::MAX);
        let needed = needed(element, &shape).unwrap_or(u64::MAX);
        if needed == found { Ok(Self { element, shape, data }) } else { Err(TensorError::Size { needed, found }) }
    }

    /// Returns the type of the elements.
    pub const fn element(&self) -> Element {
        self.element
    }

    /// Returns the length of each dimension.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Returns the elements in C order and little endian.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Returns the `MessagePack` of the buffer, before base64.
    pub fn to_msgpack(&self) -> Vec<u8> {
        let (_, code, _) = self.element.row();
        let mut out = Vec::with_capacity(self.data.len().saturating_add(64));
        // Writing to a vector cannot fail, and a block of 4 GiB or more is beyond every limit on bodies.
        let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let _ = encode::write_map_len(&mut out, 5);
        let _ = encode::write_bin(&mut out, b"nd");
        let _ = encode::write_bool(&mut out, true);
        let _ = encode::write_bin(&mut out, b"type");
        let _ = encode::write_str(&mut out, code);
        let _ = encode::write_bin(&mut out, b"kind");
        let _ = encode::write_bin(&mut out, b"");
        let _ = encode::write_bin(&mut out, b"shape");
        let _ = encode::write_array_len(&mut out, length(self.shape.len()));
        for &side in &self.shape {
            let _ = encode::write_uint(&mut out, side);
        }
        let _ = encode::write_bin(&mut out, b"data");
        let _ = encode::write_bin(&mut out, &self.data);
        out
    }

    /// Reads the `MessagePack` of a buffer.
    ///
    /// # Errors
    /// [`TensorError::Buffer`] for a malformed map, [`TensorError::Element`] for an unknown type, or the errors of
    /// [`Self::new`].
    pub fn from_msgpack(mut bytes: &[u8]) -> Result<Self, TensorError> {
        let damaged = TensorError::Buffer;
        let (mut element, mut shape, mut data, mut is_array) = (None, None, None, false);
        let pairs = decode::read_map_len(&mut bytes).map_err(|_| damaged("not a map"))?;
        for _ in 0..pairs {
            match take_bytes(&mut bytes).ok_or(damaged("a key is not binary"))? {
                b"nd" => is_array = decode::read_bool(&mut bytes).map_err(|_| damaged("`nd` is not a flag"))?,
                b"type" => {
                    let code = take_bytes(&mut bytes).ok_or(damaged("`type` is not text"))?;
                    let row = Element::ALL.into_iter().find(|(_, _, own, _)| own.as_bytes() == code);
                    let row = row.ok_or_else(|| TensorError::Element(PeerText::new(&String::from_utf8_lossy(code))))?;
                    element = Some(row.0);
                }
                b"kind" => match take_bytes(&mut bytes) {
                    Some([]) => {}
                    _ => return Err(damaged("`kind` is not empty")),
                },
                b"shape" => shape = Some(take_shape(&mut bytes)?),
                b"data" => data = Some(take_bytes(&mut bytes).ok_or(damaged("`data` is not binary"))?),
                _ => return Err(damaged("an unknown key")),
            }
        }
        match (element, shape, data) {
            (Some(element), Some(shape), Some(data)) if is_array && bytes.is_empty() => {
                Self::new(element, shape, data.to_vec())
            }
            _ => Err(damaged("not one whole array")),
        }
    }

    /// Returns the value of a tensor field: an object of `buffer`, `dtype` and `shape`.
    ///
    /// A single number has the shape `[0]` outside of the buffer.
    pub fn to_value(&self) -> Value {
        let shape = if self.shape.is_empty() { &[0][..] } else { &self.shape };
        [
            ("buffer", Value::Text(STANDARD.encode(self.to_msgpack()))),
            ("dtype", Value::from(self.element.name())),
            ("shape", Value::List(shape.iter().map(|&side| Value::int(side)).collect())),
        ]
        .into_iter()
        .collect::<Dict>()
        .into()
    }

    /// Reads the value of a tensor field. With a shape of `[0]` outside, the shape in the buffer counts.
    ///
    /// # Errors
    /// [`TensorError::Contradiction`] if type or shape differ outside and inside of the buffer, otherwise the variant
    /// of the fault.
    pub fn from_value(value: Value) -> Result<Self, TensorError> {
        let Value::Dict(field) = read_field(value)? else { return Err(TensorError::Field("not an object")) };
        let buffer = field.get("buffer").and_then(Value::as_text).ok_or(TensorError::Empty)?;
        let bytes = STANDARD.decode(buffer).map_err(|_| TensorError::Buffer("not base64"))?;
        let tensor = Self::from_msgpack(&bytes)?;
        let dtype = field.get("dtype").and_then(Value::as_text).and_then(Element::from_name);
        if dtype != Some(tensor.element) {
            return Err(TensorError::Contradiction("type"));
        }
        let Some(Value::List(shape)) = field.get("shape") else { return Err(TensorError::Field("no shape")) };
        let same = shape.iter().cloned().eq(tensor.shape.iter().map(|&side| Value::int(side)));
        if same || *shape == [Value::int(0)] { Ok(tensor) } else { Err(TensorError::Contradiction("shape")) }
    }
}

impl From<Dict> for Value {
    fn from(dict: Dict) -> Self {
        Self::Dict(dict)
    }
}

/// Takes binary or text.
fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut binary = *bytes;
    let mut text = *bytes;
    let length = decode::read_bin_len(&mut binary).map(|length| (length, binary));
    let (length, rest) = length.or_else(|_| decode::read_str_len(&mut text).map(|length| (length, text))).ok()?;
    let (taken, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

fn take_shape(bytes: &mut &[u8]) -> Result<Vec<u64>, TensorError> {
    let damaged = TensorError::Buffer("`shape` is not an array of numbers");
    let count = decode::read_array_len(bytes).map_err(|_| damaged.clone())?;
    if usize::try_from(count).map_or(true, |count| count > MAX_DIMENSIONS) {
        return Err(TensorError::Dimensions);
    }
    (0..count).map(|_| decode::read_int(bytes).map_err(|_| damaged.clone())).collect()
}

/// Checks the outside of a tensor field and returns its members in order. spec neuron-protocol §11.
pub(crate) fn read_field(value: Value) -> Result<Value, TensorError> {
    let Value::Dict(field) = value else { return Err(TensorError::Field("not an object")) };
    let buffer = match field.get("buffer") {
        None | Some(Value::None) => Value::None,
        Some(Value::Text(text)) => Value::Text(text.clone()),
        Some(_) => return Err(TensorError::Field("`buffer` is not text")),
    };
    let dtype = field.get("dtype").and_then(Value::as_text).ok_or(TensorError::Field("`dtype` is not text"))?;
    if Element::from_name(dtype).is_none() {
        return Err(TensorError::Element(dtype.into()));
    }
    let shape = match field.get("shape") {
        Some(Value::List(sides)) if sides.iter().all(|side| matches!(side, Value::Int(_))) => Some(sides.clone()),
        Some(Value::Text(text)) => text
            .trim_matches(['[', ']', ' '])
            .split(',')
            .map(|side| parse_int(side).map(Value::Int))
            .collect::<Option<Vec<_>>>(),
        _ => None,
    };
    let shape =
        shape.filter(|sides| !sides.is_empty()).ok_or(TensorError::Field("`shape` is not a list of integers"))?;
    Ok([("buffer", buffer), ("dtype", Value::from(dtype)), ("shape", Value::List(shape))]
        .into_iter()
        .collect::<Dict>()
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(tensor: &Tensor, key: &str, value: &Value) -> Value {
        let Value::Dict(field) = tensor.to_value() else { unreachable!("a tensor is an object") };
        let pairs = field.into_iter().map(|(name, old)| {
            let replaced = name.as_text() == Some(key);
            (name, if replaced { value.clone() } else { old })
        });
        Value::Dict(pairs.collect())
    }

    #[test]
    fn contradictions_are_refused() {
        let tensor = Tensor::new(Element::Int16, vec![2, 1], vec![0; 4]).unwrap();
        let shape = |sides: &[i128]| Value::List(sides.iter().map(|&side| Value::int(side)).collect());
        assert_eq!(
            Tensor::from_value(with(&tensor, "shape", &shape(&[1, 2]))),
            Err(TensorError::Contradiction("shape"))
        );
        assert_eq!(Tensor::from_value(with(&tensor, "dtype", &"int8".into())), Err(TensorError::Contradiction("type")));
        assert_eq!(Tensor::from_value(with(&tensor, "buffer", &Value::None)), Err(TensorError::Empty));
        assert_eq!(Tensor::from_value(with(&tensor, "shape", &shape(&[0]))), Ok(tensor.clone()));
        assert_eq!(Tensor::from_value(with(&tensor, "dtype", &"torch.int16".into())), Ok(tensor));
    }

    #[test]
    fn bytes_fill_the_shape() {
        let size = |needed, found| Err(TensorError::Size { needed, found });
        assert_eq!(Tensor::new(Element::Float32, vec![2], vec![0; 7]), size(8, 7));
        assert_eq!(Tensor::new(Element::Float32, vec![u64::MAX, 2], vec![]), size(u64::MAX, 0));
        assert!(Tensor::new(Element::Float32, vec![u64::MAX, 0], vec![]).is_ok());
        assert_eq!(Tensor::new(Element::Bool, vec![1; 33], vec![0]), Err(TensorError::Dimensions));
    }

    fn tensor() -> impl Strategy<Value = Tensor> {
        let element = proptest::sample::select(Element::ALL.to_vec()).prop_map(|row| row.0);
        (element, proptest::collection::vec(0..5_u64, 0..4), any::<u8>()).prop_map(|(element, shape, byte)| {
            let bytes = usize::try_from(needed(element, &shape).unwrap()).unwrap();
            Tensor::new(element, shape, vec![byte; bytes]).unwrap()
        })
    }

    proptest! {
        #[test]
        fn tensors_read_back(tensor in tensor()) {
            prop_assert_eq!(Tensor::from_msgpack(&tensor.to_msgpack()), Ok(tensor.clone()));
            prop_assert_eq!(Tensor::from_value(tensor.to_value()), Ok(tensor));
        }

        #[test]
        fn damaged_bytes_never_panic(tensor in tensor(), at: proptest::sample::Index, byte: u8, garbage: Vec<u8>) {
            let mut bytes = tensor.to_msgpack();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            let _ = Tensor::from_msgpack(&bytes);
            let _ = Tensor::from_msgpack(&bytes[..place]);
            let _ = Tensor::from_msgpack(&garbage);
        }
    }
}
