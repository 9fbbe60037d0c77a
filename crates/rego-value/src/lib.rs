//! Rego values: the data a policy reads and makes.
//!
//! Layer 0. Knows: values, numbers, their total order, JSON and YAML. Must not know: text of Rego,
//! files, clocks.
//!
//! A [`Value`] takes 16 bytes: small integers and strings of up to 14 bytes are inline, everything
//! else is shared behind a reference count. Objects and sets keep their keys sorted in Rego's total
//! order; a large one builds a hash index on first look-up.
//!
//! ```
//! use rego_value::Value;
//!
//! let request = Value::from_json(br#"{"user": "alice", "port": 8080.0}"#)?;
//! assert_eq!(request.get_path(&["user"]), Some(&Value::from("alice")));
//! assert_eq!(request.get_path(&["port"]), Some(&Value::from(8080))); // equal by value
//! assert_eq!(request.to_json(), r#"{"port":8080.0,"user":"alice"}"#); // printed as written
//! # Ok::<(), rego_value::JsonError>(())
//! ```
//!
//! Read first: `value.rs`, then `keys.rs`, then `order.rs`.

mod json;
mod keys;
mod number;
mod order;
mod rego_text;
mod text;
mod value;
mod yaml;

pub use json::{JSON_DEPTH_MAX, JsonError, JsonEscape, JsonLayout, JsonReader, JsonStyle};
pub use keys::Keys;
pub use number::{BigNumber, Number, NumberError};
pub use value::{ObjectRef, Value, View};
pub use yaml::{YAML_ALIASED_VALUES_MAX, YAML_DEPTH_MAX, YamlContent, YamlError, YamlNode};
