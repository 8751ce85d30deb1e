mod model;
mod relations;
mod rounds;
mod simulation;
mod time;
