mod model;
mod relations;
mod rounds;
mod simulation;
mod start;
mod time;
