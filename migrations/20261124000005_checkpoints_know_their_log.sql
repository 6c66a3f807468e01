-- The event at the position: a log that has another one there is not the log that the rows were made from. Null: written before this was kept.
alter table projection_groups add column event_id uuid;
alter table projections add column event_id uuid;
