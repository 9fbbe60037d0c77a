//! Data that the program itself puts beside what files hold: made anew whenever the file behind it,
//! if there is one, changes.
//!
//! Must not know: what the data are about.

use std::fmt;
use std::sync::Arc;

use rego::Value;

use crate::load::{LoadCause, LoadError, LoadErrors, merge_documents, read_document};

/// Makes a document of data, given what the file holds where there is one; complains in words.
pub type Make = dyn Fn(Option<&Value>) -> Result<Value, String> + Send + Sync;

/// How the program makes data.
#[derive(Clone)]
pub struct MadeData {
    path: Option<String>,
    make: Arc<Make>,
}

impl MadeData {
    /// Returns data that `make` makes of the document in the file at `path`, or of nothing. What it
    /// makes is an object, which is merged with the data of other files.
    pub fn new(path: Option<String>, make: Arc<Make>) -> Self {
        Self { path, make }
    }

    /// Returns the file.
    pub fn path(&self) -> Option<&String> {
        self.path.as_ref()
    }

    /// Returns `data` with what is made now.
    ///
    /// Errors: a file that cannot be read, is no document, or from which nothing can be made; data
    /// that says something else already.
    pub fn merge_into(&self, data: &Value) -> Result<Value, LoadErrors> {
        let fail = |cause| LoadErrors(vec![LoadError { path: self.place(), cause }]);
        let document = match &self.path {
            Some(path) => Some(read_document(path).map_err(|error| LoadErrors(vec![error]))?),
            None => None,
        };
        let made = (self.make)(document.as_ref()).map_err(|m| fail(LoadCause::Document(m)))?;
        merge_documents(data, &made).map_err(|at| fail(LoadCause::Conflict(at)))
    }

    fn place(&self) -> String {
        self.path.clone().unwrap_or_else(|| "embedded data".to_string())
    }
}

impl fmt::Debug for MadeData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeData").field("path", &self.path).finish_non_exhaustive()
    }
}
