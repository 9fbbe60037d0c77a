//! Tables of numbers: text, order, arithmetic.

use super::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap_or_else(|| panic!("`{text}` is a number"))
}

#[track_caller]
fn check(result: Result<Number, NumberError>, expected: &str) {
    match result {
        Ok(number) => assert_eq!(number.text(), expected),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn sums() {
    check(n("0.1").add(&n("0.2")), "0.3");
    check(n("123456789012345678901234567890").add(&n("1")), "123456789012345678900000000000");
    check(n("1e20").sub(&n("1")), "100000000000000000000");
    check(n("99999999999999999999").add(&n("1")), "100000000000000000000");
    check(n("1e30").add(&n("1")), "1000000000000000000000000000000");
    check(n("0.3").sub(&n("0.2")), "0.10000000000000000001");
    check(n("9223372036854775807").add(&n("1")), "9223372036854775808");
    check(n("-9223372036854775808").sub(&n("1")), "-9223372036854775809");
    check(n("18446744073709551615").add(&n("1")), "18446744073709551616");
    check(n("1.5").sub(&n("1.5")), "0");
    check(n("1.5").add(&n("-2.5")), "-1");
    check(n("1e100").add(&n("1e-100")), &format!("1{}", "0".repeat(100)));
    check(n("1").add(&n("1e-30")), "1");
    check(n("-0").add(&n("-0.0")), "-0");
    check(n("1e10000000").add(&n("1")), "number too big");
}

#[test]
fn products() {
    check(n("0.1").mul(&n("0.2")), "0.020000000000000000001");
    check(n("123456789012345678901234567890").mul(&n("10")), "1234567890123456789000000000000");
    check(n("2").mul(&n("1000000000000000000000")), "2000000000000000000000");
    check(n("15079794816258").mul(&n("1828965571873")), "27580425549844813927000000");
    check(n("-2830536231688581").mul(&n("3989762850901955")), "-11293168305323109550000000000000");
    check(
        n("140316724549002105").mul(&n("573252767549507142")),
        "80436950681197326060000000000000000",
    );
    check(n("5051802452591192553").mul(&n("-15")), "-75777036788867888296");
    check(n("1e70000").mul(&n("1e70000")), "number too big");
    check(n("1e-70000").mul(&n("1e-70000")), "number too big");
}

#[test]
fn quotients() {
    check(n("1").div(&n("3")), "0.33333333333333333334");
    check(n("7").div(&n("3")), "2.3333333333333333333");
    check(n("2").div(&n("4")), "0.5");
    check(n("10").div(&n("2")), "5");
    check(n("0.3").div(&n("0.1")), "3");
    check(n("2").div(&n("1e18")), "2e-18");
    check(n("1").div(&n("10000000")), "1e-07");
    check(n("1").div(&n("10000")), "0.0001");
    check(n("12345675").div(&n("10")), "1.2345675e+06");
    check(n("1234565").div(&n("10")), "123456.5");
    check(n("1").div(&n("0")), "divide by zero");
    check(n("1").div(&n("0.0")), "divide by zero");
    check(n("1").div(&n("0e99999")), "divide by zero");
    check(n("0").div(&n("5")), "0");
    check(n("-9223372036854775808").div(&n("-1")), "9223372036854775808");
}

#[test]
fn remainders() {
    check(n("5").rem(&n("3")), "2");
    check(n("-5").rem(&n("3")), "-2");
    check(n("5").rem(&n("-3")), "2");
    check(n("-9223372036854775808").rem(&n("-1")), "0");
    check(n("5.0").rem(&n("3")), "2");
    check(n("5.5").rem(&n("2")), "modulo on floating-point number");
    check(n("5").rem(&n("0")), "modulo by zero");
    check(n("90441310575963144352133991714412").rem(&n("6235232317982975")), "5469701163178176");
}

#[test]
fn roundings() {
    check(n("1.5").round(), "2");
    check(n("2.5").round(), "3");
    check(n("-2.5").round(), "-3");
    check(n("2.4").round(), "2");
    check(n("-0.4").round(), "0");
    check(n("1.01").ceil(), "2");
    check(n("-1.99999").ceil(), "-1");
    check(n("1.99").floor(), "1");
    check(n("-1.01").floor(), "-2");
    check(n("1.0").floor(), "1");
    check(n("1e30").floor(), "1000000000000000000024696061952");
    check(n("-10").abs(), "10");
    check(n("-1.50").abs(), "1.5");
    check(n("1e2").abs(), "100");
    check(n("-9223372036854775808").abs(), "9223372036854775808");
}

#[test]
fn text_is_kept() {
    for text in ["1.0", "1e2", "1E+2", "-0", "0.0", "1.10", "1e400", "123456789012345678901", "7"] {
        assert_eq!(n(text).text(), text);
    }
    assert!(matches!(n("9223372036854775807"), Number::Int(i64::MAX)));
    assert!(matches!(n("-9223372036854775808"), Number::Int(i64::MIN)));
}

#[test]
fn refused_texts() {
    for text in [
        "",
        "-",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        " 1",
        "1 ",
        "1e99999999999",
        "--1",
        "1.e3",
        "1..2",
        "1e5.5",
        "٣",
    ] {
        assert!(Number::parse(text).is_none(), "`{text}` is not a number");
    }
}

#[test]
fn equal_values_hash_alike() {
    use std::hash::{BuildHasher, RandomState};
    let state = RandomState::new();
    let groups: [&[&str]; 5] = [
        &["1", "1.0", "1e0", "10e-1", "0.1e1", "1.000"],
        &["0", "-0", "0.0", "0e5", "-0.00e-7"],
        &["123456789012345678901", "123456789012345678901.0", "1.23456789012345678901e20"],
        &["1e999999999", "10e999999998", "0.1e1000000000"],
        &["0.3", "3e-1", "0.30"],
    ];
    for group in groups {
        for other in group {
            let (a, b) = (crate::Value::from(n(group[0])), crate::Value::from(n(other)));
            assert_eq!(a, b);
            assert_eq!(state.hash_one(&a), state.hash_one(&b), "{a:?} {b:?}");
        }
    }
}

#[test]
fn order_is_exact() {
    let sorted = [
        "-1e999999999",
        "-123456789012345678901",
        "-9223372036854775809",
        "-9223372036854775808",
        "-2",
        "-1.5",
        "-1",
        "-0.1",
        "-1e-999999999",
        "0",
        "1e-999999999",
        "0.1",
        "1",
        "1.0001",
        "9",
        "10.0",
        "9223372036854775807",
        "9223372036854775807.5",
        "9223372036854775808",
        "28857836529306024611912",
        "28857836529306024611913",
        "1e999999999",
    ];
    for (i, a) in sorted.iter().enumerate() {
        for (j, b) in sorted.iter().enumerate() {
            assert_eq!(n(a).cmp(&n(b)), i.cmp(&j), "{a} against {b}");
        }
    }
    assert_eq!(n("0.1").add(&n("0.2")).unwrap(), n("0.3"));
    assert_ne!(n("10.0"), n("1"));
}

#[test]
fn conversions() {
    assert_eq!(Number::from_f64(0.1).unwrap().text(), "0.1");
    assert_eq!(Number::from_f64(1e-7).unwrap().text(), "1e-07");
    assert_eq!(Number::from_f64(1589385770.1234).unwrap().text(), "1.5893857701234e+09");
    assert_eq!(Number::from_f64(3.0).unwrap().text(), "3");
    assert!(Number::from_f64(f64::NAN).is_none());
    assert!(Number::from_f64(f64::INFINITY).is_none());
    assert_eq!(n("1e400").to_f64(), f64::INFINITY);
    assert_eq!(n("1.0").to_i64(), Some(1));
    assert_eq!(n("1.5").to_i64(), None);
    assert_eq!(n("1e18").to_i64(), Some(1_000_000_000_000_000_000));
    assert_eq!(n("1e19").to_i64(), None);
    assert_eq!(n("10.6").truncated().unwrap().to_string(), "10");
    assert_eq!(n("1e3").to_bigint().unwrap().to_string(), "1000");
    assert!(n("1e999999999").to_bigint().is_none());
    assert!(n("1.5").to_bigint().is_none());
    assert_eq!(Number::from(u64::MAX).text(), "18446744073709551615");
}

#[test]
fn literals_too_big() {
    assert!(n("3e25290215").is_too_big_for_literal());
    assert!(n("79e-51346").is_too_big_for_literal());
    assert!(!n("97e911").is_too_big_for_literal());
    assert!(!n("41e4649").is_too_big_for_literal());
    assert!(!n("0e99999").is_too_big_for_literal());
}

#[test]
fn hostile_exponents_are_quick() {
    let start = std::time::Instant::now();
    let huge = n("1e999999999");
    assert_eq!(huge.add(&n("1")).unwrap_err(), NumberError::TooBig);
    assert_eq!(huge.rem(&n("7")).unwrap_err(), NumberError::TooBig);
    assert!(huge.truncated().is_none());
    let tiny = n("1e-78000").mul(&n("1.5")).unwrap();
    assert_eq!(tiny.text(), "1.5e-78000");
    let long = "9".repeat(1_000_000);
    let number = n(&long).add(&n("1")).unwrap_err();
    assert_eq!(number, NumberError::TooBig);
    assert!(start.elapsed().as_secs() < 5);
}
