//! One text for equal answers of both engines.

use serde_json::Value as Json;

/// Returns the text of an answer given as JSON; `undefined` where there is none.
pub(crate) fn text(answer: Option<&str>) -> String {
    let Some(answer) = answer else {
        return "undefined".to_owned();
    };
    serde_json::from_str::<Json>(answer).map_or_else(|_| answer.to_owned(), |json| json.to_string())
}
