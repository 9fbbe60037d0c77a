//! `test.sleep`: a function of OPA's own test harness, which some cases call.

use std::sync::Once;
use std::time::Duration;

use rego::{Builtin, BuiltinError, Context, Decl, Type, Value, extend_builtins};

/// Longest sleep of a case.
const SLEEP_MAX: Duration = Duration::from_secs(1);

static HARNESS: [Builtin; 1] =
    [Builtin::new(Decl::function("test.sleep", &[Type::String], Type::Null), sleep)];

/// Makes the function known to the engine.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Nobody else extends the engine of this program.
        let _ = extend_builtins(&HARNESS);
    });
}

/// Sleeps for a text such as `10ms`.
fn sleep(_: &mut Context<'_>, operands: &[&Value]) -> Result<Value, BuiltinError> {
    let text = operands.first().and_then(|value| value.as_str()).unwrap_or_default();
    let number = text.strip_suffix("ms").and_then(|number| number.parse().ok());
    let Some(milliseconds) = number else {
        return Err(BuiltinError::Failed(format!("no duration in milliseconds: {text}")));
    };
    std::thread::sleep(Duration::from_millis(milliseconds).min(SLEEP_MAX));
    Ok(Value::NULL)
}
