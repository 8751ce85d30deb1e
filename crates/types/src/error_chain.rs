use std::error::Error;

/// An error and everything that caused it, on one line: without the causes nobody knows which file
/// it was, and why. Errors print themselves only; whoever reports one prints this. A transparent
/// error, which says what its cause says, is printed once.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut said = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if said.last() != Some(&text) {
            said.push(text);
        }
        next = cause.source();
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error(transparent)]
        Inner(#[from] Inner),
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the disk failed")]
    struct Inner(#[source] io::Error);

    #[derive(Debug, thiserror::Error)]
    #[error("it was not opened")]
    struct Outermost(#[source] Box<Outer>);

    #[test]
    fn every_cause_is_said_once() {
        let inner = || Inner(io::Error::other("no room"));
        let error = Outermost(Box::new(inner().into()));
        let text = error_chain(&error);
        assert_eq!(text, "it was not opened: the disk failed: no room");
        assert_eq!(
            error_chain(&Outer::from(inner())),
            "the disk failed: no room"
        );
    }
}
