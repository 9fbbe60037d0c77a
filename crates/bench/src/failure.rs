//! Why a run cannot go on: a sentence. Nothing here is caught and tried again.

/// The sentence.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl<E: std::fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

/// The result of anything here.
pub(crate) type Outcome<T> = Result<T, Failure>;
