//! A thin typed client of a Hansard server.
