//! Laws that hold for all values: order, hash, numbers, and the round trips of JSON and YAML.

use std::cmp::Ordering;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use proptest::prelude::*;
use rego_value::{JsonReader, Number, Value};

/// Numbers in many spellings, several of one value among them.
fn number() -> impl Strategy<Value = Number> {
    let text = prop_oneof![
        any::<i64>().prop_map(|i| i.to_string()),
        (-20i64..20).prop_map(|i| i.to_string()),
        (-20i64..20, 0usize..3).prop_map(|(i, zeros)| format!("{i}.{}", "0".repeat(zeros + 1))),
        (-20i64..20, -3i64..3).prop_map(|(i, e)| format!("{i}e{e}")),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| f.to_string()),
        "-?[1-9][0-9]{15,30}(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,9})?",
    ];
    text.prop_filter_map("a number", |text| Number::parse(&text))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,2}", "[ -~]{10,20}", any::<String>(), "[:#\\- \n'\"a,0-9~ye]{1,12}"]
}

fn value(keys_are_text: bool) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::NULL),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let key = if keys_are_text {
            text().prop_map(Value::from).boxed()
        } else {
            inner.clone().boxed()
        };
        let array = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::array);
        let object = prop::collection::vec((key, inner.clone()), 0..6).prop_map(Value::object);
        let set = prop::collection::vec(inner, 0..6).prop_map(Value::set);
        if keys_are_text {
            prop_oneof![array, object].boxed()
        } else {
            prop_oneof![array, object, set].boxed()
        }
    })
}

/// With numbers that YAML keeps: it reads them as doubles.
fn plain_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::NULL),
        any::<bool>().prop_map(Value::from),
        (-1_000_000i64..1_000_000).prop_map(Value::from),
        (-1e9f64..1e9).prop_map(|f| Number::from_f64(f).map_or(Value::NULL, Value::from)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        let pairs = prop::collection::vec((text().prop_map(Value::from), inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::array),
            pairs.prop_map(Value::object),
        ]
    })
}

