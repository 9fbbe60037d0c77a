use crate::testing::{check, check_error, check_type_error};

#[test]
fn layouts_format_as_in_go() {
    for (layout, want) in [
        ("", "2022-12-02T18:40:53.141828752Z"),
        ("RFC3339", "2022-12-02T18:40:53Z"),
        ("ANSIC", "Fri Dec  2 18:40:53 2022"),
        ("RFC850", "Friday, 02-Dec-22 18:40:53 UTC"),
        ("RFC1123Z", "Fri, 02 Dec 2022 18:40:53 +0000"),
        ("Jan January Mon Monday Months", "Dec December Fri Friday Months"),
        ("3:4:5 03:04:05 15 PM pm", "6:40:53 06:40:53 18 PM pm"),
        ("1 01 2 02 _2 002 __2", "12 12 2 02  2 336 336"),
        ("06 2006 _2006", "22 2022 _2022"),
        (".000 ,999 .99999 .00x .001", ".141 ,141 .14182 .14x .012"),
        ("-07 -0700 -07:00 -07:00:00 Z07:00", "+00 +0000 +00:00 +00:00:00 Z"),
        ("plain é text", "plain é text"),
    ] {
        check("time.format", &format!(r#"[[1670006453141828752, "", "{layout}"]]"#), &text(want));
    }
}

#[test]
fn zones_shift_the_clock() {
    for (zone, want) in [
        ("UTC", "18:40 UTC +00:00"),
        ("Local", "18:40 UTC +00:00"),
        ("Asia/Kolkata", "00:10 IST +05:30"),
        ("America/New_York", "13:40 EST -05:00"),
        ("America/Sao_Paulo", "15:40 -03 -03:00"),
    ] {
        let operand = format!(r#"[[1670006453141828752, "{zone}", "15:04 MST -07:00"]]"#);
        check("time.format", &operand, &text(want));
    }
    check_error("time.date", r#"[[0, "Mars/Olympus"]]"#, "unknown time zone Mars/Olympus");
    check_error("time.date", "[1.5]", "timestamp too big");
    let shape = "operand 1 must be either number (ns) or [number (ns), string (tz)] but got string";
    check_type_error("time.date", r#"["now"]"#, shape);
}

#[test]
fn texts_are_parsed_as_in_go() {
    for (layout, value, want) in [
        ("RFC3339", "1970-01-01T00:00:01.5Z", "1500000000"),
        ("RFC3339", "1970-01-01T01:00:00+01:00", "0"),
        ("2006-01-02", "1970-01-02", "86400000000000"),
        ("Jan _2 2006", "feb  1 1970", "2678400000000000"),
        ("3:04PM 2 Jan 06", "1:02AM 1 Jan 70", "3720000000000"),
        ("3PM 2006", "12AM 1970", "0"),
        ("2006 002", "1972 366", "94608000000000000"),
        ("2006 MST", "1970 EST", "0"),
        ("2006 -0700", "1970 -0100", "3600000000000"),
        ("2006 15:04:05.000", "1970 00:00:00.250", "250000000"),
        ("2006 15:04:05", "1970 00:00:00,25", "250000000"),
        ("Monday 2006", "sunday 1970", "0"),
    ] {
        check("time.parse_ns", &format!(r#"["{layout}", "{value}"]"#), want);
    }
    for (layout, value, want) in [
        (
            "RFC3339",
            "yesterday",
            r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#,
        ),
        ("2006", "1970x", r#"parsing time "1970x": extra text: "x""#),
        ("2006-01", "1970-13", r#"parsing time "1970-13": month out of range"#),
        ("2006-01-02", "1970-02-29", r#"parsing time "1970-02-29": day out of range"#),
        ("2006 002", "1971 366", r#"parsing time "1971 366": day-of-year out of range"#),
        ("2006", "1500", "time outside of valid range"),
        ("15:04", "25:00", r#"parsing time "25:00": hour out of range"#),
        ("PM", "é", r#"parsing time "\xc3\xa9" as "PM": cannot parse "\xc3\xa9" as "PM""#),
    ] {
        check_error("time.parse_ns", &format!(r#"["{layout}", "{value}"]"#), want);
    }
}

#[test]
fn durations_are_parsed_as_in_go() {
    for (duration, want) in [
        ("0", "0"),
        ("1h30m", "5400000000000"),
        ("-1.5s", "-1500000000"),
        (".5ms1us1µs", "502000"),
        ("9223372036854775807ns", "9223372036854775807"),
        ("-9223372036854775808ns", "-9223372036854775808"),
    ] {
        check("time.parse_duration_ns", &format!(r#"["{duration}"]"#), want);
    }
    for (duration, want) in [
        ("", r#"time: invalid duration """#),
        ("3", r#"time: missing unit in duration "3""#),
        ("1d", r#"time: unknown unit "d" in duration "1d""#),
        (".s", r#"time: invalid duration ".s""#),
        ("9223372036854775808ns", r#"time: invalid duration "9223372036854775808ns""#),
    ] {
        check_error("time.parse_duration_ns", &format!(r#"["{duration}"]"#), want);
    }
}

#[test]
fn dates_are_computed_by_the_calendar() {
    for (name, operands, want) in [
        ("time.date", "[-1]", "[1969, 12, 31]"),
        ("time.clock", "[-1]", "[23, 59, 59]"),
        ("time.date", "[-9223372036854775808]", "[1677, 9, 21]"),
        ("time.weekday", "[1517832000000000000]", r#""Monday""#),
        ("time.add_date", "[1585852421593912000, 3, 9, 12]", "1705257221593912000"),
        ("time.add_date", "[1585852421593912000, -1, -1, -1]", "1551465221593912000"),
        ("time.add_date", "[2592000000000000, 0, 1, 0]", "5270400000000000"), // 31 January, 3 March
        ("time.diff", "[1580601600000000000, 1583020800000000000]", "[0, 0, 28, 0, 0, 0]"),
        ("time.diff", "[1583020800000000000, 1580601600000000000]", "[0, 0, 28, 0, 0, 0]"),
    ] {
        check(name, operands, want);
    }
    let outside = "time outside of valid range";
    check_error("time.add_date", "[0, 2262, 1, 1]", outside);
    check_error("time.add_date", "[0, 9223372036854775807, 1, 1]", outside);
    check_error("time.add_date", "[0, 0, 0, 9223372036854775807]", outside);
    check_error("time.add_date", "[-9223372036854775808, 0, 0, -1]", outside);
}

/// Returns the text as JSON.
fn text(text: &str) -> String {
    rego_value::Value::from(text).to_json()
}
