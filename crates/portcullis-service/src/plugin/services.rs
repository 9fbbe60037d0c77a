//! The services of a configuration, ready to be asked.
//!
//! Must not know: what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_remote::{ClientOptions, Service};
use serde_json::Value;

use super::error::PluginError;
use crate::config::Loaded;

/// Services by name. Those whose configuration stays the same are kept, with their connections.
#[derive(Clone, Default)]
pub(super) struct Services {
    services: BTreeMap<String, Arc<Service>>,
    documents: BTreeMap<String, Value>,
    keys: Value,
}

impl Services {
    /// Returns the services of a configuration, taken over from these where nothing has changed.
    ///
    /// Errors: one that cannot be set up.
    pub(super) fn next(
        &self,
        loaded: &Loaded,
        options: &ClientOptions,
    ) -> Result<Self, PluginError> {
        let documents = service_documents(&loaded.document);
        let keys = loaded.document.get("keys").cloned().unwrap_or_default();
        let mut services = BTreeMap::new();
        for (name, config) in &loaded.config.services {
            let is_same = self.keys == keys && self.documents.get(name) == documents.get(name);
            let service = match self.services.get(name).filter(|_| is_same) {
                Some(service) => Arc::clone(service),
                None => Arc::new(Service::new(name, config, &loaded.config.keys, options)?),
            };
            services.insert(name.clone(), service);
        }
        Ok(Self { services, documents, keys })
    }

    /// Returns the service of this name.
    pub(super) fn get(&self, name: Option<&String>) -> Option<Arc<Service>> {
        self.services.get(name?).cloned()
    }
}

/// Returns what a configuration says of each service, by name.
pub(super) fn service_documents(document: &Value) -> BTreeMap<String, Value> {
    match document.get("services") {
        Some(Value::Object(services)) => {
            services.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        Some(Value::Array(services)) => {
            let named = services.iter().filter_map(|it| Some((it.get("name")?.as_str()?, it)));
            named.map(|(name, value)| (name.to_string(), value.clone())).collect()
        }
        _ => BTreeMap::new(),
    }
}
