//! The checks that hold the house to its rules: who may depend on whom, what the source may not
//! say, what the README must name. Each check is a function of made-up input too, so that each is
//! seen to fail.

mod circles;
mod code_map;
mod graph;
mod places;
mod source;
mod tidy;
