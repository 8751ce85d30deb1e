mod model;
mod rebuild;
mod reopening;
mod rounds;
mod signals;
mod simulation;
mod start;
mod time;
