//! A discovered configuration under the one of the start, which wins.
//!
//! Must not know: how it was discovered, what it sets up.
//!
//! Source: OPA documentation, "Discovery", "Limitations" and "Configuration overrides".

use serde_json::{Map, Value};

use super::error::PluginError;
use super::services::service_documents;
use crate::config::{DiscoveryConfig, Loaded};

/// Deepest level whose keys are compared; below, whole values are.
const DEPTH_MAX: usize = 64;

/// Most overridden keys that are listed.
const OVERRIDDEN_MAX: usize = 100;

/// What is to be set up.
pub(super) struct Discovered {
    /// Both configurations, merged.
    pub(super) document: Value,
    /// Paths of keys that were discovered and are not what they say, since the start says otherwise.
    pub(super) overridden: Vec<String>,
}

/// Merges a discovered configuration with the one of the start.
///
/// Errors: it is no object; it changes the service that discovery uses, or a key of the start.
pub(super) fn merged(
    boot: &Loaded,
    discovery: &DiscoveryConfig,
    discovered: Value,
) -> Result<Discovered, PluginError> {
    let refuse = |message: &str| Err(PluginError::Discovery(message.to_string()));
    let Value::Object(mut discovered) = discovered else {
        return refuse("discovered configuration is not an object");
    };
    discovered.remove("discovery");
    let boot_services = service_documents(&boot.document);
    let new_services = service_documents(&Value::Object(discovered.clone()));
    if let Some(service) = &discovery.service
        && let Some(new) = new_services.get(service)
        && boot_services.get(service) != Some(new)
    {
        return refuse("updates to the discovery service are not allowed");
    }
    if let Some(Value::Object(keys)) = boot.document.get("keys") {
        let new = discovered.get("keys");
        let is_changed = |(id, key): (&String, &Value)| {
            new.and_then(|new| new.get(id)).is_some_and(|new| new != key)
        };
        if keys.iter().any(is_changed) {
            let message = "updates to keys specified in the boot configuration are not allowed";
            return refuse(message);
        }
    }
    by_name(&mut discovered, new_services.into_iter().collect());
    let mut document = match &boot.document {
        Value::Object(boot) => boot.clone(),
        _ => Map::new(),
    };
    by_name(&mut document, boot_services.into_iter().collect());
    let mut overridden = Vec::new();
    fill(&mut document, discovered, &mut Vec::new(), &mut overridden);
    Ok(Discovered { document: Value::Object(document), overridden })
}

/// Puts services in the one form in which they can be merged. Those of an object keep their order.
fn by_name(document: &mut Map<String, Value>, services: Map<String, Value>) {
    if document.get("services").is_some_and(Value::is_array) {
        document.insert("services".to_string(), Value::Object(services));
    }
}

/// Adds what is only in `under`.
fn fill(
    over: &mut Map<String, Value>,
    under: Map<String, Value>,
    path: &mut Vec<String>,
    overridden: &mut Vec<String>,
) {
    for (key, below) in under {
        path.push(key.clone());
        match (over.get_mut(&key), below) {
            (None, below) => {
                over.insert(key, below);
            }
            (Some(Value::Object(over)), Value::Object(below)) if path.len() < DEPTH_MAX => {
                fill(over, below, path, overridden);
            }
            (Some(over), below) => {
                if *over != below && overridden.len() < OVERRIDDEN_MAX {
                    overridden.push(path.join("."));
                }
            }
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Config;

    fn merge(boot: Value, new: Value) -> Result<(Value, Vec<String>), String> {
        let boot = Config::from_value(boot).unwrap();
        let discovery = boot.config.discovery.clone().unwrap();
        let merged = merged(&boot, &discovery, new).map_err(|error| error.to_string())?;
        Ok((merged.document, merged.overridden))
    }

    fn boot() -> Value {
        json!({
            "services": {"s": {"url": "http://a"}},
            "labels": {"region": "x"},
            "keys": {"k": {"key": "secret", "algorithm": "HS256"}},
            "discovery": {"resource": "d"},
        })
    }

    #[test]
    fn the_start_wins() {
        let new = json!({
            "labels": {"region": "y", "team": "z"},
            "services": {"t": {"url": "http://b"}},
            "discovery": {"resource": "elsewhere"},
            "default_decision": "/a",
        });
        let (merged, overridden) = merge(boot(), new).unwrap();
        assert_eq!(merged["labels"], json!({"region": "x", "team": "z"}));
        assert_eq!(merged["discovery"], json!({"resource": "d"}));
        assert_eq!(merged["default_decision"], "/a");
        let names: Vec<_> = merged["services"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["s", "t"]);
        assert_eq!(overridden, ["labels.region"]);
    }

    #[test]
    fn discovery_cannot_change_its_own_ground() {
        let refused = |new: Value| merge(boot(), new).unwrap_err();
        let service = refused(json!({"services": {"s": {"url": "http://evil"}}}));
        assert_eq!(service, "updates to the discovery service are not allowed");
        let list = refused(json!({"services": [{"name": "s", "url": "http://evil"}]}));
        assert_eq!(list, service);
        let key = refused(json!({"keys": {"k": {"key": "other", "algorithm": "HS256"}}}));
        assert!(key.contains("keys specified in the boot configuration"), "{key}");
        assert!(refused(json!(["a"])).contains("not an object"));
        assert!(merge(boot(), json!({"services": {"s": {"url": "http://a"}}})).is_ok());
    }
}
