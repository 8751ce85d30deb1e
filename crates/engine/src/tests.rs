mod model;
mod reopening;
mod rounds;
mod simulation;
mod start;
mod time;
