//! Everything that a configuration sets up, and sets up anew where discovery finds another one.
//!
//! Must not know: how a configuration is discovered.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_remote::ClientOptions;
use rego::Value;
use tokio::runtime::Handle;

use super::bundles::{Bundles, Setting, bundle_options};
use super::error::PluginError;
use super::file_log;
use super::log_upload::LogUpload;
use super::services::Services;
use super::status::{Board, with_entry};
use super::status_upload::{StatusUpload, Target};
use crate::config::Loaded;
use crate::console::{Console, Level};
use crate::decision_log::{DecisionLogOptions, DecisionLogger, EventSink, ServiceUpload};
use crate::plugin_state::PluginState;
use crate::service::{Service, Settings};

/// The name of the decision log's plugin.
pub(super) const DECISION_LOGS: &str = "decision_logs";

/// How long a log that is no longer configured may go on uploading.
const LOG_GRACE: Duration = Duration::from_secs(10);

/// The message of a decision on the console.
const CONSOLE_MESSAGE: &str = "Decision Log";

/// What tells such a line from others.
const CONSOLE_TYPE: &str = "openpolicyagent.org/decision_logs";

/// What is set up.
pub(super) struct Plane {
    pub(super) service: Arc<Service>,
    pub(super) board: Arc<Board>,
    pub(super) bundles: Bundles,
    client: ClientOptions,
    /// Where bundles are kept, unless the configuration says otherwise.
    working_directory: PathBuf,
    services: Mutex<Services>,
    status_upload: Mutex<Option<Arc<StatusUpload>>>,
}

/// Whether more may be configured later.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Discovery will say the rest.
    Boot,
    /// It is all there is.
    Whole,
}

impl Plane {
    pub(super) fn new(
        service: Arc<Service>,
        board: Arc<Board>,
        bundles: Bundles,
        client: ClientOptions,
        working_directory: PathBuf,
    ) -> Self {
        let (services, status_upload) = (Mutex::default(), Mutex::default());
        Self { service, board, bundles, client, working_directory, services, status_upload }
    }

    fn services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns where a configuration has bundles kept.
    pub(super) fn persistence_directory(&self, loaded: &Loaded) -> PathBuf {
        loaded.config.persistence_directory(&self.working_directory)
    }

    /// Returns the services of a configuration, as they would be.
    ///
    /// Errors: one that cannot be set up.
    pub(super) fn prepare(&self, loaded: &Loaded) -> Result<Services, PluginError> {
        self.services().next(loaded, &self.client)
    }

    /// Sets everything up as a configuration says. Not twice at the same time.
    ///
    /// Errors: what cannot be set up. Services and settings have not changed then.
    pub(super) async fn apply(&self, loaded: &Loaded, stage: Stage) -> Result<(), PluginError> {
        let services = self.prepare(loaded)?;
        let options = bundle_options(&loaded.config)?;
        let settings = Settings::new(&loaded.config, &loaded.document, self.service.identity());
        let before = self.service.settings();
        self.service.set_settings(settings);
        if let Err(error) = self.set_up_log(loaded, &services) {
            self.service.set_settings(Settings::clone(&before));
            return Err(error);
        }
        self.set_up_status(loaded, &services);
        let directory = self.persistence_directory(loaded);
        let is_final = stage == Stage::Whole;
        let setting = Setting { loaded, services: &services, directory: &directory, is_final };
        self.bundles.configure(setting, options).await;
        *self.services() = services;
        self.board.report();
        Ok(())
    }

    fn set_up_status(&self, loaded: &Loaded, services: &Services) {
        let config = loaded.config.status.clone();
        let service = config.as_ref().and_then(|config| services.get(config.service.as_ref()));
        let target = config.as_ref().zip(service).map(|(config, service)| {
            let partition = config.partition_name.as_ref();
            Target {
                service,
                path: partition.map_or("/status".to_string(), |name| format!("/status/{name}")),
                registry: Arc::clone(self.service.registry()),
                console: self.service.console().clone(),
            }
        });
        let mut kept = self.status_upload.lock().unwrap_or_else(PoisonError::into_inner);
        // Reports that wait for the same target go on waiting.
        let upload = target.map(|target| match kept.take().filter(|it| it.goes_to(&target)) {
            Some(upload) => upload,
            None => Arc::new(StatusUpload::start(target)),
        });
        kept.clone_from(&upload);
        self.board.configure(config, upload);
    }

    fn set_up_log(&self, loaded: &Loaded, services: &Services) -> Result<(), PluginError> {
        let Some(config) = &loaded.config.decision_logs else {
            self.board.set_log_upload(None);
            if let Some(logger) = self.service.logger() {
                self.service.set_logger(None);
                // What was logged before still counts; nobody has to wait for it.
                tokio::spawn(async move { logger.shutdown(LOG_GRACE).await });
            }
            self.service.plugins().remove(DECISION_LOGS);
            return Ok(());
        };
        let upload = services.get(config.service.as_ref()).map(|service| {
            let upload = ServiceUpload::new(service, config.resource.as_str());
            Arc::new(LogUpload::new(upload, Arc::clone(&self.board.nudge)))
        });
        let mut consoles = Vec::new();
        if config.console {
            consoles.push(Shown::Console(self.service.console().clone()));
        }
        // There is one plugin that takes decisions.
        let file = loaded.config.plugins.file_logger.as_ref();
        if let Some(file) = file.filter(|_| config.plugin.is_some()) {
            let opened = file_log::open(file);
            let opened = opened.map_err(|e| PluginError::FileLog(file.path.clone(), e))?;
            consoles.push(Shown::File(opened));
        }
        let settings = self.service.settings();
        let labels = settings.labels.iter();
        let labels = labels.map(|(k, v)| (Value::from(k.as_str()), Value::from(v.as_str())));
        let options = DecisionLogOptions {
            config: config.clone(),
            labels: Value::object(labels.collect()),
            upload: upload.clone().map(|upload| upload as _),
            console: sink(consoles),
            limits: *self.service.limits(),
            host: self.service.host().as_ref().clone(),
        };
        match self.service.logger() {
            Some(logger) => logger.reconfigure(options)?,
            None => {
                let logger = DecisionLogger::start(options, &Handle::current())?;
                self.service.set_logger(Some(logger));
            }
        }
        self.board.set_log_upload(upload);
        self.service.plugins().set(DECISION_LOGS, PluginState::Ok, "");
        Ok(())
    }

    /// Posts what waits to be posted, for at most so long.
    pub(super) async fn drain_status(&self, grace: Duration) {
        let upload = self.status_upload.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(upload) = upload {
            // What could not be posted by then is given up.
            let _ = tokio::time::timeout(grace, upload.drained()).await;
        }
    }

    /// Says on the console what went wrong.
    pub(super) fn log_error(&self, message: &str) {
        self.service.console().line(Level::Error, message, &Value::object(Vec::new()));
    }
}

/// Returns what shows events on these consoles; nothing where there are none.
fn sink(consoles: Vec<Shown>) -> Option<Arc<EventSink>> {
    if consoles.is_empty() {
        return None;
    }
    Some(Arc::new(move |event: &Value| {
        let line = with_entry(event, "type", Value::from(CONSOLE_TYPE));
        for shown in &consoles {
            match shown {
                // Asked for, so shown whatever else is.
                Shown::Console(console) => console.write(Level::Info, CONSOLE_MESSAGE, &line),
                Shown::File(console) => console.line(Level::Info, CONSOLE_MESSAGE, &line),
            }
        }
    }))
}

/// Where events are shown.
enum Shown {
    Console(Console),
    File(Console),
}
