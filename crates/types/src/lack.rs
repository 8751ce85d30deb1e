use std::error::Error;
use std::io::ErrorKind;
use std::sync::Arc;

/// `ENFILE` and `EMFILE`: the numbers are the same on every Unix. The standard library has no kind
/// for them.
const TOO_MANY_OPEN: [i32; 2] = [23, 24];

/// What a failing file, disk or socket lacked, as far as the system says: someone who is told to
/// check the disk looks for hours when it was file descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// No more files and connections may be open.
    Descriptors,
    /// The disk, or what this user may use of it, is full.
    Room,
    /// Something else broke, or the system does not say.
    Unknown,
}

impl Lack {
    /// Looks through an error and everything that caused it.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            let lack = Self::of_one(cause);
            if lack != Self::Unknown {
                return lack;
            }
            next = cause.source();
        }
        Self::Unknown
    }

    /// What to do about it, to be said behind the error.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "the process has no file descriptors left: raise its limit (ulimit -n, or \
                 LimitNOFILE= of its service unit)"
            }
            Self::Room => "the disk is full: make room",
            Self::Unknown => "check the disk",
        }
    }

    fn of_one(error: &(dyn Error + 'static)) -> Self {
        let io = error.downcast_ref::<std::io::Error>();
        let io = io.or_else(|| error.downcast_ref::<Arc<std::io::Error>>().map(|it| &**it));
        let Some(io) = io else {
            return Self::of_text(&error.to_string());
        };
        if io
            .raw_os_error()
            .is_some_and(|it| TOO_MANY_OPEN.contains(&it))
        {
            return Self::Descriptors;
        }
        if matches!(io.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
            return Self::Room;
        }
        // One that was made of another error or of text.
        io.get_ref().map_or(Self::Unknown, |inner| Self::of(inner))
    }

    /// RocksDB hands its errors over as text, with what the system said in it.
    fn of_text(text: &str) -> Self {
        if text.contains("Too many open files") {
            Self::Descriptors
        } else if text.contains("No space left on device") || text.contains("Disk quota exceeded") {
            Self::Room
        } else {
            Self::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the journal failed")]
    struct Outer<E: Error + 'static>(#[source] E);

    #[track_caller]
    fn check(error: impl Error + 'static, expected: Lack) {
        assert_eq!(Lack::of(&error), expected, "{error}");
        assert_eq!(Lack::of(&Outer(error)), expected);
    }

    #[test]
    fn what_is_lacking_is_found_in_what_caused_an_error() {
        check(io::Error::from_raw_os_error(24), Lack::Descriptors);
        check(io::Error::from_raw_os_error(23), Lack::Descriptors);
        check(io::Error::from_raw_os_error(28), Lack::Room);
        check(io::Error::from_raw_os_error(5), Lack::Unknown);
        check(
            Arc::new(io::Error::from_raw_os_error(24)),
            Lack::Descriptors,
        );
        let wrapped = io::Error::other(Outer(io::Error::from_raw_os_error(28)));
        check(wrapped, Lack::Room);
        let rocksdb = "IO error: While open a file for random read: /x/000012.sst: Too many open \
                       files";
        check(io::Error::other(rocksdb), Lack::Descriptors);
    }

    #[test]
    fn only_what_the_system_does_not_explain_is_called_the_disk() {
        assert!(!Lack::Descriptors.advice().contains("disk"));
        assert!(Lack::Descriptors.advice().contains("descriptors"));
    }
}
