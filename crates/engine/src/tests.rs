mod model;
mod relations;
mod reopening;
mod rounds;
mod simulation;
mod start;
mod time;
