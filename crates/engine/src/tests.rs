mod model;
mod rebuild;
mod relations;
mod reopening;
mod rounds;
mod simulation;
mod start;
mod time;
