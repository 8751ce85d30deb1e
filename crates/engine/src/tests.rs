mod model;
mod relations;
mod reopening;
mod rounds;
mod signals;
mod simulation;
mod start;
mod time;
