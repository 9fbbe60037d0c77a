//! The Health API.
//!
//! Source: OPA documentation, "Health API"; `v1/server/server.go` (`unversionedGetHealth`).

use portcullis_service::decide::evaluate;
use portcullis_service::plugin_state::PluginState;
use portcullis_service::service::Service;
use rego::{QueryOptions, Value};

use super::reference::DataPath;
use crate::error::ApiError;
use crate::reply::{Pretty, Reply};
use crate::request::Request;

/// Answers `GET /health`.
pub(crate) fn get(service: &Service, request: &Request) -> Reply {
    let snapshot = service.store().snapshot();
    let host = service.host();
    let evaluated = snapshot.prepare("true", &QueryOptions::default()).is_ok_and(|(query, _)| {
        evaluate(service.limits(), &host, |options| query.value(None, options)).is_ok()
    });
    if !evaluated {
        return unhealthy("unable to perform evaluation");
    }
    let params = &request.params;
    if params.is_on("bundles") || params.is_on("bundle") {
        let bundles = service.plugins().all().get("bundle").cloned();
        if bundles.is_some_and(|(state, _)| state != PluginState::Ok) {
            return unhealthy("one or more bundles are not activated");
        }
    }
    if params.is_on("plugins") {
        let excluded: Vec<String> = params.values("exclude-plugin").map(str::to_string).collect();
        if !service.plugins().are_up(&excluded) {
            return unhealthy("one or more plugins are not up");
        }
    }
    healthy()
}

/// Answers `GET /health/…`: a policy below `data.system.health` decides.
pub(crate) fn get_policy(service: &Service, path: &[String]) -> Result<Reply, ApiError> {
    let snapshot = service.store().snapshot();
    let mut whole = vec!["system".to_string(), "health".to_string()];
    whole.extend_from_slice(path);
    // A path that cannot be one is the client's mistake here, and not elsewhere, as in OPA.
    let document = DataPath::new(&whole, &snapshot).map_err(|error| {
        ApiError::invalid(error.message.trim_start_matches("invalid_parameter: "))
    })?;
    let shown = document.shown();
    let undefined = || unhealthy(&format!("health check ({shown}) was undefined"));
    let Ok((query, _)) = snapshot.prepare(&document.query(), &QueryOptions::default()) else {
        return Ok(undefined());
    };
    let states = service.plugins().all().into_iter();
    let states = states.map(|(name, (state, _))| (Value::from(name), Value::from(state.name())));
    let input = Value::object_from_strs([
        ("plugins_ready", Value::from(service.plugins().were_ready())),
        ("plugin_state", Value::object(states.collect())),
    ]);
    let host = service.host();
    let answer = evaluate(service.limits(), &host, |options| query.value(Some(&input), options));
    Ok(match answer {
        Err(failure) => unhealthy(&format!("health check ({shown}) failed: {failure}")),
        Ok(None) => undefined(),
        Ok(Some(value)) if value.is_true() => healthy(),
        Ok(Some(_)) => unhealthy(&format!("health check ({shown}) returned unexpected value")),
    })
}

fn healthy() -> Reply {
    Reply::json(200, &Value::object(Vec::new()), Pretty::No)
}

fn unhealthy(why: &str) -> Reply {
    let document = Value::object_from_strs([("error", Value::from(why))]);
    Reply::json(500, &document, Pretty::No)
}