fn hash(value: &Value) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_total(a in value(false), b in value(false), c in value(false)) {
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn equal_means_neither_is_less_and_hashes_agree(a in value(false), b in value(false)) {
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        if a == b {
            prop_assert_eq!(hash(&a), hash(&b));
        }
        prop_assert_eq!(hash(&a), hash(&a.clone()));
    }

    #[test]
    fn the_order_of_numbers_is_total(a in number(), b in number(), c in number()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            prop_assert_eq!(hash(&Value::from(a)), hash(&Value::from(b)));
        }
    }

    #[test]
    fn numbers_agree_with_doubles(a in -1e15f64..1e15, b in -1e15f64..1e15) {
        let (x, y) = (Number::from_f64(a).unwrap(), Number::from_f64(b).unwrap());
        prop_assert_eq!(x.to_f64(), a);
        prop_assert_eq!(Some(x.cmp(&y)), a.partial_cmp(&b));
        if b == 0.0 {
            prop_assert!(x.div(&y).is_err());
            return Ok(());
        }
        // The text that ours is read from is near the double: what it differs by is of the operands'
        // size, also where little is left of a sum.
        let size = a.abs() + b.abs();
        for (ours, double, size) in [
            (x.add(&y).unwrap(), a + b, size),
            (x.sub(&y).unwrap(), a - b, size),
            (x.mul(&y).unwrap(), a * b, (a * b).abs()),
            (x.div(&y).unwrap(), a / b, (a / b).abs()),
        ] {
            let error = (ours.to_f64() - double).abs();
            prop_assert!(error <= size * 4.0 * f64::EPSILON, "{ours} {double}");
        }
    }

    #[test]
    fn computed_numbers_read_back_as_themselves(a in number(), b in number()) {
        for result in [a.add(&b), a.sub(&b), a.mul(&b), a.div(&b), a.rem(&b), a.round(), a.ceil(), a.floor(), a.abs()] {
            let Ok(number) = result else { continue };
            let again = Number::parse(&number.text()).unwrap();
            prop_assert_eq!(&again, &number);
            // The text tells the float from its neighbours: nothing is lost by a round trip.
            if let (Ok(x), Ok(y)) = (number.mul(&Number::Int(3)), again.mul(&Number::Int(3))) {
                prop_assert_eq!(x.text(), y.text());
            }
        }
    }

    #[test]
    fn integers_that_fit_are_exact(a in any::<i64>(), b in any::<i64>()) {
        let (x, y) = (Number::Int(a), Number::Int(b));
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(x.add(&y).unwrap().to_i64(), Some(sum));
        }
        if let Some(product) = a.checked_mul(b) {
            prop_assert_eq!(x.mul(&y).unwrap().to_i64(), Some(product));
        }
        if let Some(rest) = a.checked_rem(b) {
            prop_assert_eq!(x.rem(&y).unwrap().to_i64(), Some(rest));
        }
        prop_assert_eq!(x.to_bigint().map(|big| Number::from_bigint(&big)), Some(x));
    }

    #[test]
    fn json_round_trip(value in value(true)) {
        let compact = value.to_json();
        let read = Value::from_json(compact.as_bytes()).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(read.to_json(), compact.as_str());
        let pretty = Value::from_json(value.to_json_pretty("  ").as_bytes()).unwrap();
        prop_assert_eq!(pretty.to_json(), compact.as_str());
        let mut reader = JsonReader::default();
        for _ in 0..2 {
            prop_assert_eq!(&reader.read(compact.as_bytes()).unwrap(), &value);
        }
    }

    #[test]
    fn what_is_written_is_json(value in value(false)) {
        prop_assert!(Value::from_json(value.to_json().as_bytes()).is_ok());
    }

    #[test]
    fn json_agrees_with_another_reader(text in "[\\[\\]{}:,\"a0-9.eE\\-+ \\\\untrlfsk]{0,24}") {
        let ours = Value::from_json(text.as_bytes());
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        // Half a surrogate pair is an error there, U+FFFD here.
        if !text.contains("\\u") {
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        }
    }

    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Value::from_json(&bytes);
        let _ = Value::from_yaml(&bytes);
    }

    #[test]
    fn yaml_reads_what_it_writes(text in text(), key in text()) {
        let value = Value::object(vec![(Value::from(key), Value::array(vec![Value::from(text)]))]);
        let yaml = value.to_yaml();
        prop_assert_eq!(Value::from_yaml(yaml.as_bytes()), Ok(value), "{}", yaml);
    }

    #[test]
    fn yaml_round_trip(value in plain_value()) {
        let yaml = value.to_yaml();
        prop_assert_eq!(Value::from_yaml(yaml.as_bytes()), Ok(value), "{}", yaml);
    }

    #[test]
    fn sorting_does_not_depend_on_the_order_before(mut values in prop::collection::vec(value(false), 0..12)) {
        let set = Value::set(values.clone());
        values.sort();
        values.reverse();
        values.sort();
        values.dedup();
        prop_assert_eq!(Value::set(values.clone()), set.clone());
        let members: Vec<Value> = set.as_set().unwrap().iter().cloned().collect();
        prop_assert_eq!(&members, &values);
        prop_assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn yaml_reads_json(value in value(true).prop_filter("numbers differ", |value| !value.to_json().contains(['.', 'e', 'E']) )) {
        if value.to_json().bytes().filter(u8::is_ascii_digit).count() < 15 {
            prop_assert_eq!(Value::from_yaml(value.to_json().as_bytes()), Ok(value));
        }
    }
}

proptest! {
    #[test]
    fn an_object_with_and_without_an_entry(
        entries in proptest::collection::vec((0i64..20, 0i64..5), 0..20),
        key in 0i64..20,
    ) {
        let all = |entries: &[(i64, i64)]| {
            Value::object(entries.iter().map(|(k, v)| (Value::from(*k), Value::from(*v))).collect())
        };
        let object = all(&entries);
        let object = object.as_object().unwrap();
        let mut more = entries.clone();
        more.push((key, 9));
        prop_assert_eq!(object.with(&Value::from(key), Value::from(9)), all(&more));
        let fewer: Vec<_> = entries.iter().copied().filter(|(k, _)| *k != key).collect();
        prop_assert_eq!(object.without(&Value::from(key)), all(&fewer));
    }
}
