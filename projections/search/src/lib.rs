//! The Tantivy index of messages, with words for Latin and bigrams for Han, Kana and Hangul.
